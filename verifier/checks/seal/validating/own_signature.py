"""The signature of a seal verified by ourselves, where pyHanko has judged one of its template.

The algorithms are those that pyHanko read; a kind that is not listed here is never verified here.
"""

from collections.abc import Callable
from typing import Final, TypeAlias

from asn1crypto import cms
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from verifier.checks.seal.canonical import BROKEN_CMS
from verifier.checks.seal.template import Template

_HASHES: Final[dict[str, hashes.HashAlgorithm]] = {
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}
Verifies: TypeAlias = Callable[[Template], bool]
_Check: TypeAlias = Callable[[bytes, bytes], None]


def verifier_of(info: cms.SignerInfo, signer: x509.Certificate) -> Verifies | None:
    """Give what verifies the signatures of a template; None for an algorithm that is not known."""
    try:
        check = _check_of(info, signer.public_key())
    except (*BROKEN_CMS, NotImplementedError):
        return None
    return None if check is None else lambda told: _holds(check, told)


def _holds(check: _Check, told: Template) -> bool:
    try:
        check(told.signature, told.signed)
    except (InvalidSignature, ValueError):
        return False
    return True


def _check_of(info: cms.SignerInfo, key: object) -> _Check | None:
    algorithm, digest = info["signature_algorithm"], info["digest_algorithm"]["algorithm"].native
    used = _HASHES.get(digest)
    if used is None or algorithm.hash_algo != digest:
        return None
    match algorithm.signature_algo, key:
        case "ecdsa", ec.EllipticCurvePublicKey():
            return lambda signature, signed: key.verify(signature, signed, ec.ECDSA(used))
        case "rsassa_pkcs1v15", rsa.RSAPublicKey():
            return lambda signature, signed: key.verify(signature, signed, padding.PKCS1v15(), used)
    return None
