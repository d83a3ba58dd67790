"""A 2D-Doc authority of the tests' own: it can issue, expire, revoke, and be mistaken."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import TypeAlias

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from sealing.twoddoc.header import Header
from sealing.twoddoc.message import assemble, issue
from sealing.twoddoc.signature import digest_for, raw_signature

Key: TypeAlias = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
DAY = date(2026, 11, 20)
START = datetime(2026, 1, 1, tzinfo=UTC)
END = datetime(2028, 1, 1, tzinfo=UTC)
VALUES = {
    "10": "MME/EXEMPLE/CAMILLE",
    "20": "",
    "21": "",
    "22": "12 RUE DES ESSAIS",
    "23": "",
    "24": "75000",
    "25": "VILLE EXEMPLE",
    "26": "FR",
}


def name(common: str) -> x509.Name:
    """Give a name as the certificates of 2D-Doc bear it."""
    organisation = x509.NameAttribute(NameOID.ORGANIZATION_NAME, f"Ville {common}")
    return x509.Name([organisation, x509.NameAttribute(NameOID.COMMON_NAME, common)])


def usage(**wanted: bool) -> x509.KeyUsage:
    """Give a key usage, all off but what is named."""
    every = (
        "digital_signature content_commitment key_encipherment data_encipherment key_agreement "
        "key_cert_sign crl_sign encipher_only decipher_only"
    )
    return x509.KeyUsage(**{one: wanted.get(one, False) for one in every.split()})


@dataclass(frozen=True)
class Leaf:
    """A certificate and its key."""

    ca_id: str
    name: str
    key: Key
    certificate: x509.Certificate

    def sign(self, content: bytes) -> bytes:
        """Sign as a signer of the product does."""
        assert isinstance(self.key, ec.EllipticCurvePrivateKey)
        public = self.key.public_key()
        return raw_signature(self.key.sign(content, ec.ECDSA(digest_for(public))), public)

    def header(self, **changes: object) -> Header:
        """Give a header under this certificate."""
        told: dict[str, object] = {
            "version": 4,
            "ca_id": self.ca_id,
            "certificate_id": self.name,
            "issue_date": DAY,
            "signature_date": DAY,
            "doc_type": "00",
            "perimeter": "01",
            "country": "FR",
        }
        return Header(**{**told, **changes})  # type: ignore[arg-type]

    def code(self, **changes: object) -> bytes:
        """Issue a good code of type 00."""
        return issue(self.header(**changes), VALUES, self.sign)

    def odd_code(self, body: bytes, **changes: object) -> bytes:
        """Sign whatever we are told, as a careless issuer does."""
        unsigned = self.header(**changes).encode() + body
        return assemble(unsigned, self.sign(unsigned))


@dataclass(frozen=True)
class Authority:
    """A 2D-Doc authority with a key of its own."""

    ca_id: str
    key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )
    valid: tuple[datetime, datetime] = (START, END)

    @property
    def certificate(self) -> x509.Certificate:
        """Give the authority's own certificate."""
        return (
            self._builder(self.ca_id, self.key, self.valid)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(usage(key_cert_sign=True, crl_sign=True), critical=True)
            .sign(self.key, hashes.SHA256())
        )

    def leaf(
        self,
        common: str = "TOWN",
        *,
        key: Key | None = None,
        valid: tuple[datetime, datetime] = (START, END),
        key_usage: x509.KeyUsage | None = None,
    ) -> Leaf:
        """Issue a certificate."""
        key = key or ec.generate_private_key(ec.SECP256R1())
        builder = self._builder(common, key, valid).add_extension(
            key_usage or usage(digital_signature=True), critical=True
        )
        return Leaf(self.ca_id, common, key, builder.sign(self.key, hashes.SHA256()))

    def below(self, other: "Authority") -> Leaf:
        """Issue the certificate of an authority below this one."""
        builder = (
            self._builder(other.ca_id, other.key, other.valid)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(usage(key_cert_sign=True, crl_sign=True), critical=True)
        )
        made = builder.sign(self.key, hashes.SHA256())
        return Leaf(self.ca_id, other.ca_id, other.key, made)

    def crl(
        self, revoked: Sequence[Leaf] = (), *, issued: datetime = NOW, days: int = 30
    ) -> x509.CertificateRevocationList:
        """Publish a list."""
        builder = x509.CertificateRevocationListBuilder().issuer_name(name(self.ca_id))
        builder = builder.last_update(issued).next_update(issued + timedelta(days=days))
        for leaf in revoked:
            entry = (
                x509.RevokedCertificateBuilder()
                .serial_number(leaf.certificate.serial_number)
                .revocation_date(issued)
                .add_extension(x509.CRLReason(x509.ReasonFlags.key_compromise), critical=False)
            )
            builder = builder.add_revoked_certificate(entry.build())
        return builder.sign(self.key, hashes.SHA256())

    def _builder(
        self, common: str, key: Key, valid: tuple[datetime, datetime]
    ) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(name(common))
            .issuer_name(name(self.ca_id))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(valid[0])
            .not_valid_after(valid[1])
        )
