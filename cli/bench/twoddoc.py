"""`coffre bench twoddoc`: codes verified and sealed per second, on one core.

- verify: the text of a code parsed and its signature checked, key at hand. The limit: the ECDSA
  verification alone (`cryptography`). Peers, where installed: tddoc (its own parsing and check, the
  certificate handed to it), py2ddoc (parsing alone: it verifies no code of this kind);
- seal: identifier drawn, fields checked, written and signed, another code each time; then with the
  symbol as letters have it, written and read back: mixed, and C40 alone. The limit: the ECDSA
  signature alone.

Keys and certificates are those of the seal's bench.
"""

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from cli.bench.letters import TYPE, letter
from cli.bench.runner import Bench, Contestant, measure
from cli.bench.sealing import Workshop
from sealing.marks import datamatrix
from sealing.proofs.document_id import document_id
from sealing.service.codes import twoddoc_code
from sealing.service.profile import Profile
from sealing.signers.port import hashed
from sealing.twoddoc.message import parse
from sealing.twoddoc.signature import verify

_ECDSA = ec.ECDSA(hashes.SHA256())
_HALF = 32
_PROFILE = Profile()
_PEERS = ("tddoc", "py2ddoc")
Work = Callable[[], object]


def benches(*, quick: bool = False) -> list[Bench]:
    """Measure verifying, sealing, sealing with either symbol."""
    many = 20 if quick else 1_000
    with TemporaryDirectory(prefix="coffre-bench-") as folder:
        shop = Workshop.open(Path(folder), 1, 1, ec.generate_private_key(ec.SECP256R1()), letter)
    code = seal(shop)
    leaf = shop.sealer.twoddocs[TYPE].chain[0]
    sign = partial(shop.sealer.twoddocs[TYPE].sign, hashed(parse(code).signed, leaf))
    works: list[tuple[str, Work, Work, dict[str, Work]]] = [
        ("verify", verifying(code, leaf), verify_alone(code, leaf), dict(peers(code, leaf))),
        ("seal", lambda: seal(shop), sign, {}),
        ("seal, mixed symbol", lambda: datamatrix.symbol(seal(shop)), sign, {}),
        ("seal, C40 symbol", lambda: datamatrix.symbol(seal(shop), strict_c40=True), sign, {}),
    ]
    measured = [
        measure(
            f"twoddoc {name}",
            "codes/s",
            [
                Contestant("ours", partial(_often, work, many)),
                Contestant("limit", partial(_often, alone, many)),
                *(Contestant(peer, partial(_often, run, many)) for peer, run in others.items()),
            ],
            quick=quick,
        )
        for name, work, alone, others in works
    ]
    absent = tuple(name for name in _PEERS if find_spec(name) is None)
    return [replace(measured[0], absent=absent), *measured[1:]]


def seal(shop: Workshop) -> bytes:
    """Write and sign one code."""
    identifier = document_id(shop.now, os.urandom(10))
    return twoddoc_code(shop.order(12), shop.sealer.twoddocs, _PROFILE, shop.now, identifier)


def verifying(code: bytes, leaf: x509.Certificate) -> Work:
    """Parse and check one code."""
    key = leaf.public_key()
    return lambda: verify(parse(code), key)


def verify_alone(code: bytes, leaf: x509.Certificate) -> Work:
    """Check the signature and nothing else."""
    parsed, key = parse(code), leaf.public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise TypeError("got a key of the bench that is on no curve")
    r, s = parsed.signature[:_HALF], parsed.signature[_HALF:]
    der = encode_dss_signature(int.from_bytes(r, "big"), int.from_bytes(s, "big"))
    return lambda: key.verify(der, parsed.signed, _ECDSA)


class _Chain:
    """What tddoc looks a certificate up in: one, at hand."""

    def __init__(self, leaf: x509.Certificate) -> None:
        self.leaf = leaf

    def lookup(self, _authority: str, _certificate: str) -> x509.Certificate:
        """Give the certificate."""
        return self.leaf


def peers(code: bytes, leaf: x509.Certificate) -> Iterator[tuple[str, Work]]:
    """Give the readers of PyPI that are installed."""
    text, chain = code.decode("ascii"), _Chain(leaf)
    if find_spec("tddoc"):
        tddoc = import_module("tddoc.doc").TwoDDoc
        yield "tddoc", lambda: tddoc.from_code(text).signature_is_valid(chain)
    if find_spec("py2ddoc"):
        yield "py2ddoc, parsing alone", partial(import_module("py2ddoc.parser").parse, text)


def _often(work: Work, times: int) -> float:
    for _ in range(times):
        work()
    return times
