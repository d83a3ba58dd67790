"""The demonstration's certificates: made on the spot, marked as such, never for production.

What is made (all under `DIR`):

- `authorities/`: a root (P-384) and one intermediate, which signs seals and time-stamps;
- `signers/`: seal certificates RSA-3072 and P-256 (digitalSignature and nonRepudiation: pyHanko
  asks for the latter, the town code for the former), one 2D-Doc leaf (P-256) per document type
  that a town may issue, under the test authority `FR00`; a certificate for time-stamps and one for
  lists of letters taken back; their keys;
- `coffre.toml`: the named signers; `trust/`: what a verifier needs, with an empty revocation list
  of each authority, as long-lived as the authority (without it every verdict would be TRY_LATER).

The keys of the authorities are forgotten once their work is done. Certificates begin at the start
of the day before: a 2D-Doc carries a date without an hour. A seal carries its intermediate and no
root. Profiles: RFC 5280, ETSI EN 319 412-3 (legal persons), RFC 3161 section 2.3 (time-stamping);
2D-Doc: subject CN = certificate id, issuer CN = authority id.
"""

import json
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import ClassVar

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from cli.files import flush_folder
from sealing.proofs.status_list import PURPOSE as STATUS_LISTS
from sealing.signers.port import DEMONSTRATION
from sealing.twoddoc.conformance import town_types
from storage.errors import CoffreError

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey

# A signer for each document type that a town may issue.
TWODDOC_TYPES = tuple(town_types())
TEST_AUTHORITY = "FR00"
TOWN = f"Ville de Valbourg {DEMONSTRATION}"
_AUTHORITY_DAYS = 3650
_LEAF_DAYS = 1095


class FolderNotEmptyError(CoffreError):
    """The folder holds something already, and keys are never replaced. Details: `path`."""

    code: ClassVar[str] = "demo.folder-not-empty"


@dataclass(frozen=True, slots=True)
class Holder:
    """A certificate and its key."""

    certificate: x509.Certificate
    key: Key

    @property
    def certificate_pem(self) -> bytes:
        """Give the certificate as PEM."""
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    @property
    def key_pem(self) -> bytes:
        """Give the private key as PKCS#8 PEM, not encrypted."""
        return self.key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )


@dataclass(frozen=True, slots=True)
class Usage:
    """What a leaf may sign."""

    non_repudiation: bool = False
    purpose: x509.ObjectIdentifier | None = None


@dataclass(frozen=True, slots=True)
class Pki:
    """The demonstration's holders, by their file names."""

    made_at: datetime
    root: Holder
    intermediate: Holder
    test_authority: Holder
    seals: dict[str, Holder]
    twoddocs: dict[str, Holder]
    tsa: Holder
    status: Holder

    def files(self) -> Iterator[tuple[str, bytes]]:
        """Yield each file of the folder: its path below it, and its bytes."""
        yield "authorities/root.pem", self.root.certificate_pem
        yield "authorities/intermediate.pem", self.intermediate.certificate_pem
        others = {"tsa": self.tsa, "status": self.status}
        for name, holder in (self.seals | self.twoddocs | others).items():
            yield f"signers/{name}.pem", holder.certificate_pem
            yield f"signers/{name}.key.pem", holder.key_pem
        yield "signers/twoddoc-authority.pem", self.test_authority.certificate_pem
        yield "coffre.toml", _settings(self).encode()
        yield from self._trust()

    def _trust(self) -> Iterator[tuple[str, bytes]]:
        yield "trust/authorities/root.pem", self.root.certificate_pem
        yield "trust/authorities/intermediate.pem", self.intermediate.certificate_pem
        yield f"trust/twoddoc/{TEST_AUTHORITY}.pem", self.test_authority.certificate_pem
        for holder in self.twoddocs.values():
            name = _common_name(holder.certificate)
            yield f"trust/twoddoc/{TEST_AUTHORITY}/{name}.pem", holder.certificate_pem
        for name, holder in self.seals.items():
            yield f"trust/seals/{name}.pem", holder.certificate_pem
        for name in ("root", "intermediate", "test_authority"):
            yield f"trust/crl/{name}.crl", empty_list(getattr(self, name), self.made_at)
        expires = self.root.certificate.not_valid_after_utc
        rows = [
            {"name": name, "issued": _rfc3339(self.made_at), "expires": _rfc3339(expires)}
            for name in ("twoddoc", "authorities", "crl")
        ]
        manifest = {"schema_version": 1, "mode": "test", "lists": rows}
        yield "trust/manifest.json", json.dumps(manifest, indent=2).encode() + b"\n"


def build(now: datetime) -> Pki:
    """Make every key and certificate; the RSA-3072 key takes most of a second."""
    root = _authority("Coffre DEMONSTRATION racine", ec.SECP384R1(), now, None)
    intermediate = _authority("Coffre DEMONSTRATION cachets", ec.SECP384R1(), now, root)
    test_authority = _authority(TEST_AUTHORITY, ec.SECP256R1(), now, None)
    seal = Usage(non_repudiation=True)
    rsa_key = rsa.generate_private_key(public_exponent=65537, key_size=3072)
    seals = {
        "seal-rsa": _leaf("Cachet de demonstration RSA", rsa_key, intermediate, seal, now),
        "seal-p256": _leaf("Cachet de demonstration P-256", _p256(), intermediate, seal, now),
    }
    twoddocs = {
        f"twoddoc-{kind}": _leaf(f"DM{kind}", _p256(), test_authority, Usage(), now)
        for kind in TWODDOC_TYPES
    }
    stamps = Usage(purpose=ExtendedKeyUsageOID.TIME_STAMPING)
    tsa = _leaf("Horodatage de demonstration", _p256(), intermediate, stamps, now)
    lists = Usage(purpose=STATUS_LISTS)
    status = _leaf("Etats de demonstration", _p256(), intermediate, lists, now)
    return Pki(now, root, intermediate, test_authority, seals, twoddocs, tsa, status)


def write(pki: Pki, folder: Path) -> None:
    """Put the files in a new or empty folder, all or none; keys are readable by their owner alone.

    Raises FolderNotEmptyError or OSError.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise FolderNotEmptyError(f"got a folder in use at {folder}", path=str(folder))
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{folder.name}.", dir=folder.parent) as name:
        made = Path(name) / "made"
        for path, data in pki.files():
            target = made / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.touch(0o600 if path.endswith(".key.pem") else 0o644)
            target.write_bytes(data)
        made.rename(folder)
    flush_folder(folder.parent)


def empty_list(issuer: Holder, now: datetime) -> bytes:
    """Give an empty revocation list (DER) that lasts as long as its authority."""
    builder = x509.CertificateRevocationListBuilder(
        issuer.certificate.subject, _start(now), issuer.certificate.not_valid_after_utc
    )
    identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.key.public_key())
    crl = (
        builder.add_extension(identifier, critical=False)
        .add_extension(x509.CRLNumber(1), critical=False)
        .sign(issuer.key, hashes.SHA256())
    )
    return crl.public_bytes(serialization.Encoding.DER)


def _authority(name: str, curve: ec.EllipticCurve, now: datetime, issuer: Holder | None) -> Holder:
    key = ec.generate_private_key(curve)
    subject = _name(name)
    signing_key = key if issuer is None else issuer.key
    issued_by = subject if issuer is None else issuer.certificate.subject
    builder = (
        _builder(subject, issued_by, key, now, _AUTHORITY_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(_key_usage(key_cert_sign=True, crl_sign=True), critical=True)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signing_key.public_key()),
            critical=False,
        )
    )
    return Holder(builder.sign(signing_key, hashes.SHA256()), key)


def _leaf(name: str, key: Key, issuer: Holder, usage: Usage, now: datetime) -> Holder:
    builder = (
        _builder(_name(name), issuer.certificate.subject, key, now, _LEAF_DAYS)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(
            _key_usage(digital_signature=True, content_commitment=usage.non_repudiation),
            critical=True,
        )
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.key.public_key()),
            critical=False,
        )
    )
    if usage.purpose is not None:
        purposes = x509.ExtendedKeyUsage([usage.purpose])
        builder = builder.add_extension(purposes, critical=True)
    return Holder(builder.sign(issuer.key, hashes.SHA256()), key)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: Key, now: datetime, days: int
) -> x509.CertificateBuilder:
    start = _start(now)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _key_usage(**wanted: bool) -> x509.KeyUsage:
    names = (
        "digital_signature content_commitment key_encipherment data_encipherment key_agreement "
        "key_cert_sign crl_sign encipher_only decipher_only"
    )
    return x509.KeyUsage(**{name: wanted.get(name, False) for name in names.split()})


def _name(common_name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "FR"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, TOWN),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )


def _common_name(certificate: x509.Certificate) -> str:
    return str(certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value)


def _p256() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def _start(now: datetime) -> datetime:
    return datetime.combine(now.astimezone(UTC).date() - timedelta(days=1), time.min, UTC)


def _rfc3339(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _settings(pki: Pki) -> str:
    """Write `coffre.toml`: one table per signer."""
    lines = [
        "# Demonstration certificates: they prove nothing. Refused in production mode.",
        'mode = "test"',
        'trust = ["trust"]',
        "",
        "[tsa]",
        'url = "demo:"',
    ]
    for name in pki.seals:
        lines += _signer(name, "authorities/intermediate.pem", "seal")
    for name, use in (("tsa", "time-stamp"), ("status", "status")):
        lines += _signer(name, "authorities/intermediate.pem", use)
    for name in pki.twoddocs:
        kind = name.removeprefix("twoddoc-")
        lines += _signer(name, "signers/twoddoc-authority.pem", f"twoddoc:{kind}")
    return "\n".join(lines) + "\n"


def _signer(name: str, chain: str, use: str) -> list[str]:
    return [
        "",
        f"[signers.{name}]",
        f'certificate = "signers/{name}.pem"',
        f'chain = ["{chain}"]',
        f'key = "signers/{name}.key.pem"',
        f'use = "{use}"',
    ]
