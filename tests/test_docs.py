"""Whatever is public is documented, and what the documents show works."""

import ast
import json
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

import hub
from hub import registry, testing
from tests.pages import ROOT, blocks

PAGES = [path for path in (ROOT / "README.md", ROOT / "plugins" / "README.md") if path.exists()]
SOURCES = sorted(path for folder in ("hub", "plugins") for path in (ROOT / folder).rglob("*.py"))


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_everything_public_has_a_docstring(path):
    tree = ast.parse(path.read_text())
    public = [node for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_")]
    assert [node.name for node in public if not ast.get_docstring(node) and not _told_elsewhere(node, path)] == []
    assert ast.get_docstring(tree) or not tree.body


def _told_elsewhere(node: ast.FunctionDef | ast.ClassDef, path: Path) -> bool:
    """`main` in its module, an error in the tree above it, a technique's `run` on its page, a drawn class by its name."""
    decorators = {ast.unparse(decorator.func) for decorator in node.decorator_list if isinstance(decorator, ast.Call)}
    return (node.name == "main" or path.name == "errors.py" and node.name in _errors()
            or path.parent.name == "plugins" and node.name in ("run", "Params")
            or "world" in path.parts and bool(decorators & {"thing", "texture"}))


def _errors() -> set[str]:
    return {name for name, value in vars(hub.errors).items() if isinstance(value, type) and issubclass(value, hub.HubError)}


def test_every_public_name_of_the_hub_is_there_and_listed_in_order():
    assert list(hub.__all__) == sorted(hub.__all__)
    assert [name for name in hub.__all__ if not hasattr(hub, name)] == []


def test_every_error_stands_in_the_tree_at_the_top_of_its_file():
    branches = [line.split("  ")[0] for line in hub.errors.__doc__.replace("│   ", "").splitlines() if "──" in line]
    assert _errors() - {"HubError"} == {branch.split("── ")[1] for branch in branches}


@pytest.mark.parametrize("name", registry.techniques())
def test_every_technique_says_what_it_does_and_where_it_comes_from(name):
    technique = hub.find(name)
    assert technique.summary and technique.paper
    assert technique.documentation != technique.summary, "its page has only a summary"


# ---------------------------------------------------------------- pages

@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_code_on_the_pages_parses(page):
    for code in blocks(page, "python"):
        ast.parse(code)
    for code in blocks(page, "sh", "bash", "shell"):
        subprocess.run(["bash", "-n"], input=code, text=True, check=True)
    for code in blocks(page, "toml"):
        tomllib.loads(code)
    for code in blocks(page, "json"):
        json.loads(code)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_on_the_pages_exist(page):
    from hub.cli import netsee

    for line in "\n".join(blocks(page, "sh", "bash", "shell", "console")).splitlines():
        words = line.removeprefix("$ ").split()
        if words[:1] == ["netsee"] and len(words) > 1 and not words[1].startswith("-"):
            assert words[1] in netsee.commands, line


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_files_that_the_pages_point_to_exist(page):
    text = page.read_text()
    targets = re.findall(r"\]\((?!https?:|#|mailto:)([^)#\s]+)", text) + re.findall(r'<img[^>]+src="(?!https?:)([^"]+)"', text)
    assert [target for target in targets if not (page.parent / target).exists()] == []


def test_the_technique_on_that_page_works_as_it_stands_and_keeps_the_contract(plugin_folder):
    name = plugin_folder.add("fade", blocks(ROOT / "plugins" / "README.md", "python")[0])
    picture = testing.small_picture()
    assert hub.run(name, picture, amount=0.0).image.tobytes() == picture.tobytes()
    faded = hub.run(name, picture, amount=1.0).image
    assert all(red == green == blue for _, (red, green, blue) in faded.getcolors(10_000))
    assert [f"{check}: {said}" for check in testing.checks(name) if (said := check.fault())] == []


# ---------------------------------------------------------------- the project

def test_the_changelog_names_the_version_or_what_is_unreleased():
    text = (ROOT / "CHANGELOG.md").read_text()
    assert f"## {hub.__version__}" in text or "## Unreleased" in text


def test_the_licence_is_the_whole_of_apache_2():
    text = (ROOT / "LICENSE").read_text()
    for part in ("Version 2.0, January 2004", "9. Accepting Warranty", "END OF TERMS AND CONDITIONS", "APPENDIX: How to apply"):
        assert part in text
