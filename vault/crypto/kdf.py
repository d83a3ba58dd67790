"""Key derivation: HKDF and Argon2id, and every label under which a key is derived.

Rules kept here:

- a label is used for one thing; a test lists them, with the two of `format.index_head`, and
  refuses a duplicate anywhere in the project;
- HKDF is SHA-256 with an empty salt and 32 bytes out, unless told;
- Argon2id takes its parameters from a slot's `PassphraseKdf`, which has the floor;
- a digest under a label is SHA-256(label, 0x00, parts), the parts of fixed length.
"""

import hashlib
from typing import Final

from argon2.low_level import Type, hash_secret_raw
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from vault.format.slot import PassphraseKdf

AUTH: Final = b"coffre/auth/v1"
KEK_PASSPHRASE: Final = b"coffre/kek/passphrase/v1"
KEK_PASSKEY: Final = b"coffre/kek/passkey/v1"
KEK_KIT: Final = b"coffre/kek/kit/v1"
PRF: Final = b"coffre/prf/v1"
METADATA_KEY: Final = b"coffre/meta/v1"
INDEX_KEY: Final = b"coffre/index/v1"
PAIRWISE: Final = b"coffre/pair/v1"
FILE_KEY_COMMITMENT: Final = b"coffre/fkc/v1"
WRAP_SLOT: Final = b"coffre/slot/v1"
WRAP_BUNDLE: Final = b"coffre/bundle/v1"
WRAP_METADATA: Final = b"coffre/metadata/v1"
WRAP_OPERATION: Final = b"coffre/op/v1"
WRAP_RESTING: Final = b"coffre/resting/v1"
HOME_NAME: Final = b"coffre/home/v1"
AGE_HEADER: Final = b"header"
AGE_PAYLOAD: Final = b"payload"
AGE_X25519: Final = b"age-encryption.org/v1/X25519"
AGE_SCRYPT: Final = b"age-encryption.org/v1/scrypt"
AGE_HYBRID: Final = b"age-encryption.org/mlkem768x25519"

ROOT_LENGTH: Final = 64


def hkdf(key: bytes, info: bytes, *, salt: bytes = b"", length: int = 32) -> bytes:
    """Derive `length` bytes by HKDF-SHA-256."""
    return HKDF(hashes.SHA256(), length, salt, info).derive(key)


def hkdf_sha512(key: bytes, info: bytes, *, salt: bytes, length: int) -> bytes:
    """Derive `length` bytes by HKDF-SHA-512."""
    return HKDF(hashes.SHA512(), length, salt, info).derive(key)


def argon2id(passphrase: bytes, parameters: PassphraseKdf) -> bytes:
    """Derive the root of 64 bytes from a normalised passphrase; takes about a second."""
    return hash_secret_raw(
        passphrase,
        parameters.salt,
        time_cost=parameters.time,
        memory_cost=parameters.memory_kib,
        parallelism=parameters.lanes,
        hash_len=ROOT_LENGTH,
        type=Type.ID,
    )


def digest(label: bytes, *parts: bytes) -> bytes:
    """Give SHA-256(label, 0x00, parts): the parts have a fixed length each."""
    return hashlib.sha256(label + b"\0" + b"".join(parts)).digest()
