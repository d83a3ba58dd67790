"""Until when a proof lasts, when a renewal is due, and when it would bring nothing."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from support.archives import (
    ENDS,
    THEN,
    day,
    old_town,
    sealed,
    second,
    services,
    standings,
    town_with,
    trust,
)
from support.authorities import certomancer

from cli.renewals import Renewer, SealNotProvedError, State, Wish
from sealing.authorities.lifetimes import ENDED, Why, of_chain, of_stamp
from sealing.authorities.token import Question
from sealing.der import one, values
from sealing.service.levels import Level
from sealing.service.renewal import NoGainError, Renewals, Standing, is_due, lifetime_of
from verifier.check import Indication
from verifier.checks.seal.pades import check_seals

FAR = datetime(2100, 1, 1, tzinfo=UTC)
RSA_ENDS = datetime(2028, 12, 31, 23, 59, 59, tzinfo=UTC)


def certificate(key, digest=None, until=FAR):
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "one")])
    issuer = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "another")])
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(until)
        .sign(key, digest or hashes.SHA256())
    )


@pytest.mark.parametrize(("bits", "ends"), [(3_072, FAR), (2_048, RSA_ENDS), (1_024, ENDED)])
def test_rsa_keys_end_as_the_table_says(bits, ends):
    found = of_chain([certificate(rsa.generate_private_key(65537, bits))])
    assert found.until == ends
    assert found.why is (Why.CERTIFICATE if ends == FAR else Why.ALGORITHM)


@pytest.mark.parametrize(
    ("curve", "ends"), [(ec.SECP256R1(), FAR), (ec.SECP384R1(), FAR), (ec.SECP224R1(), ENDED)]
)
def test_curves_below_256_bits_have_ended(curve, ends):
    assert of_chain([certificate(ec.generate_private_key(curve))]).until == ends


@pytest.mark.parametrize("digest", [hashes.SHA224(), hashes.SHA3_256()])
def test_a_digest_that_stands_in_no_row_has_ended(digest):
    key = ec.generate_private_key(ec.SECP256R1())
    assert of_chain([certificate(key, digest)]).until == ENDED


def test_the_first_certificate_of_a_chain_ends_it():
    key, soon = ec.generate_private_key(ec.SECP256R1()), datetime(2031, 1, 1, tzinfo=UTC)
    found = of_chain([certificate(key), certificate(key, until=soon)])
    assert (found.until, found.why) == (soon, Why.CERTIFICATE)


def test_a_token_ends_with_its_chain_or_at_once_where_it_cannot_be_read():
    made, _ = old_town()
    chain = (made.tsa.certificate, made.intermediate.certificate, made.root.certificate)
    asked = Question(bytes(32), "sha256", 1).encode()
    token = values(one(certomancer(made.tsa, THEN)(asked)).content)[1].encoded
    assert of_stamp(chain, token).until == made.tsa.certificate.not_valid_after_utc
    assert of_stamp(chain, token[:-1]).until == ENDED
    assert of_stamp(chain, b"").until == ENDED


@pytest.mark.parametrize("level", list(Level))
def test_what_a_seal_rests_on_ends_with_its_certificates(level):
    found = standings(sealed(level), THEN)
    assert lifetime_of(found).until == old_town()[0].tsa.certificate.not_valid_after_utc
    assert (found[0].archive is not None) is (level is Level.B_LTA)


def test_proofs_in_the_file_do_not_make_a_seal_last_longer_than_its_certificate():
    pdf = sealed(Level.B_LT, folder=town_with(-1, 3_000))
    end = old_town()[0].seals["seal-p256"].certificate.not_valid_after_utc
    found = standings(pdf, day(ENDS - 60))
    assert lifetime_of(found).until == end
    assert is_due(found, day(ENDS - 60), timedelta(days=90))
    verdicts = check_seals(pdf, trust(day(ENDS + 1)), day(ENDS + 1))
    assert not all(one.conclusion.indication is Indication.TOTAL_PASSED for one in verdicts)


@pytest.mark.parametrize("every", [False, True])
def test_a_stamp_that_proves_nothing_renews_nothing(every, tmp_path):
    at, path = day(1_050), tmp_path / "letter.pdf"
    path.write_bytes(sealed(Level.B_LTA))
    # Who judges does not know what the new stamp's authority revoked.
    known = [one for one in trust(at).crls if one.issuer != second().certificate.subject]
    lists = replace(trust(at), crls=tuple(known), revocations=None)
    run = Renewals(services(at, town_with(1_000, 3_000)))
    wish = Wish(timedelta(days=90), every=every)
    done = Renewer(lists, run, wish, lambda: at).one(path)
    assert done.state is State.REFUSED
    assert isinstance(done.error, SealNotProvedError)
    assert done.error.details["why"] == "archive-not-proved"
    assert path.read_bytes() == sealed(Level.B_LTA)
    assert Renewer(trust(at), run, wish, lambda: at).one(path).state is State.RENEWED


def test_a_renewal_is_due_within_its_margin_and_not_before():
    found = standings(sealed(Level.B_LTA), THEN)
    end, margin = lifetime_of(found).until, timedelta(days=90)
    assert not is_due(found, end - margin - timedelta(seconds=1), margin)
    assert is_due(found, end - margin, margin)


def test_of_several_seals_the_first_to_end_counts():
    made, _ = old_town()
    early = Standing((made.seals["seal-p256"].certificate,))
    late = Standing((made.root.certificate,))
    assert (
        lifetime_of([late, early]).until == made.seals["seal-p256"].certificate.not_valid_after_utc
    )


def test_an_archived_file_asks_proofs_of_its_newest_stamp_alone():
    [archived] = standings(sealed(Level.B_LTA), THEN)
    [lasting] = standings(sealed(Level.B_LT), THEN)
    assert archived.archive is not None
    assert archived.to_prove(THEN) == (archived.archive.chain,)
    assert lasting.to_prove(THEN) == (lasting.chain, lasting.stamps[0].chain)
    assert lasting.to_prove(day(ENDS + 1)) == (lasting.stamps[0].chain,)


def test_a_renewal_that_lasts_no_longer_is_refused_unless_asked():
    pdf, at = sealed(Level.B_LTA), day(1_000)
    found = standings(pdf, at)
    run = Renewals(services(at))
    with pytest.raises(NoGainError):
        run.renew(pdf, found, at)
    assert run.renew(pdf, found, at, anyway=True)
    assert Renewals(services(at, town_with(1_000, 3_000))).renew(pdf, found, at)


def test_the_authorities_are_asked_once_for_a_run_and_again_when_their_answers_age():
    run = Renewals(services(day(1_000), town_with(1_000, 3_000)))
    assert not run.is_prepared
    first = run.prepare(day(1_000))
    assert run.prepare(day(1_000)) is first
    assert run.prepare(first.due) is not first
