"""The style that pyproject.toml asks for is kept."""

import subprocess
import sys
from pathlib import Path


def test_the_linter_has_nothing_to_say():
    command = [sys.executable, "-m", "ruff", "check", "--output-format", "concise", "."]
    found = subprocess.run(command, cwd=Path(__file__).parents[1], capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout + found.stderr
