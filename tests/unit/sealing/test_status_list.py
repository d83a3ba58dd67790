"""Token status lists: the states of many letters in one signed list."""

import json
import zlib
from base64 import b64encode, urlsafe_b64decode, urlsafe_b64encode
from functools import cache
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from hypothesis import given, settings
from hypothesis import strategies as st
from joserfc import jws
from joserfc.jwk import ECKey
from support.bars import bounded
from support.budget import cases

from sealing.proofs.status_list import (
    MAX_BYTES,
    MAX_INFLATED,
    Claims,
    NoSlotError,
    ParsedStatusList,
    Slots,
    StatusListError,
    StatusSignatureError,
    issue,
    verify,
)

SUB = "https://ville.example/status/1"
# The two lists that the draft of the IETF prints, with their states.
PUBLISHED = [
    (1, "eNrbuRgAAhcBXQ", [1, 0, 0, 1, 1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1]),
    (2, "eNo76fITAAPfAgc", [1, 2, 0, 3, 0, 1, 0, 1, 1, 2, 3, 3]),
]


@cache
def key():
    return ec.generate_private_key(ec.SECP256R1())


def sign(data, own=None):
    r, s = decode_dss_signature((own or key()).sign(data, ec.ECDSA(hashes.SHA256())))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def encoded(data):
    return urlsafe_b64encode(data).rstrip(b"=")


def token(claims, header=None, *, unsigned=False):
    """Sign any claims, by no hand of ours."""
    head = header or {"alg": "ES256", "kid": "status", "typ": "statuslist+jwt"}
    parts = [one if isinstance(one, bytes) else json.dumps(one).encode() for one in (head, claims)]
    signed = b".".join(map(encoded, parts))
    return signed + b"." + encoded(bytes(64) if unsigned else sign(signed))


def lst(content):
    return encoded(zlib.compress(content)).decode()


GOOD: dict[str, Any] = {
    "sub": SUB,
    "iat": 1_795_000_000,
    "status_list": {"bits": 2, "lst": lst(b"\xc9")},
}


@pytest.mark.parametrize(("bits", "text", "states"), PUBLISHED)
def test_the_published_lists_say_what_is_published(bits, text, states):
    claims = ParsedStatusList.parse(token({**GOOD, "status_list": {"bits": bits, "lst": text}}))
    slots = claims.claims.slots
    assert [slots.state(place) for place in range(len(slots))] == states
    assert Slots.of(len(states), dict(enumerate(states)), bits) == slots


@given(
    st.sampled_from([1, 2, 4, 8]),
    st.integers(1, 500),
    st.dictionaries(st.integers(0, 499), st.integers(0, 255), max_size=30),
    st.none() | st.integers(2, 10**9),
)
@settings(max_examples=cases(ci=500, slow=5_000))
def test_what_is_issued_reads_back_and_is_proved(bits, size, drawn, exp):
    marked = {place: state % (1 << bits) for place, state in drawn.items() if place < size}
    claims = Claims(SUB, 1, Slots.of(size, marked, bits), exp, ttl=exp)
    parsed = ParsedStatusList.parse(issue(claims, "status", sign))
    assert (parsed.kid, verify(parsed, key().public_key())) == ("status", claims)
    found = verify(parsed, key().public_key()).slots
    assert len(found) >= size
    assert {at: found.state(at) for at in range(size) if found.state(at)} == {
        at: state for at, state in marked.items() if state
    }


def test_another_library_verifies_our_list():
    claims = Claims(SUB, 1, Slots.of(100, {7: 1}))
    data = issue(claims, "status", sign)
    found = jws.deserialize_compact(data, ECKey.import_key(key().public_key()))
    assert found.protected == {"alg": "ES256", "kid": "status", "typ": "statuslist+jwt"}
    assert json.loads(found.payload)["status_list"]["bits"] == 2


def test_a_long_list_with_few_marks_takes_little_room():
    slots = Slots.of(65_536, {7: 1, 30_000: 2, 65_535: 3})
    assert len(zlib.compress(slots.content, 9)) <= 200
    assert len(issue(Claims(SUB, 1, slots), "status", sign)) < 500


@pytest.mark.parametrize("place", [-1, 4, 10**9])
def test_a_slot_outside_the_list_is_no_answer(place):
    with pytest.raises(NoSlotError):
        Slots(b"\xc9").state(place)


@pytest.mark.parametrize("marked", [{-1: 0}, {4: 1}, {0: 4}, {0: -1}])
def test_what_does_not_fit_a_list_is_not_written(marked):
    with pytest.raises(NoSlotError):
        Slots.of(4, marked)


def test_a_list_signed_by_another_key_or_changed_is_not_believed():
    data = issue(Claims(SUB, 1, Slots.of(8, {1: 1})), "status", sign)
    other = ec.generate_private_key(ec.SECP256R1()).public_key()
    with pytest.raises(StatusSignatureError):
        verify(ParsedStatusList.parse(data), other)
    # A curve whose numbers are as long, and which ES256 does not mean.
    foreign = ec.generate_private_key(ec.SECP256K1())
    data = issue(Claims(SUB, 1, Slots.of(8, {1: 1})), "status", lambda one: sign(one, foreign))
    with pytest.raises(StatusSignatureError):
        verify(ParsedStatusList.parse(data), foreign.public_key())


def test_no_character_of_a_list_can_be_changed():
    data = issue(Claims(SUB, 1, Slots.of(8, {1: 1})), "status", sign)
    for place in range(len(data)):
        for other in b"AB_.":
            changed = data[:place] + bytes((other,)) + data[place + 1 :]
            if changed == data:
                continue
            with pytest.raises((StatusListError, StatusSignatureError)):
                verify(ParsedStatusList.parse(changed), key().public_key())


def without(name):
    return {one: value for one, value in GOOD.items() if one != name}


def listed(**members):
    return {**GOOD, "status_list": {**GOOD["status_list"], **members}}


def bomb():
    """Give what a token holds at most, and would become 540 MiB: zeros, over and over."""
    stream = zlib.compressobj(9)
    head = stream.compress(bytes(1 << 20)) + stream.flush(zlib.Z_FULL_FLUSH)
    block = stream.compress(bytes(1 << 20)) + stream.flush(zlib.Z_FULL_FLUSH)
    return head + block * 540


HEADER = {"alg": "ES256", "typ": "statuslist+jwt"}
REFUSED = {
    "nothing": (b"", "form"),
    "two parts": (b"e30.e30", "form"),
    "too large": (b"A" * (MAX_BYTES + 1), "too-large"),
    "padding": (b"e30=.e30.AA", "base64"),
    "bits behind the end": (b"e31.e30.AA", "base64"),
    "no JSON": (token(b"{"), "json"),
    "no object": (token(b"[]"), "json"),
    "a constant": (token(b'{"iat":NaN}'), "json"),
    "no UTF-8": (token(b'"\xff"'), "json"),
    "a name twice": (token(b'{"sub":"a","sub":"b"}'), "json"),
    "deeper than anybody needs": (token(b"[" * 100_000), "json"),
    "another type": (token(GOOD, {**HEADER, "typ": "JWT"}), "header"),
    "no signature's algorithm": (token(GOOD, {**HEADER, "alg": "none"}), "header"),
    "crit": (token(GOOD, {**HEADER, "crit": ["b64"]}), "header"),
    "a key's name that is none": (token(GOOD, {**HEADER, "kid": 7}), "header"),
    "a short signature": (token(GOOD).rsplit(b".", 1)[0] + b".AAAA", "header"),
    "no address": (token(without("sub")), "claims"),
    "an address of control signs": (token({**GOOD, "sub": "a\x07"}), "claims"),
    "no date": (token(without("iat")), "claims"),
    "a date that is true": (token({**GOOD, "iat": True}), "claims"),
    "a date of parts": (token({**GOOD, "iat": 1.5}), "claims"),
    "a date that is null": (token({**GOOD, "exp": None}), "claims"),
    "an end before the date": (token({**GOOD, "exp": GOOD["iat"]}), "claims"),
    "no list": (token(without("status_list")), "claims"),
    "three bits": (token(listed(bits=3)), "claims"),
    "bits that are true": (token(listed(bits=True)), "claims"),
    "no slots": (token(listed(lst=7)), "claims"),
    "slots of other signs": (token(listed(lst="é")), "base64"),
    "no zlib": (token(listed(lst="AAAA")), "zlib"),
    "an empty list": (token(listed(lst=lst(b""))), "zlib"),
    "zlib cut short": (token(listed(lst=encoded(zlib.compress(b"x")[:-1]).decode())), "zlib"),
    "zlib followed": (token(listed(lst=encoded(zlib.compress(b"x") + b"y").decode())), "zlib"),
    "a bomb": (token(listed(lst=encoded(bomb()).decode())), "too-large"),
    "one byte too many": (token(listed(lst=lst(bytes(MAX_INFLATED + 1)))), "too-large"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_list_is_refused(name):
    data, why = REFUSED[name]
    assert name == "too large" or len(data) <= MAX_BYTES
    with bounded(), pytest.raises(StatusListError) as caught:
        ParsedStatusList.parse(data)
    assert caught.value.details["why"] == why


def test_names_that_we_do_not_know_say_nothing():
    more = {**listed(aggregation_uri="https://x.example"), "iss": "somebody"}
    assert ParsedStatusList.parse(token(more)).claims.slots.state(1) == 2


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "sub": VALUES | st.just(SUB),
            "iat": VALUES | st.just(1),
            "exp": VALUES,
            "ttl": VALUES,
            "status_list": VALUES
            | st.fixed_dictionaries(
                {"bits": VALUES | st.just(2), "lst": VALUES | st.binary().map(lst)}
            ),
        },
    )
    | st.binary(max_size=60)
)
@settings(max_examples=cases(ci=5_000, slow=100_000, fast=300))
def test_whatever_the_claims_a_list_is_read_or_refused(claims):
    data = token(claims, unsigned=True)
    with bounded():
        try:
            parsed = ParsedStatusList.parse(data)
        except StatusListError:
            return
    slots = parsed.claims.slots
    assert slots.state(0) < 1 << slots.bits


@given(st.binary(max_size=200))
def test_whatever_the_bytes_they_are_refused(data):
    with pytest.raises(StatusListError):
        ParsedStatusList.parse(data)


CHAIN = [b"\x30" * 40, b"\x31" * 41]


def test_certificates_travel_in_the_header_and_come_back():
    claims = Claims(SUB, 1_795_000_000, Slots(b"\xc9"))
    written = issue(claims, "status", sign, CHAIN)
    assert list(ParsedStatusList.parse(written).certificates) == CHAIN
    assert ParsedStatusList.parse(issue(claims, "status", sign)).certificates == ()
    head = json.loads(urlsafe_b64decode(written.split(b".")[0] + b"=="))
    assert head["x5c"][0] == b64encode(CHAIN[0]).decode()  # base64, not base64url (RFC 7515)


@pytest.mark.parametrize(
    "wrong",
    [
        "MDAw",
        {"0": "MDAw"},
        None,
        ["MDAw"] * 5,
        [1],
        [""],
        ["MDA"],
        ["MDAw\n"],
        ["MDB="],
        ["_-_-"],
        ["é"],
        [b64encode(bytes(8_193)).decode()],
    ],
    ids=str,
)
def test_certificates_in_another_form_or_too_many_are_refused(wrong):
    head = {"alg": "ES256", "kid": "status", "typ": "statuslist+jwt", "x5c": wrong}
    with pytest.raises(StatusListError) as caught:
        ParsedStatusList.parse(token(GOOD, head))
    assert caught.value.details["why"] == "certificates"


def test_certificates_that_no_reader_would_take_are_not_written():
    claims = Claims(SUB, 1_795_000_000, Slots(b"\xc9"))
    for chain in ([b"x"] * 5, [b""], [bytes(8_193)]):
        with pytest.raises(StatusListError):
            issue(claims, "status", sign, chain)
