"""The fields that came after a signature: nothing but signatures, and none that draws unseen.

pyHanko calls a field unseen whose rectangle it cannot reckon, and looks at few of its keys. Rules
kept here, beside its own:

- between the revision of a signature and the last, a field that is new or changed is a signature's,
  made in between, at the top of the form, by keys that a signature needs: no action, no link, no
  field below it;
- its rectangle is four numbers written in place; a time-stamp over the file has none and draws
  nothing, for no line of the verdict is about it alone;
- a page keeps its annotations, and gets no others than these fields; the form changes in nothing
  else than its list of fields.

What is read are pyHanko's values, by their Python sides: dictionaries, lists, numbers, references.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, TypeAlias

Dictionary: TypeAlias = Any
Reference: TypeAlias = tuple[int, int]

_CORNERS: Final = 4
_STAMP_KEYS: Final = {"/Type", "/Subtype", "/FT", "/T", "/TU", "/F", "/P", "/V", "/Rect"}
_SEAL_KEYS: Final = _STAMP_KEYS | {"/AP", "/StructParent"}
_FORM_KEYS: Final = {"/Fields", "/SigFlags"}


@dataclass(frozen=True, slots=True)
class _Fields:
    """The fields of a revision by their references, those at the top of the form among them."""

    all: Mapping[Reference, Dictionary]
    top: frozenset[Reference]


def only_signatures_added(
    old: Dictionary, new: Dictionary, later: Mapping[Reference, bool]
) -> bool:
    """Compare two revisions by their catalogs.

    `later` are the fields signed in between, and whether each is a time-stamp over the file. A
    file that says nonsense makes errors of Python's.
    """
    before, after = _fields(old), _fields(new)
    if not before.all.keys() <= after.all.keys() or not _is_same_form(old, new):
        return False
    added = {
        place
        for place, field in after.all.items()
        if place not in before.all or dict(before.all[place]) != dict(field)
    }
    if not added <= after.top & later.keys():
        return False
    return _are_on_pages(old, new, added) and all(
        _is_signature(before.all.get(place, {}), after.all[place], later[place]) for place in added
    )


def reference_of(value: Any) -> Reference | None:  # noqa: ANN401 - anything that a PDF holds
    """Give where a reference leads; nothing for a value in its place."""
    number = getattr(value, "idnum", None)
    return None if number is None else (int(number), int(value.generation))


def _fields(root: Dictionary) -> _Fields:
    found: dict[Reference, Dictionary] = {}
    form = _form(root)
    top = form["/Fields"] if "/Fields" in form else ()  # noqa: SIM401 - see `_form`
    waiting = list(top)
    while waiting:
        raw = waiting.pop()
        place = reference_of(raw)
        if place is None:
            raise ValueError("a field in its place")
        if place not in found:
            found[place] = field = raw.get_object()
            waiting.extend(field["/Kids"] if "/Kids" in field else ())  # noqa: SIM401 - see `_form`
    return _Fields(found, frozenset(filter(None, map(reference_of, top))))


def _form(root: Dictionary) -> Dictionary:
    # By subscript: `get` gives references, not what they lead to.
    return root["/AcroForm"] if "/AcroForm" in root else {}  # noqa: SIM401


def _is_same_form(old: Dictionary, new: Dictionary) -> bool:
    before, after = _form(old), _form(new)
    return all(
        key in before and key in after and before[key] == after[key]
        for key in {*before, *after} - _FORM_KEYS
    )


def _is_signature(was: Dictionary, field: Dictionary, is_stamp: bool) -> bool:  # noqa: FBT001
    was, now = dict(was), dict(field)
    changed = {key for key in {*was, *now} if was.get(key) != now.get(key)}
    if not changed <= (_STAMP_KEYS if is_stamp else _SEAL_KEYS):
        return False
    corners = now.get("/Rect", ())
    if len(corners) != _CORNERS or not all(isinstance(one, int | Decimal) for one in corners):
        return False
    if is_stamp and (any(corners) or "/AP" in now):
        return False
    return bool(now.get("/FT") == "/Sig" and now.get("/Subtype") == "/Widget")


def _are_on_pages(old: Dictionary, new: Dictionary, added: set[Reference]) -> bool:
    """Tell whether every page kept its annotations, and got none but these fields."""
    pairs = zip(_annotations(old), _annotations(new), strict=True)
    return all(
        now[: len(was)] == was and all(reference_of(one) in added for one in now[len(was) :])
        for was, now in pairs
    )


def _annotations(root: Dictionary) -> Iterator[Sequence[Any]]:
    """Give the annotations of each page, the pages in an order of their own."""
    waiting, seen = [root["/Pages"]], set()
    while waiting:
        node = waiting.pop()
        if "/Kids" in node:
            for raw in node["/Kids"]:
                place = reference_of(raw)
                if place in seen:
                    raise ValueError("a page twice")
                seen.add(place)
                waiting.append(raw.get_object())
        else:
            yield list(node["/Annots"]) if "/Annots" in node else []
