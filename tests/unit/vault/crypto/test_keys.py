"""Secrets as types."""

import pickle

import pytest

from vault.crypto.keys import FileKey, KeyLengthError, MasterKey, SlotKey


def test_a_key_of_another_length_does_not_exist():
    for kind, length in ((FileKey, 16), (MasterKey, 32), (SlotKey, 32)):
        assert len(kind.generate().secret) == length
        for wrong in (0, length - 1, length + 1):
            with pytest.raises(KeyLengthError):
                kind(bytes(wrong))


def test_a_key_never_prints_itself():
    key = FileKey(b"0123456789abcdef")
    for text in (repr(key), str(key), f"{key}", f"{[key]!r}"):
        assert "FileKey" in text
        assert "0123" not in text


def test_keys_are_equal_by_their_bytes_and_their_type():
    assert MasterKey(bytes(32)) == MasterKey(bytes(32))
    assert MasterKey(bytes(32)) != MasterKey(b"\1" + bytes(31))
    assert MasterKey(bytes(32)) != SlotKey(bytes(32))
    assert MasterKey(bytes(32)) != bytes(32)


def test_a_key_is_frozen_unhashable_and_never_pickled():
    key = MasterKey.generate()
    with pytest.raises(AttributeError):
        key.secret = bytes(32)  # type: ignore[misc]
    with pytest.raises(TypeError):
        hash(key)
    with pytest.raises(TypeError):
        pickle.dumps(key)


def test_two_new_keys_differ():
    assert FileKey.generate() != FileKey.generate()
