"""Proofs of non-revocation: answers made by Certomancer, honest or not, and what a run gathers."""

from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID
from support.authorities import (
    answered_holder,
    holder,
    known,
    ocsp_question,
    ocsp_responder,
    revocation_list,
)
from support.sealers import NOW, town

from cli.demo import pki
from sealing.authorities import revocation
from sealing.authorities.proofs import ProofKind, RevokedCertificateError, by_list, by_ocsp
from sealing.authorities.revocation import (
    Held,
    NoRevocationProofError,
    RevocationFileError,
    RevocationTooLargeError,
    gather,
)
from storage.outgoing import Outgoing

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NOBODY = Outgoing([])


@pytest.fixture(name="made")
def _made():
    return town()[0]


def seal():
    return town()[0].seals["seal-p256"].certificate


def listed(der, certificate=None, now=NOW):
    crl = x509.load_der_x509_crl(der)
    return by_list(crl, certificate or seal(), town()[0].intermediate.certificate, now)


def answered(der, certificate=None, now=NOW):
    return by_ocsp(der, certificate or seal(), town()[0].intermediate.certificate, now)


def question(certificate=None, issuer=None):
    issuer = issuer or town()[0].intermediate
    return ocsp_question(certificate or seal(), issuer.certificate)


# --- one list -------------------------------------------------------------------------------------


def test_a_list_in_force_without_the_certificate_proves_it(made):
    der = revocation_list(made.intermediate, (made.tsa.certificate,))
    proof = listed(der)
    assert proof is not None
    assert (proof.kind, proof.der, proof.due) == (ProofKind.CRL, der, NOW + DAY)


def test_a_list_with_the_certificate_is_an_error_even_when_it_is_old(made):
    for dates in ((NOW - HOUR, NOW + DAY), (NOW - 9 * DAY, NOW - 8 * DAY)):
        with pytest.raises(RevokedCertificateError) as caught:
            listed(revocation_list(made.intermediate, (seal(),), dates=dates))
        assert caught.value.details["name"] == "Cachet de demonstration P-256"
        assert not caught.value.retryable


@pytest.mark.parametrize(
    "dates", [(NOW - 9 * DAY, NOW - HOUR), (NOW + HOUR, NOW + DAY)], ids=["expired", "of later"]
)
def test_a_list_out_of_its_dates_proves_nothing(made, dates):
    assert listed(revocation_list(made.intermediate, dates=dates)) is None


def test_a_list_signed_by_another_proves_nothing_whatever_it_says(made):
    assert listed(revocation_list(made.intermediate, (seal(),), signed_by=made.root)) is None
    assert listed(revocation_list(made.root, (seal(),))) is None
    other = pki.build(NOW).intermediate
    assert listed(revocation_list(other, (seal(),))) is None


@pytest.mark.parametrize(
    "scope",
    [
        {"only_contains_ca_certs": True},
        {"only_contains_attribute_certs": True},
        {"only_some_reasons": {"key_compromise"}},
        {"indirect_crl": True},
    ],
    ids=str,
)
def test_a_list_of_something_else_proves_nothing(made, scope):
    assert listed(revocation_list(made.intermediate, scope=scope)) is None


def test_a_list_of_seals_alone_proves_a_seal(made):
    der = revocation_list(made.intermediate, scope={"only_contains_user_certs": True})
    assert listed(der) is not None
    crl, root = x509.load_der_x509_crl(der), made.root.certificate
    assert by_list(crl, made.intermediate.certificate, root, NOW) is None


# --- one OCSP answer ------------------------------------------------------------------------------


def test_an_answer_of_the_authority_itself_proves_the_certificate():
    der = ocsp_responder()(question())
    proof = answered(der)
    assert proof is not None
    assert (proof.kind, proof.der) == (ProofKind.OCSP, der)
    assert proof.due == NOW + HOUR - timedelta(minutes=1)


TLS_USE = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
OCSP_USE = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.OCSP_SIGNING])


def test_an_answer_of_a_responder_that_the_authority_named_proves_it():
    responder = holder((OCSP_USE, False), (x509.OCSPNoCheck(), False))
    assert answered(ocsp_responder(responder=responder)(question())) is not None


@pytest.mark.parametrize(
    "extensions",
    [
        [],
        [(OCSP_USE, False)],
        [(x509.OCSPNoCheck(), False)],
        [
            (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False),
            (x509.OCSPNoCheck(), False),
        ],
    ],
    ids=["no purpose", "to be checked itself", "no purpose, no check", "for TLS"],
)
def test_another_responder_proves_nothing(extensions):
    responder = holder(*extensions)
    assert answered(ocsp_responder(responder=responder)(question())) is None


def test_a_responder_of_another_authority_or_out_of_its_dates_proves_nothing(made):
    named = ((OCSP_USE, False), (x509.OCSPNoCheck(), False))
    for responder in (
        holder(*named, issuer=made.root),
        holder(*named, valid=(-9 * DAY, -DAY)),
    ):
        assert answered(ocsp_responder(responder=responder)(question())) is None


def test_an_answer_about_another_certificate_proves_nothing(made):
    assert answered(ocsp_responder()(question(made.tsa.certificate))) is None


def test_an_answer_about_the_same_number_of_another_authority_proves_nothing():
    other = pki.build(NOW).intermediate
    asked = ocsp_question(seal(), other.certificate)
    for responder in (other, town()[0].intermediate):
        assert answered(ocsp_responder(issuer=other, responder=responder)(asked)) is None


def test_a_revoked_answer_is_an_error():
    with pytest.raises(RevokedCertificateError):
        answered(ocsp_responder("revoked")(question()))


@pytest.mark.parametrize(
    "options",
    [
        {"state": "unknown"},
        {"at": NOW - DAY},
        {"at": NOW + HOUR},
        {"validity": None},
    ],
    ids=str,
)
def test_an_answer_that_says_nothing_now_proves_nothing(options):
    assert answered(ocsp_responder(**options)(question())) is None


@pytest.mark.parametrize("der", [b"", b"\x30\x03\x0a\x01\x06", b"<html>", bytes(99)])
def test_what_is_no_answer_proves_nothing(der):
    assert answered(der) is None


def test_a_changed_bit_of_an_answer_proves_nothing_else():
    der = ocsp_responder()(question())
    for place in range(len(der)):
        changed = bytearray(der)
        changed[place] ^= 0x04
        proof = answered(bytes(changed))
        if proof is not None:
            # The signature does not cover its own frame, nor the certificates beside it.
            assert proof.due == NOW + HOUR - timedelta(minutes=1)


# --- a run ----------------------------------------------------------------------------------------


def held(*crls, ocsps=()):
    return Held(known(), tuple(x509.load_der_x509_crl(one) for one in crls), tuple(ocsps))


def lists(**options):
    made = town()[0]
    return revocation_list(made.root), revocation_list(made.intermediate, **options)


def chains():
    made = town()[0]
    return [[seal(), made.intermediate.certificate], [made.tsa.certificate]]


def test_one_proof_for_each_certificate_below_the_root_shared_by_both_chains(made):
    found = gather(chains(), held(*lists()), NOBODY, NOW)
    assert len(set(found.crls)) == 2
    assert found.ocsps == ()
    expected = {seal(), made.tsa.certificate, made.intermediate.certificate, made.root.certificate}
    assert {x509.load_der_x509_certificate(one) for one in found.certificates} == expected


def test_an_answer_is_preferred_to_a_list_where_the_certificate_names_a_responder():
    named = answered_holder().certificate
    for leaf, preferred in ((named, True), (seal(), False)):
        answers = [ocsp_responder()(question(leaf))]
        found = gather([[leaf]], held(*lists(), ocsps=answers), NOBODY, NOW)
        assert list(found.ocsps) == (answers if preferred else [])
        assert len(found.crls) == (1 if preferred else 2)


def test_a_revoked_certificate_is_an_error_though_another_answer_calls_it_good():
    answers = [ocsp_responder()(question())]
    root, _ = lists()
    bad = revocation_list(town()[0].intermediate, (seal(),))
    with pytest.raises(RevokedCertificateError):
        gather(chains(), held(root, bad, ocsps=answers), NOBODY, NOW)
    with pytest.raises(RevokedCertificateError):
        held(bad).refuse_revoked(chains()[0], NOW)
    held(*lists()).refuse_revoked(chains()[0], NOW)


def test_without_a_proof_there_is_no_run_and_one_may_try_again(made):
    root, own = lists()
    old = revocation_list(made.intermediate, dates=(NOW - 9 * DAY, NOW - DAY))
    for some in ((), (root,), (own,), (root, old)):
        with pytest.raises(NoRevocationProofError) as caught:
            gather(chains(), held(*some), NOBODY, NOW)
        assert caught.value.retryable


def test_a_chain_without_its_authority_cannot_be_proved():
    with pytest.raises(NoRevocationProofError):
        gather([[seal()]], Held(), NOBODY, NOW)


def test_a_list_that_would_swell_every_letter_is_refused(made, monkeypatch):
    monkeypatch.setattr(revocation, "EMBEDDED_LIMIT", 600)
    many = tuple(holder().certificate for _ in range(12))
    root, _ = lists()
    with pytest.raises(RevocationTooLargeError):
        gather(chains(), held(root, revocation_list(made.intermediate, many)), NOBODY, NOW)


def test_an_answer_takes_the_place_of_a_list_that_is_too_large(made, monkeypatch):
    monkeypatch.setattr(revocation, "EMBEDDED_LIMIT", 1_100)
    many = tuple(holder().certificate for _ in range(40))
    root, own = lists()[0], revocation_list(made.intermediate, many)
    assert len(own) > 1_100
    leaf = answered_holder().certificate
    answers = [ocsp_responder()(question(leaf))]
    assert gather([[leaf]], held(root, own, ocsps=answers), NOBODY, NOW).ocsps


@pytest.mark.parametrize(
    ("ends", "due"),
    [
        (NOW + timedelta(days=30), NOW + timedelta(hours=12)),
        (NOW + timedelta(hours=3), NOW + timedelta(hours=2, minutes=55)),
        (NOW + timedelta(minutes=2), NOW + timedelta(minutes=1)),
    ],
)
def test_what_was_gathered_is_due_before_the_first_of_it_ends(ends, due):
    root = revocation_list(town()[0].root, dates=(NOW - HOUR, NOW + timedelta(days=99)))
    own = revocation_list(town()[0].intermediate, dates=(NOW - HOUR, ends))
    assert gather(chains(), held(root, own), NOBODY, NOW).due == due


# --- folders --------------------------------------------------------------------------------------


def test_the_demonstrations_trust_folder_is_enough():
    found = Held.read([town()[1] / "trust"])
    assert set(found.authorities) == set(known())
    assert len(gather(chains(), found, NOBODY, NOW).crls) == 2


def test_a_folder_that_is_not_there_holds_nothing(tmp_path):
    assert Held.read([tmp_path / "none"]) == Held()


@pytest.mark.parametrize("place", ["authorities/a.pem", "crl/a.crl"])
def test_a_file_that_does_not_read_is_named(tmp_path, place):
    path = tmp_path / place
    path.parent.mkdir()
    path.write_bytes(b"garbage")
    with pytest.raises(RevocationFileError) as caught:
        Held.read([tmp_path])
    assert caught.value.details["path"] == str(path)


def test_a_file_above_the_limit_is_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr(revocation, "_FILE_LIMIT", 10)
    (tmp_path / "ocsp").mkdir()
    (tmp_path / "ocsp" / "a").write_bytes(bytes(11))
    with pytest.raises(RevocationFileError):
        Held.read([tmp_path])


# --- where certificates say that they are answered ------------------------------------------------


def addressed(url):
    point = x509.DistributionPoint([x509.UniformResourceIdentifier(url)], None, None, None)
    access = x509.AccessDescription(
        AuthorityInformationAccessOID.OCSP, x509.UniformResourceIdentifier(url)
    )
    return holder(
        (x509.CRLDistributionPoints([point]), False),
        (x509.AuthorityInformationAccess([access]), False),
    ).certificate


def test_a_host_that_the_settings_do_not_name_is_not_asked_on_the_word_of_a_certificate(made):
    asked = []

    def resolve(*where):
        asked.append(where)
        return []

    door = Outgoing(["else.example"], resolve=resolve)
    certificate = addressed("http://ca.example/list")
    with pytest.raises(NoRevocationProofError):
        gather([[certificate, made.intermediate.certificate]], held(*lists()[:1]), door, NOW)
    assert asked == []
