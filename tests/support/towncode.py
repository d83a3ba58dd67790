"""Town codes of the tests: our vectors, the shared ones, and a town that can sign its own."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from support.shared import shared
from support.twoddoc_pki import Leaf

from sealing.towncode.emission import claims_of
from sealing.towncode.message import Claims
from sealing.towncode.signature import issue

FILE = json.loads((Path(__file__).parents[1] / "vectors/towncode.json").read_text("utf-8"))
CODES: list[dict[str, Any]] = FILE["codes"]
SIGNED = [code for code in CODES if "signature" in code]
VALID = [code for code in SIGNED if code["signature"] == "valid"]
MALFORMED = [code for code in CODES if "error" in code]
CERTIFICATE = x509.load_pem_x509_certificate(FILE["certificate_pem"].encode())

ISSUED = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
IDENTIFIER = bytes(range(16))
FIELDS = {
    "nom": "EXEMPLE",
    "prénoms": "CAMILLE",
    "date de naissance": "1973-07-12",
    "adresse": "12 RUE DES ESSAIS",
    "commune": "VILLE EXEMPLE",
    "valable jusqu'au": "2027-02-28",
}


def public_key() -> ec.EllipticCurvePublicKey:
    """Give the key of our vectors; its private half was thrown away."""
    key = CERTIFICATE.public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    return key


def shared_vectors() -> tuple[list[dict[str, Any]], x509.Certificate]:
    """Give the shared town codes and their certificate; skip aloud where they are absent."""
    file = shared("data/towncode/vectors.json")
    told = json.loads(file.read_text("utf-8"))
    pem = (file.parent / told["certificate"]).read_bytes()
    return told["vectors"], x509.load_pem_x509_certificate(pem)


def claims(
    values: dict[str, str] | None = None, doc_type: str = "1", issued: datetime = ISSUED
) -> Claims:
    """Give the claims of an attestation."""
    return claims_of(doc_type, FIELDS if values is None else values, issued, IDENTIFIER)


def code_of(leaf: Leaf, told: Claims | None = None) -> bytes:
    """Issue a code under a certificate of the tests."""
    return issue(told or claims(), leaf.certificate, leaf.sign)
