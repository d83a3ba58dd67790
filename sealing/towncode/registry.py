"""The registered types and labels of the town code, read from one table.

Rules kept here:

- the table is data (`registry.json`), append only: a number never gets another meaning;
- a number that is not found is an answer (`None`), never an error: the table may be older than the
  code;
- a name given by a person (`prenoms`, `Prénoms`) finds its number whatever its case and accents;
  a name that finds none stays a text, so that the code explains itself without any table.
"""

import json
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, lru_cache
from importlib import resources
from types import MappingProxyType
from typing import Any, ClassVar, Final

from sealing.errors import SealingError

_APOSTROPHE: Final = "\N{RIGHT SINGLE QUOTATION MARK}"


class RegistryError(SealingError):
    """Our table is absent or damaged: the installation is broken."""

    code: ClassVar[str] = "towncode.registry"


class LabelKind(StrEnum):
    """How the text of a value is to be understood."""

    TEXT = "text"
    DATE = "date"


@dataclass(frozen=True, slots=True)
class Label:
    """One registered label. `field` is its name on the command line and in lists of letters."""

    number: int
    field: str
    french: str
    english: str
    kind: LabelKind


@dataclass(frozen=True, slots=True)
class TownType:
    """One registered type of document. `name` is its name on the command line."""

    number: int
    name: str
    french: str
    english: str


@cache
def labels() -> Mapping[int, Label]:
    """Give every registered label by its number."""
    return MappingProxyType(
        {
            row["label"]: Label(
                row["label"], row["field"], row["fr"], row["en"], LabelKind(row["kind"])
            )
            for row in _table("labels")
        }
    )


@cache
def types() -> Mapping[int, TownType]:
    """Give every registered type by its number."""
    return MappingProxyType(
        {
            row["type"]: TownType(row["type"], row["name"], row["fr"], row["en"])
            for row in _table("types")
        }
    )


def label_number(name: str) -> int | None:
    """Give the number that a name means; None for a name of nobody."""
    return _label_names().get(folded(name))


def type_number(name: str) -> int | None:
    """Give the number that a type's name means; None for a name of nobody."""
    return _type_names().get(folded(name))


@lru_cache(maxsize=512)
def folded(name: str) -> str:
    """Bring a name to small letters without accents, single spaces and straight apostrophes."""
    bare = unicodedata.normalize("NFD", name.replace(_APOSTROPHE, "'").lower())
    return " ".join("".join(c for c in bare if not unicodedata.category(c).startswith("M")).split())


@cache
def _label_names() -> Mapping[str, int]:
    return {
        folded(name): one.number
        for one in labels().values()
        for name in (one.field, one.french, one.english)
    }


@cache
def _type_names() -> Mapping[str, int]:
    return {
        folded(name): one.number
        for one in types().values()
        for name in (one.name, one.french, one.english)
    }


def _table(key: str) -> list[dict[str, Any]]:
    try:
        text = resources.files("sealing.towncode").joinpath("registry.json").read_text("utf-8")
        rows: list[dict[str, Any]] = json.loads(text)[key]
    except (OSError, ValueError, KeyError) as problem:
        raise RegistryError(f"got {problem!r}, expected our own table") from problem
    return rows
