"""What reading found in a file: codes, words, and what was cut short. Nothing is proved here.

Rules kept here:

- a code is the bytes of its symbol (`RawCode`), never text: control characters count;
- pages count from 0; a picture or a text has no page: `page` is None;
- places are in points (1/72 inch) from the top left corner of the page as it is seen;
- a word that a reader may not see (drawn invisible, covered, too small, off the page) is kept and
  marked: it may neither prove that a page says something nor that it does not;
- what was cut short has a stable name in `limits`: a partial reading says so.

Values only: `pages.py`, `symbols.py` and `words.py` make them, in the child of `sandbox.py`.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NewType

from sealing.twoddoc.parts import is_part

RawCode = NewType("RawCode", bytes)
NEEDED_MODULE_PIXELS: Final = 3.2


class FileKind(StrEnum):
    """What the file is, by its bytes."""

    PDF = "pdf"
    IMAGE = "image"
    TEXT = "text"


class ReadingLimit(StrEnum):
    """What was cut short: the rest of the file was not looked at."""

    PAGES = "pages"
    CODES = "codes"
    TIME = "time"
    PIXELS = "pixels"
    WORDS = "words"
    DAMAGED_PAGES = "damaged-pages"
    REPAIRED = "repaired"
    DAMAGED_FILE = "damaged-file"
    STOPPED = "stopped"


class SecondOpinion(StrEnum):
    """What libdmtx says of a code, where it was asked; `ALONE`: zxing-cpp had found nothing."""

    SAME = "same"
    DIFFERENT = "different"
    UNSEEN = "unseen"
    ALONE = "alone"


@dataclass(frozen=True, slots=True)
class FoundCode:
    """One code. `pages` are all that bear it; `module_pixels` the side of a module, if known.

    `second` is the second reader's opinion; None where none was asked.
    """

    raw: RawCode
    pages: tuple[int, ...] = ()
    symbology: str = "DataMatrix"
    module_pixels: float | None = None
    second: SecondOpinion | None = None

    @property
    def page(self) -> int | None:
        """Give the first page that bears it; None outside a PDF."""
        return self.pages[0] if self.pages else None


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a text layer. `seen` is false where a reader may not see it."""

    text: str
    box: tuple[float, float, float, float]
    seen: bool = True


@dataclass(frozen=True, slots=True)
class PageWords:
    """The text layer of one page, in the order of the file.

    `pictured` tells that pictures fill most of the page (a scan): it may then say what its text
    layer does not.
    """

    words: tuple[Word, ...] = ()
    pictured: bool = False

    @property
    def seen(self) -> tuple[Word, ...]:
        """Give the words that a reader sees."""
        return tuple(word for word in self.words if word.seen)


@dataclass(frozen=True, slots=True)
class AttachedFile:
    """A file that a PDF holds, by its name."""

    name: str
    data: bytes


@dataclass(frozen=True, slots=True)
class FoundRecord:
    """A file that came with another one as its evidence record. `asked`: a person named it."""

    data: bytes
    asked: bool = False


@dataclass(frozen=True, slots=True)
class ReadDocument:
    """One file as read. `data` is the file itself, for the check of its seals and its record.

    `words[page]` is the text layer of a page; there is none for whatever is no PDF. `too_small` is
    the most pixels per module of a symbol that was seen and not read because of its size; None for
    none. `attached` are the JSON files that the document holds, as read: proved by nothing here.
    """

    name: str
    kind: FileKind
    data: bytes
    codes: tuple[FoundCode, ...] = ()
    words: tuple[PageWords, ...] = ()
    limits: tuple[ReadingLimit, ...] = ()
    too_small: float | None = None
    record: FoundRecord | None = None
    attached: tuple[AttachedFile, ...] = ()

    @property
    def has_text_layer(self) -> bool:
        """Tell whether any page has words that a reader sees."""
        return any(page.seen for page in self.words)

    def words_of(self, page: int) -> PageWords:
        """Give the text layer of a page; an empty one where it was not read."""
        return self.words[page] if 0 <= page < len(self.words) else PageWords()


def text_document(text: str, name: str = "-") -> ReadDocument:
    """Take the characters of a code, typed or pasted, as a document of kind TEXT.

    Lines that are each one part of a code are so many symbols: a scanner ends each with a new line.
    Characters outside Latin-1 cannot come from a symbol: they are kept as `?`, and fail there.
    White space alone is no code of any kind.
    """
    raw = RawCode(text.encode("latin-1", errors="replace"))
    lines = [line for line in raw.replace(b"\r", b"\n").split(b"\n") if line]
    whole = [raw] if raw.strip() else []
    symbols = lines if all(map(is_part, lines)) else whole
    codes = tuple(FoundCode(RawCode(symbol), symbology="text") for symbol in symbols)
    return ReadDocument(name, FileKind.TEXT, raw, codes)
