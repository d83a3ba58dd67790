"""A letter written in HTML, with `{{ column }}` where values go.

Rules kept here:

- Jinja's sandbox, its values always escaped: no filter nor tag takes that away, and those that make
  HTML or addresses of a value are not there;
- other files (`include`, `extends`, `import`) come from the template's folder and its subfolders,
  by a name that is written in the template;
- a column that the data have not is told before the first letter, with the line of the template; a
  column whose name is no word (`code postal`) is written `colonnes["code postal"]`;
- each value leaves between two marks, characters that no text holds (`merge_design.check_values`):
  who reads the HTML sees what came from the data, and where it stands (`html.py`).
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Final

from jinja2 import StrictUndefined, Template, TemplateError, TemplateNotFound, meta, nodes
from jinja2 import TemplateSyntaxError as JinjaSyntaxError
from jinja2.loaders import FunctionLoader
from jinja2.sandbox import ImmutableSandboxedEnvironment

from sealing.batch.files.source import FileNameError, Source
from sealing.batch.merge.design import (
    MAX_TEMPLATE,
    MergeError,
    TemplateTooLargeError,
    UnknownColumnError,
)
from sealing.errors import SealingError

BEGIN: Final = "\ufdd0"
END: Final = "\ufdd1"
COLUMNS: Final = "colonnes"
_FILTERS: Final = frozenset(
    re.findall(
        r"\w+",
        "abs batch capitalize center count d default first float format groupby indent int join"
        " last length list lower map max min reject rejectattr replace reverse round select"
        " selectattr slice sort string sum title trim truncate unique upper wordcount"
        " wordwrap",
    )
)
_MOST_FILES: Final = 50
_FAULTS: Final = (
    *(TemplateError, ArithmeticError, LookupError),
    *(AttributeError, RecursionError, TypeError, ValueError),
)


class TemplateWrittenError(MergeError):
    """The template is not written as it must be. Details: `path`, `line`, `what`."""

    code: ClassVar[str] = "merge.template"


class TemplateFileError(MergeError):
    """The template asks for a file that is not in its folder. Details: `path`, `line`, `name`."""

    code: ClassVar[str] = "merge.template-file"


class TemplateEncodingError(MergeError):
    """A template is not in UTF-8. Details: `path`."""

    code: ClassVar[str] = "merge.template-encoding"


@dataclass(frozen=True, slots=True)
class TextTemplate:
    """A template, read with all that it includes. `sources`: what was read, by name.

    `reads`: whether it names a column at all.
    """

    name: str
    template: Template
    sources: Mapping[str, str]
    reads: bool

    @classmethod
    def open(cls, path: Path, columns: frozenset[str]) -> "TextTemplate":
        """Read and check a template; raise a MergeError or OSError."""
        reader = _Reader(Source(path.resolve(strict=True).parent), path.name)
        names = _Names(columns | {COLUMNS, "range", "loop"})
        for name, tree in reader.trees():
            names.add(name, tree)
        names.check()
        reads = not columns.union({COLUMNS}).isdisjoint(name for _, name, _ in names.read)
        template = reader.environment.get_template(path.name)
        return cls(path.name, template, reader.sources, reads)

    def written(self, values: Mapping[str, str]) -> str:
        """Give the HTML of one letter, its values between marks; raise TemplateWrittenError."""
        try:
            return self.template.render({**values, COLUMNS: values})
        except MergeError:
            raise
        except _FAULTS as error:
            # What a value that is no number, say, makes of a filter.
            path, line = _place(error, self.sources, self.name)
            what = f"{type(error).__name__}: {error}"[:200]
            raise TemplateWrittenError(
                "got a value that the template cannot take", path=path, line=line, what=what
            ) from error


@dataclass(slots=True)
class _Reader:
    """Reads a template and what it asks for, from one folder."""

    folder: Source
    first: str
    sources: dict[str, str] = field(default_factory=dict)
    environment: ImmutableSandboxedEnvironment = field(init=False)

    def __post_init__(self) -> None:
        self.environment = ImmutableSandboxedEnvironment(
            autoescape=True,
            undefined=StrictUndefined,
            finalize=_between_marks,
            loader=FunctionLoader(self._load),
        )
        known = self.environment.filters
        self.environment.filters = {name: known[name] for name in _FILTERS}
        self.environment.globals = {"range": self.environment.globals["range"]}

    def trees(self) -> Iterator[tuple[str, nodes.Template]]:
        """Parse the template and all that it asks for."""
        waiting = [(self.first, self.first, 1)]
        while waiting:
            name, asking, line = waiting.pop()
            if name in self.sources:
                continue
            tree = self._parsed(name, asking, line)
            _refuse(name, tree)
            waiting += [(*found, line) for found, line in _asked(name, tree)]
            yield name, tree

    def _parsed(self, name: str, asking: str, line: int) -> nodes.Template:
        try:
            text = self._load(name)[0]
            tree = self.environment.parse(text, name)
            # Unknown filters are found when code is made of it.
            self.environment.compile(tree, name)
            return self.environment.parse(text, name)
        except JinjaSyntaxError as error:
            what = (error.message or "")[:200]
            raise TemplateWrittenError(
                "got what is no template", path=error.name or name, line=error.lineno, what=what
            ) from error
        except TemplateNotFound as error:
            problem = "got a name that is not in the folder"
            raise TemplateFileError(problem, path=asking, line=line, name=name) from error

    def _load(self, name: str) -> tuple[str, str, None]:
        if name not in self.sources:
            if len(self.sources) >= _MOST_FILES:
                raise TemplateNotFound(name)
            try:
                data = self.folder.read(self.folder.name(name))
            except SealingError as error:
                if name == self.first and not isinstance(error, FileNameError):
                    raise
                raise TemplateNotFound(name) from error
            if len(data) > MAX_TEMPLATE:
                limit = MAX_TEMPLATE >> 20
                raise TemplateTooLargeError("got too large a template", path=name, limit=limit)
            try:
                self.sources[name] = data.decode("utf-8-sig")
            except UnicodeDecodeError as error:
                raise TemplateEncodingError("got other than UTF-8", path=name) from error
        return self.sources[name], name, None


@dataclass(slots=True)
class _Names:
    """The names that templates read, against those that there are."""

    known: frozenset[str]
    given: set[str] = field(default_factory=set)
    read: list[tuple[str, str, int]] = field(default_factory=list)

    def add(self, path: str, tree: nodes.Template) -> None:
        """Note what a template reads, and what it gives to those that it includes."""
        asked = meta.find_undeclared_variables(tree)
        for name in tree.find_all(nodes.Name):
            if name.ctx != "load":
                self.given.add(name.name)
            elif name.name in asked:
                self.read.append((path, name.name, name.lineno))
        for item in tree.find_all(nodes.Getitem):
            of_columns = isinstance(item.node, nodes.Name) and item.node.name == COLUMNS
            if of_columns and isinstance(item.arg, nodes.Const):
                self.read.append((path, str(item.arg.value), item.lineno))

    def check(self) -> None:
        """Raise UnknownColumnError for the first name that nobody gives."""
        for path, name, line in self.read:
            if name not in self.known and name not in self.given:
                raise UnknownColumnError("got no such column", name=name, path=path, line=line)


def _refuse(name: str, tree: nodes.Template) -> None:
    """Raise TemplateWrittenError for what would take the escaping away."""
    for found in tree.find_all((nodes.EvalContextModifier, nodes.MarkSafe)):
        raise TemplateWrittenError(
            "got a tag that is not there", path=name, line=found.lineno, what="autoescape"
        )
    # A filter over a whole block works on what is escaped already, and may undo it.
    for block in tree.find_all((nodes.FilterBlock, nodes.AssignBlock)):
        if getattr(block, "filter", None) is not None:
            raise TemplateWrittenError(
                "got a tag that is not there", path=name, line=block.lineno, what="filter"
            )


def _asked(name: str, tree: nodes.Template) -> Iterator[tuple[tuple[str, str], int]]:
    """Give the files that a template asks for; raise TemplateFileError for one not written out."""
    kinds = (nodes.Include, nodes.Extends, nodes.Import, nodes.FromImport)
    for found in tree.find_all(kinds):
        wanted = getattr(found, "template")  # noqa: B009 - the four have it, their base has not
        if not isinstance(wanted, nodes.Const) or not isinstance(wanted.value, str):
            problem = "got a name that is not written out"
            raise TemplateFileError(problem, path=name, line=found.lineno, name="?")
        yield (wanted.value, name), found.lineno


def _between_marks(value: object) -> object:
    if hasattr(value, "__html__"):
        # A macro, or a block that was set: what it made of values is marked once more.
        markup: Any = type(value)
        return markup(BEGIN) + value + markup(END)
    return f"{BEGIN}{value}{END}"


def _place(error: Exception, sources: Mapping[str, str], first: str) -> tuple[str, int]:
    """Tell the line of a template where an error came up."""
    place, trace = (first, 1), error.__traceback__
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if file in sources:
            place = file, trace.tb_lineno
        trace = trace.tb_next
    return place
