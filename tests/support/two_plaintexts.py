"""A payload that opens under two file keys: what ChaCha20-Poly1305 allows, and fkc refuses.

Poly1305 is a polynomial in r, modulo 2^130 - 5. Two blocks of the ciphertext are left free, and
the two equations "the tag is T under key A" and "the tag is T under key B" are solved for them;
one try in sixteen gives blocks that are 16 bytes long.
"""

import secrets

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import ChaCha20

from vault.crypto import kdf
from vault.crypto.keys import FileKey

_PRIME = 2**130 - 5
_ONE = 2**128
_CLAMP = 0x0FFFFFFC0FFFFFFC0FFFFFFC0FFFFFFF
_NONCE = bytes(11) + b"\x01"


def build(first: FileKey, second: FileKey, length: int = 4_096) -> bytes:
    """Give a payload of one last chunk of `length` bytes (a multiple of 16) good under both."""
    while True:
        nonce = secrets.token_bytes(16)
        keys = [_one_time_key(key, nonce) for key in (first, second)]
        ciphertext = bytearray(secrets.token_bytes(length))
        tag = secrets.randbits(128)
        free = _solve(keys, bytes(ciphertext), tag)
        if all(_ONE <= block < 2 * _ONE for block in free):
            for at, block in zip((0, 16), free, strict=True):
                ciphertext[at : at + 16] = (block - _ONE).to_bytes(16, "little")
            return nonce + bytes(ciphertext) + tag.to_bytes(16, "little")


def _one_time_key(key: FileKey, nonce: bytes) -> tuple[int, int]:
    payload_key = kdf.hkdf(key.secret, kdf.AGE_PAYLOAD, salt=nonce)
    stream = Cipher(ChaCha20(payload_key, bytes(4) + _NONCE), mode=None).encryptor()
    block = stream.update(bytes(32))
    return int.from_bytes(block[:16], "little") & _CLAMP, int.from_bytes(block[16:], "little")


def _solve(keys: list[tuple[int, int]], ciphertext: bytes, tag: int) -> tuple[int, int]:
    lengths = bytes(8) + len(ciphertext).to_bytes(8, "little")
    blocks = [
        int.from_bytes(ciphertext[at : at + 16], "little") + _ONE
        for at in range(32, len(ciphertext), 16)
    ]
    blocks.append(int.from_bytes(lengths, "little") + _ONE)
    rows = []
    for r, s in keys:
        known = 0
        for block in blocks:
            known = (known + block) * r % _PRIME
        count = len(blocks)
        wanted = ((tag - s) % _ONE - known) % _PRIME
        rows.append((pow(r, count + 2, _PRIME), pow(r, count + 1, _PRIME), wanted))
    (a, b, c), (d, e, f) = rows
    inverse = pow(a * e - b * d, -1, _PRIME)
    return (c * e - b * f) * inverse % _PRIME, (a * f - c * d) * inverse % _PRIME
