"""Who executes a run, and how its results are passed on.

`local` watches a run in this process: it thins out the previews and keeps the deadline. `processes` spreads many over worker
processes (`worker`), each of which may die without harm to the others.
"""
