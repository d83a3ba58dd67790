"""The house as the architecture tests see it: areas, files, modules."""

import ast
from importlib import import_module
from pathlib import Path

from storage.errors import CoffreError

ROOT = Path(__file__).parents[2]
AREAS = ("vault", "sealing", "verifier", "consent", "storage", "cli")


def files() -> list[Path]:
    """List every Python file of the six areas."""
    return sorted(path for area in AREAS for path in (ROOT / area).rglob("*.py"))


def module_of(path: Path) -> str:
    """Give the dotted name of a file."""
    dotted = ".".join(path.relative_to(ROOT).with_suffix("").parts)
    return dotted.removesuffix(".__init__")


def modules() -> list[str]:
    """List every module, dotted; Alembic's own files are run by Alembic alone."""
    return [module_of(path) for path in files() if "migrations" not in path.parts]


def tree(path: Path) -> ast.Module:
    """Parse a file."""
    return ast.parse(path.read_text("utf-8"))


def errors() -> list[type[CoffreError]]:
    """List every error class of the house, whatever file it stands in."""
    for name in modules():
        import_module(name)
    found: list[type[CoffreError]] = []
    waiting: list[type[CoffreError]] = [CoffreError]
    while waiting:
        for child in waiting.pop().__subclasses__():
            if child.__module__.split(".")[0] in AREAS:
                found.append(child)
                waiting.append(child)
    return found
