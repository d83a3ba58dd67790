"""What a letter of a spool is written with: values of a PDF, and a file of one revision.

Rules kept here (ISO 32000-1, 7.3 and 7.5):

- a classic table, no stream of objects: such a letter is sealed by the fast road;
- the same objects give the same bytes: the identifier is a digest, and no date is written.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Final

_UNPLAIN: Final = re.compile(rb"[^!-~]|[#()<>\[\]{}/%]")


def number_of(value: float | bool | None) -> bytes:  # noqa: FBT001 - as the file holds it
    """Write a number, true, false or nothing."""
    if value is None or isinstance(value, bool):
        return {None: b"null", True: b"true", False: b"false"}[value]
    return format(Decimal(repr(value)), "f").encode()


def name_of(name: bytes) -> bytes:
    """Write a name."""
    return b"/" + _UNPLAIN.sub(lambda found: b"#%02X" % found[0][0], name)


def references(numbers: Iterable[int]) -> bytes:
    """Write an array of references."""
    return b"[%b]" % b" ".join(b"%d 0 R" % number for number in numbers)


def text_string(text: str) -> bytes:
    """Write a text as a string of a PDF (7.9.2.2)."""
    return b"<FEFF%b>" % text.encode("utf-16-be").hex().upper().encode()


def file_of(bodies: Mapping[int, bytes], version: str) -> bytes:
    """Write a file of one revision, with a classic table."""
    parts = [b"%%PDF-%b\n%%\xe2\xe3\xcf\xd3\n" % version.encode()]
    place, table = len(parts[0]), [b"0000000000 65535 f \n"]
    for number, body in sorted(bodies.items()):
        parts.append(b"%d 0 obj\n%b\nendobj\n" % (number, body))
        table.append(b"%010d 00000 n \n" % place)
        place += len(parts[-1])
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    own = b"<%b>" % digest.hexdigest()[:32].encode()
    trailer = b"<</Size %d/Root 1 0 R/Info 3 0 R/ID[%b%b]>>" % (len(bodies) + 1, own, own)
    tail = b"trailer\n%b\nstartxref\n%d\n%%%%EOF\n" % (trailer, place)
    return b"".join([*parts, b"xref\n0 %d\n" % len(table), *table, tail])
