"""`coffre bench seal`: letters sealed per second, file to file, a different code on each.

Ours: the letters of a mailing, 39 KB each, to other persons, in one process, 25 at the same step as
in a mailing: read, level B-B, 2D-Doc of type 00, one revision, written to a file; the place of the
code is remembered. The limit: the same private-key operations, SHA-256 of the bytes,
reading and writing them. Peers for RSA-2048: pyHanko as its documentation shows it, without a code,
and pyHanko with key, size and signer kept. Scans of 8 MB are sealed as by `--same-layout`. B-LT is
held against B-B: time-stamps and proofs are at hand, and cost only what they weigh.
Certificates are the bench's own, each signed by itself: nobody verifies them here.
"""

import hashlib
import io
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.x509.oid import NameOID
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import fields, signers

from cli.bench.letters import TYPE, address, letter, scan
from cli.bench.runner import Bench, Contestant, measure
from sealing.batch.engine import AT_ONCE
from sealing.der import OCTET_STRING, SEQUENCE, der
from sealing.pades.dss import Dss
from sealing.service.codes import TwoDDocOrder
from sealing.service.letter import Letter, Sealer, UnfinishedLetter, letter_steps
from sealing.service.levels import Additions, Level
from sealing.service.places import Places
from sealing.service.profile import Profile
from sealing.service.steps import Steps, together
from sealing.signers.keyfile import KeyFileSigner
from sealing.signers.port import Identity
from storage.errors import CoffreError

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
_UNIT = "letters/s"
_TOKEN_BYTES = 5_000
_PROOFS = ([2_000, 1_500, 1_500], [2_000], [1_000, 30_000])


def benches(*, quick: bool = False) -> list[Bench]:
    """Measure sealing; `quick` does little of it, to see that it works."""
    many, few = (2, 1) if quick else (100, 4)
    with TemporaryDirectory(prefix="coffre-bench-") as folder:
        measured = [*_rsa(Path(folder), many, few, quick=quick)]
    for name, key, made, count in (
        ("P-256", ec.generate_private_key(ec.SECP256R1()), letter, many),
        ("8 MB scans, RSA-2048", rsa_key(), scan, few),
    ):
        with TemporaryDirectory(prefix="coffre-bench-") as folder:
            shop = Workshop.open(Path(folder), count, few, key, made)
            measured.append(measure(f"seal, {name}", _UNIT, shop.contestants(), quick=quick))
    return measured


def _rsa(folder: Path, many: int, few: int, *, quick: bool) -> list[Bench]:
    """Measure the usual key, against the peers; then what a level adds."""
    shop = Workshop.open(folder, many, few, rsa_key(), letter)
    lasting = replace(shop, sealer=shop.lasting(), level=Level.B_LT)
    peers = [
        Contestant("pyHanko as documented", lambda: shop.peer(shop.load(), None)),
        Contestant("pyHanko, key and size kept", lambda: shop.peer(shop.kept, 16_384)),
    ]
    return [
        measure("seal", _UNIT, [*shop.contestants(), *peers], quick=quick),
        measure(
            "seal, B-LT at hand",
            _UNIT,
            [*lasting.contestants(), Contestant("B-B", shop.ours)],
            quick=quick,
        ),
    ]


@dataclass(frozen=True, slots=True)
class Workshop:
    """The keys, the letters and the folder of the measure, and how many letters make a turn."""

    folder: Path
    now: datetime
    sealer: Sealer
    kept: signers.SimpleSigner
    many: int
    few: int
    level: Level = Level.B_B
    at_once: int = AT_ONCE

    @classmethod
    def open(
        cls, folder: Path, many: int, few: int, key: Key, made: Callable[[int], bytes]
    ) -> "Workshop":
        """Write the letters, and the key with its certificate."""
        now = datetime.now(UTC)
        code = ec.generate_private_key(ec.SECP256R1())
        leaf = certificate("Bench", key, now)
        (folder / "key.pem").write_bytes(pem_of(key))
        (folder / "cert.pem").write_bytes(leaf.public_bytes(serialization.Encoding.PEM))
        for number in range(many):
            (folder / f"in-{number}.pdf").write_bytes(made(number))
        seal = _signer("seal", leaf, key)
        codes = {TYPE: _signer(f"twoddoc:{TYPE}", certificate("FR00", code, now), code)}
        places = Places(same_layout=made is scan)
        sealer = replace(Sealer.ready(seal, codes), places=places)
        at_once = 1 if made is scan else AT_ONCE
        return cls(folder, now, sealer, _loaded(folder), many, few, at_once=at_once)

    def contestants(self) -> list[Contestant]:
        """Give ourselves and the limit."""
        return [Contestant("ours", self.ours), Contestant("limit", self.limit)]

    def lasting(self) -> Sealer:
        """Give the sealer at B-LT, with a token and proofs as heavy as usual."""
        token = der(SEQUENCE, der(OCTET_STRING, os.urandom(_TOKEN_BYTES)))
        dss = Dss.of(*([os.urandom(size) for size in sizes] for sizes in _PROOFS))
        added = Additions(Level.B_LT, lambda _: token, len(token), dss)
        made = Sealer.ready(self.sealer.seal, self.sealer.twoddocs, added)
        return replace(made, places=Places())

    def order(self, number: int) -> TwoDDocOrder:
        """Say what the code of a letter tells: another address for each."""
        return TwoDDocOrder(TYPE, address(number))

    def ours(self) -> float:
        """Seal letters as an operator's run does, each with its own code."""
        for first in range(0, self.many, self.at_once):
            numbers = range(first, min(first + self.at_once, self.many))
            begun = together([self.begin(number) for number in numbers])
            for number, outcome in zip(numbers, begun, strict=True):
                if isinstance(outcome, CoffreError):
                    raise outcome
                sealed = outcome.finish(outcome.stamp()).sealed
                with (self.folder / f"ours-{number}.pdf").open("wb", buffering=0) as file:
                    for piece in sealed.pieces:
                        file.write(piece)
        return self.many

    def begin(self, number: int) -> Steps[UnfinishedLetter]:
        """Read one letter, to be signed step by step."""
        pdf = (self.folder / f"in-{number}.pdf").read_bytes()
        found, profile = Letter(pdf, self.order(number)), Profile(level=self.level)
        return letter_steps(found, self.sealer, profile, self.now, os.urandom(10))

    def limit(self) -> float:
        """Do only what no program can avoid."""
        sealed = (self.folder / "ours-0.pdf").read_bytes()
        for number in range(self.many):
            (self.folder / f"in-{number}.pdf").read_bytes()
            digest = hashlib.sha256(sealed).digest()
            self.sealer.seal.sign(digest)
            self.sealer.twoddocs[TYPE].sign(digest)
            (self.folder / f"limit-{number}.pdf").write_bytes(sealed)
        return self.many

    def load(self) -> signers.SimpleSigner:
        """Load pyHanko's signer anew, as its documentation does for each run."""
        return _loaded(self.folder)

    def peer(self, signer: signers.SimpleSigner, reserved: int | None) -> float:
        """Seal letters with pyHanko, without a code."""
        for number in range(self.few):
            source = io.BytesIO((self.folder / f"in-{number % self.many}.pdf").read_bytes())
            metadata = signers.PdfSignatureMetadata(
                field_name="Cachet", subfilter=fields.SigSeedSubFilter.PADES
            )
            signed = signers.sign_pdf(
                IncrementalPdfFileWriter(source), metadata, signer, bytes_reserved=reserved
            )
            (self.folder / f"peer-{number}.pdf").write_bytes(signed.getvalue())
        return self.few


def rsa_key() -> rsa.RSAPrivateKey:
    """Make a key of the bench."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def pem_of(key: Key) -> bytes:
    """Write a key of the bench as PKCS#8 PEM, not encrypted."""
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def _signer(use: str, leaf: x509.Certificate, key: Key) -> KeyFileSigner:
    return KeyFileSigner(Identity(use, use, (leaf,)), key, Prehashed(hashes.SHA256()))


def _loaded(folder: Path) -> signers.SimpleSigner:
    loaded: signers.SimpleSigner | None = signers.SimpleSigner.load(
        str(folder / "key.pem"), str(folder / "cert.pem")
    )
    if loaded is None:
        raise OSError("got no signer from the bench's own key")
    return loaded


def certificate(name: str, key: Key, now: datetime) -> x509.Certificate:
    """Make a certificate of the bench, signed by itself."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    usage = x509.KeyUsage(
        digital_signature=True,
        content_commitment=True,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=2))
        .not_valid_after(now + timedelta(days=2))
        .add_extension(usage, critical=True)
        .sign(key, hashes.SHA256())
    )
