"""An authority of the benches: a root, a seal under it, its list of revocations."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
_DAYS = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Authority:
    """A root with its key, and a list that revokes nobody."""

    key: ec.EllipticCurvePrivateKey
    root: x509.Certificate
    revocations: x509.CertificateRevocationList

    @classmethod
    def made(cls) -> Self:
        """Make one, valid for some days."""
        key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
        name = _name("Bench root")
        root = _certificate(name, name, key.public_key(), now, authority=True).sign(
            key, hashes.SHA256()
        )
        listed = x509.CertificateRevocationListBuilder(name, now - _DAYS, now + _DAYS)
        listed = listed.add_extension(_key_of(key), critical=False)
        listed = listed.add_extension(x509.CRLNumber(1), critical=False)
        return cls(key, root, listed.sign(key, hashes.SHA256()))

    def seal(self, key: Key) -> x509.Certificate:
        """Certify the key of a seal."""
        name = _name("Bench seal")
        told = _certificate(name, self.root.subject, key.public_key(), datetime.now(UTC))
        told = told.add_extension(_key_of(self.key), critical=False)
        return told.sign(self.key, hashes.SHA256())


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _key_of(key: ec.EllipticCurvePrivateKey) -> x509.AuthorityKeyIdentifier:
    return x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key())


def _certificate(
    subject: x509.Name,
    issuer: x509.Name,
    key: rsa.RSAPublicKey | ec.EllipticCurvePublicKey,
    now: datetime,
    *,
    authority: bool = False,
) -> x509.CertificateBuilder:
    usage = x509.KeyUsage(
        digital_signature=not authority,
        content_commitment=not authority,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )
    constraints = x509.BasicConstraints(ca=authority, path_length=None)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _DAYS)
        .not_valid_after(now + _DAYS)
        .add_extension(usage, critical=True)
        .add_extension(constraints, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )
