"""The catalog's settings and the trailer after a signature: what validation data need, no more.

Rules kept here (ISO 32000-2, 7.5.5, 7.12, 12.8; ETSI EN 319 142-1, 5.4):

- `/Version` may rise, to 1.7 or 2.0, which know time-stamps over a file and validation data;
- `/Extensions` may tell those of ETSI, Adobe and ISO, by name and level and nothing else;
- `/MarkInfo` stays;
- the last trailer, which is the one that readers look at, leads to a catalog, keeps the first half
  of `/ID`, and has no entry that the signed revision did not have.

pyHanko compares the catalog's other entries itself, and leaves these to us. What is read are its
values, by their Python sides.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

_VERSIONS: Final = ("/1.7", "/2.0")
_PREFIXES: Final = {"/ESIC", "/ADBE", "/ISO_"}
_EXTENSION: Final = {"/Type", "/BaseVersion", "/ExtensionLevel", "/ExtensionRevision", "/URL"}
_OF_THE_SECTION: Final = {
    *("/Size", "/Prev", "/XRefStm", "/Type", "/W", "/Index", "/Length", "/Filter", "/DecodeParms")
}
_OF_OTHERS: Final = {"/Root", "/Info", "/ID"}


@dataclass(frozen=True, slots=True)
class Settings:
    """The catalog and the trailer of a revision; of the last one its own section's trailer."""

    root: Mapping[str, Any]
    trailer: Mapping[str, Any]


def needs_no_more(old: Settings, new: Settings) -> bool:
    """Tell whether a later revision sets nothing but what validation data need."""
    return (
        _is_version(_of(old.root, "/Version"), _of(new.root, "/Version"))
        and _are_extensions(_of(old.root, "/Extensions"), _of(new.root, "/Extensions"))
        and _of(old.root, "/MarkInfo") == _of(new.root, "/MarkInfo")
        and _is_trailer(old.trailer, new.trailer)
    )


def _of(held: Mapping[str, Any], key: str) -> Any:  # noqa: ANN401 - anything that a PDF holds
    # By subscript: `get` gives references, not what they lead to.
    return held[key] if key in held else None  # noqa: SIM401


def _is_version(old: object, new: object) -> bool:
    if old == new:
        return True
    return new in _VERSIONS and (old is None or str(old) < str(new))


def _are_extensions(old: Mapping[str, Any] | None, new: Mapping[str, Any] | None) -> bool:
    before, after = old or {}, new or {}
    return all(
        key in after and (_of(before, key) == _of(after, key) or _is_known(key, after[key]))
        for key in {*before, *after} - {"/Type"}
    )


def _is_known(prefix: str, held: object) -> bool:
    rows = held if isinstance(held, list) else [held]
    return prefix in _PREFIXES and all(
        isinstance(row, dict)
        and row.keys() <= _EXTENSION
        and all(isinstance(value, str | int) for value in row.values())
        for row in rows
    )


def _is_trailer(old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    if "/Root" not in new:
        return False
    others = new.keys() - _OF_THE_SECTION - _OF_OTHERS
    if any(key not in old or old[key] != new[key] for key in others):
        return False
    return "/ID" not in old or ("/ID" in new and _first(old) == _first(new))


def _first(trailer: Mapping[str, Any]) -> bytes:
    written: bytes = trailer["/ID"][0].original_bytes
    return written
