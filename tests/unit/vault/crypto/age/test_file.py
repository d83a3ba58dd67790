"""Whole age files: round trips, refusals, changes."""

import io
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.budget import cases
from support.byte_streams import Drip, Pipe

from vault.crypto.age import file
from vault.crypto.age.detached import (
    HYBRID_ONLY,
    BadPassphraseError,
    Identity,
    MixedRecipientsError,
    NoMatchError,
    NoRecipientError,
    Recipient,
    StanzaRefusedError,
)
from vault.crypto.age.mlkem768x25519 import HybridIdentity, HybridRecipient
from vault.crypto.age.scrypt import EmptyPassphraseError, Passphrase
from vault.crypto.age.stream import PayloadError
from vault.crypto.age.x25519 import X25519Identity, X25519Recipient
from vault.errors import VaultError
from vault.format.bech32 import Bech32Error
from vault.format.header import HeaderError
from vault.format.sizes import payload_length

HYBRID, CLASSIC = HybridIdentity(bytes(range(32))), X25519Identity(bytes(range(32)))
SECRET = Passphrase("secret", log_n=2)
KINDS: list[tuple[Recipient, Identity]] = [
    (HYBRID.recipient(), HYBRID),
    (CLASSIC.recipient(), CLASSIC),
    (SECRET, SECRET),
]
EDGES = [0, 1, 65_535, 65_536, 65_537, 262_143, 262_144, 262_145, 327_680]


def encrypted(plain: bytes, *recipients: Recipient) -> bytes:
    """Give a whole age file."""
    out = io.BytesIO()
    file.encrypt(recipients, io.BytesIO(plain), out)
    return out.getvalue()


def decrypted(data: bytes, *identities: Identity, allowed: frozenset[str] | None = None) -> bytes:
    """Give its plaintext."""
    out = io.BytesIO()
    file.decrypt(identities, io.BytesIO(data), out, allowed)
    return out.getvalue()


@pytest.mark.parametrize("length", EDGES)
@pytest.mark.parametrize(("recipient", "identity"), KINDS, ids=["hybrid", "classic", "passphrase"])
def test_a_file_reads_back_at_every_edge_of_a_chunk(recipient, identity, length):
    plain = random.Random(length).randbytes(length)  # noqa: S311
    data = encrypted(plain, recipient)
    header, _ = file.read_header(io.BytesIO(data))
    assert len(data) == len(header.encode()) + payload_length(length)
    assert decrypted(data, identity) == plain


@settings(max_examples=cases(ci=100, slow=1_000, fast=25))
@given(st.binary(max_size=300), st.integers(1, 20))
def test_each_of_many_recipients_opens_alone(plain, count):
    identities = [X25519Identity.generate() for _ in range(count)]
    data = encrypted(plain, *(identity.recipient() for identity in identities))
    assert decrypted(data, identities[-1]) == plain
    out = io.BytesIO()
    both: list[Identity] = [HYBRID, identities[-1]]
    file.decrypt(iter(both), io.BytesIO(data), out)
    assert out.getvalue() == plain


def test_a_header_of_one_recipient_has_the_length_that_the_design_tells():
    assert len(encrypted(b"", HYBRID.recipient())) == 1_627 + 32
    assert len(encrypted(b"", CLASSIC.recipient())) == 168 + 32


def test_two_encryptions_of_one_plaintext_have_nothing_in_common_but_the_form():
    one, other = (encrypted(b"same", CLASSIC.recipient()) for _ in range(2))
    assert one[:31] == other[:31]
    assert one[40:] != other[40:]


def test_a_stranger_s_identity_opens_nothing():
    strangers = HybridIdentity.generate(), X25519Identity.generate()
    for recipient, _ in KINDS[:2]:
        data = encrypted(b"x", recipient)
        with pytest.raises(NoMatchError):
            decrypted(data, *strangers)


def test_a_wrong_passphrase_is_told_from_a_missing_identity():
    data = encrypted(b"x", SECRET)
    with pytest.raises(BadPassphraseError):
        decrypted(data, Passphrase("Secret"))
    with pytest.raises(BadPassphraseError):
        decrypted(data, HYBRID)


def test_recipients_of_different_strength_are_never_mixed():
    with pytest.raises(NoRecipientError):
        encrypted(b"")
    for asked in (
        (HYBRID.recipient(), CLASSIC.recipient()),
        (HYBRID.recipient(), SECRET),
        (SECRET, SECRET),
    ):
        with pytest.raises(MixedRecipientsError):
            encrypted(b"", *asked)


def test_a_context_that_allows_hybrid_stanzas_refuses_the_others_before_any_work():
    assert decrypted(encrypted(b"x", HYBRID.recipient()), HYBRID, allowed=HYBRID_ONLY) == b"x"
    for recipient, identity in KINDS[1:]:
        with pytest.raises(StanzaRefusedError):
            decrypted(encrypted(b"x", recipient), identity, allowed=HYBRID_ONLY)


def test_a_passphrase_is_not_empty_and_costs_what_a_reader_can_pay():
    with pytest.raises(EmptyPassphraseError):
        Passphrase("")
    for cost in (0, 23):
        with pytest.raises(HeaderError):
            Passphrase("x", log_n=cost)
    assert "secret" not in repr(SECRET)


@pytest.mark.parametrize("identity", [HYBRID, CLASSIC], ids=["hybrid", "classic"])
def test_keys_read_back_from_their_text(identity):
    assert file.parse_identity(identity.encode()) == identity
    assert file.parse_recipient(identity.recipient().encode()) == identity.recipient()


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param("age1qqqq", id="a wrong checksum"),
        pytest.param(CLASSIC.recipient().encode().upper(), id="a recipient in upper case"),
        pytest.param(CLASSIC.encode(), id="an identity"),
        pytest.param(HYBRID.recipient().encode()[:-1], id="a recipient cut short"),
    ],
)
def test_what_is_no_recipient_is_refused(text):
    with pytest.raises(Bech32Error):
        file.parse_recipient(text)
    with pytest.raises(Bech32Error):
        file.parse_identity(text.lower())


def test_a_key_of_one_kind_is_not_read_as_the_other():
    for parse, text in (
        (HybridRecipient.parse, CLASSIC.recipient().encode()),
        (HybridIdentity.parse, CLASSIC.encode()),
        (HybridIdentity.parse, HYBRID.encode().lower()),
        (X25519Recipient.parse, HYBRID.recipient().encode()),
        (X25519Identity.parse, HYBRID.encode()),
    ):
        with pytest.raises(Bech32Error):
            parse(text)


def test_a_passphrase_that_is_no_utf_8_is_taken_as_its_bytes():
    odd = Passphrase(b"caf\xe9".decode("utf-8", "surrogateescape"), log_n=2)
    assert decrypted(encrypted(b"x", odd), odd) == b"x"


def test_a_public_key_that_is_none_is_refused():
    for wrong in (b"", bytes(31), bytes(32)):
        with pytest.raises(Bech32Error):
            encrypted(b"", X25519Recipient(wrong))
    mlkem = HYBRID.recipient().public[:1184]
    for wrong in (b"", b"\xff" * 1216, mlkem + bytes(32)):
        with pytest.raises(Bech32Error):
            encrypted(b"", HybridRecipient(wrong))


def test_every_bit_of_a_small_file_counts():
    data = encrypted(b"short", CLASSIC.recipient())
    for bit in range(len(data) * 8):
        changed = bytearray(data)
        changed[bit // 8] ^= 1 << bit % 8
        with pytest.raises(VaultError):
            decrypted(bytes(changed), CLASSIC)


def test_a_file_cut_anywhere_is_refused_and_leaves_nothing():
    data = encrypted(bytes(70_000), HYBRID.recipient())
    pick = random.Random(7)  # noqa: S311
    for end in [0, 1627, 1643, 1659, len(data) - 1, *pick.choices(range(len(data)), k=40)]:
        out = io.BytesIO()
        with pytest.raises((HeaderError, PayloadError)):
            file.decrypt([HYBRID], io.BytesIO(data[:end]), out)
        assert out.getvalue() == b""


@settings(max_examples=cases(ci=2_000, slow=20_000))
@given(st.integers(0, 3), st.integers(0, 3), st.sampled_from(["swap", "repeat", "drop"]))
def test_chunks_swapped_repeated_or_dropped_are_refused(one, other, act):
    header, start = WHOLE[:END], WHOLE[END : END + 16]
    chunks = [WHOLE[END + 16 + 65_552 * at :][:65_552] for at in range(4)]
    if act == "swap":
        chunks[one], chunks[other] = chunks[other], chunks[one]
    elif act == "repeat":
        chunks.insert(one, chunks[other])
    else:
        del chunks[one]
    data = header + start + b"".join(chunks)
    if data == WHOLE:
        return
    out = Pipe()
    with pytest.raises(PayloadError):
        file.decrypt([CLASSIC], io.BytesIO(data), out)
    assert PLAIN.startswith(out.data)


PLAIN = random.Random(3).randbytes(65_536 * 3 + 100)  # noqa: S311
WHOLE = encrypted(PLAIN, CLASSIC.recipient())
END = len(WHOLE) - payload_length(len(PLAIN))


def test_armor_is_found_by_itself_and_a_slow_source_changes_nothing():
    text = io.BytesIO()
    sink = file.ArmorSink(text)
    file.encrypt([CLASSIC.recipient()], Drip(b"slow"), sink)
    sink.finish()
    assert text.getvalue().startswith(b"-----BEGIN AGE ENCRYPTED FILE-----\n")
    for source in (io.BytesIO(text.getvalue()), Drip(b"\n" + text.getvalue())):
        out = io.BytesIO()
        file.decrypt([CLASSIC], file.binary(source), out)
        assert out.getvalue() == b"slow"
    out = io.BytesIO()
    file.decrypt([CLASSIC], file.binary(Drip(WHOLE)), out)
    assert out.getvalue() == PLAIN


def test_a_source_without_end_is_not_read_for_ever():
    class Endless:
        given = 0

        def readinto(self, buffer):
            buffer[:] = (b"age-encryption.org/v1\n" * 4096)[: len(buffer)]
            self.given += len(buffer)
            return len(buffer)

    endless = Endless()
    with pytest.raises(HeaderError):
        file.read_header(endless)
    assert endless.given <= 70_000


def test_a_source_that_does_not_wait_is_no_end():
    class Impatient:
        def readinto(self, _buffer):
            return None

    with pytest.raises(BlockingIOError):
        file.encrypt([CLASSIC.recipient()], Impatient(), io.BytesIO())
