"""What is written about the program is true of the program."""

import ast
import re
import shlex
from typing import Any

import pytest
from support.house import AREAS, ROOT, files, tree
from support.spoken import SCHEMAS, validator

from cli.main import COMMANDS, House

FENCE = re.compile(r"```\n(.*?)```", re.DOTALL)


def given_kinds():
    """Give every kind of JSON object that a command gives."""
    for path in files():
        if path.relative_to(ROOT).parts[0] != "cli":
            continue
        for node in ast.walk(tree(path)):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr == "give"
                and node.args
                and isinstance(node.args[0], ast.Constant)
            ):
                yield node.args[0].value


def test_every_kind_of_json_has_its_schema_and_no_schema_is_idle():
    kinds = set(given_kinds())
    assert kinds == {path.name.removesuffix(".schema.json") for path in SCHEMAS.iterdir()}
    for kind in kinds:
        assert validator(kind).schema["properties"]["kind"] == {"const": kind}


def commands_of(text):
    """Give the `coffre …` lines of the fenced blocks, without their remarks."""
    for block in FENCE.findall(text):
        for line in block.splitlines():
            words = shlex.split(line, comments=True)
            if words[:1] == ["coffre"]:
                yield words[1:]


def options_of(words):
    """Find the command that words call, and its options."""
    group: Any = House()
    used: list[str] = []
    for word in words:
        found = group.get_command(None, word) if hasattr(group, "commands") else None
        if found is None:
            break
        group, used = found, [*used, word]
    names = {name for item in group.params for name in [*item.opts, *item.secondary_opts]}
    return used, names


@pytest.mark.parametrize(
    "words", [words for name in ("README.md",) for words in commands_of((ROOT / name).read_text())]
)
def test_every_command_of_the_readme_exists_with_its_options(words):
    used, names = options_of(words)
    assert used, words
    assert {word for word in words if word.startswith("--")} <= names


def test_every_command_stands_in_the_readme():
    text = (ROOT / "README.md").read_text("utf-8")
    assert [name for name in COMMANDS if f"coffre {name}" not in text] == []


def test_make_and_the_readme_name_the_same_targets():
    text = (ROOT / "README.md").read_text("utf-8")
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    named = set(re.findall(r"(?:^|`)make ([a-z]+)", text, re.MULTILINE))
    assert {"demo", "test"} <= named <= targets


def test_every_file_that_a_document_names_from_the_root_is_there():
    path = re.compile(rf"`((?:{'|'.join(AREAS)})/[\w./]+\.[a-z]+)`")
    pages = [ROOT / "README.md", *ROOT.glob("*/DESIGN.md")]
    named = {one for page in pages for one in path.findall(page.read_text("utf-8"))}
    assert "sealing/service/letter.py" in named
    assert sorted(one for one in named if not (ROOT / one).exists()) == []
