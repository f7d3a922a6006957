# Your photo, painted: In one tap, or in the manner of a painting of your own.

from hub.app.space import main

main(["style"])
