"""`coffre bench seal`: letters sealed per second, file to file, a different code on each.

Ours: level B-B, RSA-2048, 2D-Doc of type 00, one revision, written to a file. The limit: the same
private-key operations (RSA-2048 and P-256), SHA-256 of the bytes, reading and writing them. Peers:
pyHanko as its documentation shows it, without a code, and pyHanko with key, size and signer kept.
Certificates are the bench's own, each signed by itself: nobody verifies them here.
"""

import hashlib
import io
import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pymupdf
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.x509.oid import NameOID
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import fields, signers

from cli.bench.runner import Bench, Contestant, measure
from sealing.service.letter import Letter, Sealer, TwoDDocOrder, seal_letter
from sealing.service.profile import Profile
from sealing.signers.keyfile import KeyFileSigner
from sealing.signers.port import Identity

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
TYPE = "00"
_VALUES = {"10": "MME/DUPONT/CLAIRE", "20": "", "21": "", "23": "", "24": "69999"}
_VALUES |= {"25": "VALBOURG", "26": "FR"}


def bench(*, quick: bool = False) -> Bench:
    """Measure sealing; `quick` does little of it, to see that it works."""
    with TemporaryDirectory(prefix="coffre-bench-") as folder:
        shop = Workshop.open(Path(folder), 2 if quick else 40, 1 if quick else 4)
        contestants = [
            Contestant("ours", shop.ours),
            Contestant("limit", shop.limit),
            Contestant("pyHanko as documented", lambda: shop.peer(shop.load(), None)),
            Contestant("pyHanko, key and size kept", lambda: shop.peer(shop.kept, 16_384)),
        ]
        return measure("seal", "letters/s", contestants, quick=quick)


@dataclass(frozen=True, slots=True)
class Workshop:
    """The keys, the letter and the folder of the measure, and how many letters make a turn."""

    folder: Path
    now: datetime
    sealer: Sealer
    kept: signers.SimpleSigner
    many: int
    few: int

    @classmethod
    def open(cls, folder: Path, many: int, few: int) -> "Workshop":
        """Make the keys and write the letter."""
        now = datetime.now(UTC)
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        code = ec.generate_private_key(ec.SECP256R1())
        leaf = certificate("Bench", key, now)
        (folder / "key.pem").write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        (folder / "cert.pem").write_bytes(leaf.public_bytes(serialization.Encoding.PEM))
        (folder / "in.pdf").write_bytes(_letter())
        seal = _signer("seal", leaf, key)
        codes = {TYPE: _signer(f"twoddoc:{TYPE}", certificate("FR00", code, now), code)}
        return cls(folder, now, Sealer.ready(seal, codes), _loaded(folder), many, few)

    def order(self, number: int) -> TwoDDocOrder:
        """Say what the code of a letter tells: another address for each."""
        return TwoDDocOrder(TYPE, _VALUES | {"22": f"{number} RUE DES LILAS"})

    def ours(self) -> float:
        """Seal letters as an operator's run does, each with its own code."""
        for number in range(self.many):
            pdf = (self.folder / "in.pdf").read_bytes()
            letter = Letter(pdf, self.order(number))
            sealed = seal_letter(letter, self.sealer, Profile(), self.now, os.urandom(10))
            (self.folder / f"ours-{number}.pdf").write_bytes(sealed.pdf)
        return self.many

    def limit(self) -> float:
        """Do only what no program can avoid."""
        sealed = (self.folder / "ours-0.pdf").read_bytes()
        for number in range(self.many):
            (self.folder / "in.pdf").read_bytes()
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
            source = io.BytesIO((self.folder / "in.pdf").read_bytes())
            metadata = signers.PdfSignatureMetadata(
                field_name="Cachet", subfilter=fields.SigSeedSubFilter.PADES
            )
            signed = signers.sign_pdf(
                IncrementalPdfFileWriter(source), metadata, signer, bytes_reserved=reserved
            )
            (self.folder / f"peer-{number}.pdf").write_bytes(signed.getvalue())
        return self.few


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


def _letter() -> bytes:
    with pymupdf.open() as document:
        page = document.new_page()
        for number in range(40):
            page.insert_text((60, 140 + 15 * number), "Une ligne de la lettre du banc. " * 3)
        return bytes(document.tobytes())
