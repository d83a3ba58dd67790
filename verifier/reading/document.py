"""A file in, what was found in it out: the one door of reading.

Rules kept here:

- the file is sniffed here and opened in a child alone (`sandbox.py`); what comes back is JSON of a
  closed shape, never an object;
- pictures of a page first, then the page as drawn; retries only where the whole file gave no
  code, on pages that bear pictures (what is drawn by lines is as sharp as it can be), each with
  its 5 seconds and all within the time of the child;
- a code met again is the same code: its pages are kept;
- a page that breaks is left out and said so; a file that breaks, takes too much or ends its reader
  has one typed error, unless it shows traces of a seal: whether that seal holds is then for the
  check of seals to say, and `limits` that nothing of its pages was read;
- the second reader, where it is asked for, looks at every code and at pages that gave none, in what
  is left of the page's 5 seconds.
"""

import json
from base64 import b64decode, b64encode
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from itertools import islice
from time import process_time
from typing import Any, Final

from PIL import Image

from verifier.reading.found import (
    AttachedFile,
    FileKind,
    FoundCode,
    PageWords,
    RawCode,
    ReadDocument,
    ReadingLimit,
    SecondOpinion,
    Word,
)
from verifier.reading.pages import MUPDF_ERRORS, Pdf
from verifier.reading.pictures import grey_pictures
from verifier.reading.sandbox import (
    DEFAULT,
    Limits,
    ReadingCrashedError,
    ReadingStoppedError,
    run,
)
from verifier.reading.second_reader import load, opinion, read_alone
from verifier.reading.sniff import (
    MAX_CODES_A_PAGE,
    MAX_PAGES,
    MAX_WORDS,
    PAGE_SECONDS,
    FileBrokenError,
    Format,
    TooManyObjectsError,
    bears_seal,
    sniff,
)
from verifier.reading.symbols import Symbols, read_again, read_plain

# The child is given 10 seconds of work: retries stop early enough to hand over what was found.
_ALL_SECONDS: Final = 7.0
_SECOND: Final = "second"
# Of a code met several times, the opinion that weighs most.
_WEIGHT: Final = {
    None: 0,
    SecondOpinion.UNSEEN: 1,
    SecondOpinion.SAME: 2,
    SecondOpinion.DIFFERENT: 3,
}


def read_document(
    data: bytes, name: str, limits: Limits = DEFAULT, *, second_reader: bool = False
) -> ReadDocument:
    """Read a file; `name` is only carried along; `second_reader` asks libdmtx too.

    Raises a SecondReaderAbsentError before anything is read; a FileRefusedError (empty, too large,
    unknown, broken, encrypted, too many pixels or objects) or a ReadingStoppedError (time, memory,
    crash; not of a PDF that shows a seal).
    """
    prepare = load if second_reader else None
    if prepare is not None:
        prepare()
    found = sniff(data)
    asked = _SECOND if second_reader else ""
    kind = FileKind.PDF if found is Format.PDF else FileKind.IMAGE
    try:
        answer = run(read_in_child, data, str(found), asked, limits=limits, prepare=prepare)
    except (ReadingStoppedError, TooManyObjectsError):
        if kind is not FileKind.PDF or not bears_seal(data):
            raise
        return ReadDocument(name, kind, data, limits=(ReadingLimit.STOPPED,))
    try:
        return _document(ReadDocument(name, kind, data), json.loads(answer))
    except (ValueError, KeyError, TypeError) as problem:
        # Only a child that was taken over answers otherwise than we wrote it.
        raise ReadingCrashedError("got an answer of another shape") from problem


def read_in_child(data: bytes, found: str, second: str = "") -> bytes:
    """Read a sniffed file, whatever it does; the answer is JSON. Called in the child alone."""
    reading = _Reading(asks_second=second == _SECOND)
    if Format(found) is not Format.PDF:
        _read_pictures(reading, data, Format(found))
    else:
        try:
            _read_pdf(reading, Pdf.open(data))
        except FileBrokenError:
            if not bears_seal(data):
                raise
            reading.cut.append(ReadingLimit.DAMAGED_FILE)
    return json.dumps(reading.told()).encode()


@dataclass
class _Reading:
    """What the child has found so far. `begun` is when the page at hand was."""

    asks_second: bool = False
    codes: dict[bytes, dict[str, Any]] = field(default_factory=dict)
    words: list[PageWords] = field(default_factory=list)
    cut: list[ReadingLimit] = field(default_factory=list)
    small: list[float] = field(default_factory=list)
    broken: set[int] = field(default_factory=set)
    attached: list[AttachedFile] = field(default_factory=list)
    started: float = field(default_factory=process_time)
    begun: float = field(default_factory=process_time)

    def take(self, symbols: Symbols, page: int | None) -> None:
        """Keep the codes of one picture."""
        for symbol in symbols.found:
            if symbol.raw not in self.codes and self.full(page):
                self.cut.append(ReadingLimit.CODES)
                break
            row = self.codes.setdefault(
                symbol.raw, {"pages": [], "module_pixels": symbol.module_pixels, "second": None}
            )
            if self.asks_second and symbols.picture is not None:
                told = opinion(symbols.picture, symbol, self.left())
                row["second"] = max(row["second"], told, key=lambda one: _WEIGHT[one])
            if page is not None and page not in row["pages"]:
                row["pages"].append(page)
        if symbols.crowded:
            self.cut.append(ReadingLimit.CODES)
        if symbols.stopped:
            self.cut.append(ReadingLimit.TIME)
        self.small += [symbols.too_small] if symbols.too_small else []

    def full(self, page: int | None) -> bool:
        """Tell whether a page, with all its pictures, has given as many codes as it may."""
        of_page = [row for row in self.codes.values() if page in row["pages"]]
        return page is not None and len(of_page) >= MAX_CODES_A_PAGE

    def late(self) -> bool:
        """Tell whether the whole reading must come to its end."""
        return process_time() - self.started > _ALL_SECONDS

    def turn(self) -> None:
        """Begin a page, or one more look at it: its time begins anew."""
        self.begun = process_time()

    def left(self) -> float:
        """Give the seconds that are left to the page at hand."""
        now = process_time()
        return min(PAGE_SECONDS - (now - self.begun), _ALL_SECONDS - (now - self.started))

    def retry(self, image: Image.Image, page: int | None) -> None:
        """Try a picture again, within the page's time; then by the second reader, if asked."""
        self.turn()
        symbols = read_again(image, lambda: self.left() <= 0)
        self.take(symbols, page)
        if not self.asks_second or symbols.found:
            return
        raw = read_alone(image, self.left())
        if raw is not None:
            pages = [] if page is None else [page]
            second = SecondOpinion.ALONE
            self.codes[raw] = {"pages": pages, "module_pixels": None, "second": second}

    def told(self) -> dict[str, Any]:
        """Give it as JSON values."""
        return {
            "codes": [{"raw": b64encode(raw).decode(), **row} for raw, row in self.codes.items()],
            "words": [asdict(page) for page in self.words],
            "attached": [[one.name, b64encode(one.data).decode()] for one in self.attached],
            "limits": sorted({*self.cut}),
            "too_small": None if self.codes else max(self.small, default=None),
        }


def _read_pictures(reading: _Reading, data: bytes, found: Format) -> None:
    first, pages = None, 0
    for image in grey_pictures(data, found):
        if pages == MAX_PAGES or reading.late():
            reading.cut.append(ReadingLimit.PAGES if pages == MAX_PAGES else ReadingLimit.TIME)
            break
        first, pages = first or image, pages + 1
        reading.turn()
        # A picture has no page; the pages of a TIFF are those of one scan.
        reading.take(read_plain(image), None)
    if first is not None and not reading.codes:
        reading.retry(first, None)
    # All pages at once would not fit the memory: the others are unpacked a second time.
    for image in islice(grey_pictures(data, found), 1, pages) if pages > 1 else ():
        if reading.codes:
            break
        if reading.late():
            reading.cut.append(ReadingLimit.TIME)
            break
        reading.retry(image, None)


def _read_pdf(reading: _Reading, pdf: Pdf) -> None:
    if pdf.repaired:
        reading.cut.append(ReadingLimit.REPAIRED)
    pages = pdf.document.page_count
    if pages > MAX_PAGES:
        reading.cut.append(ReadingLimit.PAGES)
    numbers = range(min(pages, MAX_PAGES))
    for number in numbers:
        if reading.late():
            reading.cut.append(ReadingLimit.TIME)
            break
        reading.words.append(_on_page(reading, pdf, number))
    if reading.words and len(reading.broken) == len(reading.words):
        raise FileBrokenError(f"got {len(reading.words)} pages, none of which can be drawn")
    _again(reading, pdf, numbers)
    with suppress(*MUPDF_ERRORS):
        # A file that does not come out is compared with nothing; its seal is judged all the same.
        reading.attached += pdf.json_files()


def _again(reading: _Reading, pdf: Pdf, numbers: range) -> None:
    """Try the pages that bear pictures again, until one gives a code."""
    for number in numbers:
        if reading.codes or number in reading.broken or not pdf.bears_pictures(number):
            continue
        if reading.late():
            reading.cut.append(ReadingLimit.TIME)
            break
        reading.retry(pdf.draw(number).image, number)


def _on_page(reading: _Reading, pdf: Pdf, number: int) -> PageWords:
    """Read the codes and words of a page, without retry."""
    reading.turn()
    try:
        drawn = pdf.draw(number)
        for picture in pdf.pictures(number):
            reading.take(read_plain(picture), number)
        reading.take(read_plain(drawn.image), number)
        if drawn.coarse:
            reading.cut.append(ReadingLimit.PIXELS)
        words = pdf.words(number, drawn)
    except MUPDF_ERRORS:
        reading.broken.add(number)
        reading.cut.append(ReadingLimit.DAMAGED_PAGES)
        return PageWords()
    if len(words.words) == MAX_WORDS:
        reading.cut.append(ReadingLimit.WORDS)
    return words


def _document(empty: ReadDocument, answer: Mapping[str, Any]) -> ReadDocument:
    return replace(
        empty,
        codes=tuple(_code(row) for row in answer["codes"]),
        words=tuple(_page_words(row) for row in answer["words"]),
        attached=tuple(AttachedFile(name, b64decode(data)) for name, data in answer["attached"]),
        limits=tuple(ReadingLimit(one) for one in answer["limits"]),
        too_small=answer["too_small"],
    )


def _code(row: Mapping[str, Any]) -> FoundCode:
    return FoundCode(
        RawCode(b64decode(row["raw"])),
        tuple(row["pages"]),
        module_pixels=row["module_pixels"],
        second=None if row["second"] is None else SecondOpinion(row["second"]),
    )


def _page_words(row: Mapping[str, Any]) -> PageWords:
    words = tuple(Word(one["text"], tuple(one["box"]), one["seen"]) for one in row["words"])
    return PageWords(words, row["pictured"])
