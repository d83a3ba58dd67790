"""Signed messages: what is proved may be read, and nothing else."""

import base64
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jws
from joserfc.jwk import ECKey
from support.shared import shared

from vault.format.canonical import to_base64url
from vault.format.signed_message import (
    MessageError,
    MessageSignatureError,
    MessageSigner,
    MessageTypeError,
    ParsedMessage,
    PublicKey,
    digest,
    load_object,
    sign,
)

TYP = "coffre-test+jwt"
PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
KEY = PublicKey(PRIVATE.public_key().public_bytes_raw())
SIGNER = MessageSigner(KEY, PRIVATE.sign)
OTHER = PublicKey(Ed25519PrivateKey.from_private_bytes(bytes(32)).public_key().public_bytes_raw())


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def forged(head: dict[str, Any] | bytes, payload: dict[str, Any] | bytes) -> str:
    """Sign whatever it is, as nobody of ours would."""
    encoded = [
        part if isinstance(part, bytes) else json.dumps(part).encode() for part in (head, payload)
    ]
    text = ".".join(b64(part) for part in encoded)
    return f"{text}.{b64(PRIVATE.sign(text.encode()))}"


def header(**changes: object) -> dict[str, Any]:
    return {"alg": "Ed25519", "typ": TYP, "kid": KEY.thumbprint} | changes


names = st.text(st.characters(codec="utf-8"), max_size=8)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | names,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(names, values, max_size=5))
def test_what_was_signed_is_read_back(claims):
    token = sign(TYP, claims, SIGNER)
    message = ParsedMessage.parse(token).verify(TYP, KEY)
    assert message.claims == claims
    assert message.digest == digest(token)


def test_another_library_verifies_what_we_sign_and_the_other_way_round():
    theirs = ECKey.generate_key("P-256", private=True)
    jwk = theirs.as_dict(private=False)
    key = PublicKey.parse({name: jwk[name] for name in ("kty", "crv", "x", "y")})
    token = jws.serialize_compact(
        {"alg": "ES256", "typ": TYP, "kid": theirs.thumbprint()}, b'{"a":1}', theirs
    )
    assert key.thumbprint == theirs.thumbprint()
    assert ParsedMessage.parse(token).verify(TYP, key).claims == {"a": 1}


def test_the_vectors_of_the_consent_messages_verify_under_their_keys():
    vector = json.loads(shared("design/schemas/vectors/delivery.json").read_text("utf-8"))
    register, service = (PublicKey.parse(vector[f"{who}_key"]) for who in ("register", "service"))
    ParsedMessage.parse(vector["registration"]).verify("coffre-registration+jwt", register)
    request = ParsedMessage.parse(vector["request"]).verify("coffre-request+jwt", service)
    grant = ParsedMessage.parse(vector["grant"])
    assert grant.jwk is not None
    assert grant.verify("coffre-grant+jwt", grant.jwk).claims["request"] == request.digest


def test_nothing_is_read_before_it_is_proved():
    parsed = ParsedMessage.parse(sign(TYP, {"secret": "x"}, SIGNER))
    assert not hasattr(parsed, "claims")
    assert "secret" not in repr(parsed)


def test_another_type_is_refused_before_the_signature_is_looked_at():
    with pytest.raises(MessageTypeError):
        ParsedMessage.parse(sign(TYP, {}, SIGNER)).verify("coffre-grant+jwt", OTHER)


def test_another_key_and_a_changed_byte_are_refused():
    token = sign(TYP, {"a": 1}, SIGNER)
    with pytest.raises(MessageSignatureError):
        ParsedMessage.parse(token).verify(TYP, OTHER)
    claimed = forged(header(kid=OTHER.thumbprint), {})
    for key in (OTHER, KEY):
        with pytest.raises(MessageSignatureError):
            ParsedMessage.parse(claimed).verify(TYP, key)
    head, _, signature = token.split(".")
    other = b64(b'{"a":2}')
    changed = f"{head}.{other}.{signature}"
    with pytest.raises(MessageSignatureError):
        ParsedMessage.parse(changed).verify(TYP, KEY)


def test_a_message_that_carries_its_key_carries_the_one_it_names():
    token = sign(TYP, {}, SIGNER, carry_key=True)
    assert ParsedMessage.parse(token).jwk == KEY
    with pytest.raises(MessageError):
        ParsedMessage.parse(forged(header(jwk=OTHER.to_jwk()), {}))


def test_the_digest_of_a_message_does_not_depend_on_its_signature():
    head, payload, _ = (token := sign(TYP, {}, SIGNER)).split(".")
    assert digest(f"{head}.{payload}.{b64(bytes(64))}") == digest(token)
    assert digest(f"{head}.{b64(b'{ }')}.{b64(bytes(64))}") != digest(token)


DEEP = b'{"a":' * 12 + b"{}" + b"}" * 12


@pytest.mark.parametrize(
    ("head", "payload"),
    [
        (header(alg="none"), {}),
        (header(alg="HS256"), {}),
        (header(alg="EdDSA"), {}),
        (header(alg="RS256"), {}),
        (header(crit=["b64"], b64=False), {}),
        (header(jku="https://evil.example"), {}),
        (header(x5u="https://evil.example"), {}),
        (header(x5c=[]), {}),
        (header(typ=None), {}),
        (header(kid=7), {}),
        ({"alg": "Ed25519", "typ": TYP}, {}),
        (b'{"alg":"Ed25519","alg":"none","typ":"x","kid":"y"}', {}),
        (header(jwk="x"), {}),
        (header(jwk={**KEY.to_jwk(), "d": "AAAA"}), {}),
        (header(jwk={"kty": "RSA", "n": "AQAB", "e": "AQAB"}), {}),
        (b"[]", {}),
        (b"", {}),
        (b"\xff", {}),
        (header(), b"[]"),
        (header(), b'{"a":1,"a":1}'),
        (header(), b'{"a":{"b":1,"b":2}}'),
        (header(), b'{"a":1.0}'),
        (header(), b'{"a":1e3}'),
        (header(), b'{"a":NaN}'),
        (header(), b'{"a":-Infinity}'),
        (header(), b'{"a":9007199254740992}'),
        (header(), b'{"a":' + b"9" * 5000 + b"}"),
        (header(), b'{"a":"\\ud800"}'),
        (header(), b'{"\\udfff":1}'),
        (header(), DEEP),
        (header(), b'{"a":' + b"[" * 20_000 + b"]" * 20_000 + b"}"),
        (header(), b'{"a":1}{}'),
        (header(), b"\xef\xbb\xbf{}"),
    ],
)
def test_what_is_no_message_of_ours_is_refused_although_it_is_signed(head, payload):
    with pytest.raises(MessageError):
        ParsedMessage.parse(forged(head, payload))


def test_twelve_levels_are_read():
    assert load_object(b'{"a":' * 11 + b"{}" + b"}" * 11)


GOOD = sign(TYP, {"a": 1}, SIGNER)


@pytest.mark.parametrize(
    "token",
    [
        "",
        "..",
        GOOD + ".",
        GOOD + "=",
        GOOD[:-1],
        GOOD[:-2],
        GOOD.replace(".", "..", 1),
        " " + GOOD,
        GOOD + "\n",
        GOOD.replace(".", ".\n", 1),
        "é" + GOOD,
        "A" * 70_000,
        GOOD[:-1] + chr(ord(GOOD[-1]) + 1),
    ],
)
def test_a_token_in_another_form_is_refused(token):
    with pytest.raises(MessageError):
        ParsedMessage.parse(token)


@pytest.mark.parametrize(
    "jwk",
    [
        None,
        {},
        {"kty": "OKP", "crv": "X25519", "x": to_base64url(KEY.x)},
        {"kty": "OKP", "crv": "Ed25519", "x": to_base64url(KEY.x) + "="},
        {"kty": "OKP", "crv": "Ed25519", "x": to_base64url(b"short")},
        {**KEY.to_jwk(), "kid": "x"},
        {"kty": "EC", "crv": "P-384", "x": to_base64url(KEY.x), "y": to_base64url(KEY.x)},
    ],
)
def test_only_p256_and_ed25519_are_keys(jwk):
    with pytest.raises(MessageError):
        PublicKey.parse(jwk)


def test_a_point_that_is_not_on_the_curve_verifies_nothing():
    key = PublicKey(bytes(32), bytes(32))
    text = f"{b64(json.dumps(header(alg='ES256', kid=key.thumbprint)).encode())}.{b64(b'{}')}"
    with pytest.raises(MessageSignatureError):
        ParsedMessage.parse(f"{text}.{b64(bytes(64))}").verify(TYP, key)
