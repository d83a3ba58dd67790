"""Certificates of a forger, or of a careless authority: like another one but for what is told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from support.authorities import revocation_list
from support.pages import trust
from support.sealers import NOW, town

from cli.demo.pki import Holder, Key
from verifier.trust.trust_list import TrustList

Added = Sequence[tuple[x509.ExtensionType, bool]]
_YEARS = (timedelta(days=-2), timedelta(days=700))


@dataclass(frozen=True, slots=True)
class Like:
    """How a certificate differs from the one it is like.

    `without` are classes of extensions left out; `added` come last; `serial` None: its own.
    """

    without: tuple[type[x509.ExtensionType], ...] = ()
    added: Added = ()
    days: tuple[timedelta, timedelta] = _YEARS
    serial: int | None = None
    name: x509.Name | None = None
    key: Key | None = field(default=None)


SAME = Like()


def own_key() -> ec.EllipticCurvePrivateKey:
    """Make a key."""
    return ec.generate_private_key(ec.SECP256R1())


def like(one: x509.Certificate, issuer: Holder | None, how: Like = SAME) -> Holder:
    """Make a certificate like another; without an issuer it signs itself."""
    key = how.key or own_key()
    named = one.issuer if issuer is None else issuer.certificate.subject
    builder = (
        x509.CertificateBuilder()
        .subject_name(how.name or one.subject)
        .issuer_name(named)
        .public_key(key.public_key())
        .serial_number(how.serial or x509.random_serial_number())
        .not_valid_before(NOW + how.days[0])
        .not_valid_after(NOW + how.days[1])
    )
    kept = [each for each in one.extensions if not isinstance(each.value, how.without)]
    for each in kept:
        builder = builder.add_extension(each.value, critical=each.critical)
    for value, critical in how.added:
        builder = builder.add_extension(value, critical=critical)
    return Holder(builder.sign(key if issuer is None else issuer.key, hashes.SHA256()), key)


def own_seal() -> Holder:
    """Give the town's holder of the seal on P-256."""
    return town()[0].seals["seal-p256"]


def twin(one: Holder, issuer: Holder | None) -> Holder:
    """Make the same certificate with another key: names, number, key identifiers, dates alike."""
    found = one.certificate
    days = (found.not_valid_before_utc - NOW, found.not_valid_after_utc - NOW)
    return like(found, issuer, Like(days=days, serial=found.serial_number))


@cache
def twins() -> Mapping[str, Holder]:
    """Make the homonyms of the town's whole chain."""
    made = town()[0]
    root = twin(made.root, None)
    middle = twin(made.intermediate, root)
    return {
        "root": root,
        "middle": middle,
        "seal": twin(own_seal(), middle),
        "tsa": twin(made.tsa, middle),
    }


def trusting(*authorities: Holder, crls: Sequence[bytes] = ()) -> TrustList:
    """Believe further authorities, each with an empty list in force, or with these."""
    told = list(crls) or [revocation_list(one) for one in authorities]
    lists = [x509.load_der_x509_crl(one) for one in told]
    every = (*trust().authorities, *(one.certificate for one in authorities))
    return replace(trust(), authorities=every, crls=(*trust().crls, *lists))


def with_lists(*crls: bytes, alone: bool = False) -> TrustList:
    """Read further lists of revocations, or these alone."""
    lists = tuple(x509.load_der_x509_crl(one) for one in crls)
    return replace(trust(), crls=lists if alone else (*trust().crls, *lists))


def revoked_at(when: datetime, *holders: Holder, issuer: Holder | None = None) -> bytes:
    """Write a list that revokes since a moment."""
    rows = tuple(one.certificate for one in holders)
    dates = (when, NOW + timedelta(days=30))
    return revocation_list(issuer or town()[0].intermediate, rows, dates=dates)
