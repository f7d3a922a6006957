"""`python -m hub.deploy FOLDER` writes the pages of every Space of ours into a folder each; `spaces` is the repository's own."""

import sys
from pathlib import Path

from hub.deploy import CPU
from hub.deploy.pages import OURS, pages


def main(arguments: list[str]) -> int:
    """Write them; what is there is replaced."""
    if len(arguments) != 1:
        print("Give the folder of Spaces: python -m hub.deploy spaces", file=sys.stderr)
        return 2
    for space in OURS:
        folder = Path(arguments[0], space.folder)
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in pages(space, CPU).items():
            (folder / name).write_bytes(content)
        print(f"{folder}: written")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
