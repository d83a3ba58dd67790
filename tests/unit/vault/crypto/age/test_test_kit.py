"""All 143 vectors of the published test kit of age, each read in several ways."""

import hashlib
import io
from collections.abc import Callable

import pytest
from support.byte_streams import Drip, Pieces, Pipe
from support.cctv import Vector, vectors

from vault.crypto.age import file, stream
from vault.crypto.age.detached import Identity, NoMatchError, open_header, write_header
from vault.crypto.age.header_mac import HeaderMacError
from vault.crypto.age.scrypt import Passphrase
from vault.crypto.age.stream import PayloadError, Source
from vault.errors import VaultError
from vault.format import armor
from vault.format.armor import ArmorError
from vault.format.header import Header, HeaderError, header_end

VECTORS = vectors()
SMALL = 10_000
ERRORS: dict[str, type[VaultError]] = {
    "no match": NoMatchError,
    "HMAC failure": HeaderMacError,
    "header failure": HeaderError,
    "payload failure": PayloadError,
    "armor failure": ArmorError,
}


READERS: dict[str, Callable[[bytes], Source]] = {
    "whole": io.BytesIO,
    "in pieces": Pieces,
    "byte by byte": Drip,
}


def identities(vector: Vector) -> list[Identity]:
    keys: list[Identity] = [file.parse_identity(text) for text in vector.identities]
    return keys + [Passphrase(text) for text in vector.passphrases]


READINGS = [
    pytest.param(vector, reader, id=f"{vector.name}, {how}")
    for vector in VECTORS
    for how, reader in READERS.items()
    if how != "byte by byte" or len(vector.file) < SMALL
]


def test_the_kit_has_143_vectors():
    assert len(VECTORS) == 143
    assert {vector.expect for vector in VECTORS} == {"success", *ERRORS}


@pytest.mark.parametrize(("vector", "reader"), READINGS)
def test_a_vector_ends_as_it_must_and_lets_out_exactly_what_it_may(vector, reader):
    pipe, source = Pipe(), reader(vector.file)
    source = file.ArmorSource(source) if vector.armored else source
    if vector.expect == "success":
        file.decrypt(identities(vector), source, pipe)
    else:
        with pytest.raises(ERRORS[vector.expect]) as caught:
            file.decrypt(identities(vector), source, pipe)
        assert type(caught.value) in ERRORS.values() or vector.passphrases
    if vector.payload is None:
        assert pipe.data == b""
    else:
        assert hashlib.sha256(pipe.data).hexdigest() == vector.payload


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector.name)
def test_a_file_that_fails_leaves_nothing_in_a_sink_that_can_be_cut(vector):
    sink = io.BytesIO(b"before")
    sink.seek(6)
    source: Source = io.BytesIO(vector.file)
    source = file.ArmorSource(source) if vector.armored else source
    try:
        file.decrypt(identities(vector), source, sink)
    except VaultError:
        assert sink.getvalue() == b"before"
    else:
        assert hashlib.sha256(sink.getvalue()[6:]).hexdigest() == vector.payload


def binary(vector: Vector) -> bytes:
    return b"".join(armor.decode([vector.file])) if vector.armored else vector.file


@pytest.mark.parametrize(
    "vector",
    [vector for vector in VECTORS if vector.expect not in ("header failure", "armor failure")],
    ids=lambda vector: vector.name,
)
def test_a_header_that_is_read_is_written_back_as_the_same_bytes(vector):
    data = binary(vector)
    end = header_end(data)
    assert Header.parse(data[:end]).encode() == data[:end]


@pytest.mark.parametrize(
    "vector",
    [vector for vector in VECTORS if vector.expect == "success"],
    ids=lambda vector: vector.name,
)
def test_a_good_vector_reads_back_when_it_is_written_by_us(vector):
    keys, data = identities(vector), binary(vector)
    header, payload = file.read_header(io.BytesIO(data))
    file_key = open_header(header, keys)
    plain, again = io.BytesIO(), io.BytesIO()
    stream.decrypt(file_key, payload, plain)
    recipient = keys[0] if isinstance(keys[0], Passphrase) else keys[0].recipient()
    ours = write_header(file_key, [recipient]).encode()
    again.write(ours)
    stream.encrypt(file_key, io.BytesIO(plain.getvalue()), again)
    assert len(again.getvalue()) == len(ours) + len(data) - len(header.encode())
    out = io.BytesIO()
    file.decrypt(keys, io.BytesIO(again.getvalue()), out)
    assert out.getvalue() == plain.getvalue()


@pytest.mark.parametrize(
    "vector",
    [vector for vector in VECTORS if vector.armored and vector.expect == "success"],
    ids=lambda vector: vector.name,
)
def test_armor_that_is_read_is_written_back_in_its_canonical_form(vector):
    encoder = armor.Encoder()
    text = encoder.feed(binary(vector)) + encoder.finish()
    assert text.split() == vector.file.split()
