"""Metadata of a version."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.keys_json import published, raw

from vault.crypto import kdf, metadata, wrap
from vault.crypto.keys import MasterKey
from vault.crypto.metadata import Metadata, MetadataError, VersionName
from vault.format import canonical

KEY = metadata.metadata_key(MasterKey(bytes(32)))
NAME = VersionName(bytes(16), b"d" * 16, 1)
ONE = Metadata("Quittance", "avis.pdf", "address-proof", "receipt", 3, bytes(32))
WRAPPED = metadata.encrypt_metadata(KEY, NAME, ONE)
DIGEST = hashlib.sha256(WRAPPED).digest()

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
names = st.text(st.characters(codec="ascii"), max_size=8)
lists = st.lists(texts, max_size=3).map(tuple)
maps = st.dictionaries(names, texts, max_size=3)
metadatas = st.builds(
    Metadata, texts, texts, texts, texts, st.integers(0, 2**40),
    st.binary(min_size=32, max_size=32), maps, lists, maps, lists, lists,
)  # fmt: skip


@given(metadatas)
def test_metadata_read_back_and_their_length_is_a_multiple_of_512(each):
    wrapped = metadata.encrypt_metadata(KEY, NAME, each)
    assert (len(wrapped) - wrap.OVERHEAD) % 512 == 0
    digest = hashlib.sha256(wrapped).digest()
    assert metadata.decrypt_metadata(KEY, NAME, wrapped, digest) == each


def test_the_published_key_is_ours():
    umk = published("slot")["umk"]
    key = metadata.metadata_key(MasterKey(raw(umk)))
    assert key.secret == raw(published("umk")["k_meta"])


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(VersionName(b"a" * 16, b"d" * 16, 1), id="another account"),
        pytest.param(VersionName(bytes(16), b"e" * 16, 1), id="another document"),
        pytest.param(VersionName(bytes(16), b"d" * 16, 2), id="another version"),
    ],
)
def test_metadata_swapped_between_documents_do_not_open(name):
    with pytest.raises(MetadataError):
        metadata.decrypt_metadata(KEY, name, WRAPPED, DIGEST)


def test_older_metadata_of_the_same_version_are_refused():
    newer = metadata.encrypt_metadata(KEY, NAME, ONE)
    with pytest.raises(MetadataError):
        metadata.decrypt_metadata(KEY, NAME, WRAPPED, hashlib.sha256(newer).digest())


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"title": 1}, id="a title that is no text"),
        pytest.param({"size": -1}, id="a negative size"),
        pytest.param({"size": "3"}, id="a size as text"),
        pytest.param({"tags": "a"}, id="tags that are no list"),
        pytest.param({"tags": [1]}, id="a tag that is no text"),
        pytest.param({"dates": []}, id="dates that are no object"),
        pytest.param({"content_sha256": "AAAA"}, id="a short digest"),
        pytest.param({"more": "x"}, id="a member that nobody reads"),
        pytest.param({"v": 2}, id="another format"),
    ],
)
def test_metadata_in_another_form_are_refused(change):
    plain = canonical.encode_padded({**ONE.to_json(), **change}, 512)
    wrapped = wrap.wrap(KEY, kdf.WRAP_METADATA, plain, NAME.binding())
    with pytest.raises(MetadataError):
        metadata.decrypt_metadata(KEY, NAME, wrapped, hashlib.sha256(wrapped).digest())


def test_padding_of_another_length_is_refused():
    for plain in (canonical.encode(ONE.to_json()), canonical.encode_padded({}, 512), b" " * 512):
        wrapped = wrap.wrap(KEY, kdf.WRAP_METADATA, plain, NAME.binding())
        with pytest.raises(MetadataError):
            metadata.decrypt_metadata(KEY, NAME, wrapped, hashlib.sha256(wrapped).digest())


@pytest.mark.parametrize(
    "name", [(b"", bytes(16), 1), (bytes(16), b"", 1), (bytes(16),) * 2 + (0,)]
)
def test_what_names_no_version_does_not_exist(name):
    with pytest.raises(MetadataError):
        VersionName(*name)
