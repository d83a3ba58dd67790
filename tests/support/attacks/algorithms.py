"""Seals by algorithms that prove nothing any more, or that no list knows."""

from collections.abc import Iterator
from warnings import catch_warnings, simplefilter

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from support.attacks.attack import Answer, Attack, Reader, unsure
from support.attacks.holders import Like, like, own_seal, trusting
from support.attacks.signing import Cms, signed_by
from support.sealers import NOW, town

from cli.demo.pki import Holder, Key, empty_list
from verifier.check import SubIndication

FAMILY = "algorithms"
WEAK = unsure("algorithm-too-weak", SubIndication.CRYPTO_CONSTRAINTS_FAILURE)
FAULT = unsure("validator-fault", SubIndication.GENERIC)
SHORT = unsure("key-not-allowed", SubIndication.CHAIN_CONSTRAINTS_FAILURE)
_RSA = "seal-rsa"


def _with_key(key: Key) -> Holder:
    return like(own_seal().certificate, town()[0].intermediate, Like(key=key))


def _digests() -> Iterator[tuple[str, bytes, Answer]]:
    made = town()[0]
    for digest in ("md5", "sha1", "sha224"):
        for name in ("seal-rsa", "seal-p256"):
            if digest == "md5" and name == "seal-p256":
                continue  # no such algorithm has a name
            pdf = signed_by(made.seals[name], Cms(digest=digest))
            yield f"{digest}, {name}", pdf, WEAK
    pdf = signed_by(made.seals[_RSA], Cms(digest="sha1", salt=20))
    yield "sha1, PSS", pdf, WEAK


def _keys() -> Iterator[tuple[str, bytes, Answer]]:
    with catch_warnings():
        simplefilter("ignore")
        keys: dict[str, Key] = {
            "RSA of 1024 bits": rsa.generate_private_key(65537, 1024),  # noqa: S505 - weak on purpose
            "RSA of 1536 bits": rsa.generate_private_key(65537, 1536),  # noqa: S505 - weak on purpose
            "P-192": ec.generate_private_key(ec.SECP192R1()),
            "P-224": ec.generate_private_key(ec.SECP224R1()),
            "secp256k1": ec.generate_private_key(ec.SECP256K1()),
        }
        for name, key in keys.items():
            yield name, signed_by(_with_key(key)), SHORT


def _authorities() -> Iterator[tuple[str, bytes, Answer, Reader]]:
    """Have an authority of a short key issue the certificate."""
    made = town()[0]
    key = rsa.generate_private_key(65537, 1024)  # noqa: S505 - weak on purpose
    short = Like(key=key)
    middle = like(made.intermediate.certificate, made.root, short)
    leaf = like(own_seal().certificate, middle)
    pdf = signed_by(leaf, Cms(carried=(middle.certificate,)))
    yield (
        "an authority of 1024 bits",
        pdf,
        FAULT,
        Reader(trusting(middle, crls=[empty_list(middle, NOW)])),
    )


def attacks() -> Iterator[Attack]:
    """Make every seal by a weak algorithm."""
    for make in (_digests, _keys):
        for name, pdf, answer in make():
            yield Attack(name, FAMILY, pdf, answer)
    for name, pdf, answer, reader in _authorities():
        yield Attack(name, FAMILY, pdf, answer, reader)
