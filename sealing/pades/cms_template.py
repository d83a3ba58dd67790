"""The CMS of a seal, built once per signer, with its holes: digest, signature, time-stamp token.

Rules kept here (ETSI EN 319 142-1 section 6.3, level B-B; RFC 5652; RFC 5035):

- SignedData version 1, detached, with the signer's certificate and the chain above it, no root;
- signed attributes: contentType, messageDigest, signingCertificateV2; no signingTime, which PAdES
  takes from the dictionary's `/M`. They are a DER SET, sorted once;
- RSA with PKCS#1 v1.5, or ECDSA; digest SHA-256, SHA-384 or SHA-512 as the key asks;
- everything but the digest, the signature and the token is constant, so a seal costs one private
  operation and a few joins of bytes. The result parses back as CMS (checked once per template);
- a time-stamp token (RFC 3161) over the signature's value is the one unsigned attribute, kept as
  it came (id-aa-signatureTimeStampToken; EN 319 142-1 section 6.3, level B-T);
- the room of a token is fixed beforehand: a longer one is an error before anything is written.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Final, Self, TypeAlias

from asn1crypto import algos, cms, core, tsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding

from sealing.der import CONTEXT_0, CONTEXT_1, OCTET_STRING, SEQUENCE, SET, der
from sealing.errors import SealingError

_STAMP: Final = cms.CMSAttributeType("signature_time_stamp_token").dump()
_SIGNED_DATA: Final = cms.ContentType("signed_data").dump()
# What wraps a token: attribute, type, set, and the lengths around it that grow.
_WRAPPING: Final = 48

# The digest (template's own) of a signature's value in, its time-stamp token (DER) out.
Stamp: TypeAlias = Callable[[bytes], bytes]


class TemplateError(SealingError):
    """The CMS that we built does not parse back: a fault of ours."""

    code: ClassVar[str] = "sealing.cms-template"


class StampTooLargeError(SealingError):
    """A time-stamp token longer than its room in the file. Details: `size`, `room` (bytes)."""

    code: ClassVar[str] = "sealing.stamp-too-large"
    retryable: ClassVar[bool] = True


@dataclass(frozen=True, slots=True)
class CmsTemplate:
    """A signer's CMS but for its digest and its signature; `size` is its length at most."""

    digest: hashes.HashAlgorithm
    size: int
    _attributes: tuple[bytes, bytes]
    _before: bytes
    _signer: tuple[bytes, bytes]
    _half: int | None

    @classmethod
    def build(cls, chain: Sequence[x509.Certificate], digest: hashes.HashAlgorithm) -> Self:
        """Build and check a template for a signer's certificate and the chain above it."""
        leaf = asn1_x509.Certificate.load(chain[0].public_bytes(Encoding.DER))
        key = chain[0].public_key()
        digest_algorithm = algos.DigestAlgorithm({"algorithm": digest.name}).dump()
        # DER orders the members of a SET OF by their encoding (X.690 section 11.6).
        certificates = b"".join(sorted(item.public_bytes(Encoding.DER) for item in chain))
        before = b"".join(
            (
                core.Integer(1).dump(),
                der(SET, digest_algorithm),
                cms.EncapsulatedContentInfo({"content_type": "data"}).dump(),
                der(CONTEXT_0, certificates),
            )
        )
        identifier = cms.IssuerAndSerialNumber(
            {"issuer": leaf.issuer, "serial_number": leaf.serial_number}
        ).dump()
        signer = (core.Integer(1).dump() + identifier + digest_algorithm, _algorithm(key, digest))
        attributes = _attributes(leaf, digest)
        template = cls(digest, 0, attributes, before, signer, _half_size(key))
        longest = template.fill(bytes(digest.digest_size), lambda _: b"\xff" * _signature_size(key))
        _check(longest)
        return replace(template, size=len(longest))

    def fill(self, document_digest: bytes, sign: Callable[[bytes], bytes]) -> bytes:
        """Give the whole CMS (DER) for a document's digest, without a time-stamp.

        `sign` gets the digest of the signed attributes and gives the signature, raw r and s for
        elliptic curves.
        """
        return self.joined(*self.signed(document_digest, sign), None)

    def signed(self, document_digest: bytes, sign: Callable[[bytes], bytes]) -> tuple[bytes, bytes]:
        """Give the signed attributes of a document's digest, and their signature as written."""
        before, after = self._attributes
        attributes = before + document_digest + after
        signature = sign(self.hashed(der(SET, attributes)))
        if self._half is not None:
            r, s = signature[: self._half], signature[self._half :]
            signature = encode_dss_signature(int.from_bytes(r, "big"), int.from_bytes(s, "big"))
        return attributes, signature

    def joined(self, attributes: bytes, signature: bytes, token: bytes | None) -> bytes:
        """Give the whole CMS (DER) of what was signed, with its time-stamp token or none."""
        head, algorithm = self._signer
        info = der(
            SEQUENCE,
            head,
            der(CONTEXT_0, attributes),
            algorithm,
            der(OCTET_STRING, signature),
            b"" if token is None else _unsigned(token),
        )
        signed = der(SEQUENCE, self._before, der(SET, info))
        return der(SEQUENCE, _SIGNED_DATA, der(CONTEXT_0, signed))

    def hashed(self, data: bytes) -> bytes:
        """Give the digest of bytes, as this signer digests."""
        context = hashes.Hash(self.digest)
        context.update(data)
        return context.finalize()


@dataclass(frozen=True, slots=True)
class CmsSigner:
    """A template and who signs: the digest of a document in, its CMS out.

    With `stamp` (and `stamp_room`, the bytes of its longest token) the seal bears a time-stamp.
    """

    template: CmsTemplate
    sign: Callable[[bytes], bytes]
    stamp: Stamp | None = None
    stamp_room: int = 0

    @property
    def digest(self) -> hashes.HashAlgorithm:
        """Give how the document is digested."""
        return self.template.digest

    @property
    def size(self) -> int:
        """Count the bytes of the longest CMS that it gives."""
        if self.stamp is None:
            return self.template.size
        return self.template.size + self.stamp_room + _WRAPPING

    def begin(self, document_digest: bytes) -> "SignedCms":
        """Sign a document's digest; whatever the signer raises goes through."""
        return SignedCms(self, *self.template.signed(document_digest, self.sign))


@dataclass(frozen=True, slots=True)
class SignedCms:
    """A CMS that is signed, and waits for its time-stamp where one is wanted."""

    signer: CmsSigner
    _attributes: bytes
    _signature: bytes

    def stamp(self) -> bytes | None:
        """Have it stamped; nothing where no stamp is wanted. What the stamp raises goes through.

        Safe in another thread, as far as the stamp is.
        """
        stamp = self.signer.stamp
        return None if stamp is None else stamp(self.signer.template.hashed(self._signature))

    def der(self, token: bytes | None) -> bytes:
        """Give the whole CMS (DER); raise StampTooLargeError for a token longer than its room."""
        size, room = len(token or b""), self.signer.stamp_room
        if size > room:
            raise StampTooLargeError(f"got {size} bytes, expected {room}", size=size, room=room)
        return self.signer.template.joined(self._attributes, self._signature, token)


def _unsigned(token: bytes) -> bytes:
    """Give the unsigned attributes of a signer: one, the token as it came."""
    return der(CONTEXT_1, der(SEQUENCE, _STAMP, der(SET, token)))


def _check(filled: bytes) -> None:
    """Parse a filled template back, strictly; raise TemplateError."""
    try:
        again = cms.ContentInfo.load(filled, strict=True)["content"].dump(force=True)
    except (ValueError, TypeError) as error:
        raise TemplateError(f"got {error}") from error
    if again not in filled:
        raise TemplateError("got another encoding on writing it again")


def _attributes(leaf: asn1_x509.Certificate, digest: hashes.HashAlgorithm) -> tuple[bytes, bytes]:
    """Give the sorted signed attributes, cut where the document's digest goes."""
    context = hashes.Hash(hashes.SHA256())
    context.update(leaf.dump())
    name = asn1_x509.GeneralName("directory_name", leaf.issuer)
    identifier = tsp.ESSCertIDv2(
        {
            "cert_hash": context.finalize(),
            "issuer_serial": {"issuer": [name], "serial_number": leaf.serial_number},
        }
    )
    certificate = tsp.SigningCertificateV2({"certs": [identifier]})
    hole = bytes(range(digest.digest_size))
    rows = [
        cms.CMSAttribute({"type": "content_type", "values": ["data"]}).dump(),
        cms.CMSAttribute({"type": "message_digest", "values": [hole]}).dump(),
        cms.CMSAttribute({"type": "signing_certificate_v2", "values": [certificate]}).dump(),
    ]
    # DER orders the members of a SET OF by their encoding (X.690 section 11.6).
    before, after = b"".join(sorted(rows)).split(hole)
    return before, after


def _half_size(key: PublicKeyTypes) -> int | None:
    """Give the bytes of r, or of s; nothing for a key that is not of an elliptic curve."""
    return (key.key_size + 7) // 8 if isinstance(key, ec.EllipticCurvePublicKey) else None


def _signature_size(key: PublicKeyTypes) -> int:
    """Give the bytes of a signature as a signer gives it."""
    if isinstance(key, rsa.RSAPublicKey):
        return key.key_size // 8
    return 2 * (_half_size(key) or 0)


def _algorithm(key: object, digest: hashes.HashAlgorithm) -> bytes:
    """Give the AlgorithmIdentifier of the signature."""
    kind = "ecdsa" if isinstance(key, ec.EllipticCurvePublicKey) else "rsa"
    return bytes(algos.SignedDigestAlgorithm({"algorithm": f"{digest.name}_{kind}"}).dump())
