"""The words of a page's text layer, each with its place and whether a reader sees it.

Rules kept here: a word counts as seen when

- it is painted (text modes 3 and 7 are not), with an opacity of half or more, 4 points or larger;
- nothing painted later covers most of it;
- its place on the drawn page holds contrast: white on white is not seen;
- it lies on the page.

Recognised characters under a scan are such invisible text. A picture or a shape may hide or show
more than this can tell, and a font may name its glyphs falsely: the words of a page are a clue
against a lifted code, never a proof; only a seal proves a file.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pymupdf
from PIL import Image

from verifier.reading.found import PageWords, Word
from verifier.reading.sniff import MAX_WORDS

Box = tuple[float, float, float, float]

_INVISIBLE: Final = frozenset({3, 7})
_OPACITY: Final = 0.5
_POINTS: Final = 4.0
_COVERED: Final = 0.5
_CONTRAST: Final = 60
_PICTURED: Final = 0.4
_BAND: Final = 16
_LAST_BAND: Final = 1_000
_COVERS: Final = frozenset({"fill-path", "fill-image", "fill-imgmask", "fill-shade"})
PICTURES: Final = frozenset({"fill-image", "fill-imgmask", "fill-shade"})


@dataclass(frozen=True, slots=True)
class _Span:
    """A run of characters: its place, its rank among what is painted, whether it is painted."""

    box: Box
    order: int
    painted: bool


@dataclass(frozen=True, slots=True)
class _Layer:
    """What decides whether a word is seen. Spans lie in bands of the page, by their height."""

    spans: Mapping[int, Sequence[_Span]]
    covers: Sequence[tuple[int, Box]]
    to_drawn: pymupdf.Matrix
    drawn: Image.Image

    def shows(self, box: Box) -> bool:
        """Tell whether a reader sees the word of this place."""
        mine = [span for span in self._near(box) if _share(box, span.box) > _COVERED]
        if not mine or not all(span.painted for span in mine):
            return False
        first = min(span.order for span in mine)
        later = (cover for order, cover in self.covers if order > first)
        return self._contrast(box) and not any(_share(box, cover) > _COVERED for cover in later)

    def _near(self, box: Box) -> Iterator[_Span]:
        yield from self.spans.get(int((box[1] + box[3]) / 2 // _BAND), ())

    def _contrast(self, box: Box) -> bool:
        place = pymupdf.Rect(box) * self.to_drawn
        left, top = max(0, int(place.x0)), max(0, int(place.y0))
        right = min(self.drawn.width, int(place.x1) + 1)
        bottom = min(self.drawn.height, int(place.y1) + 1)
        if left >= right or top >= bottom:
            return False
        darkest, lightest = self.drawn.crop((left, top, right, bottom)).getextrema()
        return bool(lightest - darkest >= _CONTRAST)  # type: ignore[operator] # grey: two numbers


def page_words(page: pymupdf.Page, drawn: Image.Image, *, trusted: bool) -> PageWords:
    """Read the words of a page; `drawn` is the page in grey, at any scale.

    With `trusted` false no word counts as seen. At most `MAX_WORDS` are given.
    """
    painted = list(enumerate(page.get_bboxlog()))
    covers = [(order, box) for order, (kind, box) in painted if kind in _COVERS]
    scale = drawn.width / page.rect.width
    to_drawn = page.rotation_matrix * pymupdf.Matrix(scale, scale)
    layer = _Layer(_by_band(page.get_texttrace()), covers, to_drawn, drawn)
    words = []
    for x0, y0, x1, y1, text, *_ in page.get_text("words")[:MAX_WORDS]:
        box = (x0, y0, x1, y1)
        place = pymupdf.Rect(box) * page.rotation_matrix
        seen = trusted and layer.shows(box)
        words.append(Word(text, (place.x0, place.y0, place.x1, place.y1), seen))
    whole = page.rect * page.derotation_matrix
    sheet = (whole.x0, whole.y0, whole.x1, whole.y1)
    pictures = (_share(sheet, box) for _, (kind, box) in painted if kind in PICTURES)
    return PageWords(tuple(words), sum(pictures) > _PICTURED)


def _by_band(trace: Sequence[Mapping[str, Any]]) -> Mapping[int, Sequence[_Span]]:
    bands: defaultdict[int, list[_Span]] = defaultdict(list)
    for run in trace:
        painted = (
            run["type"] not in _INVISIBLE and run["opacity"] >= _OPACITY and run["size"] >= _POINTS
        )
        span = _Span(run["bbox"], run["seqno"], painted)
        top, bottom = (int(side // _BAND) for side in (span.box[1], span.box[3]))
        for band in range(max(top, -1), min(bottom, _LAST_BAND) + 1):
            bands[band].append(span)
    return bands


def _share(box: Box, other: Box) -> float:
    """Give the share of a box that another one holds."""
    width = min(box[2], other[2]) - max(box[0], other[0])
    height = min(box[3], other[3]) - max(box[1], other[1])
    area = (box[2] - box[0]) * (box[3] - box[1])
    return width * height / area if width > 0 and height > 0 and area > 0 else 0.0
