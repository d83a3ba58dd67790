"""The types of proof that a démarche may ask for, and the kinds of document that satisfy them.

Rules kept here:

- a kind is what a document is, a type is what a démarche asks for; a document's kind may also be
  the type itself (a sealed residence certificate);
- `obtainable_from` names the administration that holds the proof already: service and person are
  warned that it need not be asked (CRPA L.113-12).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, ClassVar

from consent.errors import ConsentError


class ProofTypeError(ConsentError):
    """The catalogue has no type of this name. Details: `type`."""

    code: ClassVar[str] = "proof-type-unknown"


@dataclass(frozen=True, slots=True)
class ProofType:
    """One type: who is satisfied by what, how long it stays fresh, and where else it is held."""

    id: str
    label: Mapping[str, str]
    satisfied_by: frozenset[str]
    default_freshness: str | None
    claims_only: bool
    obtainable_from: str | None


@dataclass(frozen=True, slots=True)
class ClosedList:
    """A démarche of which the law itself says what may be asked, and no more."""

    id: str
    text: str
    types: tuple[str, ...]


def proof_type(name: str) -> ProofType:
    """Give a type; raise ProofTypeError."""
    found = _types().get(name)
    if found is None:
        raise ProofTypeError("got a type that the catalogue has not", type=name)
    return found


def closed_list(name: str) -> ClosedList | None:
    """Give a closed list, None when the catalogue has none of this name."""
    return next((each for each in _closed_lists() if each.id == name), None)


@cache
def _types() -> Mapping[str, ProofType]:
    rows = _catalogue()["types"]
    return {
        row["id"]: ProofType(
            id=row["id"],
            label=row["label"],
            satisfied_by=frozenset((*row["satisfied_by"], row["id"])),
            default_freshness=row["default_freshness"],
            claims_only=row["claims_only"],
            obtainable_from=row.get("obtainable_from"),
        )
        for row in rows
    }


@cache
def _closed_lists() -> tuple[ClosedList, ...]:
    rows = _catalogue()["closed_lists"]
    return tuple(
        ClosedList(row["id"], row["text"], tuple(each["type"] for each in row["types"]))
        for row in rows
    )


@cache
def _catalogue() -> Any:  # noqa: ANN401 - a catalogue is any JSON
    return json.loads((files(__package__) / "proof_types.json").read_text("utf-8"))
