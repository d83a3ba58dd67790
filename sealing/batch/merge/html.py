"""HTML and values to a tagged PDF: the door of WeasyPrint (extra `merge`).

Rules kept here:

- a value stands in text, or in an attribute that is only read (`alt`, `title`, `class`, `lang`,
  `aria-label`): in a style, an address, a name of a tag or of an attribute it is refused, whatever
  it holds. So a value brings no HTML, no CSS, no file and no address;
- pictures, fonts and style sheets come from the template's folder and its subfolders, or stand in
  the template (`data:`); anything else is refused, and nothing is fetched from a network;
- a picture or a sheet that cannot be used is an error, not a hole in ten thousand letters;
- every letter is tagged, with its fonts inside; it says PDF/UA where the template has a language, a
  title, and words for each picture;
- the same values give the same bytes, and a layout that letters share (`pades/layout.py`).
"""

import io
import logging
import mimetypes
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, field
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any, ClassVar, Final
from urllib.parse import unquote, urlsplit

from PIL import ImageFile

from sealing.batch.files.source import Source
from sealing.batch.merge.design import (
    MAX_PAGES,
    MAX_TEMPLATE,
    MergeError,
    TemplateTooLargeError,
    TooManyPagesError,
    limited,
)
from sealing.batch.merge.named_files import named_files
from sealing.batch.merge.template import BEGIN, END, TextTemplate
from sealing.errors import SealingError
from storage.errors import ConfigurationError, MissingExtraError

MAX_RESOURCE: Final = 16 << 20
MAX_WRITTEN: Final = 8 << 20
NO_LANG: Final = "lang"
NO_TITLE: Final = "title"
NO_ALT: Final = "alt"
_READ_ONLY: Final = frozenset({"alt", "aria-label", "class", "lang", "title"})
# What HTML reads as it stands, or WeasyPrint as a style.
_RAW: Final = frozenset(
    {"iframe", "noembed", "noframes", "noscript", "plaintext", "script", "style", "xmp"}
)
_ACCESSIBLE: Final = "pdf/ua-1"
_SVG: Final = "{http://www.w3.org/2000/svg}"
# Parts of WeasyPrint whose warnings are no faults: words for readers, fonts that cannot be used.
_OF_TAGS, _OF_FONTS = "tags", "fonts"
_BOX: Final = ".notdef glyph rendered"
_FAULTS: Final = (
    *(ArithmeticError, AssertionError, AttributeError, LookupError),
    *(OSError, RecursionError, TypeError, ValueError),
)


class PangoMissingError(ConfigurationError):
    """WeasyPrint is there, a library of the system that it needs is not."""

    code: ClassVar[str] = "configuration.no-pango"


class ValuePlaceError(MergeError):
    """A value stands where it would be more than text. Details: `place`."""

    code: ClassVar[str] = "merge.value-place"


class ResourceError(MergeError):
    """The template uses a file that is not in its folder, or is too large. Details: `name`."""

    code: ClassVar[str] = "merge.resource"


class GlyphMissingError(MergeError):
    """No font draws this character: an empty box would be printed. Details: `sign`."""

    code: ClassVar[str] = "merge.no-glyph"


class UnusableError(MergeError):
    """A picture, a font or a style sheet of the template cannot be used. Details: `what`."""

    code: ClassVar[str] = "merge.unusable"


@dataclass(slots=True)
class HtmlDesign:
    """A template in HTML, open. What is kept over letters: fonts, decoded pictures.

    Fonts opened anew for each letter would leave 0.2 MiB behind, and take a quarter of the time.
    """

    template: TextTemplate
    folder: Source
    fonts: Any
    fetched: dict[str, str] = field(default_factory=dict)
    missing: set[str] = field(default_factory=set)
    _cache: dict[Any, Any] = field(default_factory=dict)

    @classmethod
    def open(cls, path: Path, columns: frozenset[str]) -> "HtmlDesign":
        """Read a template; raise a MergeError, MissingExtraError, PangoMissingError or OSError."""
        weasyprint = _weasyprint()
        path = path.resolve(strict=True)
        folder = Source(path.parent)
        fonts = weasyprint.text.fonts.FontConfiguration()
        return cls(TextTemplate.open(path, columns), folder, fonts)

    @property
    def remarks(self) -> tuple[tuple[str, str], ...]:
        """Name what keeps letters from being PDF/UA."""
        return tuple((each, "") for each in sorted(self.missing))

    @property
    def reads(self) -> bool:
        """Tell whether the template names a column."""
        return self.template.reads

    def fingerprint(self) -> Mapping[str, str]:
        """Give the digests of the template, and of all that it includes, names or fetched."""
        texts = {
            name: sha256(text.encode()).hexdigest() for name, text in self.template.sources.items()
        }
        named = named_files(self.folder, self.template.sources.values())
        return {"weasyprint": version("weasyprint"), **named, **texts, **self.fetched}

    def check(self, values: Mapping[str, str]) -> None:
        """Find nothing wrong: a page takes any text."""

    def make(self, values: Mapping[str, str]) -> bytes:
        """Give the PDF of one letter; raise a MergeError."""
        with limited():
            return self._made(values)

    def _made(self, values: Mapping[str, str]) -> bytes:
        weasyprint = _weasyprint()
        written = self.template.written(values)
        if len(written) > MAX_WRITTEN:
            problem, limit = "got too large a letter", MAX_TEMPLATE >> 20
            raise TemplateTooLargeError(problem, path=self.template.name, limit=limit)
        page = (self.folder.root / self.template.name).as_uri()
        try:
            with _heard() as ear:
                html = weasyprint.HTML(string=written, base_url=page, url_fetcher=self._fetch)
                unmark(html.etree_element)
                options = self._options(html.etree_element)
                document = html.render(self.fonts, **options)
                if len(document.pages) > MAX_PAGES:
                    count = len(document.pages)
                    raise TooManyPagesError(f"got {count}", pages=count, limit=MAX_PAGES)
                made = bytes(document.write_pdf(**options))
        except weasyprint.urls.FatalURLFetchingError as stop:
            raise stop.__cause__ or stop from None
        except _FAULTS as error:
            what = f"{type(error).__name__}: {error}"[:200]
            raise UnusableError("got a page that cannot be drawn", what=what) from error
        if ear.boxes:
            raise GlyphMissingError("got a character without a glyph", sign=ear.boxes[0])
        if ear.faults:
            raise UnusableError("got a part that cannot be used", what=ear.faults[0][:200])
        return made

    def _options(self, root: Any) -> dict[str, Any]:  # noqa: ANN401 - an element of WeasyPrint's
        """Tag every letter; claim PDF/UA for those that can be."""
        missing = set(_missing(root))
        self.missing |= missing
        return {
            "pdf_tags": True,
            "pdf_variant": None if missing else _ACCESSIBLE,
            "cache": self._cache,
        }

    def _fetch(self, url: str) -> Any:  # noqa: ANN401 - a response of WeasyPrint's
        """Give a file of the template's folder; anything else ends the letter."""
        urls = _weasyprint().urls
        try:
            if url.startswith("data:"):
                return urls.URLFetcher(allowed_protocols=("data",)).fetch(url)
            name, data = self._read(url)
        except SealingError as error:
            raise urls.FatalURLFetchingError("got a file that is not the template's") from error
        except (OSError, ValueError) as error:
            fault = UnusableError(f"got {type(error).__name__}", what=url[:60])
            raise urls.FatalURLFetchingError("got data that are none") from fault
        self.fetched.setdefault(name, sha256(data).hexdigest())
        kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
        return urls.URLFetcherResponse(url, data, {"Content-Type": kind})

    def _read(self, url: str) -> tuple[str, bytes]:
        parts, root = urlsplit(url), f"{self.folder.root}/"
        path = unquote(parts.path)
        if parts.scheme != "file" or parts.netloc or not path.startswith(root):
            raise ResourceError("got an address outside the folder", name=url[:200])
        name = path.removeprefix(root)
        try:
            data = self.folder.read(self.folder.name(name))
        except SealingError as error:
            raise ResourceError("got no file of the folder", name=name[:200]) from error
        if len(data) > MAX_RESOURCE:
            raise ResourceError("got too large a file", name=name[:200])
        return name, data


def unmark(root: Any) -> None:  # noqa: ANN401 - an element of WeasyPrint's
    """Take the marks off a page; raise ValuePlaceError for a value that is more than text."""
    for element in root.iter():
        tag = element.tag
        if not isinstance(tag, str):  # a comment
            element.text = ""
        elif BEGIN in tag or END in tag:
            raise ValuePlaceError("got a value in a tag", place="<…>")
        else:
            _unmark_inside(element, tag.rpartition("}")[2].lower())
        element.tail = _plain(element.tail)


def _unmark_inside(element: Any, tag: str) -> None:  # noqa: ANN401 - as above
    for name, value in element.attrib.items():
        own = name.rpartition("}")[2].lower()
        if _is_marked(name) or (_is_marked(value) and own not in _READ_ONLY):
            place = f"<{tag} {_plain(own)}>"
            raise ValuePlaceError("got a value in an attribute", place=place[:80])
        element.set(name, _plain(value))
    # Within SVG a style has children, and what follows one is style again.
    if tag in _RAW and _is_marked("".join(element.itertext())):
        raise ValuePlaceError("got a value in a style", place=f"<{tag}>")
    element.text = _plain(element.text)


def _is_marked(text: str | None) -> bool:
    return text is not None and (BEGIN in text or END in text)


def _plain(text: str | None) -> str | None:
    return None if text is None else text.replace(BEGIN, "").replace(END, "")


def _missing(root: Any) -> Iterator[str]:  # noqa: ANN401 - an element of WeasyPrint's
    if not (root.get("lang") or "").strip():
        yield NO_LANG
    if not any((found.text or "").strip() for found in root.iter("title")):
        yield NO_TITLE
    dumb = any(not (found.get("alt") or "").strip() for found in root.iter("img"))
    if dumb or any(not found.findtext(f"{_SVG}title") for found in root.iter(f"{_SVG}svg")):
        yield NO_ALT


class _Ear(logging.Handler):
    """Hears of pictures, sheets and fonts that cannot be used: WeasyPrint only logs them."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.faults: list[str] = []
        self.boxes: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep what is said."""
        if _BOX in record.msg and isinstance(record.args, tuple):
            self.boxes.append(str(record.args[0]))
        fault = record.levelno >= logging.ERROR and record.module != _OF_TAGS
        if fault or record.module == _OF_FONTS:
            self.faults.append(record.getMessage())


@contextmanager
def _heard() -> Iterator[_Ear]:
    logger, ear = logging.getLogger("weasyprint"), _Ear()
    before = logger.level
    logger.setLevel(logging.WARNING)
    logger.addHandler(ear)
    try:
        yield ear
    finally:
        logger.removeHandler(ear)
        logger.setLevel(before)


def _weasyprint() -> Any:  # noqa: ANN401 - an extra
    """Load WeasyPrint; raise MissingExtraError or PangoMissingError."""
    try:
        with redirect_stdout(io.StringIO()):  # it prints what is missing
            import weasyprint  # noqa: PLC0415 - an extra, and it loads a library of the system
            import weasyprint.text.fonts  # noqa: PLC0415 - as above
            import weasyprint.urls  # noqa: PLC0415 - as above
        ImageFile.LOAD_TRUNCATED_IMAGES = False  # it has the whole process take cut pictures
    except ImportError as error:
        raise MissingExtraError("got no weasyprint", extra="merge") from error
    except OSError as error:
        raise PangoMissingError("got no pango") from error
    return weasyprint
