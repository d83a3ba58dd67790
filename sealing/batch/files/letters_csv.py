"""The list of a mailing's letters: a CSV file, as office programs write it.

Rules kept here:

- UTF-8, with or without its mark, else Windows-1252; never UTF-16, which is told by its mark;
- comma, semicolon or tabulation: the one under which the first line names a column `file`, or,
  of data without such a column, the one that makes most columns of it;
- columns: `file`, at most one each of `twoddoc` (type of this letter's code) and `recipient`; every
  other one is a data identifier or a named field, as written, without the spaces around it;
- a line has as many cells as the first one; lines without any content count for nothing;
- a line that is wrong is a `LineError` with its number (the first is 1), and reading goes on; after
  quotes that do not close nothing more can be told apart, and reading ends;
- one line at a time: memory does not grow with the list.

What the cells mean is `plan.py`'s.
"""

import csv
import io
from codecs import BOM_UTF16_BE, BOM_UTF16_LE, getincrementaldecoder
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import ClassVar, Final
from unicodedata import normalize

from sealing.errors import SealingError
from storage.errors import CoffreError

FILE: Final = "file"
TWODDOC: Final = "twoddoc"
RECIPIENT: Final = "recipient"
UTF8: Final = "utf-8-sig"
WINDOWS: Final = "cp1252"
MAX_LINE: Final = 1 << 20
MAX_COLUMNS: Final = 200
_SEPARATORS: Final = ",;\t"
_CHUNK: Final = 1 << 20
_TOLD_EVERY: Final = 500
# How many lines are read, of about how many: cells may hold line ends.
Tell = Callable[[int, int], None]


class ListError(SealingError):
    """The list as a whole cannot serve; children say why."""

    code: ClassVar[str] = "batch.list"


class ListEncodingError(ListError):
    """Neither UTF-8 nor Windows-1252. Details: `path`."""

    code: ClassVar[str] = "batch.list-encoding"


class ListEmptyError(ListError):
    """No line names a letter. Details: `path`."""

    code: ClassVar[str] = "batch.list-empty"


class ListColumnError(ListError):
    """No column is called `file`. Details: `path`, `found`."""

    code: ClassVar[str] = "batch.list-column"


class ListColumnTwiceError(ListError):
    """Two columns bear one name, or there are too many. Details: `path`, `name`."""

    code: ClassVar[str] = "batch.list-column-twice"


class LineQuotesError(ListError):
    """Quotes that do not close, or text after them: the rest of the list cannot be read."""

    code: ClassVar[str] = "batch.line-quotes"


class LineTooLongError(ListError):
    """A line of more than a mebibyte: the rest of the list is not read."""

    code: ClassVar[str] = "batch.line-too-long"


class LineCellsError(ListError):
    """Another number of cells than the first line. Details: `found`, `expected`."""

    code: ClassVar[str] = "batch.line-cells"


class LineCharactersError(ListError):
    """A character that no text holds: zero, or a byte that Windows-1252 does not know."""

    code: ClassVar[str] = "batch.line-characters"


@dataclass(frozen=True, slots=True)
class ListLine:
    """One letter of the list: the path below the folder of letters, and the cells by column."""

    number: int
    file: str
    twoddoc: str
    values: Mapping[str, str]
    recipient: str = ""


@dataclass(frozen=True, slots=True)
class LineError:
    """A line that cannot be sealed as it is."""

    number: int
    file: str
    error: CoffreError


@dataclass(frozen=True, slots=True)
class LetterList:
    """A list whose first line was read. `fields` are the columns that go into codes."""

    path: Path
    encoding: str
    separator: str
    columns: tuple[str, ...]

    @classmethod
    def open(cls, path: Path, *, of_files: bool = True) -> "LetterList":
        """Read the first line; raise a ListError or OSError. Data may do without a `file`."""
        encoding = _encoding(path)
        with path.open(encoding=encoding, newline="", errors="replace") as file:
            first = file.readline(MAX_LINE)
        if not first.strip():
            raise ListEmptyError("got no first line", path=str(path))
        readings = {separator: _names(first, separator) for separator in _SEPARATORS}
        for separator, columns in readings.items():
            if FILE in columns:
                _check_columns(columns, path)
                return cls(path, encoding, separator, columns)
        separator, found = max(readings.items(), key=lambda reading: len(reading[1]))
        if of_files or not any(found):
            raise ListColumnError(f"got {found}", path=str(path), found=", ".join(found)[:200])
        _check_columns(found, path)
        return cls(path, encoding, separator, found)

    @property
    def fields(self) -> tuple[str, ...]:
        """Give the columns of data, in their order."""
        own = {FILE, TWODDOC, RECIPIENT, ""}
        return tuple(name for name in self.columns if name not in own)

    @property
    def names_types(self) -> bool:
        """Tell whether the lines may each name the type of their code."""
        return TWODDOC in self.columns

    def lines(self, tell: Tell | None = None) -> Iterator[ListLine | LineError]:
        """Read every line after the first; raise OSError.

        `tell` hears, every 500, how many lines are read, of about how many.
        """
        return self._lines() if tell is None else self._followed(tell)

    def _followed(self, tell: Tell) -> Iterator[ListLine | LineError]:
        with self.path.open("rb") as file:
            ends = sum(piece.count(b"\n") for piece in iter(partial(file.read, _CHUNK), b""))
        for count, line in enumerate(self._lines(), 1):
            yield line
            if count % _TOLD_EVERY == 0:
                tell(count, max(count, ends - 1))

    def _lines(self) -> Iterator[ListLine | LineError]:
        with self.path.open(encoding=self.encoding, newline="", errors="surrogateescape") as file:
            source = _Lines(file)
            rows = csv.reader(source, delimiter=self.separator, strict=True)
            while True:
                number = rows.line_num + 1
                try:
                    cells = next(rows)
                except StopIteration:
                    return
                except csv.Error:
                    kind = LineTooLongError if source.too_long else LineQuotesError
                    yield LineError(number, "", kind("got a line that cannot be cut into cells"))
                    return
                if number > 1 and "".join(cells).strip():
                    yield self._line(number, cells)

    def _line(self, number: int, cells: list[str]) -> ListLine | LineError:
        if len(cells) != len(self.columns):
            problem = f"got {len(cells)} cells, expected {len(self.columns)}"
            found = {"found": len(cells), "expected": len(self.columns)}
            return LineError(number, "", LineCellsError(problem, **found))
        row = dict(zip(self.columns, map(str.strip, cells), strict=True))
        text = "".join(cells)
        if "\0" in text or not _encodable(text):
            return LineError(number, "", LineCharactersError("got a character of no text"))
        if row.pop("", ""):
            return LineError(
                number, row.get(FILE, ""), LineCellsError("got a cell without a column")
            )
        file, twoddoc = row.pop(FILE, ""), row.pop(TWODDOC, "")
        recipient = row.pop(RECIPIENT, "")
        return ListLine(number, file, twoddoc, row, recipient)


class _Lines:
    """The lines of a file for the CSV reader; one that does not end is an error."""

    def __init__(self, file: io.TextIOBase) -> None:
        self._file = file
        self.too_long = False

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._file.readline(MAX_LINE)
        if not line:
            raise StopIteration
        if len(line) == MAX_LINE:
            self.too_long = True
            raise csv.Error("got a line without an end")
        return line


def _encoding(path: Path) -> str:
    """Tell UTF-8 from Windows-1252: no text in the second reads as the first by chance."""
    decoder = getincrementaldecoder("utf-8")()
    with path.open("rb") as file:
        if file.read(2) in (BOM_UTF16_BE, BOM_UTF16_LE):
            raise ListEncodingError("got UTF-16", path=str(path))
        file.seek(0)
        try:
            while chunk := file.read(_CHUNK):
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return WINDOWS
    return UTF8


def _names(first: str, separator: str) -> tuple[str, ...]:
    try:
        cells = next(csv.reader([first], delimiter=separator))
    except (csv.Error, StopIteration):
        return ()
    return tuple(_name(cell) for cell in cells)


def _name(cell: str) -> str:
    name = normalize("NFC", cell.strip())
    known = name.casefold()
    return known if known in {FILE, TWODDOC, RECIPIENT} else name


def _check_columns(columns: Sequence[str], path: Path) -> None:
    twice = [name for name, count in Counter(columns).items() if count > 1 and name]
    if twice or len(columns) > MAX_COLUMNS:
        name = twice[0] if twice else columns[MAX_COLUMNS]
        raise ListColumnTwiceError(f"got {len(columns)} columns", path=str(path), name=name)


def _encodable(text: str) -> bool:
    # What neither encoding knows was read as a lone surrogate.
    return text.isascii() or not any("\ud800" <= sign <= "\udfff" for sign in text)
