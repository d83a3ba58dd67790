"""The agency's trust list: what is believed of it, and the ways of cheating that are refused."""

import random
from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree
from signxml.algorithms import SignatureConstructionMethod
from signxml.signer import XMLSigner
from support.bars import bounded
from support.budget import cases
from support.trust_lists import (
    ENVELOPED,
    FILTER2,
    ISSUED,
    NEXT,
    TSL,
    Agency,
    Listed,
    unsigned,
)
from support.twoddoc_pki import START, Authority

from verifier.errors import VerifierError
from verifier.trust.anchors import Anchors
from verifier.trust.ants_list import SIZE_LIMIT, read_tsl
from verifier.trust.signed_list import TslSignatureError, TslUnreadableError

AGENCY = Agency()
ONE, TWO = Authority("FR77"), Authority("FR78")
LISTED = [Listed(ONE), Listed(TWO, status="revoked")]
PLAIN = unsigned(LISTED)
GOOD = AGENCY.sign(PLAIN)
ANCHORS = AGENCY.anchors


def test_a_list_is_read_with_its_dates_and_its_authorities():
    found = read_tsl(GOOD, ANCHORS)
    assert (found.sequence, found.issued, found.next_update) == (7, ISSUED, NEXT)
    first, second = found.authorities
    assert (first.ca_id, first.withdrawn, first.directory) == (
        "FR77",
        False,
        "http://lists.example/FR77.der",
    )
    assert [one.public_key() for one in first.certificates] == [ONE.key.public_key()]
    assert (second.ca_id, second.withdrawn) == ("FR78", True)


@pytest.mark.parametrize("status", ["revoked", "withdrawn", "expired", "", "INACCORD", "inaccord/"])
def test_any_other_status_than_in_accord_is_withdrawn(status):
    [found] = read_tsl(AGENCY.sign(unsigned([Listed(ONE, status)])), ANCHORS).authorities
    assert found.withdrawn


def test_services_that_issue_no_certificates_are_left_aside():
    other = Listed(TWO, service="http://uri.etsi.org/TrstSvc/Svctype/TSA", ca_id="a time-stamp")
    found = read_tsl(AGENCY.sign(unsigned([Listed(ONE), other])), ANCHORS)
    assert [one.ca_id for one in found.authorities] == ["FR77"]


@pytest.mark.parametrize("transforms", [ENVELOPED, FILTER2], ids=["enveloped", "filter"])
@pytest.mark.parametrize("properties", [True, False])
def test_both_forms_of_a_signature_over_the_whole_list_are_read(transforms, properties):
    signed = AGENCY.sign(PLAIN, transforms=transforms, properties=properties)
    assert read_tsl(signed, ANCHORS).sequence == 7


def test_a_list_signed_by_another_program_is_read():
    signer = XMLSigner(
        method=SignatureConstructionMethod.enveloped,
        signature_algorithm="rsa-sha512",
        digest_algorithm="sha512",
        c14n_algorithm="http://www.w3.org/2001/10/xml-exc-c14n#",
    )
    pem = AGENCY.certificate.public_bytes(Encoding.PEM).decode()
    signed = signer.sign(etree.fromstring(PLAIN), key=AGENCY.key, cert=pem)
    assert read_tsl(etree.tostring(signed), ANCHORS).sequence == 7


def test_an_elliptic_curve_may_sign_a_list():
    agency = Agency(key=ec.generate_private_key(ec.SECP256R1()))
    assert read_tsl(agency.sign(PLAIN), agency.anchors).sequence == 7


# --- who signed -----------------------------------------------------------------------------------


def test_the_signer_itself_may_be_pinned():
    alone = AGENCY.certificate
    signed = AGENCY.sign(PLAIN, carried=[alone])
    assert read_tsl(signed, Anchors((alone,))).sequence == 7


def test_the_root_alone_is_enough_where_the_list_carries_the_intermediate():
    signed = AGENCY.sign(PLAIN, carried=[AGENCY.certificate, AGENCY.middle])
    assert read_tsl(signed, Anchors((AGENCY.root,))).sequence == 7


def refused(data: bytes, anchors: Anchors = ANCHORS, why: str = "") -> None:
    with pytest.raises(TslSignatureError, match=why):
        read_tsl(data, anchors)


def test_the_key_that_the_file_brings_is_worth_nothing():
    refused(Agency().sign(PLAIN), why="no way")
    refused(GOOD, Anchors(()), "no way")
    refused(GOOD, Anchors((AGENCY.root,)), "no way")
    refused(AGENCY.sign(PLAIN, carried=[]), why="0 certificates")
    refused(AGENCY.sign(PLAIN, carried=[AGENCY.certificate] * 6), why="6 certificates")


def test_a_certificate_carried_beside_another_key_signs_nothing():
    forger = Agency(key=ec.generate_private_key(ec.SECP256R1()))
    refused(forger.sign(PLAIN, carried=[AGENCY.certificate]), why="InvalidInput")
    same_kind = Agency(key=rsa.generate_private_key(public_exponent=65537, key_size=2048))
    refused(same_kind.sign(PLAIN, carried=[AGENCY.certificate]), why="InvalidSignature")


def test_an_issuer_must_be_an_authority():
    agency = Agency(middle_is_authority=False)
    signed = agency.sign(PLAIN, carried=[agency.certificate, agency.middle])
    refused(signed, Anchors((agency.root,)), "no way")


def test_another_certificate_of_the_same_authority_is_refused_where_the_signer_is_named():
    refused(GOOD, replace(ANCHORS, signer="CACHET DES FACTURES"), "another")
    assert read_tsl(GOOD, replace(ANCHORS, signer=None)).sequence == 7


@pytest.mark.parametrize("days", [-1, 1])
def test_the_signer_must_be_valid_on_the_day_of_issue(days):
    valid = (START, ISSUED - timedelta(days=1)) if days < 0 else (ISSUED + timedelta(days=1), NEXT)
    agency = replace(AGENCY, valid=valid)
    refused(agency.sign(PLAIN), agency.anchors, "day of issue")


def test_a_short_key_signs_nothing():
    agency = Agency(key=rsa.generate_private_key(public_exponent=65537, key_size=1024))  # noqa: S505
    refused(agency.sign(PLAIN), agency.anchors, "too short")


def test_an_authority_does_not_sign_lists_itself():
    agency = replace(AGENCY, key=AGENCY.middle_key)
    refused(agency.sign(PLAIN, carried=[agency.middle]), replace(ANCHORS, signer=None), "signing")


# --- what is signed -------------------------------------------------------------------------------


def test_one_changed_character_anywhere_is_noticed():
    for old, new in [(b"FR77", b"FR79"), (b">7<", b">8<"), (b"revoked", b"inaccord")]:
        refused(GOOD.replace(old, new, 1), why="InvalidDigest")
    refused(GOOD.replace(b"properties", b"property", 1), why="InvalidDigest")


def test_a_list_without_signature_is_refused():
    refused(PLAIN, why="0 signatures")


def other_list() -> bytes:
    return unsigned([Listed(Authority("FR66"))], sequence=99)


def body(data: bytes) -> bytes:
    return data.partition(b"?>")[2].strip()


def signature_of(data: bytes) -> bytes:
    return data[data.index(b"<ds:Signature ") : data.index(b"</ds:Signature>") + 15]


def wrapped() -> list[tuple[str, str | None, bytes]]:
    """Give the classical ways of putting another list round a signature that verifies."""
    sign, head = signature_of(GOOD), b"<?xml version='1.0' encoding='UTF-8'?>"
    mine, end = body(other_list()), b"</t:TrustServiceStatusList>"
    signed_end, middle = b"</ds:Signature>", b"</t:SchemeInformation>"

    def holding(content: bytes) -> bytes:
        return sign.replace(signed_end, b"<ds:Object>" + content + b"</ds:Object>" + signed_end)

    moved = mine.replace(end, sign + end)
    deeper = GOOD.replace(sign, b"").replace(middle, sign + middle)
    return [
        ("moved to another list", "InvalidDigest", head + moved),
        ("the signed list inside", "1 signatures", head + mine.replace(end, body(GOOD) + end)),
        ("in its object", "InvalidDigest", head + mine.replace(end, holding(body(PLAIN)) + end)),
        ("another list in its object", None, GOOD.replace(sign, holding(mine))),
        ("two signatures", "2 signatures", GOOD.replace(sign, sign + sign)),
        ("deeper", "1 signatures", deeper),
        ("another document round it", "not a trust list", head + b"<x>" + body(GOOD) + b"</x>"),
        ("an identifier given twice", "given twice", GOOD.replace(b"TSLTag=", b'Id="own" TSLTag=')),
    ]


@pytest.mark.parametrize(
    ("why", "data"), [one[1:] for one in wrapped()], ids=[one[0] for one in wrapped()]
)
def test_a_signature_is_never_lent_to_another_list(why, data):
    if why is None:
        # What the signature's own object holds is outside of what is read.
        assert read_tsl(data, ANCHORS) == read_tsl(GOOD, ANCHORS)
        return
    with pytest.raises(VerifierError, match=why):
        read_tsl(data, ANCHORS)


REFERENCES = [
    ("a part of the document", 'URI=""', 'URI="#sig"'),
    ("without taking the signature away", FILTER2, ""),
    ("a filter that takes more away", "/descendant::ds:Signature", "/descendant::t:Name"),
    ("a filter that takes all away", "/descendant::ds:Signature", "/"),
    ("a filter that keeps instead", 'Filter="subtract"', 'Filter="intersect"'),
    ("a filter of another prefix", "/descendant::ds:Signature", "/descendant::t:Signature"),
    ("a second reference of another type", "01903#SignedProperties", "01903#Other"),
    ("an unknown transform", ENVELOPED, ENVELOPED.replace("enveloped-signature", "base64")),
    ("comments kept", 'xml-exc-c14n#">', 'xml-exc-c14n#WithComments">'),
    ("a second reference to something else", "#own", "#body"),
    ("a second reference to nothing", "#own", "#none"),
]


@pytest.mark.parametrize(
    ("old", "new"), [one[1:] for one in REFERENCES], ids=[one[0] for one in REFERENCES]
)
def test_a_signature_that_covers_something_else_is_refused(old, new, monkeypatch):
    """Even by the rightful signer: the reference is judged before the digest."""
    from support import trust_lists  # noqa: PLC0415 - to sign what it should not

    honest = trust_lists._reference

    def altered(*args: str) -> str:
        return honest(*args).replace(old, new)

    monkeypatch.setattr(trust_lists, "_reference", altered)
    transforms = ENVELOPED if old == ENVELOPED else FILTER2
    refused(AGENCY.sign(PLAIN, transforms=transforms), why="first reference|second reference")


def signed_by_name(monkeypatch: pytest.MonkeyPatch) -> tuple[bytes, bytes]:
    """Give a list that bears an identifier, and the same signed under that name, rightly."""
    from support import trust_lists  # noqa: PLC0415 - to sign what it should not

    honest = trust_lists._reference
    monkeypatch.setattr(trust_lists, "_reference", lambda uri, *rest: honest(uri or "#list", *rest))
    named = PLAIN.replace(b"TSLTag=", b'Id="list" TSLTag=')
    return named, AGENCY.sign(named)


def test_a_signature_over_one_element_by_its_name_is_refused_though_it_verifies(monkeypatch):
    _, data = signed_by_name(monkeypatch)
    refused(data, why="first reference")


@pytest.mark.parametrize("signed_first", [True, False], ids=["before", "after"])
def test_a_named_list_that_was_signed_lends_nothing_to_what_stands_round_it(
    signed_first, monkeypatch
):
    named, data = signed_by_name(monkeypatch)
    end, held = b"</t:TrustServiceStatusList>", b"</t:SchemeInformation>"
    mine, inside = body(other_list()), body(named)
    mine = mine.replace(held, held + inside) if signed_first else mine.replace(end, inside + end)
    # The signature stands below the forged root; what it names is the genuine list inside.
    place = mine.rindex(end)
    refused(mine[:place] + signature_of(data) + mine[place:], why="first reference")


@pytest.mark.parametrize(
    "form", ["2001/10/xml-exc-c14n#WithComments", "TR/2001/REC-xml-c14n-20010315"]
)
def test_only_the_exclusive_form_without_comments_is_read(form):
    refused(AGENCY.sign(PLAIN, canonical="http://www.w3.org/" + form), why="canonical")


def test_a_digest_that_is_broken_is_refused():
    old, new = b"2001/04/xmldsig-more#rsa-sha256", b"2000/09/xmldsig#rsa-sha1"
    refused(GOOD.replace(old, new), why="forbidden")


def test_three_references_are_one_too_many(monkeypatch):
    from support import trust_lists  # noqa: PLC0415 - to sign what it should not

    honest = trust_lists._reference
    monkeypatch.setattr(trust_lists, "_reference", lambda *args: honest(*args) * 2)
    refused(AGENCY.sign(PLAIN), why="too many")


def test_a_comment_hides_nothing():
    split = PLAIN.replace(b">FR77<", b">FR<!-- x -->77<")
    assert read_tsl(AGENCY.sign(split), ANCHORS).authorities[0].ca_id == "FR77"


# --- hostile XML ----------------------------------------------------------------------------------

LAUGHS = b"".join(
    b'<!ENTITY l%d "%s">' % (n, b"&l%d;" % (n - 1) * 10 if n else b"ha") for n in range(12)
)
HOSTILE = [
    ("nothing", b""),
    ("not XML", b"%PDF-1.7"),
    ("cut", GOOD[:-30]),
    ("another document", b"<html/>"),
    ("another namespace", GOOD.replace(TSL.encode(), b"urn:other")),
    ("a billion laughs", b"<!DOCTYPE x [" + LAUGHS + b"]><x>&l11;</x>"),
    ("a document type", GOOD.replace(b"?>", b"?><!DOCTYPE x>", 1)),
    ("a distant document type",
     GOOD.replace(b"?>", b'?><!DOCTYPE x SYSTEM "http://127.0.0.1/x">', 1)),
    ("a local file", b'<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]><x>&f;</x>'),
    ("UTF-16", GOOD.decode().replace("UTF-8", "UTF-16").encode("utf-16")),
    ("UTF-16 unsaid", GOOD.decode().partition("?>")[2].encode("utf-16")),
    ("another encoding", GOOD.replace(b"UTF-8", b"UTF-7", 1)),
    ("an instruction", GOOD.replace(b">FR77<", b">FR<?x?>77<")),
    ("an entity", GOOD.replace(b">FR77<", b">FR&x;77<")),
    ("too large", GOOD + b" " * SIZE_LIMIT),
    ("too deep", b"<x>" * 5_000 + b"</x>" * 5_000),
    ("too deep for us alone", b"<x>" * 100 + b"</x>" * 100),
    ("too many elements", b"<x>" + b"<y/>" * 100_000 + b"</x>"),
    ("many attributes", b"<x " + b" ".join(b'a%d="1"' % n for n in range(100_000)) + b"/>"),
]  # fmt: skip


@pytest.mark.parametrize("data", [one[1] for one in HOSTILE], ids=[one[0] for one in HOSTILE])
def test_hostile_bytes_are_one_typed_error(data):
    with pytest.raises(TslUnreadableError), bounded():
        read_tsl(data, ANCHORS)


def test_each_limit_is_ours_and_not_the_library_s():
    for data in (b"<x>" * 100 + b"</x>" * 100, b"<x>" + b"<y/>" * 100_000 + b"</x>"):
        with pytest.raises(TslUnreadableError, match="too deep or too long"):
            read_tsl(data, ANCHORS)


WRONG = [
    ("an authority twice", [Listed(ONE), Listed(ONE)]),
    ("no authority", []),
    ("a certificate of another name", [Listed(ONE, ca_id="FR79")]),
    ("a name that is none", [Listed(Authority("fr77"))]),
    ("a longer name", [Listed(Authority("FR771"))]),
]


@pytest.mark.parametrize("listed", [one[1] for one in WRONG], ids=[one[0] for one in WRONG])
def test_a_signed_list_that_contradicts_itself_is_refused(listed):
    with pytest.raises(TslUnreadableError):
        read_tsl(AGENCY.sign(unsigned(listed)), ANCHORS)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b">7<", b">seven<"),
        (b">7<", b">-7<"),
        (b">7<", b">0<"),
        (b">7<", b"><a>7</a><"),
        (b"<t:NextUpdate><t:dateTime>", b"<t:NextUpdate><t:other>x</t:other><t:dateTime>x"),
        (b"Z</t:ListIssueDateTime>", b"</t:ListIssueDateTime>"),
        (b"<t:TSLSequenceNumber>7</t:TSLSequenceNumber>", b""),
        (b"      MI", b"      !!"),
        (b">FR77<", b">FR77<a/>x<"),
    ],
)
def test_a_signed_list_with_a_value_that_is_none_is_refused(old, new):
    assert old in PLAIN
    with pytest.raises((TslUnreadableError, TslSignatureError)):
        read_tsl(AGENCY.sign(PLAIN.replace(old, new, 1)), ANCHORS)


def test_a_next_update_before_the_issue_is_refused():
    with pytest.raises(TslUnreadableError):
        read_tsl(AGENCY.sign(unsigned(LISTED, next_update=ISSUED)), ANCHORS)


def test_whatever_is_changed_nothing_false_is_read():
    """Bytes flipped, cut, doubled, moved: one typed error, or the very list that was signed."""
    honest = read_tsl(GOOD, ANCHORS)
    chance = random.Random(20_261_122)  # noqa: S311 - where to damage
    for _ in range(cases(ci=500, slow=10_000)):
        data = bytearray(GOOD)
        for _ in range(chance.randint(1, 3)):
            start = chance.randrange(len(data))
            end = min(len(data), start + chance.randint(1, 400))
            match chance.randrange(4):
                case 0:
                    data[start] ^= 1 << chance.randrange(8)
                case 1:
                    del data[start:end]
                case 2:
                    data[start:start] = data[start:end]
                case _:
                    piece, place = data[start:end], chance.randrange(len(data))
                    data[place:place] = piece
        try:
            with bounded():
                found = read_tsl(bytes(data), ANCHORS)
        except VerifierError:
            continue
        assert found == honest
