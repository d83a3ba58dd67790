"""A town of six years ago: what was sealed then, and archived since, judged by today's clock."""

import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID
from support.authorities import ocsp_question, ocsp_responder, revocation_list
from support.folders import lasting
from support.letters import letter

from cli.demo import pki
from cli.renewals import standing_of
from sealing.service.letter import Letter, Sealer, seal_letter
from sealing.service.levels import Level, TrustServices
from sealing.service.profile import Profile
from sealing.service.renewal import Renewals, Standing
from sealing.signers.port import SEAL
from sealing.signers.registry import signer
from storage.settings import Settings
from verifier.checks.seal.pades import judge_seals
from verifier.trust.local_list import read_trust
from verifier.trust.trust_list import Mode, TrustList

TODAY = datetime.now(UTC).replace(microsecond=0)
THEN = TODAY - timedelta(days=6 * 365)
# The demonstration's certificates end after three years.
ENDS = 1_094


def day(number: float) -> datetime:
    """Give a moment, counted in days from when the town was made."""
    return THEN + timedelta(days=number)


# Every leaf under an authority: whoever is asked answers about all of them.
LEAVES: list[tuple[x509.Certificate, pki.Holder]] = []


def issued(
    like: x509.Certificate, key: pki.Key, issuer: pki.Holder, days: tuple[float, float]
) -> pki.Holder:
    """Make a leaf like another one, valid between two days, about which OCSP answers."""
    builder = (
        x509.CertificateBuilder()
        .subject_name(like.subject)
        .issuer_name(issuer.certificate.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(day(days[0]))
        .not_valid_after(day(days[1]))
    )
    given = (
        x509.SubjectKeyIdentifier | x509.AuthorityKeyIdentifier | x509.AuthorityInformationAccess
    )
    for one in like.extensions:
        if not isinstance(one.value, given):
            builder = builder.add_extension(one.value, critical=one.critical)
    place = x509.UniformResourceIdentifier("http://ocsp.example/")
    row = x509.AccessDescription(AuthorityInformationAccessOID.OCSP, place)
    builder = builder.add_extension(x509.AuthorityInformationAccess([row]), critical=False)
    made = pki.Holder(builder.sign(issuer.key, hashes.SHA256()), key)
    LEAVES.append((made.certificate, issuer))
    return made


@cache
def responder(issuer: pki.Holder) -> pki.Holder:
    """Make an authority's own OCSP responder, which needs no check."""
    key = ec.generate_private_key(ec.SECP256R1())
    use = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.OCSP_SIGNING])
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "OCSP")])
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer.certificate.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(day(0))
        .not_valid_after(day(3_600))
        .add_extension(use, critical=False)
        .add_extension(x509.OCSPNoCheck(), critical=False)
    )
    return pki.Holder(builder.sign(issuer.key, hashes.SHA256()), key)


@cache
def old_town() -> tuple[pki.Pki, Path]:
    """Make the certificates of six years ago."""
    first = pki.build(THEN)
    days = (-1, ENDS)
    seals = {
        name: issued(one.certificate, one.key, first.intermediate, days)
        for name, one in first.seals.items()
    }
    tsa = issued(first.tsa.certificate, first.tsa.key, first.intermediate, days)
    made = replace(first, seals=seals, tsa=tsa)
    folder = lasting("old-town") / "pki"
    pki.write(made, folder)
    return made, folder


@cache
def second() -> pki.Holder:
    """Make another authority, whose time-stamp certificates came after the town's first ones."""
    return pki._authority("Coffre DEMONSTRATION suite", ec.SECP384R1(), THEN, old_town()[0].root)


def lists_of(at: datetime, *revoked: x509.Certificate) -> Path:
    """Give a trust folder as it was at some moment: answers and lists of that hour, for a day.

    The demonstration's own lists last ten years, which no authority's do: pyHanko takes them for
    fresh today, and then never looks at an hour of the past.
    """
    return _lists_of(at, revoked, len(LEAVES))


@cache
def _lists_of(at: datetime, revoked: tuple[x509.Certificate, ...], _known: int) -> Path:
    made, folder = old_town()
    copy = lasting("old-trust") / "trust"
    shutil.copytree(folder / "trust", copy)
    dates = (at - timedelta(hours=1), at + timedelta(days=1))
    issuers = {"root": made.root, "intermediate": made.intermediate, "second": second()}
    for name, issuer in issuers.items():
        rows = tuple(one for one in revoked if one.issuer == issuer.certificate.subject)
        (copy / "crl" / f"{name}.crl").write_bytes(revocation_list(issuer, rows, dates=dates))
    (copy / "authorities" / "second.pem").write_bytes(second().certificate_pem)
    (copy / "ocsp").mkdir()
    for leaf, issuer in LEAVES:
        asked = ocsp_question(leaf, issuer.certificate)
        hour, lasts = at - timedelta(minutes=1), timedelta(hours=12)
        answers = ocsp_responder(
            issuer=issuer, responder=responder(issuer), at=hour, validity=lasts
        )
        (copy / "ocsp" / str(leaf.serial_number)).write_bytes(answers(asked))
    return copy


def trust(at: datetime = TODAY, *revoked: x509.Certificate) -> TrustList:
    """Believe the old town, by the lists of some moment."""
    return read_trust([lists_of(at, *revoked)], Mode.TEST)


def settings_of(folder: Path | None, at: datetime) -> Settings:
    """Give the town's settings at some moment."""
    settings = Settings.load((folder or old_town()[1]) / "coffre.toml")
    return settings.model_copy(update={"trust": (lists_of(at),)})


@cache
def town_with(first: int, last: int, curve: str = "secp256r1") -> Path:
    """Give the town's settings, with a time-stamp certificate valid between two days."""
    made, folder = old_town()
    copy = lasting("old-town") / "pki"
    shutil.copytree(folder, copy)
    key = ec.generate_private_key({"secp256r1": ec.SECP256R1, "secp384r1": ec.SECP384R1}[curve]())
    tsa = issued(made.tsa.certificate, key, second(), (first, last))
    (copy / "signers" / "tsa.pem").write_bytes(tsa.certificate_pem)
    (copy / "signers" / "tsa.key.pem").write_bytes(tsa.key_pem)
    (copy / "authorities" / "second.pem").write_bytes(second().certificate_pem)
    told = (copy / "coffre.toml").read_text().split("[signers.tsa]")
    told[1] = told[1].replace("intermediate.pem", "second.pem", 1)
    (copy / "coffre.toml").write_text("[signers.tsa]".join(told))
    return copy


def services(at: datetime, folder: Path | None = None) -> TrustServices:
    """Open the town's authorities as they were at some moment."""
    return TrustServices(settings_of(folder, at), Level.B_LTA, lambda: at)


@cache
def sealed(
    level: Level,
    at: datetime = THEN,
    name: str = "seal-p256",
    *,
    pdf: bytes | None = None,
    folder: Path | None = None,
) -> bytes:
    """Seal a letter at some moment."""
    settings = settings_of(folder, at)
    seal = signer(settings, SEAL, at, name)
    added = TrustServices(settings, level, lambda: at).additions(seal.chain)
    ready = Sealer.ready(seal, {}, added)
    found = Letter(letter() if pdf is None else pdf)
    return seal_letter(found, ready, Profile(level=level), at, bytes(10)).pdf


def standings(pdf: bytes, at: datetime) -> tuple[Standing, ...]:
    """Say what the seals of a file rest on, at some moment; every one must pass."""
    verdicts, found = judge_seals(pdf, trust(at), at)
    assert verdicts, "no seal"
    assert all(check.has_passed for verdict in verdicts for check in verdict.checks)
    return tuple(standing_of(one, trust(at)) for one in found)


def renewed(pdf: bytes, at: datetime, folder: Path | None = None, *, anyway: bool = True) -> bytes:
    """Add an archive stamp at some moment, by the authority of `folder`."""
    run = Renewals(services(at, folder))
    return pdf + run.renew(pdf, standings(pdf, at), at, anyway=anyway)
