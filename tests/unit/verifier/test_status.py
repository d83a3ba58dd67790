"""Letters that their issuer took back: which lists are believed, and what they say."""

import io
import json
from base64 import b64encode, urlsafe_b64decode, urlsafe_b64encode
from dataclasses import replace
from datetime import timedelta
from functools import cache

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from support.authorities import revocation_list
from support.budget import cases
from support.letters import FIELDS, letter
from support.sealers import NOW, sealer, town

from cli.demo import pki
from sealing.certificate import load_certificate
from sealing.proofs.document_id import LIST_SLOTS, Slot, SlotKey, document_id, slotted_id
from sealing.proofs.status_list import PURPOSE, Claims, Slots, StatusListError, issue
from sealing.service.codes import TownCodeOrder, TwoDDocOrder
from sealing.service.letter import Letter, seal_letter
from sealing.service.profile import Profile
from storage.outgoing import AnswerRefusedError
from verifier.check import Indication, SubIndication
from verifier.checks.agreement import check_agreement
from verifier.checks.certificate import chain_of, check_purpose
from verifier.checks.codes.towncode import check_towncode
from verifier.checks.codes.twoddoc import check_twoddoc
from verifier.checks.identity import issuer_of
from verifier.checks.seal.pades import check_seals
from verifier.checks.status import Hours, check_status
from verifier.trust.local_list import read_trust
from verifier.trust.status_lists import (
    ORGANISATION_ID,
    StatusList,
    StatusListWentBackError,
    newer,
    organisation_of,
)
from verifier.trust.status_proof import StatusListRefusedError, require_proved
from verifier.trust.status_refresh import renew
from verifier.trust.trust_list import Mode
from verifier.verdict import Issuer, Named, SealState

BASE = "https://ville.example/statuts"
KEY = bytes(range(16))
PLACE = 41
OTHERS = "Ville d'Ailleurs"


@cache
def trust():
    return read_trust([town()[1] / "trust"], Mode.TEST)


@cache
def seal_issuer():
    leaf = town()[0].seals["seal-p256"].certificate
    return issuer_of(chain_of(leaf, trust().authorities))


def named(slot=PLACE, issuer=None):
    return Named(slotted_id(NOW, SlotKey(Slot(slot), KEY)), issuer or seal_issuer())


def leaf(issuer=None, organisation=pki.TOWN, number=None, days=(-1, 30), **use):
    """Make a holder that may sign lists, or that looks like one."""
    purposes, usage = use.get("purposes", [PURPOSE]), use.get("usage", {"digital_signature": True})
    above, key = issuer or town()[0].intermediate, ec.generate_private_key(ec.SECP256R1())
    parts = [(NameOID.ORGANIZATION_NAME, organisation), (NameOID.COMMON_NAME, "Etats")]
    parts += [(ORGANISATION_ID, number)] if number else []
    first, last = (NOW + timedelta(days=day) for day in days)
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(*part) for part in parts]))
        .issuer_name(above.certificate.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(first)
        .not_valid_after(last)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    )
    if usage:
        builder = builder.add_extension(pki._key_usage(**usage), critical=True)
    if purposes:
        builder = builder.add_extension(x509.ExtendedKeyUsage(purposes), critical=True)
    return pki.Holder(builder.sign(above.key, hashes.SHA256()), key)


def signed(holder=None, marks=None, **changes):
    """Sign a list; the rest of the chain comes with it."""
    holder, above = holder or town()[0].status, changes.pop("above", None)
    number, size = changes.pop("number", 0), changes.pop("size", LIST_SLOTS)
    at = changes.pop("at", NOW)
    day = int(at.timestamp())
    bits = changes.pop("bits", 2)
    claims = Claims(f"{BASE}/{number}", day, Slots.of(size, marks or {}, bits), day + 7 * 86_400)
    chain = [holder.certificate, *(above or [town()[0].intermediate.certificate])]

    def sign(data):
        halves = decode_dss_signature(holder.key.sign(data, ec.ECDSA(hashes.SHA256())))
        return b"".join(half.to_bytes(32, "big") for half in halves)

    ders = [one.public_bytes(Encoding.DER) for one in chain]
    return issue(replace(claims, **changes), "kid", sign, ders)


def asked(*tokens, letters=None, lists=None, moment=NOW, now=None):
    """Ask lists about a letter: give the state, and the reasons."""
    kept = tuple(StatusList.parse(token) for token in tokens)
    own = replace(lists or trust(), status_lists=kept)
    status, checks = check_status(letters or [named()], own, Hours(moment, now or moment))
    if status.state in {SealState.REVOKED, SealState.SUPERSEDED}:
        assert Indication.INDETERMINATE in {check.indication for check in checks}
        assert Indication.TOTAL_FAILED not in {check.indication for check in checks}
    return status.state, [check.reason for check in checks]


REVOKED = {PLACE: 1}
CURRENT_ANSWER = (SealState.CURRENT, ["status-current"])
REVOKED_ANSWER = (SealState.REVOKED, ["status-revoked"])
UNPROVED = (SealState.UNKNOWN, ["status-list-unproved"])
NOTHING: tuple[SealState, list[str]] = (SealState.UNKNOWN, [])


def test_a_list_in_force_tells_what_its_issuer_says():
    assert asked(signed()) == CURRENT_ANSWER
    assert asked(signed(marks=REVOKED)) == REVOKED_ANSWER
    assert asked(signed(marks={PLACE: 2})) == (SealState.SUPERSEDED, ["status-superseded"])
    assert asked(signed(marks={PLACE - 1: 1, PLACE + 1: 2})) == CURRENT_ANSWER
    assert asked(signed(marks={PLACE: 3})) == (SealState.UNKNOWN, ["status-unclear"])


def test_without_a_list_or_a_slot_nothing_is_known_and_the_verdict_stays():
    assert asked() == NOTHING
    plain = Named(document_id(NOW, bytes(10)), seal_issuer())
    assert asked(signed(marks=REVOKED), letters=[plain]) == NOTHING
    own = replace(trust(), status_lists=(StatusList.parse(signed()),))
    assert check_status([], own, Hours(NOW, NOW)) == check_status([], trust(), Hours(NOW, NOW))


def test_where_an_issuer_has_lists_the_one_that_is_missing_is_missed():
    far, missed = [named(LIST_SLOTS + 5)], (SealState.UNKNOWN, ["status-no-list"])
    assert asked(signed(), letters=far) == missed
    assert asked(signed(marks=REVOKED, number=1)) == missed
    assert asked(signed(leaf(organisation=OTHERS)), letters=far) == NOTHING
    assert asked(signed(leaf(number="VATFR-1")), letters=far) == UNPROVED
    assert_tries_later(replace(trust(), status_lists=(StatusList.parse(signed(number=1)),)))


def assert_tries_later(lists, moment=NOW):
    status, [check] = check_status([named()], lists, Hours(moment, moment))
    assert status.state is SealState.UNKNOWN
    assert (check.indication, check.sub_indication) == (
        Indication.INDETERMINATE,
        SubIndication.TRY_LATER,
    )


def test_an_identifier_without_a_slot_that_looks_like_one_is_not_looked_up():
    """The bits of slot 41, under version 7."""
    placed = named().identifier.int
    alike = document_id(NOW, (placed & (1 << 80) - 1).to_bytes(10, "big"))
    assert alike.int & (1 << 62) - 1 == placed & (1 << 62) - 1
    assert asked(signed(marks=REVOKED), letters=[Named(alike, seal_issuer())]) == NOTHING


def test_each_letter_is_asked_in_its_own_list():
    far = named(LIST_SLOTS + 5)
    lists = signed(marks={5: 1}), signed(marks={5: 2}, number=1)
    assert asked(*lists, letters=[far]) == (SealState.SUPERSEDED, ["status-superseded"])


def test_the_worst_of_several_letters_is_told():
    letters = [named(), named(7)]
    assert asked(signed(marks={7: 2}), letters=letters) == (
        SealState.SUPERSEDED,
        ["status-current", "status-superseded"],
    )
    plain = Named(document_id(NOW, bytes(10)), seal_issuer())
    assert asked(signed(), letters=[named(), plain])[0] is SealState.UNKNOWN


@pytest.mark.parametrize(
    ("changes", "after", "reason"),
    [
        ({}, timedelta(days=7, seconds=1), "status-list-too-old"),
        ({"exp": None}, timedelta(days=31), "status-list-too-old"),
        ({"exp": 253_402_300_000}, timedelta(days=31), "status-list-too-old"),
        ({}, timedelta(days=-2), "status-list-of-tomorrow"),
        ({"size": PLACE - 1}, timedelta(0), "status-no-slot"),
    ],
)
def test_a_list_that_does_not_answer_now_asks_to_try_later(changes, after, reason):
    kept = replace(trust(), status_lists=(StatusList.parse(signed(**changes)),))
    moment = NOW + after
    status, [check] = check_status([named()], kept, Hours(moment, moment))
    assert (status.state, check.reason) == (SealState.UNKNOWN, reason)
    assert (check.indication, check.sub_indication) == (
        Indication.INDETERMINATE,
        SubIndication.TRY_LATER,
    )


def test_what_was_taken_back_stays_so_whatever_the_age_of_the_list():
    for after in (timedelta(days=60), timedelta(days=-3)):
        assert asked(signed(marks=REVOKED), moment=NOW + after) == REVOKED_ANSWER


def test_a_judgment_at_another_moment_uses_the_lists_of_today():
    past = NOW - timedelta(days=20)
    assert asked(signed(), moment=past, now=NOW) == CURRENT_ANSWER


def test_of_the_lists_of_one_address_the_newest_counts_and_none_is_rolled_back():
    old, new = signed(), signed(marks=REVOKED, at=NOW + timedelta(minutes=1))
    for order in ((old, new), (new, old)):
        assert asked(*order) == REVOKED_ANSWER


def test_of_two_registers_of_one_issuer_the_worst_answer_counts():
    other = signed(marks=REVOKED, sub="https://autre.example/statuts/0", at=NOW - timedelta(days=1))
    assert asked(signed(), other) == REVOKED_ANSWER


def twin_authority():
    """Make an authority of the very name of the town's."""
    root = pki._authority("Coffre DEMONSTRATION racine", ec.SECP384R1(), NOW, None)
    return pki._authority("Coffre DEMONSTRATION cachets", ec.SECP384R1(), NOW, root), root


def test_a_list_under_another_authority_of_the_same_name_is_not_believed():
    twin, root = twin_authority()
    own = signed(leaf(twin), REVOKED, above=[twin.certificate])
    assert asked(own) == UNPROVED
    # Even where that authority is trusted too: it is not the one that vouched for the seal.
    both = replace(trust(), authorities=(*trust().authorities, twin.certificate, root.certificate))
    assert asked(own, lists=both) == UNPROVED
    assert asked(own, signed(), lists=both) == CURRENT_ANSWER


def test_a_list_of_another_organisation_under_the_same_authority_says_nothing():
    assert asked(signed(leaf(organisation=OTHERS), REVOKED)) == NOTHING
    assert asked(signed(leaf(organisation=OTHERS), REVOKED), signed()) == CURRENT_ANSWER


def test_the_number_of_an_organisation_counts_as_its_name_does():
    numbered = replace(seal_issuer(), number="VATFR-1")
    right, wrong = (signed(leaf(number=f"VATFR-{one}"), REVOKED) for one in (1, 2))
    assert asked(right, letters=[named(issuer=numbered)]) == REVOKED_ANSWER
    assert asked(wrong, letters=[named(issuer=numbered)]) == UNPROVED
    assert asked(signed(), letters=[named(issuer=numbered)]) == UNPROVED
    assert asked(right) == UNPROVED
    assert_tries_later(replace(trust(), status_lists=(StatusList.parse(right),)))


def test_for_a_2d_doc_the_organisation_is_enough():
    holder = Issuer(pki.TOWN, "", None)
    assert asked(signed(marks=REVOKED), letters=[named(issuer=holder)]) == REVOKED_ANSWER
    nobody = Issuer("", "", None)
    assert asked(signed(marks=REVOKED), letters=[named(issuer=nobody)]) == NOTHING
    numbered = Issuer(pki.TOWN, "VATFR-1", None)
    other = signed(leaf(number="VATFR-2"), REVOKED)
    assert asked(other, letters=[named(issuer=numbered)]) == UNPROVED


def test_a_seal_whose_authority_is_unknown_is_spoken_for_by_nobody():
    pinned = replace(seal_issuer(), authority=b"")
    assert asked(signed(marks=REVOKED), letters=[named(issuer=pinned)]) == UNPROVED


def test_a_certificate_that_may_not_sign_others_is_nobodys_issuer():
    seal = leaf(organisation=OTHERS)
    made = leaf(pki.Holder(seal.certificate, seal.key))
    above = [seal.certificate, town()[0].intermediate.certificate]
    own = signed(made, REVOKED, above=above)
    assert asked(own) == UNPROVED
    # Of a 2D-Doc no authority is asked: only this keeps its holder from speaking for the town.
    assert asked(own, letters=[named(issuer=Issuer(pki.TOWN, "", None))]) == UNPROVED


@pytest.mark.parametrize(
    "changes",
    [
        {"purposes": [ExtendedKeyUsageOID.TIME_STAMPING]},
        {"purposes": [ExtendedKeyUsageOID.OCSP_SIGNING]},
        {"purposes": []},
        {"purposes": [PURPOSE, ExtendedKeyUsageOID.EMAIL_PROTECTION]},
        {"purposes": [ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE]},
        {"purposes": [x509.ObjectIdentifier("1.3.6.1.5.5.7.3.30")]},  # BGPsec routers, RFC 8209
        {"usage": {}},
        {"usage": {"content_commitment": True}},
        {"usage": {"digital_signature": True, "content_commitment": True}},
        {"days": (-30, -5)},
        {"days": (2, 30)},
    ],
    ids=str,
)
def test_a_certificate_for_something_else_or_of_other_days_signs_no_list(changes):
    own = signed(leaf(**changes), REVOKED)
    assert asked(own) == UNPROVED
    # Nor is such a list kept, where it would make letters wait.
    with pytest.raises(StatusListRefusedError):
        require_proved([StatusList.parse(own)], trust(), NOW)
    require_proved([StatusList.parse(signed(leaf(), REVOKED))], trust(), NOW)


def test_the_key_of_the_seals_signs_no_list():
    # Who holds it could hide that a letter was taken back, by a newer list.
    seal = signed(town()[0].seals["seal-p256"])
    assert asked(seal) == UNPROVED
    older = signed(marks=REVOKED, at=NOW - timedelta(days=1))
    assert asked(older, seal) == REVOKED_ANSWER


def neighbour():
    """Make another town that is trusted wholly: its authority, seals and lists of its own."""
    root = pki._authority("Ailleurs racine", ec.SECP384R1(), NOW, None)
    above = pki._authority("Ailleurs cachets", ec.SECP384R1(), NOW, root)
    made = trust()
    lists = tuple(
        x509.load_der_x509_crl(revocation_list(one, (), dates=(NOW, NOW + timedelta(days=1))))
        for one in (root, above)
    )
    both = replace(
        made,
        authorities=(*made.authorities, root.certificate, above.certificate),
        crls=(*made.crls, *lists),
    )
    return above, both


@pytest.mark.parametrize("organisation", [OTHERS, pki.TOWN], ids=["its-name", "our-name"])
def test_another_town_that_is_trusted_wholly_says_nothing_of_our_letters(organisation):
    above, both = neighbour()
    holder = leaf(above, organisation)
    theirs = signed(holder, REVOKED, above=[above.certificate], sub="https://ailleurs.example/0")
    require_proved([StatusList.parse(theirs)], both, NOW)
    own = named(issuer=issuer_of(chain_of(holder.certificate, both.authorities)))
    assert asked(theirs, lists=both, letters=[own]) == REVOKED_ANSWER
    # Of our letters it says nothing; that it takes our name makes them wait, never revoked.
    assert asked(theirs, signed(), lists=both) == CURRENT_ANSWER
    alone = asked(theirs, lists=both)
    assert alone == (NOTHING if organisation == OTHERS else UNPROVED)
    # Nor does it hide what our own list says, under our own address and with a later date.
    hides = signed(holder, above=[above.certificate], at=NOW)
    before = signed(marks=REVOKED, at=NOW - timedelta(days=1))
    assert asked(before, hides, lists=both) == REVOKED_ANSWER


def test_the_key_of_the_lists_seals_no_letter():
    status = town()[0].status.certificate
    assert check_purpose("seal", status).reason == "certificate-for-something-else"
    assert asked(signed(leaf(), REVOKED)) == REVOKED_ANSWER


def test_an_authority_signs_no_list_itself():
    own = town()[0]
    authority = pki._authority("Autre", ec.SECP256R1(), NOW, own.intermediate)
    assert asked(signed(authority, REVOKED)) == UNPROVED


def listed(revoked=None):
    """Give the list of the town's authority, with one certificate revoked."""
    above = town()[0].intermediate
    builder = x509.CertificateRevocationListBuilder(
        above.certificate.subject, NOW - timedelta(days=1), NOW + timedelta(days=30)
    )
    if revoked is not None:
        entry = x509.RevokedCertificateBuilder(revoked.serial_number, NOW - timedelta(hours=1))
        builder = builder.add_revoked_certificate(entry.build())
    return builder.sign(above.key, hashes.SHA256())


def test_a_revoked_certificate_signs_no_list_and_one_that_nobody_can_check_proves_nothing():
    status = town()[0].status.certificate
    gone = replace(trust(), crls=(*trust().crls, listed(status)))
    assert asked(signed(), lists=gone) == UNPROVED
    for marks in ({}, REVOKED):
        kept = (StatusList.parse(signed(marks=marks)),)
        assert_tries_later(replace(gone, status_lists=kept))
    unchecked = replace(trust(), crls=())
    assert asked(signed(), lists=unchecked) == (SealState.UNKNOWN, ["status-list-unchecked"])
    assert asked(signed(marks=REVOKED), lists=unchecked) == REVOKED_ANSWER


def test_a_list_changed_anywhere_is_refused_or_not_believed():
    token = signed(marks=REVOKED, size=64)
    step = max(1, len(token) // cases(fast=400, ci=10_000, slow=10_000))
    for place in range(0, len(token), step):
        changed = bytearray(token)
        changed[place] ^= 1
        try:
            answer = asked(bytes(changed))
        except StatusListError:
            continue
        assert answer in (UNPROVED, NOTHING), place


def test_a_list_with_a_certificate_whose_number_is_negative_is_no_list():
    der = town()[0].status.certificate.public_bytes(Encoding.DER)
    number = town()[0].status.certificate.serial_number
    plain = number.to_bytes((number.bit_length() + 8) // 8, "big")
    at = der.index(plain)
    negative = der[:at] + bytes([plain[0] | 0x80]) + der[at + 1 :]
    with pytest.raises(ValueError, match="not positive"):
        load_certificate(negative)
    assert load_certificate(der) == town()[0].status.certificate
    token = signed()
    head, body, signature = token.split(b".")
    told = json.loads(decoded(head))
    told["x5c"][0] = b64encode(negative).decode()
    other = urlsafe_b64encode(json.dumps(told).encode()).rstrip(b"=")
    with pytest.raises(StatusListError):
        StatusList.parse(b".".join((other, body, signature)))


def test_a_list_without_signature_or_certificate_is_no_list():
    head, body, signature = signed().split(b".")
    told = json.loads(decoded(head))
    wrong: tuple[dict[str, object], ...] = (
        {"alg": "none"},
        {"alg": "HS256"},
        {"x5c": []},
        {"x5c": ["MDAw"]},
    )
    for changes in wrong:
        other = urlsafe_b64encode(json.dumps({**told, **changes}).encode()).rstrip(b"=")
        with pytest.raises(StatusListError):
            StatusList.parse(b".".join((other, body, signature)))
    with pytest.raises(StatusListError):
        StatusList.parse(signed(sub="https://ville.example/statuts"))


def decoded(text):
    return urlsafe_b64decode(text + b"=" * (-len(text) % 4))


# Identifiers: where proved proofs bear them.


def sealed(order=None, slot=PLACE):
    made = Letter(letter(), order, slot=SlotKey(Slot(slot), KEY))
    return seal_letter(made, sealer(), Profile(), NOW, bytes(10))


def test_a_proved_seal_and_a_proved_code_name_their_letter_and_its_issuer():
    made = sealed(TwoDDocOrder("00", FIELDS))
    [seal] = check_seals(made.pdf, trust(), NOW)
    assert seal.named == Named(made.document_id, seal_issuer())
    code = check_twoddoc(made.code or b"", trust(), NOW).verdict
    assert code.named == Named(made.document_id, Issuer(pki.TOWN, "", None))
    made = sealed(TownCodeOrder("0", {"nom": "DUPONT"}))
    town_code = check_towncode(made.code or b"", trust(), NOW).verdict
    assert town_code.named == Named(made.document_id, seal_issuer())


def test_what_is_not_proved_names_no_letter():
    made = sealed()
    changed = bytearray(made.pdf)
    changed[100] ^= 1
    [seal] = check_seals(bytes(changed), trust(), NOW)
    assert seal.named is None
    alone = replace(trust(), authorities=())
    [seal] = check_seals(made.pdf, alone, NOW)
    assert seal.named is None


def test_a_later_revision_that_gives_the_seal_another_identifier_is_not_believed():
    made, other = sealed(), sealed(slot=7)
    writer = IncrementalPdfFileWriter(io.BytesIO(made.pdf))
    seal = writer.prev.embedded_signatures[0].sig_object
    seal["/COFR_DocumentId"] = generic.TextStringObject(other.document_id.hex.upper())
    writer.mark_update(seal.container_ref)
    output = io.BytesIO()
    writer.write(output)
    found, *_ = check_seals(output.getvalue(), trust(), NOW)
    assert found.named is None
    assert "identifier-redefined" in {check.reason for check in found.checks}
    assert found.conclusion.indication is not Indication.TOTAL_PASSED


def test_an_identifier_changed_where_it_stands_breaks_the_seal():
    made = sealed()
    written = made.document_id.hex.upper().encode()
    wrong = made.pdf.replace(written, written[:-1] + (b"0" if written[-1:] != b"0" else b"1"))
    [found] = check_seals(wrong, trust(), NOW)
    assert found.conclusion.indication is Indication.TOTAL_FAILED
    assert found.named is None


def test_a_code_of_another_letter_is_told_and_accuses_nobody():
    made, other = sealed(TwoDDocOrder("00", FIELDS)), sealed(TwoDDocOrder("00", FIELDS), 7)
    [seal] = check_seals(made.pdf, trust(), NOW)
    own, pasted = (check_twoddoc(one.code or b"", trust(), NOW).verdict for one in (made, other))
    [agreed] = check_agreement([seal], [own])
    assert (agreed.reason, agreed.has_passed) == ("identifiers-agree", True)
    [doubt] = check_agreement([seal], [own, pasted])
    assert (doubt.reason, doubt.indication) == ("identifiers-differ", Indication.INDETERMINATE)
    assert doubt.details == {"code": str(other.document_id), "seal": str(made.document_id)}
    assert list(check_agreement([seal], [])) == []


def test_codes_of_two_letters_on_one_page_are_told_and_on_two_are_letters_put_together():
    made, other = sealed(TwoDDocOrder("00", FIELDS)), sealed(TwoDDocOrder("00", FIELDS), 7)
    own, pasted = (
        replace(check_twoddoc(one.code or b"", trust(), NOW).verdict, page=0)
        for one in (made, other)
    )
    [doubt] = check_agreement([], [own, pasted])
    assert (doubt.reason, doubt.indication) == ("codes-of-two-letters", Indication.INDETERMINATE)
    assert list(check_agreement([], [own, replace(pasted, page=1)])) == []
    assert list(check_agreement([], [own, own])) == []


def test_lists_of_one_address_and_signer_have_one_place_and_others_have_their_own():
    first, later = StatusList.parse(signed()), StatusList.parse(signed(at=NOW + timedelta(days=1)))
    assert first.place == later.place
    others = [
        signed(number=1),
        signed(leaf(organisation=OTHERS)),
        signed(leaf(number="VATFR-1")),
        signed(sub="https://autre.example/statuts/0"),
    ]
    places = {StatusList.parse(token).place for token in others}
    assert len(places) == len(others)
    assert first.place not in places
    assert organisation_of(first.certificates[0]) == (pki.TOWN, "")


# Lists that arrive.


def renewed(files, *served):
    """Fetch lists, numbered from 0 (None: not there); give the code of what went wrong."""

    def fetch(address):
        number = int(address.rpartition("/")[2])
        if number >= len(served) or served[number] is None:
            raise AnswerRefusedError("got status 404", host="ville.example", status=404)
        return served[number]

    [step] = renew(files, [BASE], fetch, trust(), NOW + timedelta(days=1))
    return None if step.error is None else step.error.code


def test_a_list_that_is_held_and_no_more_there_is_told_and_kept():
    files: dict[str, bytes] = {}
    first, second, third = (signed(number=number) for number in range(3))
    assert renewed(files, first, second, third) is None
    held = dict(files)
    assert len(held) == 3
    assert renewed(files, first, None, third) == AnswerRefusedError.code
    assert renewed(files, first) == AnswerRefusedError.code
    assert files == held


def test_a_newer_list_that_forgets_what_was_taken_back_is_refused_by_whatever_road():
    later = {"at": NOW + timedelta(hours=1)}
    old, more = signed(marks=REVOKED), signed(marks={PLACE: 1, 7: 2}, **later)
    for marks in ({}, {PLACE: 2}, {7: 1}):
        back = signed(marks=marks, **later)
        files: dict[str, bytes] = {}
        assert renewed(files, old) is None
        held = dict(files)
        assert renewed(files, back) == StatusListWentBackError.code
        assert files == held
        with pytest.raises(StatusListWentBackError):
            newer(old, back)
    with pytest.raises(StatusListWentBackError):
        newer(old, signed(size=16, **later))
    assert newer(old, more) == newer(more, old) == more
    assert newer(signed(marks={PLACE: 2}), more) == more


def test_of_two_lists_of_one_date_in_two_folders_the_worst_answer_counts():
    for order in ((signed(), signed(marks=REVOKED)), (signed(marks=REVOKED), signed())):
        assert asked(*order) == REVOKED_ANSWER
