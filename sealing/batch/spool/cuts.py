"""Where the letters of a spool begin and end.

Rules kept here:

- by count: every so many pages; the last letter may be shorter, which is told;
- by bookmark: one of the first level on the first page of each letter, whose title is kept. Two of
  them on one page, or in another order than the pages, are no way to cut;
- by mark: a text that stands on the first page of each letter and on no other. Capitals do not
  matter, nor how words are spaced or cut over lines;
- pages in front of the first letter are nobody's: refused, unless it is said what becomes of them;
- every page is in one letter, or was given up by name.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import ClassVar, TypeAlias

from sealing.batch.spool.pdf import SpoolError, SpoolPdf

Step = Callable[[int, int], None]


class FrontPagesError(SpoolError):
    """Pages stand in front of the first letter. Details: `last`, of them."""

    code: ClassVar[str] = "spool.front-pages"


class MarkAbsentError(SpoolError):
    """No page bears the mark. Details: `mark`."""

    code: ClassVar[str] = "spool.mark-absent"


class BookmarksAbsentError(SpoolError):
    """The file has no bookmark of the first level. Details: `path`."""

    code: ClassVar[str] = "spool.bookmarks-absent"


class BookmarksError(SpoolError):
    """A bookmark leads to no page, to a page of another, or backwards. Details: `title`."""

    code: ClassVar[str] = "spool.bookmarks"


class Front(StrEnum):
    """What becomes of pages in front of the first letter."""

    REFUSE = "refuse"
    LETTER = "letter"
    DROP = "drop"


@dataclass(frozen=True, slots=True)
class ByPages:
    """A letter every so many pages."""

    count: int


@dataclass(frozen=True, slots=True)
class ByBookmark:
    """A letter for each bookmark of the first level."""


@dataclass(frozen=True, slots=True)
class ByText:
    """A letter from each page that bears a mark."""

    mark: str


By: TypeAlias = ByPages | ByBookmark | ByText


@dataclass(frozen=True, slots=True)
class Cut:
    """A letter of the spool: its pages, both included, and the title of its bookmark."""

    first: int
    last: int
    title: str = ""

    @property
    def pages(self) -> int:
        """Count its pages."""
        return self.last - self.first + 1


def cuts_of(spool: SpoolPdf, by: By, front: Front, step: Step) -> list[Cut]:
    """Find the letters; `step` hears how many pages were looked at, of how many.

    Raises a SpoolError, or whatever `step` does.
    """
    begins = _begins(spool, by, step)
    first = begins[0][0]
    if first > 1 and front is Front.REFUSE:
        raise FrontPagesError(f"got {first - 1} pages in front", last=first - 1)
    if first > 1 and front is Front.LETTER:
        begins.insert(0, (1, ""))
    ends = [*begins, (spool.pages + 1, "")]
    return [Cut(page, after - 1, title) for (page, title), (after, _) in pairwise(ends)]


def _begins(spool: SpoolPdf, by: By, step: Step) -> list[tuple[int, str]]:
    match by:
        case ByPages(count):
            return [(page, "") for page in range(1, spool.pages + 1, count)]
        case ByBookmark():
            return _bookmarks(spool)
        case ByText(mark):
            return _marked(spool, mark, step)


def folded(text: str) -> str:
    """Give a text as a reader compares it: without capitals, one space between words."""
    return " ".join(text.split()).casefold()


def _bookmarks(spool: SpoolPdf) -> list[tuple[int, str]]:
    found = spool.bookmarks()
    if not found:
        raise BookmarksAbsentError("got no bookmark", path=str(spool.path))
    for (before, _), (page, title) in pairwise([(0, ""), *found]):
        if not before < page <= spool.pages:
            raise BookmarksError(f"got a bookmark to {page} behind {before}", title=title[:80])
    return found


def _marked(spool: SpoolPdf, mark: str, step: Step) -> list[tuple[int, str]]:
    wanted, found = folded(mark), []
    for page in range(1, spool.pages + 1):
        if wanted in folded(spool.text(page)):
            found.append((page, ""))
        step(page, spool.pages)
    if not found:
        raise MarkAbsentError("got the mark on no page", mark=mark[:80])
    return found
