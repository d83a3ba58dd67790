"""The address of a key on a token (RFC 7512)."""

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealing.signers.token_errors import PinInUriError, TokenUriError
from sealing.signers.token_uri import TokenUri

MODULE = "module-path=/usr/lib/p11.so"

# Section 2.3: what may stand for itself in the path, and in the query.
PATH = ":[]@!$'()*+,=&"
QUERY = ":[]@!$'()*+,=/?|"
TEXTS = {
    "token": "token",
    "manufacturer": "manufacturer",
    "serial": "serial",
    "model": "model",
    "library-manufacturer": "library_manufacturer",
    "library-description": "library_description",
    "slot-manufacturer": "slot_manufacturer",
    "slot-description": "slot_description",
    "object": "label",
}


def test_an_address_says_where_the_key_is():
    text = (
        "pkcs11:token=Mairie%20de%20Valbourg;serial=0a1b;object=cachet;id=%01%FF;type=private;"
        f"slot-id=327;library-version=2.6?{MODULE}&pin-source=file:/etc/coffre/pin"
    )
    uri = TokenUri.parse(text)
    assert uri == TokenUri(
        module="/usr/lib/p11.so",
        label="cachet",
        id=b"\x01\xff",
        token="Mairie de Valbourg",  # noqa: S106 - a label
        serial="0a1b",
        slot_id=327,
        library_version=(2, 6),
        pin_source="/etc/coffre/pin",
    )


@given(
    st.dictionaries(st.sampled_from(sorted(TEXTS)), st.text(max_size=40)),
    st.none() | st.binary(max_size=40),
    st.none() | st.integers(0, 2**64 - 1),
    st.randoms(use_true_random=False),
)
def test_what_is_written_as_the_rfc_says_is_read_back(texts, number, slot, order):
    pieces = [f"{key}={quote(value, safe=PATH)}" for key, value in texts.items()]
    if number is not None:
        pieces.append("id=" + "".join(f"%{byte:02x}" for byte in number))
    if slot is not None:
        pieces.append(f"slot-id={slot}")
    order.shuffle(pieces)
    uri = TokenUri.parse(f"pkcs11:{';'.join(pieces)}?{MODULE}")
    assert {key: getattr(uri, field) for key, field in TEXTS.items()} == {
        key: texts.get(key) for key in TEXTS
    }
    assert (uri.id, uri.slot_id) == (number, slot)


@given(st.text(max_size=60), st.text(max_size=60))
def test_paths_with_whatever_characters_are_read_back(module, pin):
    module, pin = (f"/{text}".replace("\0", "") for text in (module, pin))
    text = f"pkcs11:?pin-source=file:{quote(pin, safe=QUERY)}&module-path={quote(module, QUERY)}"
    if pin.startswith("//"):
        return  # the beginning of a host's name
    uri = TokenUri.parse(text)
    assert (uri.module, uri.pin_source) == (module, pin)


@given(st.text(max_size=200))
def test_any_text_is_an_address_or_an_error_of_ours(text):
    for whole in (text, f"pkcs11:{text}", f"pkcs11:?{text}", f"pkcs11:{text}?{MODULE}"):
        try:
            TokenUri.parse(whole)
        except (TokenUriError, PinInUriError):
            continue


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("", "pkcs11:"),
        ("PKCS11:token=a", "pkcs11:"),
        ("pkcs11:token=a", "module-path"),
        ("pkcs11:token=a?", "?"),
        ("pkcs11:token=a?module-name=softhsm2", "module-name"),
        ("pkcs11:token=a?module-path=p11.so", "module-path"),
        ("pkcs11:token=a?module-path=/a%00b", "module-path"),
        (f"pkcs11:tokn=a?{MODULE}", "tokn"),
        (f"pkcs11:x-vendor=a?{MODULE}", "x-vendor"),
        (f"pkcs11:token=a;token=b?{MODULE}", "token"),
        (f"pkcs11:token=a;?{MODULE}", ""),
        (f"pkcs11:;token=a?{MODULE}", ""),
        (f"pkcs11:token?{MODULE}", "token"),
        (f"pkcs11:token=a/b?{MODULE}", "token"),
        (f"pkcs11:token=a b?{MODULE}", "token"),
        (f"pkcs11:token=a%2?{MODULE}", "token"),
        (f"pkcs11:token=%ff?{MODULE}", "token"),
        (f"pkcs11:token=é?{MODULE}", "token"),
        (f"pkcs11:type=cert?{MODULE}", "type"),
        (f"pkcs11:slot-id=-1?{MODULE}", "slot-id"),
        (f"pkcs11:slot-id=٣?{MODULE}", "slot-id"),
        (f"pkcs11:slot-id=%D9%A3?{MODULE}", "slot-id"),
        (f"pkcs11:library-version=2.x?{MODULE}", "library-version"),
        (f"pkcs11:?{MODULE}&{MODULE}", "module-path"),
        (f"pkcs11:?{MODULE}&pin-source=|/usr/bin/pin", "pin-source"),
        (f"pkcs11:?{MODULE}&pin-source=file:pin", "pin-source"),
        (f"pkcs11:?{MODULE}&pin-source=file://elsewhere/pin", "pin-source"),
        (f"pkcs11:?{MODULE}&pin-source=https://a/pin", "pin-source"),
        (f"pkcs11:?{MODULE}#", "module-path"),
        (f"pkcs11:token={'a' * 4096}?{MODULE}", "pkcs11:"),
    ],
)
def test_an_address_that_says_something_else_is_refused_by_its_part(text, part):
    with pytest.raises(TokenUriError) as caught:
        TokenUri.parse(text, "seal")
    assert caught.value.details == {"name": "seal", "part": part}


def test_a_pin_in_an_address_is_refused_and_not_repeated():
    with pytest.raises(PinInUriError) as caught:
        TokenUri.parse(f"pkcs11:token=a?{MODULE}&pin-value=4321", "seal")
    assert "4321" not in f"{caught.value} {caught.value.details}"


@pytest.mark.parametrize("scheme", ["", "file:", "file://", "file://localhost"])
def test_the_file_of_a_pin_is_a_path_or_a_file_uri_of_this_machine(scheme):
    uri = TokenUri.parse(f"pkcs11:?{MODULE}&pin-source={scheme}/etc/pin")
    assert uri.pin_source == "/etc/pin"
