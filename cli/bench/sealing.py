"""`coffre bench seal`: letters sealed per second, file to file, a different code on each.

Ours: level B-B, RSA-2048, 2D-Doc of type 00, one revision, written to a file. The limit: the same
private-key operations (RSA-2048 and P-256), SHA-256 of the bytes, reading and writing them. Peers:
pyHanko as its documentation shows it, without a code, and pyHanko with key, size and signer kept.
"""

import hashlib
import io
import os
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import fields, signers

from cli.bench.runner import Bench, Contestant, measure
from cli.demo import pki
from cli.demo.people import CLAIRE, letter
from sealing.service.letter import Letter, Sealer, TwoDDocOrder, seal_letter
from sealing.service.profile import Profile
from sealing.signers.keyfile import KeyFileSigner
from sealing.signers.port import Identity, digest_of

TYPE = "00"


def bench(*, quick: bool = False) -> Bench:
    """Measure sealing; `quick` does little of it, to see that it works."""
    now = datetime.now(UTC)
    made = pki.build(now)
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    seal = pki.seal_leaf("Cachet RSA-2048", key, made.intermediate, now)
    with TemporaryDirectory(prefix="coffre-bench-") as folder:
        place = Place(Path(folder), now, 2 if quick else 40, 1 if quick else 4)
        (place.folder / "in.pdf").write_bytes(letter(CLAIRE, "21/11/2026"))
        ours = Contestant("ours", lambda: _ours(place, made, seal))
        limit = Contestant("limit", lambda: _limit(place, made, seal))
        documented, kept = _pyhanko(place, made, seal)
        return measure("seal", "letters/s", [ours, limit, documented, kept], quick=quick)


class Place:
    """Where the letters lie, and how many are sealed at each turn."""

    def __init__(self, folder: Path, now: datetime, many: int, few: int) -> None:
        """Keep the folder and the counts."""
        self.folder, self.now, self.many, self.few = folder, now, many, few
        self._sealer: Sealer | None = None

    def sealer(self, made: pki.Pki, seal: pki.Holder) -> Sealer:
        """Give our sealer, built once as an operator's run does."""
        if self._sealer is None:
            code = _signer("code", f"twoddoc:{TYPE}", made.twoddocs[f"twoddoc-{TYPE}"], made)
            chain = (seal.certificate, made.intermediate.certificate)
            prehashed = Prehashed(digest_of(seal.certificate))
            own = KeyFileSigner(Identity("seal", "seal", chain), seal.key, prehashed)
            self._sealer = Sealer.ready(own, {TYPE: code})
        return self._sealer


def _signer(name: str, use: str, holder: pki.Holder, made: pki.Pki) -> KeyFileSigner:
    chain = (holder.certificate, made.test_authority.certificate)
    prehashed = Prehashed(digest_of(holder.certificate))
    return KeyFileSigner(Identity(name, use, chain), holder.key, prehashed)


def _ours(place: Place, made: pki.Pki, seal: pki.Holder) -> float:
    sealer = place.sealer(made, seal)
    for number in range(place.many):
        pdf = (place.folder / "in.pdf").read_bytes()
        order = TwoDDocOrder(TYPE, CLAIRE.fields | {"22": f"{number} RUE DES LILAS"})
        result = seal_letter(Letter(pdf, order), sealer, Profile(), place.now, os.urandom(10))
        (place.folder / f"ours-{number}.pdf").write_bytes(result.pdf)
    return place.many


def _limit(place: Place, made: pki.Pki, seal: pki.Holder) -> float:
    sealer = place.sealer(made, seal)
    sealed = (place.folder / "ours-0.pdf").read_bytes()
    for number in range(place.many):
        (place.folder / "in.pdf").read_bytes()
        digest = hashlib.sha256(sealed).digest()
        sealer.seal.sign(digest)
        sealer.twoddocs[TYPE].sign(digest)
        (place.folder / f"limit-{number}.pdf").write_bytes(sealed)
    return place.many


def _pyhanko(place: Place, made: pki.Pki, seal: pki.Holder) -> tuple[Contestant, Contestant]:
    (place.folder / "key.pem").write_bytes(seal.key_pem)
    (place.folder / "cert.pem").write_bytes(seal.certificate_pem)
    (place.folder / "ca.pem").write_bytes(made.intermediate.certificate_pem)

    def signer() -> signers.SimpleSigner:
        loaded = signers.SimpleSigner.load(
            str(place.folder / "key.pem"),
            str(place.folder / "cert.pem"),
            ca_chain_files=(str(place.folder / "ca.pem"),),
        )
        if loaded is None:
            raise OSError("got no signer from the bench's own key")
        return loaded

    reused = signer()

    def run(one: signers.SimpleSigner, reserved: int | None) -> float:
        for number in range(place.few):
            writer = IncrementalPdfFileWriter(io.BytesIO((place.folder / "in.pdf").read_bytes()))
            metadata = signers.PdfSignatureMetadata(
                field_name="Cachet", subfilter=fields.SigSeedSubFilter.PADES
            )
            signed = signers.sign_pdf(writer, metadata, one, bytes_reserved=reserved)
            (place.folder / f"peer-{number}.pdf").write_bytes(signed.getvalue())
        return place.few

    return (
        Contestant("pyHanko as documented", lambda: run(signer(), None)),
        Contestant("pyHanko, key and size kept", lambda: run(reused, 16384)),
    )
