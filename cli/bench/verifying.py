"""`coffre bench verify`: files verified per second, on one core.

- sealed letters of one issuer in a batch: their seals judged one after the other, as a worker's
  child does. The limit: SHA-256 of the bytes that each seal covers, and its signature. Peers:
  pyHanko, with a context made once for all, and anew for each file as its documentation shows;
- one PDF cold: its seal judged with nothing remembered. Peer: pyHanko's own validation, cold too;
- whole letters, by the command's own road: read in a child of their own (page drawn, code and words
  found), judged in the batch's child. Beside it: the reading alone, which is most of it;
- one code: structure, issuer, chain, dates, revocation, content. The limit: the code parsed and its
  signature checked, key at hand.

Letters are those of the seal's bench, their authority is the bench's own.
"""

import asyncio
import hashlib
import io
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from itertools import cycle, islice
from typing import Self

from asn1crypto import crl as asn1_crl
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import async_validate_pdf_signature
from pyhanko.sign.validation.settings import KeyUsageConstraints
from pyhanko_certvalidator import ValidationContext

from cli.bench.authority import Authority
from cli.bench.letters import TYPE, address, letter
from cli.bench.runner import Bench, Contestant, measure
from cli.bench.sealing import certificate, rsa_key
from sealing.service.codes import TwoDDocOrder
from sealing.service.letter import Letter, Sealer, seal_letter
from sealing.service.profile import Profile
from sealing.signers.keyfile import KeyFileSigner
from sealing.signers.port import Identity
from sealing.twoddoc.message import parse
from sealing.twoddoc.signature import verify as verify_code
from verifier.check import Indication
from verifier.checks.codes.twoddoc import check_symbols
from verifier.checks.seal.child import SealJudge
from verifier.checks.seal.known import Known
from verifier.checks.seal.pades import check_seals
from verifier.reading.document import read_document
from verifier.trust.trust_list import ListName, Mode, TrustList, TrustListInfo
from verifier.verdict import SealVerdict
from verifier.verify import verify

_MADE = 40
_UNIT = "letters/s"
_AUTHORITY = "FR00"
_DIGEST = Prehashed(hashes.SHA256())


def benches(*, quick: bool = False) -> list[Bench]:
    """Measure the four; `quick` does little of each, to see that it works."""
    many, few, pages = (20, 2, 2) if quick else (1_000, 40, 20)
    desk = _Desk.made(4 if quick else _MADE)
    documented = Contestant("pyHanko as documented", partial(desk.peer, few, None))
    batch = [
        Contestant("ours", partial(desk.batch, many)),
        Contestant("limit", partial(_often, desk.limit, many)),
        Contestant("ours, in the limited child", partial(desk.apart, many)),
        Contestant("pyHanko, context kept", partial(desk.peer, few, desk.context())),
        documented,
    ]
    cold = [
        Contestant("ours", partial(_often, desk.cold, few)),
        Contestant("limit", partial(_often, desk.limit, many)),
        documented,
    ]
    whole = [
        Contestant("ours", partial(desk.whole, pages)),
        Contestant("limit", partial(_often, desk.limit, many)),
        Contestant("reading alone", partial(desk.reading, pages)),
    ]
    code = [
        Contestant("ours", partial(_often, desk.code, many)),
        Contestant("limit", partial(_often, desk.code_alone, many)),
    ]
    return [
        measure("verify, seals of a batch", _UNIT, batch, quick=quick),
        measure("verify, one seal cold", _UNIT, cold, quick=quick),
        measure("verify, whole letters", _UNIT, whole, quick=quick),
        measure("verify, one code", "codes/s", code, quick=quick),
    ]


@dataclass(frozen=True, slots=True)
class _Desk:
    """Letters of one issuer, one of their codes, and whom the agent believes."""

    pdfs: tuple[bytes, ...]
    signature: bytes
    raw: bytes
    trust: TrustList
    leaf: x509.Certificate
    code_leaf: x509.Certificate

    @classmethod
    def made(cls, many: int) -> Self:
        """Seal letters to other persons each."""
        now, authority, key = datetime.now(UTC), Authority.made(), rsa_key()
        code_key = ec.generate_private_key(ec.SECP256R1())
        leaf, code = authority.seal(key), certificate(_AUTHORITY, code_key, now)
        seal = KeyFileSigner(Identity("seal", "seal", (leaf, authority.root)), key, _DIGEST)
        use = f"twoddoc:{TYPE}"
        codes = {TYPE: KeyFileSigner(Identity(use, use, (code,)), code_key, _DIGEST)}
        sealer = Sealer.ready(seal, codes)
        orders = [(letter(number), TwoDDocOrder(TYPE, address(number))) for number in range(many)]
        made = [
            seal_letter(Letter(pdf, order), sealer, Profile(), now, os.urandom(10))
            for pdf, order in orders
        ]
        trust = TrustList(
            Mode.TEST,
            (TrustListInfo(ListName.TWODDOC, now),),
            twoddoc_authorities={_AUTHORITY: (code,)},
            twoddoc_leaves={(_AUTHORITY, _AUTHORITY): (code,)},
            authorities=(authority.root,),
            crls=(authority.revocations,),
        )
        pdfs, raw = tuple(one.pdf for one in made), made[0].code or b""
        return cls(pdfs, seal.sign(hashlib.sha256(pdfs[0]).digest()), raw, trust, leaf, code)

    def batch(self, many: int) -> float:
        """Judge seals as the child of a worker does."""
        known = Known(self.trust)
        for pdf in self._some(many):
            _require_green(check_seals(pdf, self.trust, datetime.now(UTC), known))
        return many

    def apart(self, many: int) -> float:
        """Judge seals in the child, which is begun anew."""
        with SealJudge(self.trust) as judge:
            for pdf in self._some(many):
                _require_green(judge.check(pdf, datetime.now(UTC)))
        return many

    def cold(self) -> None:
        """Judge one seal, with nothing remembered."""
        _require_green(check_seals(self.pdfs[0], self.trust, datetime.now(UTC)))

    def whole(self, many: int) -> float:
        """Read and judge letters by the command's own road."""
        with SealJudge(self.trust) as judge:
            for pdf in self._some(many):
                document = read_document(pdf, "bench")
                verdict = verify(document, self.trust, datetime.now(UTC), seals=judge)
                found = verdict.conclusion
                if found is None or found.indication is not Indication.TOTAL_PASSED:
                    raise ValueError(f"got {found} on the bench's own letter")
        return many

    def reading(self, many: int) -> float:
        """Read letters, each in a child of its own."""
        for pdf in self._some(many):
            read_document(pdf, "bench")
        return many

    def limit(self) -> None:
        """Do what no program can avoid: digest the file, check a signature."""
        digest, key = hashlib.sha256(self.pdfs[0]).digest(), self.leaf.public_key()
        if not isinstance(key, rsa.RSAPublicKey):
            raise TypeError("got a key of the bench that is not RSA")
        key.verify(self.signature, digest, padding.PKCS1v15(), _DIGEST)

    def context(self) -> ValidationContext:
        """Make pyHanko's context: root, list, nothing fetched."""
        root = asn1_x509.Certificate.load(self.trust.authorities[0].public_bytes(Encoding.DER))
        listed = asn1_crl.CertificateList.load(self.trust.crls[0].public_bytes(Encoding.DER))
        return ValidationContext(
            trust_roots=[root],
            crls=[listed],
            allow_fetching=False,
            revocation_mode="require",
        )

    def peer(self, many: int, context: ValidationContext | None) -> float:
        """Validate letters with pyHanko."""
        usage = KeyUsageConstraints(key_usage={"digital_signature"}, match_all_key_usages=False)
        for pdf in self._some(many):
            [seal] = PdfFileReader(io.BytesIO(pdf)).embedded_signatures
            status = asyncio.run(
                async_validate_pdf_signature(
                    seal, context or self.context(), key_usage_settings=usage
                )
            )
            if not status.bottom_line:
                raise ValueError("got a letter that pyHanko does not believe")
        return many

    def code(self) -> None:
        """Judge one code."""
        verdict = check_symbols([self.raw], self.trust, datetime.now(UTC)).verdict
        if verdict.conclusion.indication is not Indication.TOTAL_PASSED:
            raise ValueError(f"got {verdict.conclusion} on the bench's own code")

    def code_alone(self) -> None:
        """Parse a code and check its signature."""
        verify_code(parse(self.raw), self.code_leaf.public_key())

    def _some(self, many: int) -> list[bytes]:
        return list(islice(cycle(self.pdfs), many))


def _require_green(seals: tuple[SealVerdict, ...]) -> None:
    """Refuse to measure wrong answers."""
    found = [seal.conclusion for seal in seals]
    if [one.indication for one in found] != [Indication.TOTAL_PASSED]:
        raise ValueError(f"got {found} on the bench's own letter")


def _often(work: Callable[[], object], times: int) -> float:
    for _ in range(times):
        work()
    return times
