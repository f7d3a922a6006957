"""What stands in the documents, taken out of them: blocks of code, by section, and a file that grows from one to the next."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
FENCE = re.compile(r"^( *)```(\w*)\n(.*?)^\1```", re.MULTILINE | re.DOTALL)


def fenced(text: str) -> list[tuple[str, str]]:
    """(language, code) of each block, without the indentation of the list it stands in."""
    return [(language, re.sub(f"^{indent}", "", code, flags=re.MULTILINE)) for indent, language, code in FENCE.findall(text)]


def blocks(page: Path, *languages: str) -> list[str]:
    """The code blocks of a page in these languages."""
    return [code for language, code in fenced(page.read_text()) if language in languages]


def sections(page: Path) -> dict[str, list[tuple[str, str]]]:
    """Heading -> the blocks under it, in order."""
    parts = re.split(r"^#+ (.+)\n", FENCE.sub(lambda m: m[0].replace("\n#", "\n\0#"), page.read_text()), flags=re.MULTILINE)[1:]
    return {heading: fenced(text.replace("\0", "")) for heading, text in zip(parts[::2], parts[1::2], strict=True)}


def grown(source: str, snippet: str) -> str:
    """A file after a reader put a snippet into it: imports are added, and what has a name there replaces what has it."""
    tree, fresh = ast.parse(source), ast.parse(snippet)
    imports = [node for node in fresh.body if isinstance(node, ast.Import | ast.ImportFrom)]
    named = {node.name: node for node in fresh.body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    assert len(imports) + len(named) == len(fresh.body), "a reader would not know where to put the rest"
    kept = [named.pop(getattr(node, "name", ""), node) for node in tree.body]
    at = next(i for i, node in enumerate(kept) if isinstance(node, ast.ClassDef))
    return ast.unparse(ast.Module([*kept[:at], *imports, kept[at], *named.values(), *kept[at + 1:]], []))
