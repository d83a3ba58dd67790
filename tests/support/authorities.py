"""Time-stamp and revocation authorities of the tests, made by Certomancer: none of it is ours."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from asn1crypto import algos, core, keys, ocsp, tsp
from asn1crypto import x509 as asn1_x509
from certomancer.services import CRLBuilder, RevocationInfoInterface, SimpleOCSPResponder
from certomancer.services import TimeStamper as Certomancer
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID
from support.sealers import NOW, town

from cli.demo.pki import Holder
from sealing.authorities.demo import DemoAuthority
from sealing.signers.registry import signer
from storage.settings import Settings

DER = serialization.Encoding.DER
STAMPS = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])


def asn1(certificate: x509.Certificate) -> asn1_x509.Certificate:
    """Give a certificate in the other library's form."""
    return asn1_x509.Certificate.load(certificate.public_bytes(DER))


def asn1_key(holder: Holder) -> keys.PrivateKeyInfo:
    """Give a private key in the other library's form."""
    data = holder.key.private_bytes(
        DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return keys.PrivateKeyInfo.load(data)


def known():
    """Give the authorities that the demonstration's trust folder holds."""
    made, _ = town()
    return made.root.certificate, made.intermediate.certificate


def certomancer(holder: Holder | None = None, at: datetime = NOW, **options: Any) -> Any:
    """Give a function from question to answer, that stamps with a holder's key."""
    holder = holder or town()[0].tsa
    embedded = [asn1(town()[0].intermediate.certificate)]
    maker = Certomancer(
        asn1(holder.certificate), asn1_key(holder), None, embedded, fixed_dt=at, **options
    )
    return lambda question: maker.request_tsa_response(tsp.TimeStampReq.load(question)).dump()


def demo_authority(at: datetime = NOW) -> DemoAuthority:
    """Open the demonstration's own authority, at some hour."""
    settings = Settings.load(town()[1] / "coffre.toml")
    found = signer(settings, "time-stamp", NOW)
    return DemoAuthority(found.chain, found.sign, "sha256", lambda: at)


def holder(
    *extensions: tuple[x509.ExtensionType, bool],
    issuer: Holder | None = None,
    valid: tuple[timedelta, timedelta] = (timedelta(days=-2), timedelta(days=90)),
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | None = None,
) -> Holder:
    """Make a leaf under the demonstration's intermediate, with these extensions alone."""
    issuer = issuer or town()[0].intermediate
    key = key or ec.generate_private_key(ec.SECP256R1())
    builder = (
        x509.CertificateBuilder()
        .subject_name(town()[0].tsa.certificate.subject)
        .issuer_name(issuer.certificate.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW + valid[0])
        .not_valid_after(NOW + valid[1])
    )
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical=critical)
    return Holder(builder.sign(issuer.key, hashes.SHA256()), key)


def answered_holder(*extensions: tuple[x509.ExtensionType, bool]) -> Holder:
    """Make a leaf that says that OCSP answers about it, somewhere that is asked in no test."""
    place = x509.UniformResourceIdentifier("http://ocsp.example/")
    row = x509.AccessDescription(AuthorityInformationAccessOID.OCSP, place)
    return holder(*extensions, (x509.AuthorityInformationAccess([row]), False))


@dataclass
class FakeAuthority:
    """An authority that answers by a plan: each step gives bytes for a question, or raises."""

    name: str
    plan: list[Any]
    asked: list[bytes] = field(default_factory=list)

    def answer(self, question: bytes) -> bytes:
        """Follow the plan; its last step goes on for ever."""
        self.asked.append(question)
        step = self.plan.pop(0) if len(self.plan) > 1 else self.plan[0]
        if isinstance(step, Exception):
            raise step
        return bytes(step(question) if callable(step) else step)

    def close(self) -> None:
        """End nothing."""


def algorithm(issuer: Holder) -> algos.SignedDigestAlgorithm:
    """Give the name of a signature by a key of an elliptic curve."""
    del issuer
    return algos.SignedDigestAlgorithm({"algorithm": "sha256_ecdsa"})


def revocation_list(
    issuer: Holder,
    revoked: tuple[x509.Certificate, ...] = (),
    *,
    dates: tuple[datetime, datetime] = (NOW - timedelta(hours=1), NOW + timedelta(days=1)),
    signed_by: Holder | None = None,
    scope: dict[str, Any] | None = None,
) -> bytes:
    """Make a revocation list (DER)."""
    identifier = asn1(issuer.certificate).key_identifier
    maker = CRLBuilder(
        asn1(issuer.certificate).subject,
        asn1_key(signed_by or issuer),
        algorithm(issuer),
        core.OctetString(identifier),
    )
    rows = [maker.format_revoked_cert(one.serial_number, None, dates[0]) for one in revoked]
    return bytes(maker.build_crl(7, *dates, rows, scope).dump())


@dataclass
class _States(RevocationInfoInterface):
    issuer: x509.Certificate
    state: str

    def get_issuer_cert(self) -> asn1_x509.Certificate:
        return asn1(self.issuer)

    def check_revocation_status(self, cid: Any, at_time: datetime) -> tuple[Any, list[Any]]:
        del cid
        value = {"revocation_time": at_time} if self.state == "revoked" else None
        return ocsp.CertStatus(self.state, value), []


def ocsp_responder(
    state: str = "good",
    *,
    issuer: Holder | None = None,
    responder: Holder | None = None,
    at: datetime = NOW - timedelta(minutes=1),
    validity: timedelta | None = timedelta(hours=1),
) -> Any:
    """Give a function from question to answer."""
    issuer = issuer or town()[0].intermediate
    responder = responder or issuer
    states = _States(issuer.certificate, state)
    maker = SimpleOCSPResponder(
        asn1(responder.certificate),
        asn1_key(responder),
        algorithm(responder),
        at.astimezone(UTC),
        states,
        validity,
    )
    return lambda question: maker.build_ocsp_response(ocsp.OCSPRequest.load(question)).dump()


def ocsp_question(certificate: x509.Certificate, issuer: x509.Certificate) -> bytes:
    """Write a question about a certificate."""
    builder = x509.ocsp.OCSPRequestBuilder()
    builder = builder.add_certificate(certificate, issuer, hashes.SHA256())
    return builder.build().public_bytes(DER)


def revoked_town(folder: Path) -> Path:
    """Write a trust folder like the demonstration's, whose list revokes the P-256 seal."""
    made, own = town()
    leaf = made.seals["seal-p256"].certificate
    for name in ("authorities/root.pem", "authorities/intermediate.pem", "crl/root.crl"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes((own / "trust" / name).read_bytes())
    (folder / "crl" / "own.crl").write_bytes(revocation_list(made.intermediate, (leaf,)))
    return folder


def tsa_holder() -> Holder:
    """Make another time-stamp authority, like the demonstration's but for its key."""
    found = town()[0].tsa.certificate.extensions
    return holder(*((one.value, one.critical) for one in found))
