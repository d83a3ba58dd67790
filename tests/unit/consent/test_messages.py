"""The messages of the chain: the shared examples, and everything that must be refused."""

import base64
import copy
import hashlib
import json
from datetime import timedelta
from typing import Any

import pytest
from support.delivery import NOW, VAULT, Citizen, Service, new_id, requirement, signer
from support.shared import shared

from consent.catalogue import law
from consent.catalogue.law import ClaimsOnlyError, ClosedListError
from consent.catalogue.proof_types import ProofTypeError, proof_type
from consent.errors import ConsentError
from consent.messages import chain, withdrawal
from consent.messages.chain import MessageSchemaError
from consent.messages.grant import Grant
from consent.messages.manifest import Manifest
from consent.messages.receipt import Receipt
from consent.messages.registration import Registration, RegistrationExpiredError
from consent.messages.request import (
    LegalBasisError,
    OverAskingError,
    RecipientUnregisteredError,
    RegistrationForeignError,
    Request,
    RequestClockError,
    RequestExpiredError,
)
from consent.messages.screen import Screen
from consent.messages.withdrawal import Withdrawal, WithdrawalForeignError
from vault.crypto.age.mlkem768x25519 import HybridIdentity
from vault.format.canonical import to_base64url
from vault.format.signed_message import MessageError, sign

KINDS = ("registration", "request", "screen", "grant", "manifest", "receipt", "withdrawal")
DESIGN = shared("design/schemas")


def kind_of(example: str) -> str:
    return example.split("-", maxsplit=1)[0]


def examples() -> dict[str, Any]:
    found = {path.stem: json.loads(path.read_text()) for path in DESIGN.glob("examples/*.json")}
    return {name: each for name, each in found.items() if kind_of(name) in KINDS}


EXAMPLES = examples()
MUTATIONS = [
    each
    for each in json.loads((DESIGN / "mutations.json").read_text())
    if each["example"] in EXAMPLES
]


def test_our_schemas_are_those_that_were_agreed():
    for name in (*KINDS, "common"):
        ours = json.loads((DESIGN / f"{name}.schema.json").read_text())
        assert chain._schema(name) == ours


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_agreed_example_is_taken(name):
    chain.check(kind_of(name), EXAMPLES[name])


@pytest.mark.parametrize("mutation", MUTATIONS, ids=[each["why"] for each in MUTATIONS])
def test_every_agreed_mutation_is_refused(mutation):
    changed = copy.deepcopy(EXAMPLES[mutation["example"]])
    *parents, last = mutation["path"]
    at = changed
    for step in parents:
        at = at[step]
    if mutation["op"] == "remove":
        del at[last]
    else:
        at[last] = mutation["value"]
    with pytest.raises(MessageSchemaError):
        chain.check(kind_of(mutation["example"]), changed)


def texts(value, path=()):
    """Walk every text of a value, with its place."""
    if isinstance(value, str):
        yield path
    if isinstance(value, dict | list):
        for name, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from texts(inner, (*path, name))


@pytest.mark.parametrize("name", ["request", "grant", "receipt", "registration"])
def test_a_line_feed_at_the_end_of_a_form_is_refused(name):
    free = {"fr", "fr-easy", "text", "name", "dpo", "label", "required_by"}
    for place in texts(EXAMPLES[name]):
        if free & {place[-1]} or "disclosed_to" in place:
            continue
        changed = copy.deepcopy(EXAMPLES[name])
        at = changed
        for step in place[:-1]:
            at = at[step]
        at[place[-1]] += "\n"
        with pytest.raises(MessageSchemaError):
            chain.check(kind_of(name), changed)


@pytest.fixture(scope="module")
def service():
    return Service(register=signer())


def test_a_request_is_read_under_the_pinned_register_alone(service):
    token = service.request()
    asked = Request.verify(token, service.register.key)
    assert (asked.service, asked.aud, asked.mode) == (service.address, VAULT, "release")
    assert [each.id for each in asked.requirements] == ["address", "income"]
    asked.check_time(NOW)
    with pytest.raises(MessageError):
        Request.verify(token, signer().key)


def made(service, claims) -> str:
    """Sign whatever is asked, as a dishonest service would."""
    return sign("coffre-request+jwt", claims, service.signer)


OTHER = HybridIdentity.generate().recipient().encode()


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"iss": "https://other.example"}, RegistrationForeignError),
        (
            {"procedure": {"id": "canteen", "version": "2", "label": {"fr": "Cantine"}}},
            RegistrationForeignError,
        ),
        (
            {"controller": {"name": "Autre", "siret": "0" * 14, "dpo": "a@b.example"}},
            RegistrationForeignError,
        ),
        ({"legal_basis": {"gdpr": "6.1.c", "text": "autre texte"}}, LegalBasisError),
        ({"retention": {"duration": "P2Y", "from": "decision"}}, OverAskingError),
        ({"retention": {"duration": "P1M", "from": "end-of-right"}}, OverAskingError),
        (
            {"requirements": [requirement("income", "income", compulsory=True)]},
            OverAskingError,
        ),
        (
            {"requirements": [requirement("id", "identity", compulsory=False)]},
            OverAskingError,
        ),
        (
            {
                "requirements": [
                    {
                        **requirement("a", "proof-of-address", compulsory=False),
                        "one_of": [
                            {
                                "type": "proof-of-address",
                                "form": "claims",
                                "fields": ["name"],
                                "min_level": "sealed",
                            }
                        ],
                    }
                ]
            },
            OverAskingError,
        ),
        ({"recipient": OTHER}, RecipientUnregisteredError),
        (
            {"requirements": [requirement("a", "income", compulsory=False)] * 2},
            MessageSchemaError,
        ),
        ({"exp": "soon"}, MessageSchemaError),
    ],
)
def test_a_request_beyond_its_registration_is_refused(service, changed, error):
    with pytest.raises(error):
        Request.verify(made(service, service.request_claims(**changed)), service.register.key)


def test_a_home_made_registration_is_refused(service):
    forged = Service(register=signer(), signer=service.signer, identity=service.identity)
    with pytest.raises(MessageError):
        Request.verify(made(service, forged.request_claims()), service.register.key)


def test_a_stolen_registration_is_of_no_use_to_another_key(service):
    thief = Service(register=service.register)
    claims = thief.request_claims(
        service.registration(), recipient=service.request_claims()["recipient"]
    )
    with pytest.raises(RegistrationForeignError):
        Request.verify(made(thief, claims), service.register.key)


@pytest.mark.parametrize(
    ("days", "error"),
    [(8, RequestExpiredError), (-1, RegistrationExpiredError), (301, RegistrationExpiredError)],
)
def test_time_ends_a_request_and_its_registration(service, days, error):
    asked = Request.verify(service.request(), service.register.key)
    with pytest.raises(error):
        asked.check_time(NOW + timedelta(days=days))


def test_a_request_of_the_future_or_without_end_is_refused(service):
    ground, start = service.registration(nbf=int(NOW.timestamp()) - 10**6), int(NOW.timestamp())
    for changed in ({"iat": start + 121}, {"exp": start + 91 * 86_400}):
        asked = Request.verify(service.request(ground, **changed), service.register.key)
        with pytest.raises(RequestClockError):
            asked.check_time(NOW)
    Request.verify(service.request(ground, iat=start + 119), service.register.key).check_time(NOW)


def test_the_law_refuses_what_a_registration_allows():
    service = Service(register=signer())
    allowed = [
        {"type": name, "forms": ["document"], "compulsory": False}
        for name in ("identity", "proof-of-address", "vaccinations", "income")
    ]

    def asked(*names: str, closed: str | None = None) -> Request:
        extra: dict[str, Any] = {"closed_list": closed} if closed else {}
        ground = service.registration(allowed=allowed, **extra)
        needs = [requirement(f"r{n}", name, compulsory=False) for n, name in enumerate(names)]
        return Request.verify(service.request(ground, requirements=needs), service.register.key)

    law.check_request(asked("identity", "identity", "proof-of-address", closed="school-enrolment"))
    for names in (("income",), ("identity",) * 3, ("proof-of-address",) * 2):
        with pytest.raises(ClosedListError):
            law.check_request(asked(*names, closed="school-enrolment"))
    with pytest.raises(ClosedListError):
        law.check_request(asked("identity", closed="no-such-list"))
    with pytest.raises(ClaimsOnlyError):
        law.check_request(asked("vaccinations"))
    with pytest.raises(ProofTypeError):
        proof_type("horoscope")


def test_a_health_proof_goes_out_as_claims_alone():
    assert proof_type("vaccinations").claims_only


def test_a_quotient_is_said_to_be_obtainable_elsewhere():
    service = Service(register=signer())
    allowed = [{"type": "family-quotient", "forms": ["document"], "compulsory": False}]
    needs = [requirement("fq", "family-quotient", compulsory=False)]
    token = service.request(service.registration(allowed=allowed), requirements=needs)
    asked = Request.verify(token, service.register.key)
    assert law.obtainable_elsewhere(asked) == (("fq", "API Particulier"),)


def test_a_withdrawal_is_the_grant_keys_alone_and_of_one_grant(service):
    citizen, asked = Citizen(), Request.verify(service.request(), service.register.key)
    own, _ = citizen.document()
    first, second = (Grant.verify(citizen.answer(asked, own).grant) for _ in range(2))
    mine = citizen.signer(service.address)
    token = withdrawal.issue(first, new_id(), NOW, mine)
    assert Withdrawal.verify(token, first).at == NOW
    with pytest.raises(WithdrawalForeignError):
        Withdrawal.verify(token, second)
    stranger = signer()
    forged = sign(
        "coffre-withdrawal+jwt",
        {"v": 1, "jti": new_id(), "aud": first.aud, "iat": 1795176000, "grant": first.digest},
        stranger,
        carry_key=True,
    )
    with pytest.raises(WithdrawalForeignError):
        Withdrawal.verify(forged, first)


def test_a_message_of_one_kind_is_refused_where_another_is_read(service):
    request, registration = service.request(), service.registration()
    for wrong, read in (
        (registration, lambda token: Request.verify(token, service.register.key)),
        (request, lambda token: Registration.verify(token, service.register.key)),
        (request, Grant.verify),
        ("", lambda token: Request.verify(token, service.register.key)),
        ("é.é.é", lambda token: Request.verify(token, service.register.key)),
        ("{}", lambda text: Receipt.verify(text, {}, None)),
        ('{"payload":"e30","signatures":[]}', lambda text: Receipt.verify(text, {}, None)),
        ('{"payload":"e30","signatures":[1]}', lambda text: Receipt.verify(text, {}, None)),
        ("\ud800", lambda text: Receipt.verify(text, {}, None)),
    ):
        with pytest.raises((ConsentError, MessageError)):
            read(wrong)


def test_a_general_receipt_with_an_unprotected_header_is_refused():
    extras: list[dict[str, Any]] = [{"header": {}}, {"protected": 1}]
    for extra in extras:
        signatures = [{"protected": "e30", "signature": "AA", **extra}]
        with pytest.raises((ConsentError, MessageError)):
            Receipt.verify(json.dumps({"payload": "e30", "signatures": signatures}), {}, None)


def test_long_texts_of_a_request_stand_whole_on_the_screen(service):
    purpose = {"code": "tariff", "text": {"fr": "Calculer " * 100}}
    asked = Request.verify(service.request(purpose=purpose), service.register.key)
    shown = Screen.parse(Screen.of(asked, []).encode())
    shown.check(asked, [])
    assert "".join(text for name, text in shown.lines if name == "why") == "Calculer " * 100


def test_manifest_and_screen_read_back_as_they_were_written():
    for name, kind in (("manifest", Manifest), ("screen", Screen)):
        data = chain.encode(EXAMPLES[name])
        assert kind.parse(data).encode() == data


def test_digests_are_those_of_any_sha256():
    expected = base64.urlsafe_b64encode(hashlib.sha256(b"abc").digest()).decode().rstrip("=")
    assert chain.digest_of(b"abc") == expected == to_base64url(hashlib.sha256(b"abc").digest())


def test_no_identifier_of_ours_looks_like_an_option():
    drawn = {chain.new_identifier() for _ in range(2_000)}
    assert len(drawn) == 2_000
    assert not [each for each in drawn if each.startswith("-")]
    assert {len(chain.from_base64url(each)) for each in drawn} == {16}
