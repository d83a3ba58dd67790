"""Our own 2D-Doc codes, the shared ones, and the throw-away key that signs ours."""

import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from support.shared import shared

from sealing.twoddoc.header import Form, Header, Reason, TwoDDocError
from sealing.twoddoc.message import parse
from sealing.twoddoc.signature import raw_signature

FILE = json.loads((Path(__file__).parents[1] / "vectors/twoddoc.json").read_text("utf-8"))
OUR_CODES: list[dict[str, Any]] = FILE["codes"]
SIGNED = [code for code in OUR_CODES if code.get("signature") == "valid"]
FORGED = [code for code in OUR_CODES if code.get("signature") == "invalid"]
MALFORMED = [code for code in OUR_CODES if "error" in code]
SETS: list[dict[str, Any]] = FILE["sets"]


def _key() -> ec.EllipticCurvePrivateKey:
    key = load_pem_private_key(FILE["private_key_pem"].encode(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return key


OUR_KEY = _key()


def sign(content: bytes) -> bytes:
    """Sign with our throw-away key, always alike (RFC 6979)."""
    der = OUR_KEY.sign(content, ec.ECDSA(hashes.SHA256(), deterministic_signing=True))
    return raw_signature(der, OUR_KEY.public_key())


def header_of(code: Mapping[str, Any]) -> Header:
    """Give the header that a vector of ours describes."""
    told = dict(code["header"])
    for name in ("issue_date", "signature_date"):
        told[name] = told[name] and date.fromisoformat(told[name])
    told["form"] = Form(told.get("form", "text"))
    return Header(**told)


def reason_of(raw: bytes, *, repair: bool = False) -> Reason | None:
    """Give the rule that a code breaks, None for none; any other exception leaves.

    What reads is written again unchanged, unless it was repaired.
    """
    try:
        read = parse(raw, repair=repair)
    except TwoDDocError as problem:
        return problem.reason
    assert repair or read.encode() == raw
    return None


def shared_codes() -> list[dict[str, Any]]:
    """Give the shared codes; skip aloud where they are absent.

    `raw` is the whole symbol, one character per byte: in version 01 the shared file holds what is
    signed apart from the signature.
    """
    codes: list[dict[str, Any]] = json.loads(shared("data/twoddoc/vectors.json").read_text("utf-8"))
    return [
        code | {"raw": code.get("raw_with_binary_signature_latin1", code["raw"])} for code in codes
    ]
