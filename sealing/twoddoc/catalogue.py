"""What a 2D-Doc may say: document types and data identifiers, as facts read from two tables.

Rules kept here:

- tables are data (`doc_types.json`, `data_identifiers.json`): a new type or identifier needs no
  Python, unless its `kind` of value is new (`values.py`);
- both tables cover perimeter 01; the specification changes every year, so an entry that is not
  found is an answer (`None`), never an error;
- identifiers 01 to 0D go in every type; a type allows its mandatory ones, those of its
  alternative groups, its optional ones and its optional groups, and forbids the rest;
- a table of ours that cannot be read is our fault: `CatalogueError`, never the document's.
"""

import json
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib import resources
from itertools import chain
from types import MappingProxyType
from typing import Any, ClassVar, Final

from sealing.errors import SealingError

PERIMETER: Final = "01"


class CatalogueError(SealingError):
    """One of our two tables is absent or damaged: the installation is broken."""

    code: ClassVar[str] = "twoddoc.catalogue"


class Kind(StrEnum):
    """How the text of a value is to be understood."""

    TEXT = "text"
    DIGITS = "digits"
    NUMERIC = "numeric"
    DIGITS_ZERO_PADDED = "digits_zero_padded"
    DIGITS_SLASH = "digits_slash"
    DIGITS_OR_SPACES = "digits_or_spaces"
    DECIMAL_COMMA = "decimal_comma"
    DECIMAL_OR_SIGNED_INTEGER = "decimal_or_signed_integer"
    HEX_INTEGER = "hex_integer"
    BASE36_DIGIT = "base36_digit"
    BOOL01 = "bool01"
    DATE_DDMMYYYY = "date_ddmmyyyy"
    DATE_HEXDAYS2000 = "date_hexdays2000"
    DATETIME_DDMMYYYYHHMM = "datetime_ddmmyyyyhhmm"
    TIME = "time"
    TIME_HHMM = "time_hhmm"
    TIME_HHMMSS = "time_hhmmss"
    PERIOD_MMYYYYMMYYYY = "period_mmyyyymmyyyy"
    YEAR_YYYY = "year_yyyy"
    BASE32_UTF8 = "base32_utf8"


class IssueDateRule(StrEnum):
    """Whether the header of a type carries the issue date, or FFFF."""

    REQUIRED = "required"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class DataIdentifier:
    """One identifier. Lengths count characters; `maximum` is None where unbounded.

    `charset` is the body of a regular-expression class, `eori`, or None (any character).
    `french` is empty where no source names the identifier.
    """

    di: str
    french: str
    english: str | None
    minimum: int
    maximum: int | None
    fixed: bool
    kind: Kind
    charset: str | None
    source: str

    @property
    def is_eori(self) -> bool:
        """Tell whether the value stops by itself: two letters, then digits."""
        return self.charset == "eori"


@dataclass(frozen=True, slots=True)
class TownUse:
    """What a town may issue under a type."""

    french: str
    english: str


@dataclass(frozen=True, slots=True)
class DocType:
    """One document type, with the identifiers that it asks, allows and forbids (not `listed`).

    `one_of`: one of these groups is mandatory, whole. `also_seen`: identifiers that published,
    correctly signed examples carry although no readable table lists them. `reading_strict`: the
    table is proved, so that a departure from it may weigh on a verdict. `may_be_empty`: the
    mandatory identifiers that may be empty (None: every one of variable length).
    """

    code: str
    french: str
    english: str
    category: str
    issue_date: IssueDateRule
    mandatory: tuple[str, ...]
    one_of: tuple[tuple[str, ...], ...]
    optional: tuple[str, ...]
    optional_groups: tuple[str, ...]
    also_seen: tuple[str, ...]
    may_be_empty: tuple[str, ...] | None
    table_known: bool
    reading_strict: bool
    town: TownUse | None
    source: str
    listed: frozenset[str]

    def order(self) -> tuple[str, ...]:
        """Give the identifiers of the type's table in the order of emission, each once."""
        grouped = [di for group in self.one_of for di in group]
        return tuple(dict.fromkeys([*grouped, *self.mandatory, *self.optional]))

    def forbidden(self, dis: AbstractSet[str]) -> list[str]:
        """Give the identifiers that the type's table keeps out, in order; none without a table."""
        if not self.table_known:
            return []
        return sorted(
            di
            for di in dis - self.listed
            if not in_every_type(di) and not di.startswith(self.optional_groups)
        )

    def is_mandatory(self, di: str) -> bool:
        """Tell whether the identifier is mandatory, alone or in one of the groups."""
        return di in self.mandatory or any(di in group for group in self.one_of)


def in_every_type(di: str) -> bool:
    """Tell whether this is one of the identifiers 01 to 0D, which describe the code itself."""
    return "01" <= di <= "0D" and di[1] in "123456789ABCD"


@cache
def identifiers() -> Mapping[str, DataIdentifier]:
    """Give every known data identifier by its two characters."""
    return MappingProxyType(
        {
            row["di"]: DataIdentifier(
                di=row["di"],
                french=row["fr"] or "",
                english=row["en"],
                minimum=row["min"],
                maximum=row["max"],
                fixed=row["fixed"],
                kind=Kind(row["kind"]),
                charset=row["charset"],
                source=row["source"],
            )
            for row in _table("data_identifiers.json", "identifiers")
        }
    )


@cache
def doc_types() -> Mapping[str, DocType]:
    """Give every known document type of perimeter 01 by its code."""
    return MappingProxyType(
        {row["code"]: _doc_type(row) for row in _table("doc_types.json", "types")}
    )


def doc_type(code: str, perimeter: str | None) -> DocType | None:
    """Give a type; None when the type, or its whole perimeter, is not in our table.

    Version 02 has no perimeter: its types are those of 01.
    """
    return doc_types().get(code) if perimeter in (None, PERIMETER) else None


def _doc_type(row: Mapping[str, Any]) -> DocType:
    town = TownUse(row["town_fr"], row["town_en"]) if "town_fr" in row else None
    may_be_empty = tuple(row["may_be_empty"]) if "may_be_empty" in row else None
    return DocType(
        code=row["code"],
        french=row["fr"],
        english=row["en"],
        category=row["category_fr"],
        issue_date=IssueDateRule(row["issue_date"]),
        mandatory=tuple(row["mandatory"]),
        one_of=tuple(tuple(group) for group in row["one_of"]),
        optional=tuple(row["optional"]),
        optional_groups=tuple(row["optional_groups"]),
        also_seen=tuple(row["also_seen"]),
        may_be_empty=may_be_empty,
        table_known=row["table_known"],
        reading_strict=row["reading_strict"],
        town=town,
        source=row["source"],
        listed=frozenset([*row["mandatory"], *row["optional"], *chain(*row["one_of"])]),
    )


def _table(name: str, key: str) -> list[dict[str, Any]]:
    try:
        text = resources.files("sealing.twoddoc").joinpath(name).read_text("utf-8")
        rows: list[dict[str, Any]] = json.loads(text)[key]
    except (OSError, ValueError, KeyError) as problem:
        raise CatalogueError(f"got {problem!r} from {name}, expected our own table") from problem
    return rows
