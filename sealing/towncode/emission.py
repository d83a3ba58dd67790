"""What a town asks a code to say, made into claims: strict, every problem at once.

Rules kept here:

- names that the registry knows become numbers, others stay as they are; each name comes once;
- texts are put in NFC and held to the limits; control characters are refused;
- dates are ISO 8601: a day, or a month or a year where no more is known;
- nothing empty: a code says only what the page shows.

`EmissionError` holds every reason, each with the name that the caller gave; never a value.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Final
from unicodedata import normalize

from sealing.errors import SealingError
from sealing.towncode.frame import MAX_BYTES, SIGNATURE, THUMBPRINT, protected_header
from sealing.towncode.message import (
    MAX_LABEL,
    MAX_PAIRS,
    MAX_VALUE,
    Claims,
    Pair,
    hidden,
    is_date,
)
from sealing.towncode.registry import LabelKind, label_number, labels, type_number, types

# Tag, list, empty map, and the heads of the three byte strings.
_COSE_HEADS: Final = 9


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that forbids an emission: the rule, and the name given by the caller, if any."""

    rule: str
    name: str = ""


class EmissionError(SealingError):
    """The code may not be issued as asked; `problems` holds every reason, never a value."""

    code: ClassVar[str] = "towncode.emission"

    def __init__(self, problems: Sequence[Problem]) -> None:
        """Keep all problems."""
        told = "; ".join(f"{problem.name}: {problem.rule}" for problem in problems)
        super().__init__(f"got {len(problems)} problems: {told}")
        self.problems = tuple(problems)
        self.parts = tuple((problem.name, problem.rule) for problem in problems)


def claims_of(
    doc_type: str, values: Mapping[str, str], issued_at: datetime, identifier: bytes
) -> Claims:
    """Make the claims of a code; raise EmissionError with every problem at once.

    `doc_type` is a registered number, a registered name or another text; `values` by name.
    """
    kind, problems = _type(normalize("NFC", doc_type))
    pairs = []
    for name, value in values.items():
        pair = _pair(normalize("NFC", name), normalize("NFC", value))
        pairs.append(pair)
        problems += [Problem(rule, name) for rule in _pair_problems(pair)]
    problems += _repeated(list(values), pairs)
    if not pairs:
        problems.append(Problem("no-field"))
    if len(pairs) > MAX_PAIRS:
        problems.append(Problem("too-many-fields"))
    claims = Claims(issued_at.replace(microsecond=0), identifier, kind, tuple(pairs))
    # Every character takes 4 bytes at most: a short code is not written twice.
    characters = sum(len(name) + len(value) for name, value in values.items())
    if not problems and 4 * characters > MAX_BYTES // 2 and _size(claims) > MAX_BYTES:
        problems.append(Problem("too-long-code"))
    if problems:
        raise EmissionError(problems)
    return claims


def _type(doc_type: str) -> tuple[int | str, list[Problem]]:
    number = int(doc_type) if doc_type.isascii() and doc_type.isdigit() else type_number(doc_type)
    if number is not None:
        return number, [] if number in types() else [Problem("unknown-towncode-type", doc_type)]
    return doc_type, [Problem(rule, doc_type) for rule in _name_problems(doc_type)]


def _pair(name: str, value: str) -> Pair:
    number = label_number(name)
    return Pair(name if number is None else number, value)


def _pair_problems(pair: Pair) -> Iterator[str]:
    if isinstance(pair.label, str):
        yield from _name_problems(pair.label)
        # Who writes 10=... thinks of a 2D-Doc; as a text it would mean nothing on any screen.
        if pair.label.isdigit():
            yield "label-number"
    elif labels()[pair.label].kind is LabelKind.DATE and pair.value and not is_date(pair.value):
        yield "not-iso-date"
    if not pair.value.strip():
        yield "empty-value"
    if hidden(pair.value):
        yield "charset"
    if len(pair.value.encode("utf-8", "surrogatepass")) > MAX_VALUE:
        yield "too-long-value"


def _name_problems(name: str) -> Iterator[str]:
    if not name.strip():
        yield "empty-label"
    if hidden(name):
        yield "charset"
    if len(name.encode("utf-8", "surrogatepass")) > MAX_LABEL:
        yield "too-long-label"


def _repeated(names: Sequence[str], pairs: Sequence[Pair]) -> Iterator[Problem]:
    seen: set[int | str] = set()
    for name, pair in zip(names, pairs, strict=True):
        if pair.label in seen:
            yield Problem("duplicate-label", name)
        seen.add(pair.label)


def _size(claims: Claims) -> int:
    return len(claims.encode()) + len(protected_header(bytes(THUMBPRINT))) + SIGNATURE + _COSE_HEADS
