"""Streams that must be read to find objects: inflated within limits, predictors undone.

Rules kept here (ISO 32000-1, 7.3.8 and 7.4):

- Flate or nothing; of the predictors, the PNG rows "none" and "up", which every writer of
  cross-reference streams uses. All else is for the general road;
- what comes out never exceeds `MAX_INFLATED`, whatever the stream says of itself;
- `/Length` is believed only when `endstream` stands behind it.
"""

import re
import zlib
from itertools import accumulate
from typing import Final

from sealing.pades.tokens import (
    END,
    WHITE,
    Array,
    Dictionary,
    Name,
    NotFastError,
    Reason,
    Value,
    dictionary,
    whole,
)

MAX_INFLATED: Final = 4 * 1024 * 1024
_BEGINNING: Final = re.compile(WHITE + rb"stream\r?\n")
_ENDING: Final = re.compile(rb"[\r\n]{0,2}endstream" + END)
_PNG: Final = range(10, 16)
_MAX_COLUMNS: Final = 32  # the columns of a cross-reference stream are three numbers
_NONE, _UP = b"\0", b"\2"


def place(data: bytes, entries: Dictionary, length: int) -> tuple[int, int, int]:
    """Give where the stream that follows its dictionary begins and ends, and its last word."""
    begins = _BEGINNING.match(data, entries.end)
    if begins is None:
        raise NotFastError(Reason.STREAM, "got no stream behind its dictionary")
    last = begins.end() + length
    ending = _ENDING.match(data, last)
    if ending is None:
        raise NotFastError(Reason.STREAM, "got a stream of another length")
    return begins.end(), last, ending.end()


def raw(data: bytes, entries: Dictionary, length: int) -> memoryview:
    """Give the bytes, as they lie there, of the stream that follows its dictionary."""
    first, last, _ = place(data, entries, length)
    return memoryview(data)[first:last]


def content(entries: Dictionary, raw: memoryview) -> bytes:
    """Give the decoded bytes of a stream."""
    filters = _only(entries.get(b"Filter"))
    if filters is None:
        return bytes(raw)
    if filters != Name(b"FlateDecode"):
        raise NotFastError(Reason.STREAM, "got another filter than Flate")
    parameters = _only(entries.get(b"DecodeParms"))
    inflated = _inflate(raw)
    return inflated if parameters is None else _unpredicted(inflated, dictionary(parameters))


def _only(value: Value) -> Value:
    """Give the one member of an array, or what is no array as it is."""
    if not isinstance(value, Array):
        return value
    items = value.items()
    if len(items) != 1:
        raise NotFastError(Reason.STREAM, "got several filters")
    return items[0]


def _inflate(raw: memoryview) -> bytes:
    machine = zlib.decompressobj()
    try:
        inflated = machine.decompress(raw, MAX_INFLATED)
    except zlib.error as error:
        raise NotFastError(Reason.STREAM, "got a damaged stream") from error
    if not machine.eof:
        reason = Reason.LIMITS if len(inflated) >= MAX_INFLATED else Reason.STREAM
        raise NotFastError(reason, "got a stream without its end, or too large")
    return inflated


def _unpredicted(data: bytes, parameters: Dictionary) -> bytes:
    """Undo a predictor (7.4.4.4)."""
    predictor = parameters.get(b"Predictor")
    if predictor is None or predictor == 1:
        return data
    plain = {b"Colors": 1, b"BitsPerComponent": 8}
    if any(parameters.get(key) not in {None, value} for key, value in plain.items()):
        raise NotFastError(Reason.STREAM, "got a predictor of pictures")
    columns = whole(parameters.get(b"Columns"))
    fits = 0 < columns <= _MAX_COLUMNS and len(data) % (columns + 1) == 0
    if predictor not in _PNG or not fits:
        raise NotFastError(Reason.STREAM, "got a predictor that does not fit")
    return _rows(data, columns)


def _rows(data: bytes, columns: int) -> bytes:
    """Undo PNG rows that are all "none" or all "up", a column at a time."""
    step = columns + 1
    kinds = set(data[::step])
    rows = bytearray(len(data) // step * columns)
    for column in range(columns):
        values = data[column + 1 :: step]
        if kinds == set(_UP):
            values = bytes(value & 0xFF for value in accumulate(values))
        elif kinds != set(_NONE):
            raise NotFastError(Reason.STREAM, "got rows of several predictors")
        rows[column::columns] = values
    return bytes(rows)
