"""A 2D-Doc in binary form, version 04: bytes of the symbol ↔ header, blocks, signature, annex.

Rules kept here (2D-Doc 3.2.6, binary form; read, never issued):

- header of 19 bytes: 0xDC, version, country (3 letters in 2 bytes of C40), authority (4) and
  certificate (5 hexadecimal digits) in 6 bytes of C40, two dates of 3 bytes (the integer MMDDYYYY;
  0xFFFFFF is "no issue date"), type (1 byte), perimeter (2 bytes);
- a block is an identifier (1 byte), a length (0 to 254; or 0xFF and 2 bytes) and its value;
- identifier 0xFF is the signature (r and s, raw) and ends what is signed: every byte before it;
- blocks that follow the signature are the annex: nobody signed them, they are kept apart;
- no table of these identifiers and types is published: each is shown as its number (`0x0A`), each
  value as its bytes in hexadecimal, and the tables of the text form are never applied to them;
- a code that stops inside a block may have been cut on the road: it asks for another scan.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

from sealing.twoddoc.fields import MAX_FIELDS, Field
from sealing.twoddoc.header import (
    DamagedInTransportError,
    Form,
    Header,
    Reason,
    TwoDDocError,
    UnknownFormError,
)

MARK: Final = b"\xdc"
HEADER_LENGTH: Final = 19
SIGNATURE_SIZES: Final = frozenset({64, 96, 132})
_VERSION: Final = 4
_SIGNATURE: Final = 0xFF
_LONG: Final = 0xFF
_NO_DATE: Final = 0xFFFFFF
# C40 in threes: 1600 a + 40 b + c + 1; digits begin at 4, capitals at 14.
_C40: Final = "    0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_NAMES: Final = re.compile("([A-Z]{3})([A-Z0-9]{4})([0-9A-F]{5})")


@dataclass(frozen=True, slots=True)
class Block(Field):
    """One block as read. `di` is `0x0A`, `raw` the value in hexadecimal; `end` is empty.

    `long` tells that its length was written in three bytes.
    """

    long: bool = False

    def encode(self) -> str:
        """Give the bytes that were read, one character each."""
        value = bytes.fromhex(self.raw)
        size = len(value)
        length = b"\xff" + size.to_bytes(2, "big") if self.long else bytes([size])
        return (bytes([int(self.di, 16)]) + length + value).decode("latin-1")


@dataclass(frozen=True, slots=True)
class BinaryCode:
    """A code in binary form, proved by nothing. `annex` is None where nothing follows."""

    header: Header
    blocks: tuple[Block, ...]
    signed: bytes
    signature: bytes
    annex: bytes | None


def read(raw: bytes) -> BinaryCode:
    """Read a whole code; raise TwoDDocError (UnknownFormError, DamagedInTransportError)."""
    header = parse_header(raw)
    blocks: list[Block] = []
    for block in _blocks(raw, HEADER_LENGTH):
        value_end = block.offset + len(block.encode())
        if int(block.di, 16) == _SIGNATURE:
            signature = _signature(block)
            rest = raw[value_end:] or None
            return BinaryCode(header, tuple(blocks), raw[: block.offset], signature, rest)
        blocks.append(block)
    problem = "got no block of signature: is the end of the code missing?"
    raise DamagedInTransportError(Reason.NO_SIGNATURE, problem, offset=len(raw))


def annex_blocks(raw: bytes) -> tuple[Block, ...]:
    """Cut an annex into its blocks; none where it cannot be cut. Offsets count from its start."""
    try:
        return tuple(_blocks(raw, 0))
    except TwoDDocError:
        return ()


def assemble(unsigned: bytes, signature: bytes, annex: bytes | None = None) -> bytes:
    """Join what was signed and its signature; the result is the symbol's bytes."""
    return unsigned + bytes([_SIGNATURE, len(signature)]) + signature + (annex or b"")


def parse_header(raw: bytes) -> Header:
    """Read the header at the start of a code; raise TwoDDocError."""
    if len(raw) < HEADER_LENGTH:
        problem = f"got {len(raw)} bytes, expected {HEADER_LENGTH}"
        raise DamagedInTransportError(Reason.HEADER_SHORT, problem, offset=len(raw))
    if raw[1] != _VERSION:
        raise UnknownFormError(f"binary version {raw[1]:02}")
    names = _NAMES.fullmatch(_c40_decode(raw[2:10]))
    if names is None:
        problem = "got no country, authority and certificate"
        raise TwoDDocError(Reason.HEADER_CHARSET, problem, offset=2)
    signature_date = _date(raw, 13)
    if signature_date is None:
        problem = "got 0xFFFFFF, expected a signature date"
        raise TwoDDocError(Reason.DATE_INVALID, problem, offset=13)
    return Header(
        version=_VERSION,
        ca_id=names[2],
        certificate_id=names[3],
        issue_date=_date(raw, 10),
        signature_date=signature_date,
        doc_type=f"{raw[16]:02X}",
        perimeter=raw[17:19].hex().upper(),
        country=names[1],
        form=Form.BINARY,
    )


def encode_header(header: Header) -> bytes:
    """Give the bytes of a header; raise TwoDDocError when a member has not its form."""
    names = f"{header.country}{header.ca_id}{header.certificate_id}"
    text = header.doc_type + (header.perimeter or "")
    if _NAMES.fullmatch(names) is None or re.fullmatch("[0-9A-F]{6}", text) is None:
        problem = "got a member of another length than its place, or of another form"
        raise TwoDDocError(Reason.HEADER_CHARSET, problem)
    dates = _date_bytes(header.issue_date) + _date_bytes(header.signature_date)
    return MARK + bytes([_VERSION]) + _c40_encode(names) + dates + bytes.fromhex(text)


def encode_block(identifier: int, value: bytes) -> bytes:
    """Give the bytes of a block, its length as short as it can be."""
    long = len(value) >= _LONG
    return Block(f"0x{identifier:02X}", value.hex(), "", 0, long).encode().encode("latin-1")


def _blocks(raw: bytes, start: int) -> Iterator[Block]:
    position = start
    count = 0
    while position < len(raw):
        if count > MAX_FIELDS:
            problem = f"got more than {MAX_FIELDS} blocks"
            raise TwoDDocError(Reason.TOO_LONG, problem, offset=position)
        long = raw[position + 1 : position + 2] == b"\xff"
        begin = position + (4 if long else 2)
        size = int.from_bytes(raw[position + (2 if long else 1) : begin], "big")
        if begin + size > len(raw):
            problem = f"got {len(raw)} bytes, a block goes to {begin + size}"
            raise DamagedInTransportError(Reason.BINARY_LENGTH, problem, offset=position)
        value = raw[begin : begin + size].hex()
        yield Block(f"0x{raw[position]:02X}", value, "", position, long)
        position = begin + size
        count += 1


def _signature(block: Block) -> bytes:
    signature = bytes.fromhex(block.raw)
    if len(signature) not in SIGNATURE_SIZES or block.long:
        problem = f"got {len(signature)} bytes, expected r and s: 64, 96 or 132"
        raise TwoDDocError(Reason.SIGNATURE_LENGTH, problem, offset=block.offset)
    return signature


def _c40_decode(raw: bytes) -> str:
    text = ""
    for place in range(0, len(raw), 2):
        number = int.from_bytes(raw[place : place + 2], "big") - 1
        if not 0 <= number < len(_C40) ** 3:
            return ""
        first, rest = divmod(number, len(_C40) ** 2)
        second, third = divmod(rest, len(_C40))
        text += _C40[first] + _C40[second] + _C40[third]
    return text


def _c40_encode(text: str) -> bytes:
    values = [_C40.index(character) for character in text]
    threes = zip(values[::3], values[1::3], values[2::3], strict=True)
    return b"".join((1600 * a + 40 * b + c + 1).to_bytes(2, "big") for a, b, c in threes)


def _date(raw: bytes, offset: int) -> date | None:
    number = int.from_bytes(raw[offset : offset + 3], "big")
    if number == _NO_DATE:
        return None
    month, rest = divmod(number, 1_000_000)
    day, year = divmod(rest, 10_000)
    try:
        return date(year, month, day)
    except ValueError as problem:
        told = f"got {number:08}, expected MMDDYYYY"
        raise TwoDDocError(Reason.DATE_INVALID, told, offset=offset) from problem


def _date_bytes(day: date | None) -> bytes:
    number = _NO_DATE if day is None else int(f"{day:%m%d}{day.year:04}")
    return number.to_bytes(3, "big")
