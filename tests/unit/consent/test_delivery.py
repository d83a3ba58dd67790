"""A package and its documents, built and opened; and every attack that one check alone stops."""

import base64
import io
import json
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.budget import cases
from support.delivery import CONTENT, NOW, Citizen, Service, signer
from support.shared import shared

from consent.client import delivery, opening, package
from consent.client.delivery import Choice, PersonKeys, Terms
from consent.client.opening import (
    CiphertextForeignError,
    ContentForeignError,
    DocumentUnreadableError,
    FileKeyForeignError,
    HeaderForeignError,
    ManifestDigestError,
    Opener,
    PackageDigestError,
    Reader,
)
from consent.client.package import PackageUnreadableError
from consent.messages import chain, grant, manifest, screen
from consent.messages.grant import Grant, GrantInvalidError, Status
from consent.messages.manifest import Manifest, ManifestForeignError, MemberDigestError
from consent.messages.request import Request
from consent.messages.screen import ScreenError
from consent.states import GrantExpiredError
from vault.crypto import tar
from vault.crypto.account.identity_bundle import PairSeed
from vault.crypto.account.pairwise import pairwise_signer
from vault.crypto.age.detached import write_header
from vault.crypto.age.mlkem768x25519 import HybridIdentity
from vault.crypto.document import share_document
from vault.crypto.keys import FileKey
from vault.format.canonical import from_base64url
from vault.format.signed_message import PublicKey, sign

REGISTER = signer()
SERVICE = Service(register=REGISTER)
ASKED = Request.verify(SERVICE.request(), REGISTER.key)
CITIZEN = Citizen()
OWN, PAYLOAD = CITIZEN.document()
SENT = CITIZEN.answer(ASKED, OWN)
GIVEN = Grant.verify(SENT.grant)
READER = Reader(ASKED, [SERVICE.identity], None, NOW)


@dataclass
class Parcel:
    """What a service gets, to be spoiled."""

    grant: str = SENT.grant
    package: bytes = SENT.package
    header: bytes = next(iter(SENT.headers.values()))
    payload: bytes = PAYLOAD
    reader: Reader = READER

    def open(self) -> bytes:
        """Open everything, as the service does."""
        opened = opening.open_package(self.reader, self.grant, self.package)
        sink = io.BytesIO()
        for item in opened.manifest.items:
            opener = Opener(self.reader.identities, sink)
            opening.open_document(opened, item, self.header, io.BytesIO(self.payload), opener)
        return sink.getvalue()


def resigned(**changed) -> str:
    """Sign the grant's members again, some changed, with the person's own key."""
    claims = json.loads(from_base64url(SENT.grant.split(".")[1]))
    return grant.issue({**claims, **changed}, CITIZEN.signer(SERVICE.address))


def repacked(change=lambda _: None, recipient=None, held=None) -> Parcel:
    """Build the package again from changed members, and sign a grant that names it."""
    members = package.open_members(SENT.package, [SERVICE.identity])
    change(members)
    listing = held or members[manifest.NAME]
    members[manifest.NAME] = listing
    packed = package.close(list(members.items()), recipient or SERVICE.identity.recipient())
    names = {"sha256": chain.digest_of(packed), "size": len(packed)}
    token = resigned(package=names, manifest=chain.digest_of(listing))
    return Parcel(grant=token, package=packed)


def held(**changed) -> bytes:
    """Give the manifest with changed members."""
    members = package.open_members(SENT.package, [SERVICE.identity])
    return chain.encode({**json.loads(members[manifest.NAME]), **changed})


def test_what_is_handed_over_opens_for_the_service_and_nobody_else():
    assert Parcel().open() == CONTENT
    stranger = replace(READER, identities=[HybridIdentity.generate()])
    with pytest.raises(PackageUnreadableError):
        Parcel(reader=stranger).open()
    with pytest.raises(PackageUnreadableError):
        Parcel(reader=replace(READER, identities=[CITIZEN.identity])).open()


def test_the_same_object_is_named_and_not_encrypted_again():
    [stored] = GIVEN.stored
    assert stored.blob_id == base64.urlsafe_b64encode(OWN.stored.blob_id).decode().rstrip("=")
    assert from_base64url(stored.sha256) == OWN.stored.sha256
    assert len(SENT.headers[stored.blob_id]) == 1627


def test_one_document_answers_two_requirements_as_one_object():
    choices = [
        Choice("address", "proof-of-address", "income-tax-notice", "declared", OWN),
        Choice("income", "income", "income-tax-notice", "declared", OWN),
    ]
    keys = PersonKeys([CITIZEN.identity], CITIZEN.signer(SERVICE.address))
    terms = Terms(NOW, NOW + timedelta(days=1), Status(1, "https://coffre.example/status/grants"))
    sent = delivery.build(ASKED, choices, keys, terms)
    opened = opening.open_package(READER, sent.grant, sent.package)
    assert len(opened.grant.stored) == 1
    assert {item.req for item in opened.manifest.items} == {"address", "income"}


OTHER = Service(register=REGISTER, address="https://other.example/pool")
OTHER_ASKED = Request.verify(OTHER.request(), REGISTER.key)
SECOND = Request.verify(SERVICE.request(), REGISTER.key)
ELSEWHERE = CITIZEN.answer(OTHER_ASKED, OWN)
AGAIN = CITIZEN.answer(ASKED, OWN)
FORGED_KEY = FileKey.generate()


def flipped(data: bytes, at: int = -1) -> bytes:
    return data[:at] + bytes([data[at] ^ 1]) + (data[at:][1:])


def retarred(members: dict[str, bytes]) -> None:
    members["screen.json"] = members["screen.json"].replace(b"Calculer le", b"Vendre le ")


def extra(members: dict[str, bytes]) -> None:
    members["claims/x.sdjwt"] = b"x"


def without_screen(members: dict[str, bytes]) -> None:
    del members["screen.json"]


ATTACKS = {
    "a grant for another service": (Parcel(grant=ELSEWHERE.grant), GrantInvalidError),
    "a grant under another request": (
        Parcel(reader=replace(READER, request=SECOND)),
        GrantInvalidError,
    ),
    "a grant edited by the service": (
        Parcel(grant=SENT.grant[:-20] + "A" * 20),
        GrantInvalidError,
    ),
    "a stranger's grant": (
        Parcel(
            grant=sign(
                "coffre-grant+jwt",
                json.loads(from_base64url(SENT.grant.split(".")[1])),
                signer(),
                carry_key=True,
            ),
            reader=replace(READER, pinned=GIVEN.key.thumbprint),
        ),
        GrantInvalidError,
    ),
    "an expired grant": (
        Parcel(reader=replace(READER, now=NOW + timedelta(days=8))),
        GrantExpiredError,
    ),
    "a grant of the future": (
        Parcel(reader=replace(READER, now=NOW - timedelta(minutes=3))),
        GrantInvalidError,
    ),
    "several uses": (Parcel(grant=resigned(uses=2, max_frequency="P1D")), GrantInvalidError),
    "a due answer left out": (Parcel(grant=resigned(answers=["income"])), GrantInvalidError),
    "an answer to what was not asked": (
        Parcel(grant=resigned(answers=["address", "shoe-size"])),
        GrantInvalidError,
    ),
    "another recipient": (
        Parcel(grant=resigned(recipient=OTHER_ASKED.fingerprint)),
        GrantInvalidError,
    ),
    "the package of another grant": (Parcel(package=AGAIN.package), PackageDigestError),
    "a package cut short": (Parcel(package=SENT.package[:-1]), PackageDigestError),
    "a package resealed to another": (
        repacked(recipient=OTHER.identity.recipient()),
        PackageUnreadableError,
    ),
    "a manifest that the grant does not name": (
        Parcel(grant=resigned(manifest=chain.digest_of(b""))),
        ManifestDigestError,
    ),
    "the manifest of another service": (
        repacked(held=held(aud=OTHER.address)),
        ManifestForeignError,
    ),
    "the manifest of another request": (
        repacked(held=held(request=SECOND.digest)),
        ManifestForeignError,
    ),
    "the manifest of another grant": (
        repacked(held=held(grant_jti=Grant.verify(AGAIN.grant).jti)),
        ManifestForeignError,
    ),
    "the manifest of another key": (
        repacked(held=held(grant_key=signer().key.thumbprint)),
        ManifestForeignError,
    ),
    "the manifest of another recipient": (
        repacked(held=held(recipient=OTHER_ASKED.fingerprint)),
        ManifestForeignError,
    ),
    "a manifest that is none": (repacked(held=b"{}"), ManifestForeignError),
    "other objects than the grant's": (Parcel(grant=resigned(stored=[])), ManifestForeignError),
    "other answers than the grant's": (
        Parcel(grant=resigned(answers=["address", "income"])),
        ManifestForeignError,
    ),
    "a member that is not listed": (repacked(extra), MemberDigestError),
    "a member that is missing": (repacked(without_screen), MemberDigestError),
    "a member changed": (repacked(retarred), MemberDigestError),
    "a header changed": (Parcel(header=flipped(Parcel().header)), HeaderForeignError),
    "the owner's header": (Parcel(header=OWN.header), HeaderForeignError),
    "a payload changed": (Parcel(payload=flipped(PAYLOAD, 40)), CiphertextForeignError),
    "a payload cut short": (Parcel(payload=PAYLOAD[:-1]), CiphertextForeignError),
    "a payload with more": (Parcel(payload=PAYLOAD + b"x"), CiphertextForeignError),
}


@pytest.mark.parametrize("why", ATTACKS)
def test_one_check_stops_each_attack(why):
    parcel, error = ATTACKS[why]
    with pytest.raises(error):
        parcel.open()


def with_items(**changed) -> Parcel:
    """Change the one item of the manifest."""
    [item] = json.loads(held())["items"]
    shown = screen.Screen.of(
        ASKED, [screen.ScreenItem("address", "x", {**item, **changed}["sha256"])]
    ).encode()
    members = [{"name": screen.NAME, "sha256": chain.digest_of(shown), "size": len(shown)}]
    listing = held(items=[{**item, **changed}], members=members)
    return repacked(lambda found: found.update({screen.NAME: shown}), held=listing)


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"sha256": chain.digest_of(b"other")}, ContentForeignError),
        ({"name": "autre.pdf"}, ContentForeignError),
        ({"type": "income"}, ManifestForeignError),
        ({"req": "income"}, ManifestForeignError),
    ],
    ids=str,
)
def test_an_item_that_says_something_else_is_refused(changed, error):
    with pytest.raises(error):
        with_items(**changed).open()


def test_another_purpose_on_the_screen_is_refused():
    shown = screen.Screen.of(ASKED, [screen.ScreenItem("address", "x", "A" * 43)])
    for spoiled in (
        replace(shown, lines=tuple((n, t + "." if n == "why" else t) for n, t in shown.lines)),
        replace(shown, lines=tuple((n, t + "." if n == "law" else t) for n, t in shown.lines)),
        replace(shown, lines=tuple((n, "Autre" if n == "who" else t) for n, t in shown.lines)),
        replace(shown, items=()),
    ):
        with pytest.raises(ScreenError):
            spoiled.check(ASKED, [("address", "A" * 43)])
    shown.check(ASKED, [("address", "A" * 43)])
    with pytest.raises(ScreenError):
        screen.Screen.parse(b"[]")


def screened(change) -> Parcel:
    """Hand over another screen, every digest in order."""
    members = package.open_members(SENT.package, [SERVICE.identity])
    shown = chain.encode(change(json.loads(members[screen.NAME])))
    listed = [{"name": screen.NAME, "sha256": chain.digest_of(shown), "size": len(shown)}]
    listing = held(members=listed)
    return repacked(lambda found: found.update({screen.NAME: shown}), held=listing)


def test_a_package_whose_screen_says_something_else_is_refused():
    assert screened(lambda shown: shown).open() == CONTENT
    for change in (
        lambda shown: {**shown, "lines": [{"id": "why", "text": "Vendre"}]},
        lambda shown: {**shown, "items": []},
        lambda shown: {**shown, "x": 1},
    ):
        with pytest.raises(ScreenError):
            screened(change).open()


def headed(header: bytes, payload: bytes, **stored) -> Parcel:
    """Hand over another header and payload, all digests in order."""
    [named] = json.loads(from_base64url(SENT.grant.split(".")[1]))["stored"]
    digests = {
        "header": chain.digest_of(header),
        "sha256": chain.digest_of(payload),
        "size": len(payload),
    }
    token = resigned(stored=[{**named, **digests, **stored}])
    return Parcel(grant=token, header=header, payload=payload)


def test_a_second_file_key_for_one_object_is_refused():
    recipient = SERVICE.identity.recipient()
    header = write_header(FORGED_KEY, [recipient]).encode()
    with pytest.raises(FileKeyForeignError):
        headed(header, PAYLOAD).open()


def test_a_header_that_opens_nothing_is_refused():
    stranger = HybridIdentity.generate().recipient()
    header = share_document(OWN.stored, OWN.header, [CITIZEN.identity], stranger)
    with pytest.raises(DocumentUnreadableError):
        headed(header, PAYLOAD).open()
    with pytest.raises(DocumentUnreadableError):
        headed(b"not a header", PAYLOAD).open()


def test_nothing_stays_written_when_the_content_is_another():
    parcel = with_items(sha256=chain.digest_of(b"other"))
    opened = opening.open_package(parcel.reader, parcel.grant, parcel.package)
    sink = io.BytesIO(b"kept")
    sink.seek(0, io.SEEK_END)
    with pytest.raises(ContentForeignError):
        opening.open_document(
            opened,
            opened.manifest.items[0],
            parcel.header,
            io.BytesIO(PAYLOAD),
            Opener([SERVICE.identity], sink),
        )
    assert sink.getvalue() == b"kept"


NAMES = st.sampled_from(
    ["screen.json", "claims/a.sdjwt", "claims/b-1.sdjwt", "extracts/x.pdf", "findings/1.jws"]
)


@settings(max_examples=cases(ci=200, slow=5_000))
@given(st.dictionaries(NAMES, st.binary(max_size=3_000)))
def test_a_package_reads_back_as_it_was_written(members):
    pairs = [(manifest.NAME, b"{}"), *members.items()]
    assert package.unpack(package.pack(pairs)) == dict(pairs)


@settings(max_examples=cases(ci=300, slow=10_000))
@given(st.data())
def test_a_tar_changed_anywhere_is_refused_or_says_the_same_length_of_other_content(data):
    plain = package.pack([(manifest.NAME, b"{}" * 300), ("screen.json", b"x" * 700)])
    at = data.draw(st.integers(0, len(plain) - 1))
    changed = flipped(plain, at)
    try:
        members = package.unpack(changed)
    except PackageUnreadableError:
        return
    assert [len(each) for each in members.values()] == [600, 700]


def test_a_tar_that_leads_out_of_the_package_is_refused():
    for name in ("../x", "/etc/passwd", "claims/../../x.sdjwt", "manifest.json\n", "a" * 99):
        plain = tar.member_header(name, 0) + bytes(1024)
        with pytest.raises(PackageUnreadableError):
            package.unpack(plain)
    twice = [("screen.json", b"a"), ("screen.json", b"b")]
    for plain in (
        package.pack(twice),
        package.pack([("screen.json", b"a")])[:-512],
        package.pack([("screen.json", b"a")]) + bytes(512),
        package.pack([(f"findings/{n}.jws", b"") for n in range(130)]),
        tar.member_header("screen.json", 10_000),
    ):
        with pytest.raises(PackageUnreadableError):
            package.unpack(plain)
    with pytest.raises(PackageUnreadableError):
        package.open_members(
            package.close([("screen.json", b"a")], SERVICE.identity.recipient()), [SERVICE.identity]
        )


# --- the published delivery -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def vector():
    return json.loads(shared("design/schemas/vectors/delivery.json").read_text())


def test_the_published_delivery_opens_byte_for_byte(vector):
    def raw(name):
        return base64.b64decode(vector[name])

    register = PublicKey.parse(vector["register_key"])
    asked = Request.verify(vector["request"], register)
    expect = vector["expect"]
    identity = HybridIdentity(raw("service_identity_seed"))
    reader = Reader(asked, [identity], None, chain.instant(vector["now"]))
    opened = opening.open_package(reader, vector["grant"], raw("package"))
    assert asked.digest == expect["request_digest"]
    assert opened.grant.digest == expect["grant_digest"]
    assert opened.manifest == Manifest.parse(base64.b64decode(expect["manifest"]))
    assert opened.manifest.encode() == base64.b64decode(expect["manifest"])
    listed = next(item for item in opened.manifest.items if item.stored)
    # The vector's item and its tar bear two names; the rule is that they agree.
    assert (listed.name, expect["content_name"]) == ("facture.pdf", "invoice.pdf")
    document = replace(listed, name=expect["content_name"])
    sink = io.BytesIO()
    opening.open_document(
        opened, document, raw("header"), io.BytesIO(raw("payload")), Opener([identity], sink)
    )
    assert sink.getvalue() == base64.b64decode(expect["content"])
    assert opened.stored(document).fkc == expect["fkc"]
    other = replace(reader, identities=[HybridIdentity(raw("other_identity_seed"))])
    with pytest.raises(PackageUnreadableError):
        opening.open_package(other, vector["grant"], raw("package"))


def test_the_published_pairwise_key_is_derived_and_signed_the_published_grant(vector):
    published = json.loads(shared("design/schemas/vectors/keys.json").read_text())["pairwise"]
    seed = PairSeed(base64.b64decode(published["pair_seed"]))
    derived = pairwise_signer(seed, published["service"])
    assert derived.key.to_jwk() == {
        "kty": "EC",
        "crv": "P-256",
        "x": published["key"]["x"],
        "y": published["key"]["y"],
    }
    assert Grant.verify(vector["grant"]).key == derived.key


def test_two_services_get_two_keys_and_one_service_the_same():
    seed = PairSeed.generate()
    first = pairwise_signer(seed, "https://a.example").key
    assert first == pairwise_signer(seed, "https://a.example").key
    assert first != pairwise_signer(seed, "https://a.example/").key
