"""A form that is tagged stays tagged: what was a field becomes a text in the structure.

Rules kept here (ISO 32000-1, 14.7.4):

- the element of a field, found by the number that its widget bears, loses the widget and gets the
  content that is drawn in its place, by a number of its page;
- a field without an element gets one, last below the root's first element;
- a box says in words whether it is ticked;
- the parent tree is written anew, flat: the numbers of widgets that are gone leave it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

import pymupdf

_TOKEN: Final = re.compile(r"\[|\]|\d+ \d+ R|<<[^<>]*>>|-?\d+|null")
_MAX_DEPTH: Final = 16
_Held = str | list[str]


@dataclass(slots=True)
class Tags:
    """The structure of one letter in the making."""

    document: pymupdf.Document
    root: int
    parents: dict[int, _Held] = field(default_factory=dict)

    @classmethod
    def of(cls, document: pymupdf.Document) -> "Tags | None":
        """Read the structure; None for a form without tags."""
        kind, value = document.xref_get_key(document.pdf_catalog(), "StructTreeRoot")
        if kind != "xref":
            return None
        tags = cls(document, _number(value))
        kind, value = document.xref_get_key(tags.root, "ParentTree")
        if kind == "xref":
            tags.parents = dict(tags._below(_number(value), 0))
        return tags

    def _below(self, xref: int, depth: int) -> Iterator[tuple[int, _Held]]:
        """Give the pairs of a number tree."""
        _, held = self.document.xref_get_key(xref, "Nums")
        tokens = iter(_TOKEN.findall(held)[1:-1])
        for key in tokens:
            value = next(tokens, "null")
            yield int(key), list(_until_bracket(tokens)) if value == "[" else value
        _, kids = self.document.xref_get_key(xref, "Kids")
        if depth < _MAX_DEPTH:
            for kid in re.findall(r"(\d+) 0 R", kids):
                yield from self._below(int(kid), depth + 1)

    def take(self, page: pymupdf.Page, widget: int, words: str = "") -> int:
        """Have the element of a widget say what is drawn in its place; give the content's number.

        `words` are said instead of it.
        """
        document = self.document
        kind, value = document.xref_get_key(widget, "StructParent")
        held = self.parents.pop(int(value), None) if kind == "int" else None
        element = _number(held) if isinstance(held, str) and held != "null" else self._new()
        row = self._row(page)
        number = len(row)
        row.append(f"{element} 0 R")
        document.xref_set_key(element, "K", self._kids(element, widget, number))
        document.xref_set_key(element, "Pg", f"{page.xref} 0 R")
        document.xref_set_key(element, "S", "/Span")
        if words:
            document.xref_set_key(element, "Alt", pymupdf.get_pdf_str(words))
        return number

    def _kids(self, element: int, widget: int, number: int) -> str:
        """Write what stands below an element, the widget replaced by a content."""
        kind, value = self.document.xref_get_key(element, "K")
        items = _TOKEN.findall(value)[1:-1] if kind == "array" else [value]
        kept = [item for item in items if not self._is_of(item, widget)]
        return f"[{' '.join([*kept, str(number)])}]"

    def _is_of(self, item: str, widget: int) -> bool:
        if item == "null" or not item:
            return True
        text = item
        if item.endswith(" R"):
            text = self.document.xref_object(_number(item), compressed=True)
        return "/OBJR" in text and f"/Obj {widget} 0 R" in text

    def _row(self, page: pymupdf.Page) -> list[str]:
        """Give the elements of a page's contents, by their numbers."""
        kind, value = self.document.xref_get_key(page.xref, "StructParents")
        if kind != "int":
            value = str(max(self.parents, default=-1) + 1)
            self.document.xref_set_key(page.xref, "StructParents", value)
        held = self.parents.get(int(value), [])
        if isinstance(held, str):
            held = _TOKEN.findall(self.document.xref_object(_number(held)))[1:-1]
        self.parents[int(value)] = held
        return held

    def _new(self) -> int:
        """Make an element, last below the root's first element."""
        document = self.document
        kind, value = document.xref_get_key(self.root, "K")
        found = re.search(r"(\d+) 0 R", value) if kind in {"xref", "array"} else None
        above = int(found[1]) if found else self.root
        element = int(document.get_new_xref())
        document.update_object(element, f"<</Type/StructElem/S/Span/P {above} 0 R>>")
        kind, value = document.xref_get_key(above, "K")
        items = _TOKEN.findall(value)[1:-1] if kind == "array" else [value] * (kind != "null")
        document.xref_set_key(above, "K", f"[{' '.join([*items, f'{element} 0 R'])}]")
        return element

    def close(self) -> None:
        """Write the parent tree."""
        document = self.document
        pairs = (
            f"{key} [{' '.join(held)}]" if isinstance(held, list) else f"{key} {held}"
            for key, held in sorted(self.parents.items())
        )
        tree = document.get_new_xref()
        document.update_object(tree, f"<</Nums[{' '.join(pairs)}]>>")
        document.xref_set_key(self.root, "ParentTree", f"{tree} 0 R")
        after = str(max(self.parents, default=-1) + 1)
        document.xref_set_key(self.root, "ParentTreeNextKey", after)


def _until_bracket(tokens: Iterator[str]) -> Iterator[str]:
    for token in tokens:
        if token == "]":  # noqa: S105 - a bracket
            return
        yield token


def _number(reference: str) -> int:
    return int(reference.split(maxsplit=1)[0])
