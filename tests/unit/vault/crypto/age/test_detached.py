"""Headers apart from their payload, and the commitment to a file key."""

import base64
import io
import json

import pytest
from support import two_plaintexts
from support.shared import shared

from vault.crypto.age import detached, file, stream
from vault.crypto.age.detached import HYBRID_ONLY, CommitmentError, NoMatchError
from vault.crypto.age.mlkem768x25519 import HybridIdentity
from vault.crypto.keys import FileKey
from vault.format.canonical import from_base64url

OWNER, SERVICE = HybridIdentity(bytes(32)), HybridIdentity(b"\1" * 32)
BLOB = bytes(range(16))


def test_a_second_header_opens_the_same_payload_for_another_person():
    out = io.BytesIO()
    file.encrypt([OWNER.recipient()], io.BytesIO(b"shared"), out)
    header, rest = file.read_header(io.BytesIO(out.getvalue()))
    file_key = detached.open_header(header, [OWNER], HYBRID_ONLY)
    other = detached.write_header(file_key, [SERVICE.recipient()]).encode()
    payload = out.getvalue()[len(header.encode()) :]
    plain = io.BytesIO()
    file.decrypt([SERVICE], io.BytesIO(other + payload), plain)
    assert plain.getvalue() == b"shared"
    assert rest is not None
    with pytest.raises(NoMatchError):
        file.decrypt([OWNER], io.BytesIO(other + payload), io.BytesIO())


def test_the_published_commitment_is_ours():
    vectors = json.loads(shared("design/schemas/vectors/keys.json").read_text("utf-8"))["fkc"]
    key, blob, fkc = (base64.b64decode(vectors[name]) for name in ("file_key", "blob_id", "fkc"))
    assert detached.commitment(FileKey(key), blob) == fkc
    detached.check_commitment(FileKey(key), blob, fkc)


def test_a_commitment_is_of_one_file_key_and_one_object():
    fkc = detached.commitment(FileKey(bytes(16)), BLOB)
    for key, blob in ((FileKey(b"\1" * 16), BLOB), (FileKey(bytes(16)), bytes(16))):
        with pytest.raises(CommitmentError):
            detached.check_commitment(key, blob, fkc)
    with pytest.raises(CommitmentError):
        detached.commitment(FileKey(bytes(16)), b"short")


def test_the_published_delivery_opens_to_its_file_key():
    vectors = json.loads(shared("design/schemas/vectors/delivery.json").read_text("utf-8"))
    service = HybridIdentity(base64.b64decode(vectors["service_identity_seed"]))
    assert service.recipient().encode() == vectors["service_recipient"]
    header, _ = file.read_header(io.BytesIO(base64.b64decode(vectors["header"])))
    file_key = detached.open_header(header, [service], HYBRID_ONLY)
    assert file_key == FileKey(base64.b64decode(vectors["expect"]["file_key"]))
    fkc = from_base64url(vectors["expect"]["fkc"], 32)
    blob = from_base64url(vectors["blob_id"], 16)
    detached.check_commitment(file_key, blob, fkc)
    plain = io.BytesIO()
    payload = base64.b64decode(vectors["payload"])
    file.decrypt([service], io.BytesIO(header.encode() + payload), plain, HYBRID_ONLY)
    assert vectors["expect"]["content_name"].encode() in plain.getvalue()[:100]


def test_one_payload_that_opens_under_two_file_keys_is_caught_by_its_commitment():
    keys = FileKey.generate(), FileKey.generate()
    payload = two_plaintexts.build(*keys)
    plains = []
    for key in keys:
        plain = io.BytesIO()
        stream.decrypt(key, io.BytesIO(payload), plain)
        plains.append(plain.getvalue())
    assert plains[0] != plains[1]
    fkc = detached.commitment(keys[0], BLOB)
    detached.check_commitment(keys[0], BLOB, fkc)
    with pytest.raises(CommitmentError):
        detached.check_commitment(keys[1], BLOB, fkc)
