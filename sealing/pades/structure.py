"""A tagged PDF stays tagged: the seal gets its element in the structure tree.

Rules kept here (ISO 32000-1, 14.7 and 14.8.4.5; ISO 14289-1, 7.18):

- one element `Form` with the seal's words as `/Alt` and the widget as its object, last below the
  document's element, or below the root where there is none;
- the widget's `/StructParent` is a number that nothing uses; the parent tree leads from it to the
  element; what the tree held stays;
- the page's annotations are read in the order of the structure (`/Tabs /S`), unless it says so
  otherwise;
- a tree of another shape is for the general road.
"""

from typing import Final

from sealing.pades.increment import Increment, text_string, written
from sealing.pades.tokens import (
    Array,
    Dictionary,
    Name,
    NotFastError,
    Reason,
    Ref,
    Value,
    array,
    dictionary,
    whole,
)

ROOT: Final = b"StructTreeRoot"
TABS: Final = b"/S"
_PAIR: Final = 2


def tag(made: Increment, root: Ref, page: Ref, widget: tuple[Ref, str]) -> bytes:
    """Put the element of a widget, with its words; give what the widget says of it."""
    read = made.skeleton
    tree = dictionary(read.get(root))
    if tree.get(b"Type") != Name(ROOT):
        raise NotFastError(Reason.TAGGED, "got a structure without its type")
    element, (seal, words) = made.number(), widget
    key, changes = _registered(made, tree, element)
    above = _document(made, tree)
    if above is None:
        changes[b"K"] = _with_kid(made, tree, element)
    else:
        node = dictionary(read.get(above))
        made.put(above, node.with_entries({b"K": _with_kid(made, node, element)}))
    made.put(root, tree.with_entries({**changes, b"ParentTreeNextKey": b"%d" % (key + 1)}))
    made.put(
        element,
        b"<</Type/StructElem/S/Form/P %b/Pg %b/Alt%b/K<</Type/OBJR/Obj %b/Pg %b>>>>"
        % (written(above or root), written(page), text_string(words), written(seal), written(page)),
    )
    return b"/StructParent %d" % key


def _document(made: Increment, tree: Dictionary) -> Ref | None:
    """Give the element of the whole document, when there is just that below the root."""
    kids = tree.get(b"K")
    found = made.skeleton.resolve(kids)
    if isinstance(found, Array):
        items = found.items()
        kids = items[0] if len(items) == 1 else None
        found = made.skeleton.resolve(kids)
    if not isinstance(kids, Ref) or not isinstance(found, Dictionary):
        return None
    return kids if found.get(b"S") == Name(b"Document") else None


def _with_kid(made: Increment, node: Dictionary, element: Ref) -> bytes:
    """Write the children of a node, with one more: an array of its own, whatever it was."""
    kids = node.get(b"K")
    found = made.skeleton.resolve(kids)
    if isinstance(found, Array):
        return found.with_item(written(element))
    if kids is None:
        return b"[%b]" % written(element)
    if isinstance(kids, Ref):
        return b"[%b %b]" % (written(kids), written(element))
    if isinstance(kids, Dictionary):
        return b"[%b %b]" % (kids.written(), written(element))
    return b"[%d %b]" % (whole(kids), written(element))


def _registered(made: Increment, tree: Dictionary, element: Ref) -> tuple[int, dict[bytes, bytes]]:
    """Enter an element into the parent tree (7.9.7); give its key, and what changes in the root."""
    place = tree.get(b"ParentTree")
    node = dictionary(made.skeleton.resolve(place))
    least = tree.get(b"ParentTreeNextKey")
    key = max(_above(made, node), 0 if least is None else whole(least))
    pair = b"%d %b" % (key, written(element))
    kids = made.skeleton.resolve(node.get(b"Kids"))
    if kids is None:
        numbers = made.skeleton.resolve(node.get(b"Nums"))
        held = b"[%b]" % pair if numbers is None else array(numbers).with_item(pair)
        changed = node.with_entries({b"Nums": held})
    else:
        leaf = made.number()
        made.put(leaf, b"<</Limits[%d %d]/Nums[%b]>>" % (key, key, pair))
        changed = node.with_entries({b"Kids": array(kids).with_item(written(leaf))})
    if not isinstance(place, Ref):
        return key, {b"ParentTree": changed}
    made.put(place, changed)
    return key, {}


def _above(made: Increment, node: Dictionary) -> int:
    """Give the first key above all of a number tree's, by its last node."""
    kids = made.skeleton.resolve(node.get(b"Kids"))
    if kids is not None:
        items = array(kids).items()
        last = dictionary(made.skeleton.resolve(items[-1] if items else None))
        limits = array(made.skeleton.resolve(last.get(b"Limits"))).items()
        return _last(limits, 1) + 1
    numbers = made.skeleton.resolve(node.get(b"Nums"))
    items = [] if numbers is None else array(numbers).items()
    return _last(items, _PAIR) + 1 if items else 0


def _last(items: list[Value], back: int) -> int:
    if len(items) < _PAIR or len(items) % _PAIR:
        raise NotFastError(Reason.TAGGED, "got a number tree without pairs")
    return whole(items[-back])
