"""Documents, before a server that swaps, cuts, recombines, and authors that cheat."""

import hashlib
import io
import random
import shutil
import subprocess
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import two_plaintexts
from support.budget import cases
from support.byte_streams import Drip, Pieces

from vault.crypto import document, tar
from vault.crypto.age import detached, stream
from vault.crypto.age.detached import (
    CommitmentError,
    NoMatchError,
    StanzaRefusedError,
    write_header,
)
from vault.crypto.age.header_mac import HeaderMacError
from vault.crypto.age.mlkem768x25519 import HybridIdentity
from vault.crypto.age.stream import PayloadError
from vault.crypto.age.x25519 import X25519Identity
from vault.crypto.document import (
    CiphertextDigestError,
    ContentDigestError,
    ExpectedDocument,
    HeaderDigestError,
    SourceLengthError,
)
from vault.crypto.index import StoredObject
from vault.crypto.keys import FileKey
from vault.crypto.tar import TarError
from vault.errors import VaultError
from vault.format.header import Header, HeaderError
from vault.format.sizes import check_object_length

OWNER, SERVICE = HybridIdentity(bytes(32)), HybridIdentity(b"\1" * 32)
CONTENT = random.Random(1).randbytes(100_000)  # noqa: S311


def stored(name, content, source=None):
    """Give what encryption gives, and the payload."""
    payload = io.BytesIO()
    given = source or io.BytesIO(content)
    made = document.encrypt_document(name, len(content), given, payload, OWNER.recipient())
    return made, payload.getvalue()


def expected(made):
    """Say of a document what its owner's index and metadata say."""
    digest = hashlib.sha256(made.header).digest()
    return ExpectedDocument(made.stored, digest, made.name, made.content_sha256)


def opened(wanted, header, payload, identity=OWNER):
    """Open a document; whatever fails, nothing may be left."""
    out = io.BytesIO()
    try:
        document.decrypt_document(wanted, header, [identity], io.BytesIO(payload), out)
    except VaultError:
        assert out.getvalue() == b""
        raise
    return out.getvalue()


MADE, PAYLOAD = stored("avis.pdf", CONTENT)
WANTED = expected(MADE)


@settings(max_examples=cases(ci=100, slow=1_000, fast=30))
@given(st.text(max_size=40), st.binary(max_size=5_000), st.sampled_from([io.BytesIO, Drip, Pieces]))
def test_a_document_reads_back_under_its_cleaned_name(name, content, reader):
    made, payload = stored(name, content, reader(content))
    assert made.name == tar.clean_name(name)
    assert made.content_sha256 == hashlib.sha256(content).digest()
    assert (made.stored.size, made.stored.sha256) == (
        len(payload),
        hashlib.sha256(payload).digest(),
    )
    check_object_length(made.stored.size)
    assert opened(expected(made), made.header, payload) == content


@pytest.mark.parametrize("length", [0, 1, 511, 512, 65_536 - 512, 65_536, 262_144, 1_000_000])
def test_a_document_of_any_length_reads_back(length):
    content = random.Random(length).randbytes(length)  # noqa: S311
    made, payload = stored("é" * 60, content)
    assert opened(expected(made), made.header, payload) == content


def test_two_versions_of_one_content_share_neither_name_nor_key_nor_bytes():
    other, payload = stored("avis.pdf", CONTENT)
    assert other.stored.blob_id != MADE.stored.blob_id
    assert other.stored.fkc != MADE.stored.fkc
    assert payload[:64] != PAYLOAD[:64]


def test_contents_of_one_class_make_objects_of_one_length():
    assert (
        len({stored("x", bytes(length))[0].stored.size for length in range(100, 2_000, 300)}) == 1
    )


def test_a_grantee_opens_the_same_object_with_a_header_of_its_own():
    header = document.share_document(MADE.stored, MADE.header, [OWNER], SERVICE.recipient())
    assert len(header) == 1_627
    wanted = replace(WANTED, header_sha256=hashlib.sha256(header).digest())
    assert opened(wanted, header, PAYLOAD, SERVICE) == CONTENT
    with pytest.raises(NoMatchError):
        opened(wanted, header, PAYLOAD, OWNER)


def test_the_tar_command_unpacks_what_age_would_decrypt(tmp_path):
    if shutil.which("tar") is None:
        pytest.skip("tar is absent (Debian: tar)")
    made, payload = stored("été à la plage.pdf", CONTENT)
    file_key = detached.open_header(Header.parse(made.header), [OWNER])
    plain = io.BytesIO()
    stream.decrypt(file_key, io.BytesIO(payload), plain)
    command = ["tar", "-x", "-C", str(tmp_path), "-f", "-"]
    done = subprocess.run(command, input=plain.getvalue(), capture_output=True, check=True)
    assert done.stderr == b""
    [found] = tmp_path.iterdir()
    assert (found.name, found.read_bytes()) == ("été à la plage.pdf", CONTENT)


def forged(plain, blob_id=None):
    """Give the document that a dishonest author makes of this plaintext."""
    file_key, payload = FileKey.generate(), io.BytesIO()
    stream.encrypt(file_key, io.BytesIO(plain), payload)
    return described(file_key, payload.getvalue(), blob_id or bytes(16))


def described(file_key, payload, blob_id):
    """Say of a payload what an index would say."""
    header = write_header(file_key, [OWNER.recipient()]).encode()
    fkc = detached.commitment(file_key, blob_id)
    stored_ = StoredObject(blob_id, len(payload), hashlib.sha256(payload).digest(), fkc)
    digests = hashlib.sha256(header).digest(), "x", hashlib.sha256(b"one").digest()
    return ExpectedDocument(stored_, *digests), header, payload


PLAIN = tar.member_header("x", 3) + b"one" + bytes(509)
SECOND = tar.member_header("x", 3) + b"two" + bytes(509)
CLASS = tar.total_length("x", 3)


def test_the_honest_form_of_the_forgeries_below_opens():
    assert opened(*forged(PLAIN.ljust(CLASS, b"\0"))) == b"one"


@pytest.mark.parametrize(
    "plain",
    [
        pytest.param((PLAIN + SECOND).ljust(CLASS, b"\0"), id="a second member of the same name"),
        pytest.param(PLAIN.ljust(CLASS - 1, b"\0") + b"\1", id="a byte in the filling"),
        pytest.param(PLAIN[:515] + b"\1" + bytes(CLASS - 516), id="a byte after the content"),
        pytest.param(PLAIN.ljust(CLASS - 512, b"\0"), id="a class too short"),
        pytest.param(PLAIN.ljust(CLASS + 512, b"\0"), id="a class too long"),
        pytest.param(PLAIN[:512], id="a header alone"),
        pytest.param(PLAIN[:100], id="half a header"),
        pytest.param(b"", id="nothing"),
        pytest.param(bytes(CLASS), id="an empty tar"),
        pytest.param(b"%PDF-1.7".ljust(CLASS, b"\0"), id="no tar"),
    ],
)
def test_a_plaintext_in_another_form_is_refused_although_the_author_signed_it(plain):
    with pytest.raises(TarError):
        opened(*forged(plain))


def test_one_object_with_two_documents_is_refused_to_who_is_shown_the_second():
    """Two file keys open it; the object was committed to the first."""
    first, second = FileKey.generate(), FileKey.generate()
    payload, blob_id = two_plaintexts.build(first, second), b"b" * 16
    honest, _, _ = described(first, payload, blob_id)
    other, header, _ = described(second, payload, blob_id)
    swapped = replace(other, stored=honest.stored)
    with pytest.raises(CommitmentError):
        opened(swapped, header, payload)
    with pytest.raises(CommitmentError):
        document.share_document(honest.stored, header, [OWNER], SERVICE.recipient())


def test_a_payload_written_anew_by_a_former_grantee_is_refused():
    """It knows the file key, so every tag is right."""
    file_key, payload = detached.open_header(Header.parse(MADE.header), [OWNER]), io.BytesIO()
    content = CONTENT[:-1] + b"\0"
    plain = tar.member_header("avis.pdf", len(content)) + content
    whole = plain.ljust(tar.total_length("avis.pdf", len(content)), b"\0")
    stream.encrypt(file_key, io.BytesIO(whole), payload)
    with pytest.raises(CiphertextDigestError):
        opened(WANTED, MADE.header, payload.getvalue())


def test_headers_and_payloads_of_two_documents_do_not_mix():
    other, payload = stored("autre.pdf", CONTENT)
    with pytest.raises(HeaderDigestError):
        opened(WANTED, other.header, PAYLOAD)
    with pytest.raises(CommitmentError):
        opened(replace(WANTED, header_sha256=expected(other).header_sha256), other.header, PAYLOAD)
    with pytest.raises(PayloadError):
        opened(WANTED, MADE.header, payload)


def test_an_old_header_recombined_stanza_by_stanza_is_refused():
    one, two = (Header.parse(each.header) for each in (MADE, stored("y", b"")[0]))
    mixed = Header(one.stanzas, two.mac).encode()
    wanted = replace(WANTED, header_sha256=hashlib.sha256(mixed).digest())
    with pytest.raises(HeaderMacError):
        opened(wanted, mixed, PAYLOAD)


def test_a_classic_header_is_refused_for_a_document():
    file_key = detached.open_header(Header.parse(MADE.header), [OWNER])
    header = write_header(file_key, [X25519Identity(bytes(32)).recipient()]).encode()
    wanted = replace(WANTED, header_sha256=hashlib.sha256(header).digest())
    with pytest.raises(StanzaRefusedError):
        opened(wanted, header, PAYLOAD)


@pytest.mark.parametrize("end", [-1, 70_000, 16, 0], ids="cut at {}".format)
def test_an_object_cut_anywhere_is_refused(end):
    with pytest.raises((PayloadError, HeaderError)):
        opened(WANTED, MADE.header, PAYLOAD[:end])


def test_an_object_that_goes_on_after_its_length_is_refused():
    with pytest.raises(CiphertextDigestError):
        opened(WANTED, MADE.header, PAYLOAD + b"x")


def test_a_content_or_a_name_that_was_not_announced_is_refused():
    for wanted in (replace(WANTED, name="autre.pdf"), replace(WANTED, content_sha256=bytes(32))):
        with pytest.raises(ContentDigestError):
            opened(wanted, MADE.header, PAYLOAD)
    with pytest.raises(CiphertextDigestError):
        wrong = replace(MADE.stored, sha256=bytes(32))
        opened(replace(WANTED, stored=wrong), MADE.header, PAYLOAD)


def test_a_file_that_changes_while_it_is_read_is_refused():
    for length in (5, 3):
        with pytest.raises(SourceLengthError):
            document.encrypt_document(
                "x", length, io.BytesIO(b"four"), io.BytesIO(), OWNER.recipient()
            )
