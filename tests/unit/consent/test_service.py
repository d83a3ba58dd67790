"""The broker's services: the story, and every step that must be refused, changing nothing."""

import json
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from support.broker import Broker, broker, draft_of
from support.budget import cases
from support.delivery import CONTENT, NOW, VAULT, Citizen, Service, new_id, signer
from support.person import new_id as account_id
from support.race import race
from support.safe import dump

from consent.catalogue.law import ClosedListError
from consent.errors import ConsentError
from consent.messages import assertion, chain, grant, withdrawal
from consent.messages.assertion import AssertionRefusedError, Call
from consent.messages.chain import MessageSchemaError
from consent.messages.grant import Grant, GrantInvalidError
from consent.messages.receipt import Receipt, ReceiptForeignError
from consent.messages.request import RequestClockError, RequestExpiredError, RequestForeignError
from consent.messages.withdrawal import WithdrawalForeignError
from consent.service import register, requests
from consent.service.grants import GrantNotFoundError
from consent.service.register import (
    RegisterFullError,
    RegistrationMissingError,
    RegistrationStruckOffError,
)
from consent.service.requests import RequestNotFoundError, RequestReplayedError, TooManyTriesError
from consent.states import (
    GrantExpiredError,
    GrantUsedError,
    GrantWithdrawnError,
    IllegalTransitionError,
    RequestClosedError,
)
from storage.database import reading, transaction
from vault.errors import VaultError
from vault.format.canonical import from_base64url
from vault.format.signed_message import sign
from vault.service import shares

WORDS = ("facture", "Canari", "municipal-invoice", "CANARI")


@pytest.fixture
def town(tmp_path):
    return broker(tmp_path)


def test_one_grant_is_collected_once_and_both_sign_the_receipt(town):
    pushed, view = town.granted()
    handed = town.collect(view.id)
    opened = town.open(pushed, handed)
    assert [item.req for item in opened.manifest.items] == ["address"]
    half = town.half(handed)
    both = town.acknowledge(view.id, half)
    keys = {town.service.signer.key.thumbprint: town.service.signer.key}
    proved = Receipt.verify(both, keys, town.vault.key)
    assert proved.grant == Grant.verify(view.signed).digest
    assert town.state(view.id) == "receipted"
    assert town.acknowledge(view.id, half) == both
    with pytest.raises(ReceiptForeignError):
        Receipt.verify(half, keys, town.vault.key)
    with pytest.raises(ReceiptForeignError):
        Receipt.verify(both, keys, None)


def test_a_receipt_signed_by_both_is_not_made_of_two_different_ones(town):
    _, view = town.granted()
    handed = town.collect(view.id)
    first = json.loads(town.half(handed))
    second = json.loads(town.acknowledge(view.id, town.half(handed)))
    keys = {town.service.signer.key.thumbprint: town.service.signer.key}
    second["signatures"][0] = first["signatures"][0]
    with pytest.raises(VaultError):
        Receipt.verify(json.dumps(second), keys, town.vault.key)
    second["signatures"] *= 2
    with pytest.raises(ReceiptForeignError):
        Receipt.verify(json.dumps(second), keys, town.vault.key)


def test_the_database_holds_nothing_of_what_was_handed_over(town):
    _, view = town.granted()
    town.acknowledge(view.id, town.half(town.collect(view.id)))
    text = dump(town.safe.engine)
    assert not [word for word in WORDS if word in text]
    assert CONTENT.decode() not in text


def refused(town, error, act):
    """Have an act refused: with this error, and without a change."""
    before = dump(town.safe.engine)
    with pytest.raises(error) as caught:
        act()
    assert dump(town.safe.engine) == before
    return caught.value


def test_a_second_collection_is_refused_at_every_stage(town):
    _, view = town.granted()
    handed = town.collect(view.id)
    refused(town, GrantUsedError, lambda: town.collect(view.id))
    town.acknowledge(view.id, town.half(handed))
    refused(town, GrantUsedError, lambda: town.collect(view.id))
    _, view = town.granted()
    town.acknowledge(view.id, town.half(town.collect(view.id), "content-digest"))
    assert town.state(view.id) == "rejected"
    refused(town, GrantUsedError, lambda: town.collect(view.id))


def test_one_collection_may_be_asked_again_for_a_quarter_of_an_hour(town):
    _, view = town.granted()
    name = new_id()
    first = town.collect(view.id, name)
    town.forward(minutes=14)
    again = town.collect(view.id, name)
    assert (again.package, again.collected_at) == (first.package, first.collected_at)
    town.forward(minutes=1)
    refused(town, GrantUsedError, lambda: town.collect(view.id, name))
    assert town.sweep() == 1
    assert town.sweep() == 0
    # The receipt is still awaited: the use was counted.
    town.acknowledge(view.id, town.half(first))


def test_a_grant_that_nobody_collects_lapses_and_is_destroyed(town):
    _, view = town.granted()
    town.forward(hours=71.9)
    assert town.state(view.id) == "ready"
    assert town.sweep() == 0
    town.forward(hours=0.1)
    assert town.state(view.id) == "lapsed"
    refused(town, GrantExpiredError, lambda: town.collect(view.id))
    assert town.sweep() == 1
    refused(town, GrantExpiredError, lambda: town.collect(view.id))
    refused(town, IllegalTransitionError, lambda: town.withdraw(view))
    assert "ready" not in dump(town.safe.engine)


def test_a_withdrawal_destroys_what_waits_and_is_final(town):
    _, view = town.granted()
    assert town.withdraw(view).state == "withdrawn"
    assert town.withdraw(view).state == "withdrawn"
    refused(town, GrantWithdrawnError, lambda: town.collect(view.id))
    with reading(town.safe.engine) as session:
        raw = session.connection().connection.driver_connection
        assert raw is not None
        rows = raw.execute("SELECT package FROM proof_grant").fetchall()
        headers = raw.execute("SELECT header FROM share").fetchall()
    assert rows == headers == [(None,)]


def test_a_withdrawal_after_the_collection_is_too_late(town):
    _, view = town.granted()
    handed = town.collect(view.id)
    refused(town, IllegalTransitionError, lambda: town.withdraw(view))
    town.acknowledge(view.id, town.half(handed))
    refused(town, IllegalTransitionError, lambda: town.withdraw(view))


def test_a_withdrawal_by_another_key_or_of_another_grant_is_refused(town):
    _, first = town.granted()
    _, second = town.granted()
    now, given = town.now, Grant.verify(first.signed)
    theirs = withdrawal.issue(
        Grant.verify(second.signed), new_id(), now, town.citizen.signer(town.service.address)
    )
    refused(town, WithdrawalForeignError, lambda: town.withdraw(first, theirs))
    claims = {"v": 1, "jti": new_id(), "aud": given.aud, "iat": 1795176000, "grant": given.digest}
    forged = sign("coffre-withdrawal+jwt", claims, signer(), carry_key=True)
    refused(town, WithdrawalForeignError, lambda: town.withdraw(first, forged))


def test_another_service_finds_nothing(town):
    _, view = town.granted()
    handed = town.collect(view.id)
    other = town.other.address
    refused(town, GrantNotFoundError, lambda: town.collect(view.id, service=other))
    refused(town, GrantNotFoundError, lambda: town.acknowledge(view.id, town.half(handed), other))
    refused(town, GrantNotFoundError, lambda: town.collect(new_id()))


def test_a_removed_document_takes_its_grant_back(town):
    _, view = town.granted()
    with transaction(town.safe.engine) as session:
        shares.withdraw_all(session, Grant.verify(view.signed).stored[0].blob_id, town.now)
    refused(town, GrantWithdrawnError, lambda: town.collect(view.id))
    assert town.state(view.id) == "ready"


def test_a_receipt_of_anything_else_is_refused(town):
    _, view = town.granted()
    _, elsewhere = town.granted()
    handed = town.collect(view.id)
    wrong = town.collect(elsewhere.id)
    for half in (
        town.half(wrong),
        town.half(handed, use=2),
        town.half(handed, vault="https://other.example"),
        town.half(handed, collected_at=handed.collected_at + timedelta(seconds=1)),
    ):
        refused(town, ReceiptForeignError, lambda half=half: town.acknowledge(view.id, half))
    stranger = replace(town.service, signer=signer())
    mine, town.service = town.service, stranger
    half = town.half(handed)
    town.service = mine
    refused(town, ReceiptForeignError, lambda: town.acknowledge(view.id, half))
    town.acknowledge(view.id, town.half(handed))
    town.forward(minutes=1)
    refused(town, IllegalTransitionError, lambda: town.acknowledge(view.id, town.half(handed)))


def test_a_receipt_before_the_collection_is_refused(town):
    pushed, view = town.granted()
    _, other = town.granted()
    handed = town.collect(other.id)
    early = replace(handed, grant=view.signed, collected_at=view.accepted_at)
    refused(town, IllegalTransitionError, lambda: town.acknowledge(view.id, town.half(early)))
    del pushed


def resigned(town, delivery, signer_of=None, **changed):
    """Sign the members of a grant again, some changed."""
    claims = json.loads(from_base64url(delivery.grant.split(".")[1]))
    key = signer_of or town.citizen.signer(town.service.address)
    return replace(delivery, grant=grant.issue({**claims, **changed}, key))


def spoiled_grants(town, pushed):
    """Give every field mutated, each with its error."""
    good = town.answer(pushed)
    seconds = chain.seconds(town.now)
    status = {"idx": pushed.status.idx + 1, "uri": pushed.status.uri}
    [stored] = json.loads(from_base64url(good.grant.split(".")[1]))["stored"]
    yield resigned(town, good, aud=town.other.address), GrantInvalidError
    yield resigned(town, good, request=chain.digest_of(b"")), RequestNotFoundError
    yield resigned(town, good, recipient=chain.digest_of(b"")), GrantInvalidError
    yield resigned(town, good, answers=["income"]), GrantInvalidError
    yield resigned(town, good, answers=["address", "shoes"]), GrantInvalidError
    yield resigned(town, good, uses=2, max_frequency="P1D"), GrantInvalidError
    yield resigned(town, good, status=status), GrantInvalidError
    yield resigned(town, good, iat=seconds - 901), GrantInvalidError
    yield resigned(town, good, iat=seconds + 121, exp=seconds + 500), GrantInvalidError
    yield resigned(town, good, iat=seconds - 100, exp=seconds), GrantExpiredError
    yield resigned(town, good, package={"sha256": chain.digest_of(b""), "size": 1}), ConsentError
    yield resigned(town, good, stored=[]), GrantInvalidError
    yield resigned(town, good, stored=[{**stored, "fkc": "A" * 43}]), shares.ShareMismatchError
    yield resigned(town, good, stored=[{**stored, "size": 99}]), shares.ShareMismatchError
    yield resigned(town, good, stored=[{**stored, "sha256": "A" * 43}]), shares.ShareMismatchError
    yield resigned(town, good, stored=[{**stored, "header": "A" * 43}]), GrantInvalidError
    yield replace(good, package=good.package[:-1]), GrantInvalidError
    yield replace(good, package=bytes(len(good.package))), GrantInvalidError
    yield replace(good, headers={}), GrantInvalidError
    yield replace(good, headers={**good.headers, new_id(): b"x"}), GrantInvalidError
    yield replace(good, grant=good.grant[:-4] + "AAAA"), VaultError
    yield replace(good, grant=pushed.signed), MessageSchemaError


def test_every_field_of_a_grant_mutated_is_refused_and_changes_nothing(town):
    pushed = town.push()
    count = 0
    for delivery, error in spoiled_grants(town, pushed):
        refused(town, error, lambda delivery=delivery: town.send(delivery))
        count += 1
    assert count == 22
    assert town.send(town.answer(pushed)).state == "ready"


def test_a_request_is_answered_once_and_by_its_person(town):
    pushed = town.push()
    stranger = town.safe.person("paul")
    refused(town, RequestNotFoundError, lambda: town.send(town.answer(pushed), stranger))
    view = town.send(town.answer(pushed))
    refused(town, RequestClosedError, lambda: town.send(town.answer(pushed)))
    second = town.push()
    claims = json.loads(from_base64url(town.answer(second).grant.split(".")[1]))
    again = resigned(town, town.answer(second), jti=view.id)
    assert claims["jti"] != view.id
    refused(town, GrantInvalidError, lambda: town.send(again))


def test_a_person_keeps_one_key_for_a_service_and_another_for_the_next(town):
    _, view = town.granted()
    pushed = town.push()
    town.citizen = replace(town.citizen, seed=Citizen().seed)
    refused(town, GrantInvalidError, lambda: town.send(town.answer(pushed)))
    del view


def test_another_persons_object_cannot_be_granted(town):
    stranger = town.safe.person("paul")
    with transaction(town.safe.engine) as session:
        pushed = requests.push(
            session, town.service.request(town.service.ground), stranger.account, town.ground
        )
    refused(town, shares.ShareMismatchError, lambda: town.send(town.answer(pushed), stranger))


def test_a_request_is_taken_once(town):
    token = town.service.request(town.service.ground)
    town.push_token(token)
    refused(town, RequestReplayedError, lambda: town.push_token(token))
    nonce = "n" * 32
    town.push(nonce=nonce)
    refused(town, RequestReplayedError, lambda: town.push(nonce=nonce))
    assert town.push(town.other, nonce=nonce)


def test_requests_that_the_vault_refuses(town):
    elsewhere, start = Service(register=town.register), int(NOW.timestamp())
    for error, token in (
        (RegistrationMissingError, elsewhere.request()),
        (RequestForeignError, town.service.request(town.service.ground, aud="https://x.example")),
        (
            RequestForeignError,
            town.service.request(
                town.service.ground,
                standing={"uses": 2, "max_frequency": "P1D", "until": start + 9},
            ),
        ),
        (RequestExpiredError, town.service.request(town.service.ground, exp=start)),
        (
            RequestClockError,
            town.service.request(town.service.ground, exp=start + 91 * 86_400),
        ),
    ):
        refused(town, error, lambda token=token: town.push_token(token))


def test_a_struck_off_service_asks_nothing_and_gets_no_answer(town):
    pushed = town.push()
    with transaction(town.safe.engine) as session:
        register.strike_off(session, town.service.ground_id, town.now)
    refused(town, RegistrationStruckOffError, town.push)
    refused(town, RegistrationStruckOffError, lambda: town.send(town.answer(pushed)))


def test_a_service_cannot_tell_a_refusal_from_an_absence(town):
    first, second = town.push(), town.push()

    def seen(request_id):
        with reading(town.safe.engine) as session:
            told = requests.of_service(session, town.service.address, request_id, town.now)
        return replace(told, id="")

    with transaction(town.safe.engine) as session:
        requests.decline(session, town.person.account, first.id, town.now)
    assert seen(first.id) == seen(second.id)
    refused(town, RequestClosedError, lambda: town.send(town.answer(first)))
    town.forward(days=8)
    assert seen(first.id) == seen(second.id)
    assert seen(first.id).state == "expired"


def test_a_request_taken_back_is_closed(town):
    pushed, answered = town.push(), town.granted()[0]
    with transaction(town.safe.engine) as session:
        requests.cancel(session, town.service.address, pushed.id, town.now)
    refused(town, RequestClosedError, lambda: town.send(town.answer(pushed)))

    def cancel(service, request_id):
        with transaction(town.safe.engine) as session:
            requests.cancel(session, service, request_id, town.now)

    refused(town, RequestClosedError, lambda: cancel(town.service.address, answered.id))
    refused(town, RequestNotFoundError, lambda: cancel(town.other.address, answered.id))


def test_codes_are_tried_ten_times_an_hour(town):
    def attempt(code):
        with transaction(town.safe.engine) as session:
            requests.count_try(session, town.person.account, town.now)
        with transaction(town.safe.engine) as session:
            return requests.open_by_code(session, town.person.account, code, town.ground)

    with transaction(town.safe.engine) as session:
        made = requests.push(session, town.service.request(town.service.ground), None, town.ground)
    assert attempt(made.code.lower()).id == made.id
    for _ in range(9):
        with pytest.raises(RequestNotFoundError):
            attempt("00000000")
    with pytest.raises(TooManyTriesError):
        attempt(made.code)
    town.forward(hours=1)
    assert attempt(f"{made.code[:4]}-{made.code[4:]}").id == made.id


def test_a_code_opens_nobody_elses_request(town):
    pushed, stranger = town.push(), town.safe.person("paul")
    with transaction(town.safe.engine) as session, pytest.raises(RequestNotFoundError):
        requests.open_by_code(session, stranger.account, pushed.code, town.ground)


def test_the_law_is_asked_by_the_vault_too(town):
    made = Service(register=town.register, address="https://portal.example/school")
    draft = draft_of(made, closed_list="school-enrolment")
    with transaction(town.safe.engine) as session:
        by = register.Authority(town.register, "https://register.example")
        signed = register.add(session, draft, by, town.now).signed
    token = made.request(signed)
    refused(town, ClosedListError, lambda: town.push_token(token))


def test_a_draft_counts_for_nothing_and_is_checked(town):
    made = Service(register=town.register)
    draft = draft_of(made)

    def propose(**changed):
        with transaction(town.safe.engine) as session:
            return register.propose(session, {**draft, **changed}, town.now)

    kept = propose()
    assert (kept.signed, kept.service) == (None, made.address)
    other = {**signer().key.to_jwk(), "kid": made.signer.key.thumbprint}
    wrong: list[dict[str, Any]] = [
        {"exp": 1}, {"v": 1}, {"allowed": []}, {"x": 1}, {"sign_keys": [other]},
    ]  # fmt: skip
    for changed in wrong:
        refused(town, MessageSchemaError, lambda changed=changed: propose(**changed))
    for _ in range(99):
        propose()
    refused(town, RegisterFullError, propose)


def call(town, service, path="/api/v1/x", method="GET", **changed):
    """Prove a call, and have it checked."""
    claims = {"address": service.address, "jti": new_id(), "now": town.now, **changed}
    token = assertion.issue(
        claims["address"], Call(VAULT, method, path), claims["jti"], claims["now"], service.signer
    )
    with transaction(town.safe.engine) as session:
        return register.authenticate(session, token, Call(VAULT, "GET", "/api/v1/x"), town.ground)


def test_a_call_is_proved_once_for_its_path_within_its_minute(town):
    assert call(town, town.service) == town.service.address
    jti = new_id()
    call(town, town.service, jti=jti)
    wrong: list[dict[str, Any]] = [
        {"jti": jti},
        {"path": "/api/v1/y"},
        {"method": "POST"},
        {"now": town.now - timedelta(seconds=60)},
        {"now": town.now + timedelta(seconds=31)},
        {"address": town.other.address},
        {"address": "https://nobody.example"},
        {"jti": "x" * 23},
    ]
    for changed in wrong:
        refused(town, AssertionRefusedError, partial(call, town, town.service, **changed))
    town.forward(minutes=2)
    call(town, town.service, jti=jti)


def test_a_call_by_an_unregistered_key_or_after_the_end_is_refused(town):
    stranger = replace(town.service, signer=signer())
    refused(town, AssertionRefusedError, lambda: call(town, stranger))
    for token in ("", "a.b.c", "x" * 43, town.service.request(town.service.ground)):
        with transaction(town.safe.engine) as session, pytest.raises(AssertionRefusedError):
            register.authenticate(session, token, Call(VAULT, "GET", "/"), town.ground)
    with transaction(town.safe.engine) as session:
        register.strike_off(session, town.service.ground_id, town.now)
    refused(town, AssertionRefusedError, lambda: call(town, town.service))
    town.forward(days=366)
    refused(town, AssertionRefusedError, lambda: call(town, town.other))


def test_only_what_the_register_holds_can_be_struck_off_or_signed(town):
    def act(what, name):
        with transaction(town.safe.engine) as session:
            if what == "sign":
                by = register.Authority(town.register, "https://register.example")
                return register.sign(session, name, by, town.now)
            return register.strike_off(session, name, town.now)

    for what in ("sign", "strike"):
        refused(town, RegistrationMissingError, lambda what=what: act(what, account_id()))
    refused(town, RegistrationMissingError, lambda: act("sign", town.service.ground_id))
    assert act("strike", town.service.ground_id).struck_off
    assert act("strike", town.service.ground_id).struck_off


def test_of_two_collectors_exactly_one_gets_the_use(town: Broker):
    for _ in range(cases(ci=20, slow=300, fast=4)):
        _, view = town.granted()
        found = race(*[partial(town.collect, view.id)] * 3)
        assert sorted(type(each).__name__ for each in found) == [
            "GrantUsedError", "GrantUsedError", "Handed",
        ]  # fmt: skip


def test_of_a_withdrawal_and_a_collection_exactly_one_wins(town: Broker):
    for _ in range(cases(ci=20, slow=300, fast=4)):
        _, view = town.granted()
        found = race(partial(town.collect, view.id), partial(town.withdraw, view))
        assert sorted(isinstance(each, ConsentError) for each in found) == [False, True]
        expected = "withdrawn" if isinstance(found[0], GrantWithdrawnError) else "collected"
        assert town.state(view.id) == expected
