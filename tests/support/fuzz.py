"""Bytes guided by coverage for one parser: a process of its own, started by a slow test.

Whatever the bytes: one typed error, or something read that is as it must be, within the bars of
every input. Anything else ends the process with another code than 0. By hand:
`PYTHONPATH=.:tests python tests/support/fuzz.py twoddoc -runs=1000`.
"""

import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from support.bars import bounded

atheris: Any = import_module("atheris")
with atheris.instrument_imports(include=["sealing", "verifier", "signxml", "PIL"]):
    from sealing import base32
    from sealing.proofs.evidence_record import EvidenceRecord, EvidenceRecordError, NotCoveredError
    from sealing.towncode.errors import TownCodeError
    from sealing.towncode.message import parse as parse_town
    from sealing.twoddoc.header import TwoDDocError
    from sealing.twoddoc.message import parse, parse_set
    from verifier.errors import VerifierError
    from verifier.reading.pictures import grey_pictures
    from verifier.reading.sniff import FileRefusedError, sniff
    from verifier.trust.anchors import Anchors
    from verifier.trust.ants_list import read_tsl

_STARTS: Final = (
    b"",
    b"DC01FR000001125E125C00",
    b"DC04FR0000011E3F1E3F0001FR",
    b"\xdc\x04",
    b"E7K2",
    b"\xee",
)


def twoddoc(data: bytes) -> None:
    """Read bytes in every form of the 2D-Doc."""
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


def towncode(data: bytes) -> None:
    """Read bytes as a town code, as its text and as its message."""
    for raw in (data, b"CV1:" + data, b"CV1:" + base32.encode(data).encode()):
        for repair in (False, True):
            try:
                read = parse_town(raw, repair=repair)
            except TownCodeError:
                continue
            if not repair and read.encode() != raw:
                raise AssertionError(raw)


def base32_text(data: bytes) -> None:
    """Read any text as base32: canonical or refused; and any bytes come back."""
    text = data.decode("latin-1")
    try:
        content = base32.decode(text)
    except base32.Base32Error:
        content = None
    if content is not None and base32.encode(content) != text:
        raise AssertionError(text)
    if base32.decode(base32.encode(data)) != data:
        raise AssertionError(data)


def evidence(data: bytes) -> None:
    """Read bytes as an evidence record; written again, it reads the same."""
    try:
        read = EvidenceRecord.parse(data)
        read.root(read.digest_of(data))
    except (EvidenceRecordError, NotCoveredError):
        return
    if EvidenceRecord.parse(read.encode()) != read:
        raise AssertionError(data)


def trust_list() -> Callable[[bytes], None]:
    """Read XML as the agency's list: what is read is what was signed."""
    certificates = import_module("cryptography.x509").load_pem_x509_certificates
    anchors = Anchors(tuple(certificates(Path("anchors.pem").read_bytes())))
    honest = read_tsl(Path("honest.xml").read_bytes(), anchors)

    def one(data: bytes) -> None:
        try:
            found = read_tsl(data, anchors)
        except VerifierError:
            return
        if found != honest:
            raise AssertionError(data)

    return one


def picture(data: bytes) -> None:
    """Decode bytes as whatever picture they begin like."""
    try:
        for page in grey_pictures(data, sniff(data)):
            if page.mode != "L":
                raise AssertionError(data)
    except FileRefusedError:
        return


def bound(act: Callable[[bytes], None]) -> Callable[[bytes], None]:
    """Hold each input to the bars."""

    def one_input(data: bytes) -> None:
        with bounded():
            act(data)

    return one_input


if __name__ == "__main__":
    name = sys.argv.pop(1)
    cheap = {"twoddoc": twoddoc, "towncode": towncode, "base32": base32_text, "picture": picture}
    cheap["evidence"] = evidence
    atheris.Setup(sys.argv, bound(cheap[name] if name in cheap else trust_list()))
    atheris.Fuzz()
