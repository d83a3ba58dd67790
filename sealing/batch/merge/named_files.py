"""The files beside a template that it names, whether the first letter shows them or not.

Rules kept here:

- no value is part of an address (`html.py` refuses it): whatever a letter fetches is written out in
  the template, in what it includes, or in the sheets and drawings that these name;
- whatever stands between quotes, brackets or spaces and is the name of a file in the folder counts:
  one too many makes letters anew for nothing, one too few leaves an old picture in them.
"""

import hashlib
import re
from collections.abc import Iterable
from html import unescape
from posixpath import dirname, join, normpath
from typing import Final
from urllib.parse import unquote, urlsplit

from sealing.batch.files.source import MAX_NAME, Source
from sealing.errors import SealingError

_MOST: Final = 1_000
_TEXTS: Final = (".css", ".svg", ".html", ".htm", ".xml")
# What ends the name of a file that has no space in it.
_ENDS: Final = re.compile(r"""["'()<>=\s,]+""")


def named_files(folder: Source, texts: Iterable[str]) -> dict[str, str]:
    """Give the digests of the files that texts name, and of what those name, in hexadecimal."""
    found: dict[str, str] = {}
    waiting = [("", text) for text in texts]
    while waiting:
        place, text = waiting.pop()
        for name in sorted(_names(text, place)):
            data = None if name in found or len(found) == _MOST else _read(folder, name)
            if data is not None:
                found[name] = hashlib.sha256(data).hexdigest()
                if name.lower().endswith(_TEXTS):
                    waiting.append((dirname(name), data.decode(errors="replace")))
    return found


def _names(text: str, place: str) -> set[str]:
    """Give what may be names of files: from the folder, and from the place of the text in it."""
    # Between any two quotes: which of them opens and which closes is no matter.
    pieces = {*text.split('"'), *text.split("'"), *_ENDS.split(text)}
    pieces = {piece for piece in pieces if "." in piece and len(piece) <= MAX_NAME}
    paths = {unquote(_path(unescape(piece.strip()))) for piece in pieces}
    return {normpath(join(base, path)) for path in paths if path for base in {"", place}}


def _path(address: str) -> str:
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    return "" if parts.scheme or parts.netloc else parts.path


def _read(folder: Source, name: str) -> bytes | None:
    try:
        return folder.read(folder.name(name))
    except (SealingError, ValueError):
        return None
