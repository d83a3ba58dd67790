"""The identifier of a letter, as a proved seal or code gives it, and whose word that is.

Rules kept here:

- a seal's identifier stands in its signature dictionary behind the CMS, within the bytes that it
  signs: what a reader finds there now must be what stands there, or a later revision put another in
  its place;
- a code's is data identifier `01` of a 2D-Doc, or the identifier of a town code;
- what is no identifier of ours is none: another issuer's habit, held against nobody.
"""

import re
from collections.abc import Sequence
from hashlib import sha256
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from sealing.proofs.document_id import (
    SIGNATURE_ENTRY,
    DocumentId,
    in_twoddoc,
    parse_bytes,
    parse_written,
)
from sealing.towncode.signature import VerifiedTownCode
from sealing.twoddoc.signature import VerifiedMessage
from verifier.check import Check, SubIndication
from verifier.checks.seal.examined import Examined
from verifier.trust.anchors import UNREADABLE
from verifier.trust.status_lists import organisation_of
from verifier.verdict import Issuer, Named

_DOCUMENT_ID: Final = "01"
_WRITTEN: Final = re.compile(SIGNATURE_ENTRY.encode() + rb"\s*\(([0-9A-F]{32})\)")
# Behind the CMS a signature dictionary says its hour and its ranges: no more than this.
_WITHIN: Final = 4_096


def sealed_id(seal: Examined, pdf: bytes) -> DocumentId | None:
    """Give the identifier that a seal signs; None where it has none."""
    _, second = seal.gap
    told = pdf[second : second + min(_WITHIN, seal.behind)].partition(b"endobj")[0]
    found = _WRITTEN.findall(told)
    return parse_written(found[0].decode()) if len(found) == 1 else None


def check_redefined(seal: Examined, pdf: bytes) -> Check | None:
    """Give the doubt on a seal whose identifier is not the one that it signs; None: no doubt."""
    found = sealed_id(seal, pdf)
    signed = "" if found is None else in_twoddoc(found)
    told = seal.document_id if parse_written(seal.document_id) is not None else ""
    if signed == told:
        return None
    sub = SubIndication.SIG_CONSTRAINTS_FAILURE
    return Check.unsure("seal.identifier", "identifier-redefined", sub)


def named_by_seal(seal: Examined, pdf: bytes, chain: Sequence[x509.Certificate]) -> Named | None:
    """Say which letter a seal is of, on whose word."""
    found = sealed_id(seal, pdf)
    if found is None or check_redefined(seal, pdf) is not None:
        return None
    return Named(found, issuer_of(chain))


def named_by_town(proved: VerifiedTownCode, chain: Sequence[x509.Certificate]) -> Named | None:
    """Say which letter a town code is of, on whose word."""
    found = parse_bytes(proved.parsed.claims.identifier)
    return None if found is None else Named(found, issuer_of(chain))


def named_by_twoddoc(proved: VerifiedMessage, leaf: x509.Certificate) -> Named | None:
    """Say which letter a 2D-Doc is of, on whose word: its authority signs no list."""
    told = [field.raw for field in proved.parsed.fields if field.di == _DOCUMENT_ID]
    found = parse_written(told[0]) if len(told) == 1 else None
    return None if found is None else Named(found, Issuer(*organisation_of(leaf), None))


def issuer_of(chain: Sequence[x509.Certificate]) -> Issuer:
    """Say whose certificate stands first in a chain, under which authority."""
    authority = _authority(chain[1]) if len(chain) > 1 else b""
    return Issuer(*organisation_of(chain[0]), authority)


def _authority(certificate: x509.Certificate) -> bytes:
    """Name an authority by name and key: one whose certificate was renewed stays the same."""
    try:
        key = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return sha256(certificate.subject.public_bytes() + key).digest()
    except UNREADABLE:
        return b""
