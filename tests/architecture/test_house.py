"""What the import linter cannot see of the house's rules."""

import ast
import subprocess
import sys
from importlib import import_module
from importlib.metadata import packages_distributions

import pytest
from support.house import AREAS, ROOT, errors, files, module_of, modules, tree

from cli.main import COMMANDS
from cli.problems.problem import OUR_FAULT
from cli.problems.table import PROBLEMS, problem_of

FILE_LINES = 300
FUNCTION_LINES = 40
# Roots of errors: never raised themselves, only caught.
ROOTS = {"coffre", "vault", "sealing", "verifier", "consent"}


def test_an_init_is_a_docstring_and_nothing_else():
    for path in files():
        if path.name == "__init__.py":
            [only] = tree(path).body
            assert isinstance(only, ast.Expr), path
            assert isinstance(only.value, ast.Constant), path


def test_every_folder_with_modules_is_a_package():
    assert [path for path in files() if not (path.parent / "__init__.py").exists()] == []


def test_the_house_has_its_48_folders_and_two_of_rows():
    assert len([path for path in files() if path.name == "__init__.py"]) == 55


@pytest.mark.parametrize("name", modules())
def test_every_module_imports(name):
    import_module(name)


def test_the_table_of_commands_is_the_folder():
    folder = {path.stem for path in (ROOT / "cli" / "commands").glob("*.py")} - {"__init__"}
    assert set(COMMANDS) == folder


def test_no_other_distribution_claims_one_of_our_names():
    claimed = packages_distributions()
    assert {area: claimed.get(area, ["coffre"]) for area in AREAS} == {
        area: ["coffre"] for area in AREAS
    }


def test_every_error_has_its_own_code_and_its_row():
    for error in errors():
        area = module_of(ROOT / (error.__module__.replace(".", "/") + ".py")).split(".")[0]
        assert "code" in vars(error), f"{error.__name__} of {area} has no code of its own"
    codes = {error.code for error in errors()} - ROOTS
    assert codes - set(PROBLEMS) == set(), "cli/problems lacks rows"
    assert set(PROBLEMS) - codes == set(), "cli/problems has rows for no error"


def test_an_error_without_a_row_is_our_fault():
    root = next(error for error in errors() if error.code == "vault")
    assert problem_of(root("x")) is OUR_FAULT


def test_only_the_settings_and_the_entrance_read_the_environment():
    readers = {
        module_of(path)
        for path in files()
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Attribute)
        and node.attr in {"environ", "getenv"}
        and isinstance(node.value, ast.Name)
        and node.value.id == "os"
    }
    assert readers <= {"storage.settings", "cli.main"}


def test_files_and_functions_keep_their_size():
    functions = [
        (node.end_lineno - node.lineno + 1, f"{path.relative_to(ROOT)}:{node.name}")
        for path in files()
        for node in ast.walk(tree(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno
    ]
    sizes = [
        (len(path.read_text("utf-8").splitlines()), str(path.relative_to(ROOT))) for path in files()
    ]
    worst = [f"{count:4} {name}" for count, name in sorted(sizes)[-10:] + sorted(functions)[-10:]]
    sys.stdout.write("\n".join(worst))  # shown by `pytest -rP`
    assert [row for row in sizes if row[0] > FILE_LINES] == []
    assert [row for row in functions if row[0] > FUNCTION_LINES] == []


def test_the_help_page_imports_no_command_and_no_heavy_library():
    code = (
        "import sys, io; from cli.main import run; "
        "run(['--help'], {}, io.StringIO(), io.StringIO()); "
        "print('loaded:', *sorted(m for m in sys.modules if m.startswith('cli.commands.') or "
        "m in {'pydantic', 'cryptography', 'sqlmodel', 'pyhanko', 'pymupdf', 'fastapi', 'rich'}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1].strip() == "loaded:"
