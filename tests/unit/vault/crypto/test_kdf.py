"""Key derivation, and the labels of the whole project."""

import ast
from collections import Counter
from pathlib import Path

from vault.crypto import kdf
from vault.format.slot import PassphraseKdf

ROOT = Path(__file__).parents[4]
AREAS = ("vault", "sealing", "verifier", "consent", "storage", "cli")
LABELS = {
    "coffre/auth/v1",
    "coffre/kek/passphrase/v1",
    "coffre/kek/passkey/v1",
    "coffre/kek/kit/v1",
    "coffre/prf/v1",
    "coffre/meta/v1",
    "coffre/index/v1",
    "coffre/fkc/v1",
    "coffre/pair/v1",
    "coffre/slot/v1",
    "coffre/bundle/v1",
    "coffre/metadata/v1",
    "coffre/op/v1",
    "coffre/resting/v1",
    "coffre/home/v1",
    "coffre/head/v1",
    "coffre/head-sig/v1",
    "header",
    "payload",
    "age-encryption.org/v1/X25519",
    "age-encryption.org/v1/scrypt",
    "age-encryption.org/mlkem768x25519",
}

OF_THE_SERVER = {
    "coffre/attempts/v1",
    "coffre/journal/v1",
    "coffre/ticket/v1",
    "coffre/unknown-login/v1",
}


def labels_in(file: Path) -> list[str]:
    return [
        node.value.decode("ascii")
        for node in ast.walk(ast.parse(file.read_bytes()))
        if isinstance(node, ast.Constant)
        and isinstance(node.value, bytes)
        and (node.value.startswith((b"coffre/", b"age-encryption.org/")))
        and not node.value.endswith(b"\n")
    ]


def test_every_label_of_the_project_is_listed_here_and_written_once():
    found = Counter(
        label for area in AREAS for file in (ROOT / area).rglob("*.py") for label in labels_in(file)
    )
    assert set(found) | {"header", "payload"} == LABELS | OF_THE_SERVER
    assert max(found.values()) == 1


def test_no_label_of_the_derivations_is_the_beginning_of_another():
    values = [
        value for name, value in vars(kdf).items() if name.isupper() and isinstance(value, bytes)
    ]
    assert len(values) == len(set(values)) == len(LABELS) - 2
    assert not [(a, b) for a in values for b in values if a != b and a.startswith(b)]


def test_hkdf_gives_the_first_case_of_rfc_5869():
    okm = kdf.hkdf(b"\x0b" * 22, bytes(range(0xF0, 0xFA)), salt=bytes(range(13)), length=42)
    assert okm.hex() == (
        "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"
    )


def test_hkdf_gives_the_third_case_of_rfc_5869_without_a_salt():
    assert kdf.hkdf(b"\x0b" * 22, b"", length=42).hex() == (
        "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"
    )


def test_argon2id_agrees_with_another_implementation():
    from cryptography.hazmat.primitives.kdf.argon2 import Argon2id  # noqa: PLC0415

    parameters = PassphraseKdf(bytes(16))
    other = Argon2id(salt=bytes(16), length=64, iterations=3, lanes=1, memory_cost=131_072)
    assert kdf.argon2id(b"passphrase", parameters) == other.derive(b"passphrase")


def test_a_digest_depends_on_its_label():
    assert kdf.digest(kdf.PRF, b"x") != kdf.digest(kdf.AUTH, b"x")
