"""The data of a mail merge: one line, one letter.

Rules kept here:

- read as a letter list is (`files/letters_csv.py`), but that a column `file` may be absent: letters
  are then `lettre-0001.pdf` and so on, by their place in the data, which does not move;
- columns `twoddoc` and `recipient` go on to the letter list as they are, and so do the fields of
  the code: those that were asked for (`FIELD={column}`, with text around, or `FIELD` alone), else
  the columns that are data identifiers of a 2D-Doc, else, for a town code, every column;
- a value is printed and sealed from the same cell, without the spaces around it.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import ClassVar, Final

from sealing.batch.files.letters_csv import FILE, RECIPIENT, TWODDOC, LetterList, LineError, Tell
from sealing.batch.files.source import FileNameError
from sealing.batch.merge.design import MergeError, check_values
from sealing.twoddoc.catalogue import identifiers
from storage.errors import CoffreError

LETTERS: Final = "letters.csv"
_OWN: Final = (FILE, TWODDOC, RECIPIENT, "")
_PART: Final = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")


class FieldPatternError(MergeError):
    """A field is not written `NAME={column}`, or comes twice. Details: `field`."""

    code: ClassVar[str] = "merge.field"


class FieldColumnError(MergeError):
    """A field names a column that the data have not. Details: `field`, `name`."""

    code: ClassVar[str] = "merge.field-column"


class FieldBracesError(MergeError):
    """A field has a column's name for its text: braces were meant. Details: `field`, `name`."""

    code: ClassVar[str] = "merge.field-braces"


@dataclass(frozen=True, slots=True)
class Pattern:
    """One field of the code: text, with columns in braces."""

    name: str
    text: str

    @classmethod
    def parse(cls, written: str, columns: Sequence[str]) -> "Pattern":
        """Read `NAME={column}` or `NAME`; raise a MergeError."""
        name, equals, text = written.partition("=")
        name = name.strip()
        if not name or name in _OWN:
            raise FieldPatternError("got no name of a field", field=written)
        if not equals:
            text = "{" + name + "}"
        elif text.strip() in columns:
            column = text.strip()
            raise FieldBracesError("got a column without braces", field=written, name=column)
        for found in _PART.finditer(text):
            if found[0] in {"{", "}"}:
                raise FieldPatternError("got a brace alone", field=written)
            if found[1] is not None and found[1].strip() not in columns:
                raise FieldColumnError("got no such column", field=written, name=found[1].strip())
        return cls(name, text)

    def filled(self, values: Mapping[str, str]) -> str:
        """Give the field of one letter."""
        return _PART.sub(partial(_put, values), self.text).strip()


def _put(values: Mapping[str, str], found: re.Match[str]) -> str:
    return found[0][0] if found[1] is None else values[found[1].strip()]


@dataclass(frozen=True, slots=True)
class Record:
    """One letter to make: its line, its place among the letters, its name, its values."""

    line: int
    file: str
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class MergeData:
    """Data whose first line was read, and what of them the letter list takes."""

    listed: LetterList
    fields: tuple[Pattern, ...]

    @classmethod
    def read(cls, listed: LetterList, wanted: Sequence[str] | None) -> "MergeData":
        """Choose the fields of the code; None: by the names of the columns. Raises a MergeError."""
        given = listed.fields
        if wanted is None:
            wanted = [name for name in given if name in identifiers()] or (
                [] if listed.names_types else given
            )
            return cls(listed, tuple(Pattern(name, "{" + name + "}") for name in wanted))
        columns = [name for name in listed.columns if name]
        patterns = [Pattern.parse(each, columns) for each in wanted]
        names = [pattern.name for pattern in patterns]
        for name in names:
            if names.count(name) > 1:
                raise FieldPatternError("got a field twice", field=name)
        return cls(listed, tuple(patterns))

    @property
    def columns(self) -> tuple[str, ...]:
        """Give the columns that a template may name."""
        return tuple(name for name in self.listed.columns if name)

    @property
    def head(self) -> list[str]:
        """Give the first line of the letter list."""
        passed = [name for name in (TWODDOC, RECIPIENT) if name in self.listed.columns]
        return [FILE, *passed, *(pattern.name for pattern in self.fields)]

    def row(self, record: Record) -> list[str]:
        """Give the line of one letter in the letter list."""
        passed = [record.values[name] for name in (TWODDOC, RECIPIENT) if name in record.values]
        return [record.file, *passed, *(each.filled(record.values) for each in self.fields)]

    def records(self, tell: Tell | None = None) -> Iterator[Record | LineError]:
        """Read every letter; one whose line is wrong is a LineError. Raises OSError."""
        for n, line in enumerate(self.listed.lines(tell), 1):
            if isinstance(line, LineError):
                yield line
                continue
            own = {FILE: line.file, TWODDOC: line.twoddoc, RECIPIENT: line.recipient}
            values = {**line.values, **{k: v for k, v in own.items() if k in self.listed.columns}}
            file = line.file if FILE in values else f"lettre-{n:04}.pdf"
            try:
                check_values(values)
                if not file or file.casefold() == LETTERS:
                    raise FileNameError("got no name of a letter")
            except CoffreError as error:
                yield LineError(line.number, line.file, error)
                continue
            yield Record(line.number, file, values)
