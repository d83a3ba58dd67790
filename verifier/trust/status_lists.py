"""Lists of letters taken back, as a trust folder keeps them: read, not proved.

Rules kept here:

- a list says its number at the end of its address, its date, and brings the certificate that signed
  it: one that lacks any of these can answer for no letter and is refused;
- whoever signs may claim any address: a list is kept under a name made of its address and of its
  signer's organisation and authority, so that it only ever replaces one of the same;
- of two such lists the newer stays; one that forgets what was taken back is refused: states are for
  good.

`checks/status.py` proves them and asks them.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import sha256
from typing import ClassVar, Final, Self

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.x509.oid import NameOID

from sealing.certificate import load_certificate
from sealing.proofs.status_list import ParsedStatusList, StatusListError
from verifier.errors import VerifierError

SUFFIX: Final = ".jwt"
FOLDER: Final = "status/"
ORGANISATION_ID: Final = x509.ObjectIdentifier("2.5.4.97")
_NUMBER: Final = re.compile(r"https?://[^\s?#]+/(0|[1-9][0-9]{0,3})")
_LAST: Final = 253_402_300_799
_WRONG: Final = (ValueError, TypeError, UnsupportedAlgorithm, x509.InvalidVersion)


class StatusListWentBackError(VerifierError):
    """A newer list forgets that letters were taken back. Details: `address`."""

    code: ClassVar[str] = "verifier.status-list-went-back"


@dataclass(frozen=True, slots=True)
class StatusList:
    """One list. `certificates`: the signer's first; `token` is the whole, to be proved."""

    token: bytes
    address: str
    number: int
    issued: datetime
    expires: datetime | None
    certificates: tuple[x509.Certificate, ...]

    @classmethod
    def parse(cls, token: bytes) -> Self:
        """Read a list; raise StatusListError."""
        parsed = ParsedStatusList.parse(token)
        claims = parsed.claims
        numbered = _NUMBER.fullmatch(claims.sub)
        if numbered is None or claims.iat > _LAST or (claims.exp or 0) > _LAST:
            raise StatusListError("got no number of a list, or no date of ours", why="claims")
        if not parsed.certificates:
            raise StatusListError("got a list without its certificate", why="certificates")
        try:
            chain = tuple(load_certificate(one) for one in parsed.certificates)
        except _WRONG as error:
            raise StatusListError("got no certificate", why="certificates") from error
        ends = None if claims.exp is None else _moment(claims.exp)
        return cls(token, claims.sub, int(numbered[1]), _moment(claims.iat), ends, chain)

    @property
    def place(self) -> str:
        """Give the name under which a trust folder keeps it."""
        leaf = self.certificates[0]
        told = (self.address, *organisation_of(leaf))
        digest = sha256("\0".join(told).encode() + _issuer(leaf)).hexdigest()[:16]
        return f"{FOLDER}{digest}{SUFFIX}"


@lru_cache(maxsize=1_024)
def organisation_of(certificate: x509.Certificate) -> tuple[str, str]:
    """Give the organisation that a certificate names, and its number; empty where it has none."""
    try:
        subject = certificate.subject
    except ValueError:
        return "", ""
    kinds = NameOID.ORGANIZATION_NAME, ORGANISATION_ID
    name, number = ([str(one.value) for one in subject.get_attributes_for_oid(o)] for o in kinds)
    return "\0".join(name), "\0".join(number)


def newer(held: bytes, found: bytes) -> bytes:
    """Give the newer of two lists of one signer; raise StatusListError, StatusListWentBackError."""
    ours, theirs = StatusList.parse(held), StatusList.parse(found)
    if theirs.issued <= ours.issued:
        return held
    before, after = (ParsedStatusList.parse(one).claims.slots for one in (held, found))
    if before.forgotten_by(after):
        raise StatusListWentBackError("got a list that forgets", address=theirs.address)
    return found


def _issuer(certificate: x509.Certificate) -> bytes:
    try:
        return certificate.issuer.public_bytes()
    except ValueError:
        return b""


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
