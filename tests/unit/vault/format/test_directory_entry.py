"""Directory entries follow one another; receipts name what was taken."""

import dataclasses
import secrets
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from vault.format import receipt
from vault.format.canonical import to_base64url
from vault.format.directory_entry import (
    TYPE,
    DirectoryEntry,
    DirectoryEntryError,
    Statement,
    issue,
)
from vault.format.receipt import Receipt, ReceiptError
from vault.format.signed_message import (
    MessageError,
    MessageSignatureError,
    MessageSigner,
    MessageTypeError,
    PublicKey,
    sign,
)

ACCOUNT = bytes(range(16))
RECIPIENT = "age1pq1" + "q" * 1952


def signer() -> MessageSigner:
    private = Ed25519PrivateKey.generate()
    return MessageSigner(PublicKey(private.public_key().public_bytes_raw()), private.sign)


FIRST = signer()
SECOND = signer()
ENTRY = issue(Statement(ACCOUNT, RECIPIENT, FIRST.key), FIRST)


def claims(**changes: object) -> dict[str, object]:
    known: dict[str, object] = {
        "v": 1,
        "account": to_base64url(ACCOUNT),
        "n": 1,
        "recipient": RECIPIENT,
        "signing_key": FIRST.key.to_jwk(),
    }
    return {name: value for name, value in (known | changes).items() if value is not None}


def test_a_change_is_signed_by_the_key_before_and_followed_by_who_knows_it():
    first = DirectoryEntry.verify(ENTRY)
    second = DirectoryEntry.verify(
        issue(Statement(ACCOUNT, RECIPIENT, SECOND.key), FIRST, first), first
    )
    assert (first.n, second.n, second.signing_key) == (1, 2, SECOND.key)
    third = issue(Statement(ACCOUNT, RECIPIENT, FIRST.key), SECOND, second)
    assert DirectoryEntry.verify(third, second).n == 3
    with pytest.raises(MessageSignatureError):
        DirectoryEntry.verify(third, first)
    with pytest.raises(DirectoryEntryError):
        DirectoryEntry.verify(ENTRY, first)


def test_a_change_that_the_key_before_did_not_sign_is_refused():
    first = DirectoryEntry.verify(ENTRY)
    stolen = sign(TYPE, claims(n=2, previous=first.digest), SECOND)
    with pytest.raises(MessageSignatureError):
        DirectoryEntry.verify(stolen, first)


@pytest.mark.parametrize(
    "changes",
    [
        {"v": 2},
        {"n": 2},
        {"n": "1"},
        {"previous": to_base64url(bytes(32))},
        {"recipient": "age1" + "q" * 58},
        {"recipient": RECIPIENT.upper()},
        {"recipient": RECIPIENT[:-1]},
        {"recipient": None},
        {"account": to_base64url(bytes(15))},
        {"account": 7},
        {"signing_key": SECOND.key.to_jwk()},
        {"name": "Jeanne"},
    ],
    ids="-".join,
)
def test_a_first_entry_of_another_form_is_refused(changes):
    with pytest.raises(DirectoryEntryError):
        DirectoryEntry.verify(sign(TYPE, claims(**changes), FIRST, carry_key=True))


def test_a_first_entry_without_its_key_or_of_another_type_is_refused():
    with pytest.raises(DirectoryEntryError):
        DirectoryEntry.verify(sign(TYPE, claims(), FIRST))
    with pytest.raises(MessageTypeError):
        DirectoryEntry.verify(sign("coffre-other+jwt", claims(), FIRST, carry_key=True))


def test_an_entry_of_another_account_does_not_follow():
    first = DirectoryEntry.verify(ENTRY)
    foreign = claims(n=2, previous=first.digest, account=to_base64url(bytes(16)))
    with pytest.raises(DirectoryEntryError):
        DirectoryEntry.verify(sign(TYPE, foreign, FIRST), first)


RECEIPT = Receipt(
    jti=bytes(16),
    iss="https://coffre.example",
    at=datetime(2026, 11, 21, 12, tzinfo=UTC),
    account=ACCOUNT,
    document=secrets.token_bytes(16),
    version=1,
    blob_id=secrets.token_bytes(16),
    size=4128,
    sha256=bytes(32),
    n=1,
    head=bytes(32),
)


def test_a_receipt_is_read_back_by_who_knows_the_safes_key():
    token = RECEIPT.issue(SECOND)
    assert Receipt.verify(token, SECOND.key) == RECEIPT
    with pytest.raises(MessageSignatureError):
        Receipt.verify(token, FIRST.key)
    with pytest.raises(MessageError):
        Receipt.verify("x" * 5000, FIRST.key)


@pytest.mark.parametrize(
    "changes",
    [{"v": 2}, {"size": -1}, {"size": True}, {"iat": 2**52}, {"head": "A"}, {"iss": 1}, {"x": 1}],
    ids=str,
)
def test_a_receipt_of_another_form_is_refused(changes):
    known = {
        "v": 1,
        "jti": to_base64url(bytes(16)),
        "iss": "https://coffre.example",
        "iat": 1_795_176_120,
        "account": to_base64url(ACCOUNT),
        "document": to_base64url(bytes(16)),
        "version": 1,
        "blob_id": to_base64url(bytes(16)),
        "size": 4128,
        "sha256": to_base64url(bytes(32)),
        "n": 1,
        "head": to_base64url(bytes(32)),
    }
    Receipt.verify(sign(receipt.TYPE, known, SECOND), SECOND.key)
    with pytest.raises(ReceiptError):
        Receipt.verify(sign(receipt.TYPE, known | changes, SECOND), SECOND.key)
    assert dataclasses.is_dataclass(RECEIPT)
