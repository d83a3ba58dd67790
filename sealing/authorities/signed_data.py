"""A CMS SignedData with one signer, taken apart and proved: the form of a time-stamp token.

Rules kept here (RFC 5652, RFC 5035, RFC 5816):

- content with a type of its own, inside; exactly one signer; signed attributes, each type once;
- the signed attributes hold the content's type, its digest, and the signer's certificate by digest
  (SigningCertificateV2; SigningCertificate, which knows SHA-1 alone, as RFC 3161 allows: what it
  binds is signed by a better digest);
- the certificate is one of those carried, and the signer's identifier names the same;
- RSA with PKCS#1 v1.5 or PSS, ECDSA; SHA-256, SHA-384, SHA-512; digest and signature agree.

Whether the signer may be believed is the caller's to ask.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Self

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from sealing.certificate import load_certificate
from sealing.der import (
    CONTEXT_0,
    OCTET_STRING,
    OID,
    SEQUENCE,
    SET,
    DerError,
    Value,
    oid,
    one,
    values,
)


class WeakAlgorithmError(ValueError):
    """A digest or signature algorithm that we do not believe."""


@dataclass(frozen=True, slots=True)
class Digest:
    """A digest: its identifier as it is written, and the two libraries' names for it."""

    oid: bytes
    algorithm: hashes.HashAlgorithm


DIGESTS: Final = {
    "sha256": Digest(oid("2.16.840.1.101.3.4.2.1"), hashes.SHA256()),
    "sha384": Digest(oid("2.16.840.1.101.3.4.2.2"), hashes.SHA384()),
    "sha512": Digest(oid("2.16.840.1.101.3.4.2.3"), hashes.SHA512()),
}
RSA_WITH: Final = {
    "sha256": oid("1.2.840.113549.1.1.11"),
    "sha384": oid("1.2.840.113549.1.1.12"),
    "sha512": oid("1.2.840.113549.1.1.13"),
}
ECDSA_WITH: Final = {
    "sha256": oid("1.2.840.10045.4.3.2"),
    "sha384": oid("1.2.840.10045.4.3.3"),
    "sha512": oid("1.2.840.10045.4.3.4"),
}
_KEY_IDENTIFIER: Final = 0x80
_RSA: Final = oid("1.2.840.113549.1.1.1")
_PSS: Final = oid("1.2.840.113549.1.1.10")
SIGNED_DATA: Final = oid("1.2.840.113549.1.7.2")
CONTENT_TYPE: Final = oid("1.2.840.113549.1.9.3")
MESSAGE_DIGEST: Final = oid("1.2.840.113549.1.9.4")
SIGNING_CERTIFICATE: Final = oid("1.2.840.113549.1.9.16.2.12")
SIGNING_CERTIFICATE_V2: Final = oid("1.2.840.113549.1.9.16.2.47")
_BY_OID: Final = {digest.oid: digest for digest in DIGESTS.values()}


@dataclass(frozen=True, slots=True)
class SignedData:
    """The parts of a SignedData; nothing is proved yet. `signer` are those of its SignerInfo."""

    content_type: bytes
    content: bytes
    certificates: tuple[bytes, ...]
    signer: tuple[Value, ...]

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Read a ContentInfo (DER); raise ValueError."""
        kind, wrapped = values(one(data).of(SEQUENCE).content)
        if kind.encoded != SIGNED_DATA:
            raise DerError("got no SignedData")
        signed = one(wrapped.of(CONTEXT_0).content).of(SEQUENCE)
        _, digests, content, *rest, signers = values(signed.content)
        digests.of(SET)
        content_type, inside = values(content.of(SEQUENCE).content)
        octets = one(inside.of(CONTEXT_0).content).of(OCTET_STRING)
        carried = [
            item for group in rest if group.tag == CONTEXT_0 for item in values(group.content)
        ]
        signer = one(signers.of(SET).content).of(SEQUENCE)
        return cls(
            content_type.of(OID).encoded,
            octets.content,
            tuple(item.encoded for item in carried if item.tag == SEQUENCE),
            tuple(values(signer.content)),
        )


def signed_by(signed: SignedData) -> tuple[x509.Certificate, tuple[x509.Certificate, ...]]:
    """Prove a SignedData under a certificate that it carries; give it, then all that it carries.

    Raises InvalidSignature, WeakAlgorithmError, ValueError.
    """
    _, sid, digest_algorithm, attributes, algorithm, signature, *_ = signed.signer
    digest = _BY_OID.get(values(digest_algorithm.of(SEQUENCE).content)[0].encoded)
    if digest is None:
        raise WeakAlgorithmError("a digest other than SHA-2")
    rows = _attributes(attributes.of(CONTEXT_0))
    if rows[CONTENT_TYPE] != signed.content_type:
        raise DerError("got two types of content")
    expected = hashlib.new(digest.algorithm.name, signed.content).digest()
    if one(rows[MESSAGE_DIGEST]).of(OCTET_STRING).content != expected:
        raise InvalidSignature
    certificate = _named(rows, signed.certificates)
    _require_same(sid, certificate)
    written = bytes((SET,)) + attributes.encoded[1:]
    scheme = values(algorithm.of(SEQUENCE).content)[0].encoded
    _verify(certificate, scheme, signature.of(OCTET_STRING).content, (written, digest.algorithm))
    return certificate, tuple(load_certificate(item) for item in signed.certificates)


def _attributes(group: Value) -> dict[bytes, bytes]:
    """Read signed attributes: type to its one value; raise ValueError."""
    rows: dict[bytes, bytes] = {}
    for row in values(group.content):
        kind, content = values(row.of(SEQUENCE).content)
        if kind.encoded in rows:
            raise DerError("got an attribute twice")
        rows[kind.encoded] = content.of(SET).content
    return rows


def _named(rows: Mapping[bytes, bytes], carried: tuple[bytes, ...]) -> x509.Certificate:
    """Give the carried certificate that the signed attributes name by digest."""
    modern = SIGNING_CERTIFICATE_V2 in rows
    named = one(rows[SIGNING_CERTIFICATE_V2 if modern else SIGNING_CERTIFICATE]).of(SEQUENCE)
    first = values(values(named.content)[0].of(SEQUENCE).content)[0].of(SEQUENCE)
    head, *rest = values(first.content)
    kind = "sha256" if modern else "sha1"
    if head.tag == SEQUENCE:
        kind = _BY_OID[values(head.content)[0].encoded].algorithm.name
        head = rest[0]
    digest = head.of(OCTET_STRING).content
    for item in carried:
        if hashlib.new(kind, item).digest() == digest:
            return load_certificate(item)
    raise DerError("got no certificate that the signed attributes name")


def _require_same(sid: Value, certificate: x509.Certificate) -> None:
    """Require that the identifier of the signer is the certificate's: issuer and number, or key."""
    if sid.tag == _KEY_IDENTIFIER:
        same = sid.content in _key_identifiers(certificate)
    else:
        issuer, serial = values(sid.of(SEQUENCE).content)
        named = issuer.encoded, serial.number()
        same = named == (certificate.issuer.public_bytes(), certificate.serial_number)
    if not same:
        raise DerError("got a signer named otherwise")


def _key_identifiers(certificate: x509.Certificate) -> list[bytes]:
    held = [extension.value for extension in certificate.extensions]
    return [value.digest for value in held if isinstance(value, x509.SubjectKeyIdentifier)]


def _verify(
    certificate: x509.Certificate,
    scheme: bytes,
    signature: bytes,
    signed: tuple[bytes, hashes.HashAlgorithm],
) -> None:
    (data, digest), key = signed, certificate.public_key()
    if isinstance(key, ec.EllipticCurvePublicKey) and scheme == ECDSA_WITH[digest.name]:
        key.verify(signature, data, ec.ECDSA(digest))
    elif isinstance(key, rsa.RSAPublicKey) and scheme in {_RSA, RSA_WITH[digest.name]}:
        key.verify(signature, data, padding.PKCS1v15(), digest)
    elif isinstance(key, rsa.RSAPublicKey) and scheme == _PSS:
        pss = padding.PSS(padding.MGF1(digest), padding.PSS.AUTO)
        key.verify(signature, data, pss, digest)
    else:
        raise WeakAlgorithmError("a signature of another kind than its key and digest")
