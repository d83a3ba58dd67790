"""Signature wrapping: the signed bytes stay somewhere in the file, and readers are shown others.

After Mladenov et al. (CCS 2019): SWA. The bytes before the CMS stay where they are; those behind it
are moved, and the forger writes the dictionary, the pages and the cross-references himself.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from support.attacks.attack import (
    ALTERED,
    CHANGED,
    CONTENTS,
    RANGES,
    REWRITTEN,
    UNREADABLE,
    Answer,
    Attack,
)
from support.attacks.material import CATALOG, CONTENT, FALSE, PAGE, Sealed, sealed, text
from support.attacks.revisions import HONEST, Tricks, last_number, revised

FAMILY = "wrapping"
_HELD = 60
_FALSE = {CONTENT: text("Attestation", FALSE)}


@dataclass(frozen=True, slots=True)
class _Parts:
    """A sealed file in its three parts: before the CMS, the CMS in hexadecimal, behind it."""

    before: bytes
    contents: bytes
    behind: bytes

    @classmethod
    def of(cls, made: Sealed) -> "_Parts":
        start, end = made.gap
        return cls(made.pdf[:start], made.pdf[start:end], made.pdf[end:])


Ranges = Callable[[_Parts, int], bytes]


def _pairs(*pairs: tuple[int, int]) -> bytes:
    return b"/ByteRange[%b]" % b" ".join(b"%d %d" % pair for pair in pairs)


def _true_ranges(parts: _Parts, at: int) -> bytes:
    return _pairs((0, len(parts.before)), (at, len(parts.behind)))


def _dictionary(ranges: bytes, contents: bytes) -> bytes:
    told = b"<</Type/Sig/Filter/Adobe.PPKLite/SubFilter/ETSI.CAdES.detached"
    return told + b"/M(D:20261121100000Z)/Contents " + contents + ranges + b">>"


def wrapped(made: Sealed, ranges: Ranges, contents: bytes | None = None) -> bytes:
    """Move what is behind the CMS into a stream; write a dictionary of the seal's number anew."""
    parts = _Parts.of(made)
    shown = parts.contents if contents is None else contents
    middle = parts.before + parts.contents + b">>\nendobj\n"
    held = b"%d 0 obj\n<</Length %d>>\nstream\n" % (_HELD, len(parts.behind))
    at = len(middle) + len(held)
    pdf = middle + held + parts.behind + b"\nendstream\nendobj\n"
    body = _dictionary(ranges(parts, at), shown)
    numbers = (CATALOG, PAGE, made.form, made.field)
    objects = {number: made.body(number) for number in numbers} | {made.seal: body} | _FALSE
    first = made.pdf[: made.pdf.index(b"%%EOF")].rsplit(b"startxref\n", 1)[1]
    return revised(pdf, objects, "table", Tricks(prev=int(first)))


def _in_place(made: Sealed) -> Iterator[tuple[str, bytes, Answer]]:
    """Change the dictionary where it stands: it is signed itself."""
    pdf, (start, end) = made.pdf, made.gap
    place = pdf.index(b"/ByteRange[", end)
    old = pdf[place : pdf.index(b"]", place) + 1]
    numbers = [int(one) for one in old[11:-1].split()]

    def with_ranges(*told: int) -> bytes:
        written = b"/ByteRange[%b]" % b" ".join(b"%d" % one for one in told)
        room = pdf[place:].split(b"/M(", 1)[0]
        return pdf[:place] + written.ljust(len(room)) + pdf[place + len(room) :]

    _, length, second, behind = numbers
    yield "range begins later", with_ranges(1, length - 1, second, behind), REWRITTEN
    yield "range begins at ten", with_ranges(10, length - 10, second, behind), REWRITTEN
    yield "hole too large", with_ranges(0, length - 5, second, behind), REWRITTEN
    yield "hole too large behind", with_ranges(0, length, second + 5, behind - 5), REWRITTEN
    yield "ranges overlap", with_ranges(0, second + 10, second, behind), ALTERED
    yield "no hole", with_ranges(0, second, second, behind), ALTERED
    yield "first part twice", with_ranges(0, length, 0, length), ALTERED
    yield "exchanged parts", with_ranges(second, behind, 0, length), ALTERED
    yield "three numbers", with_ranges(0, length, second), RANGES
    yield "six numbers", with_ranges(0, length, second, behind - 9, second, 9), RANGES
    yield "behind the end", with_ranges(0, length, second, behind + 5_000), ALTERED
    yield "end not covered", with_ranges(0, length, second, behind - 6), ALTERED
    yield "negative length", with_ranges(0, -1, second, behind), ALTERED
    yield "negative start", with_ranges(-1, length + 1, second, behind), RANGES
    yield "beyond all numbers", with_ranges(0, 10**12, second, behind), ALTERED
    hexadecimal = pdf[start:end]
    for name, changed, answer in (
        ("gap with white space", b"<  " + hexadecimal[3:], CONTENTS),
        ("gap with a comment", b"<%x\n" + hexadecimal[4:], CONTENTS),
        ("gap ends early", hexadecimal[:100] + b">" + hexadecimal[101:], UNREADABLE),
        ("gap not hexadecimal", hexadecimal[:-41] + b"Z" * 40 + b">", UNREADABLE),
        ("gap a text", b"(" + hexadecimal[1:-1] + b")", CONTENTS),
    ):
        assert len(changed) == len(hexadecimal)
        yield name, pdf[:start] + changed + pdf[end:], answer
    longer = hexadecimal[:-1] + b"00" * 20 + b">"
    yield "padding longer than its room", pdf[:start] + longer + pdf[end:], UNREADABLE


def _moved(made: Sealed) -> Iterator[tuple[str, bytes, Answer]]:
    """Move the signed bytes, and show others; the digest is right."""
    parts = _Parts.of(made)
    length, behind = len(parts.before), len(parts.behind)
    first, second = (0, length // 2), (length // 2, length - length // 2)
    ways: dict[str, tuple[Ranges, Answer]] = {
        "second part moved": (_true_ranges, CHANGED),
        "three parts": (lambda _, at: _pairs(first, second, (at, behind)), RANGES),
        "an empty part": (lambda _, at: _pairs((0, length), (at, behind), (0, 0)), RANGES),
        "a range in another object": (lambda _, __: b"/ByteRange %d 0 R" % (_HELD + 1), RANGES),
        "a range that is none": (lambda _, __: b"/ByteRange(0)", RANGES),
        "two ranges, the false one last": (
            lambda parts, at: _true_ranges(parts, at) + _pairs((0, 9), (10, 9)),
            CONTENTS,
        ),
        "two ranges, the true one last": (
            lambda parts, at: _pairs((0, 9), (10, 9)) + _true_ranges(parts, at),
            CONTENTS,
        ),
    }
    for name, (ranges, answer) in ways.items():
        yield name, wrapped(made, ranges), answer
    for name, contents in (
        ("contents elsewhere", b"%d 0 R" % (_HELD + 1)),
        ("contents a text", b"(x)"),
        ("contents twice", parts.contents + b"/Contents <00>"),
        ("contents empty", b"<>"),
    ):
        yield name, wrapped(made, _true_ranges, contents), CONTENTS


def _holes(made: Sealed) -> Iterator[tuple[str, bytes, Answer]]:
    """Put what is shown into the hole that the seal leaves."""
    parts = _Parts.of(made)
    start = len(parts.before)
    body = b"%d 0 obj\n%b\nendobj\n" % (CONTENT, text("Attestation", FALSE))
    pdf = parts.before + parts.contents[:-1] + b">\n" + body + parts.behind
    yield "an object in a hole grown", pdf, UNREADABLE
    shown = Tricks(places={CONTENT: start + len(parts.contents) + 1})
    yield "an object in the hole, led to", revised(pdf, {}, "table", shown), UNREADABLE
    inner = parts.contents[:200] + b">" + body.ljust(len(parts.contents) - 201)
    same = parts.before + inner + parts.behind
    led = revised(same, {}, "table", Tricks(places={CONTENT: start + 201}))
    yield "an object in the padding, led to", led, UNREADABLE


def _second(made: Sealed) -> Iterator[tuple[str, bytes, Answer]]:
    """Put a second signature beside the first."""
    parts = _Parts.of(made)
    other = _dictionary(_true_ranges(parts, made.gap[1]), parts.contents)
    copied = revised(made.pdf, {made.seal: other, **_FALSE}, "table", HONEST)
    yield "the same dictionary written again", copied, CHANGED
    field = b"<</FT/Sig/T(Copie)/Subtype/Widget/F 132/P 3 0 R/Rect[0 0 0 0]/V 71 0 R>>"
    form = b"<</Fields[%d 0 R 70 0 R]/SigFlags 3>>" % made.field
    twice = revised(made.pdf, {70: field, 71: other, made.form: form}, "table", HONEST)
    yield "a copy in a second field", twice, CHANGED
    alone = b"<</Fields[70 0 R]/SigFlags 3>>"
    moved = revised(made.pdf, {70: field, 71: other, made.form: alone, **_FALSE}, "table", HONEST)
    yield "a copy in the place of the first", moved, CHANGED
    named = {70: field.replace(b"Copie", b"Cachet"), 71: other, made.form: form}
    yield "a copy of the same name", revised(made.pdf, named, "table", HONEST), CHANGED
    older = int(last_number(made.pdf, b"/Prev"))
    yield "a copy without the sealed section", _skipping(made, older, other), CHANGED


def _skipping(made: Sealed, older: int, other: bytes) -> bytes:
    """Leave the section of the seal out, and write its objects again."""
    numbers = (CATALOG, PAGE, made.form, made.field)
    objects = {number: made.body(number) for number in numbers} | {made.seal: other} | _FALSE
    return revised(made.pdf, objects, "table", Tricks(prev=older))


def attacks() -> Iterator[Attack]:
    """Make every wrapping."""
    for style in ("table", "stream"):
        for make in (_in_place, _second):
            for name, pdf, answer in make(sealed(style)):
                yield Attack(f"{name} ({style})", FAMILY, pdf, answer)
    for make in (_moved, _holes):
        for name, pdf, answer in make(sealed()):
            yield Attack(name, FAMILY, pdf, answer)
