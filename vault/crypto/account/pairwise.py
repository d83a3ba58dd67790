"""One signing key for each service: two services cannot tell that they know one person.

Rules kept here:

- o = HKDF(pair seed, `coffre/pair/v1`, 0x00, the service's address as it signs, 48 bytes), then
  d = (o mod (n - 1)) + 1: a P-256 key, the same on every device, unrelated for another address;
- the address is compared and derived from byte for byte;
- the key signs grants and withdrawals, nothing else; it says that the same person is back, not who.
"""

from typing import Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from vault.crypto import kdf
from vault.crypto.account.identity_bundle import PairSeed
from vault.format.signed_message import MessageSigner, PublicKey

_ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_WIDE: Final = 48
_COORDINATE: Final = 32


def pairwise_signer(seed: PairSeed, service: str) -> MessageSigner:
    """Derive the key of this person for the service of this address."""
    info = kdf.PAIRWISE + b"\0" + service.encode()
    wide = int.from_bytes(kdf.hkdf(seed.secret, info, length=_WIDE), "big")
    key = ec.derive_private_key(wide % (_ORDER - 1) + 1, ec.SECP256R1())
    numbers = key.public_key().public_numbers()
    public = PublicKey(*(each.to_bytes(_COORDINATE, "big") for each in (numbers.x, numbers.y)))

    def sign(data: bytes) -> bytes:
        halves = decode_dss_signature(key.sign(data, ec.ECDSA(hashes.SHA256())))
        return b"".join(half.to_bytes(_COORDINATE, "big") for half in halves)

    return MessageSigner(public, sign)
