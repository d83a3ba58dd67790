"""Bytes guided by coverage for the 2D-Doc reader: a process of its own, started by a slow test.

Whatever the bytes: one typed error, or a code that is written again unchanged. Anything else ends
the process with another code than 0. By hand: `python tests/support/fuzz_twoddoc.py -runs=1000`.
"""

import sys
from importlib import import_module
from pathlib import Path
from typing import Any

atheris: Any = import_module("atheris")
sys.path.insert(0, str(Path(__file__).parents[2]))
with atheris.instrument_imports():
    from sealing.twoddoc.header import TwoDDocError
    from sealing.twoddoc.message import parse, parse_set

_STARTS = (
    b"",
    b"DC01FR000001125E125C00",
    b"DC04FR0000011E3F1E3F0001FR",
    b"\xdc\x04",
    b"E7K2",
    b"\xee",
)


def one_input(data: bytes) -> None:
    """Read bytes in every form; raise whatever is no typed error."""
    for start in _STARTS:
        raw = start + data
        for repair in (False, True):
            try:
                read = parse(raw, repair=repair)
            except TwoDDocError:
                continue
            if not repair and read.encode() != raw:
                raise AssertionError(raw)
    half = len(data) // 2
    try:
        parse_set([b"E7K201" + data[:half], b"E7K211" + data[half:]])
    except TwoDDocError:
        return


if __name__ == "__main__":
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()
