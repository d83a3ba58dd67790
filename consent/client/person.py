"""The person's side: requests checked again, answered, refused; grants taken back; receipts proved.

Rules kept here:

- the vault's word is not enough: each request is read here under the pinned register, for this
  vault, in its time, within the law; one that fails is told as such and cannot be answered;
- a grant is signed by the key of this person for this service, handed over, then written into the
  person's own signed index; what was sent is kept here too, so that nobody can deny it;
- a document answers a requirement when its type is the one asked or a kind that satisfies it; one
  without a type may be chosen by hand;
- a receipt counts when both sides signed it and it is that of this very grant.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import ClassVar, Final

from consent.catalogue import law
from consent.catalogue.proof_types import proof_type
from consent.client import delivery, register_pin
from consent.client.delivery import Choice, OwnDocument, PersonKeys, Terms
from consent.client.register_pin import Authority
from consent.errors import ConsentError
from consent.messages import withdrawal
from consent.messages.grant import Grant, GrantInvalidError, Status
from consent.messages.receipt import Collection, Receipt, ReceiptForeignError
from consent.messages.request import DOCUMENT, Alternative, Request, RequestForeignError
from vault.client import documents, private_files
from vault.client.answers import Answer
from vault.client.documents import Listed
from vault.client.safe import Safe, commit
from vault.crypto import index
from vault.crypto.account.pairwise import pairwise_signer
from vault.errors import VaultError
from vault.format import canonical
from vault.format.canonical import from_base64url, to_base64url

LIFE: Final = timedelta(days=30)
_MESSAGE: Final = 49_152


class ItemError(ConsentError):
    """A chosen document does not answer the requirement, or one is asked twice. Details: `req`."""

    code: ClassVar[str] = "consent-item"


class RequestUnknownError(ConsentError):
    """No such request was made to this person."""

    code: ClassVar[str] = "request-unknown"


class GrantUnknownError(ConsentError):
    """No such grant is this person's."""

    code: ClassVar[str] = "grant-unknown"


@dataclass(frozen=True, slots=True)
class Asked:
    """A request made to this person; `request` is None when it failed a check, `fault` says how."""

    id: str
    state: str
    status: Status
    request: Request | None
    fault: ConsentError | VaultError | None = None


@dataclass(frozen=True, slots=True)
class Given:
    """A grant of this person, as its vault shows it and as it was signed."""

    id: str
    request_id: str
    state: str
    grant: Grant
    receipt: str | None = field(repr=False)
    collected_at: str


@dataclass(frozen=True, slots=True)
class ProvedReceipt:
    """A receipt that both sides signed, for this grant."""

    given: Given
    receipt: Receipt
    request: str = field(repr=False)


def requests(safe: Safe, now: datetime) -> list[Asked]:
    """List the requests made to this person, each checked again."""
    authority = register_pin.authority(safe.http, safe.home.folder)
    rows = safe.http.get("me/requests").objects("requests")
    return [_asked(row, authority, now) for row in rows]


def open_by_code(safe: Safe, code: str, now: datetime) -> Asked:
    """Open a request by its code."""
    authority = register_pin.authority(safe.http, safe.home.folder)
    return _asked(safe.http.post("me/requests", {"code": code}), authority, now)


def find(safe: Safe, request_id: str, now: datetime) -> Asked:
    """Give one request, that passed every check; raise its fault, or RequestUnknownError."""
    for asked in requests(safe, now):
        if asked.id == request_id:
            if asked.fault is not None:
                raise asked.fault
            return asked
    raise RequestUnknownError("got a request that was not made to this person")


def proposals(request: Request, listed: Sequence[Listed]) -> Mapping[str, list[str]]:
    """Give, for each requirement, the documents that would answer it, newest first."""
    return {
        requirement.id: [
            each.id for each in listed if any(_answers(each, one) for one in requirement.one_of)
        ]
        for requirement in request.requirements
    }


def grant(safe: Safe, asked: Asked, items: Mapping[str, str], now: datetime) -> Given:
    """Hand documents over: `items` names a document for each requirement that is answered.

    Raises ItemError, GrantInvalidError, and what the safe or the server raises.
    """
    request = _checked(asked)
    # Again: a vault that says a request is closed has not made it good.
    _check_answerable(request, register_pin.authority(safe.http, safe.home.folder), now)
    choices = [_choice(safe, request, req, document) for req, document in items.items()]
    signer = pairwise_signer(safe.keys.seeds.pair, request.service)
    keys = PersonKeys([safe.keys.seeds.pq], signer)
    terms = Terms(now, min(now + LIFE, request.expires_at), asked.status)
    sent = delivery.build(request, choices, keys, terms)
    body = {
        "grant": sent.grant,
        "package": to_base64url(sent.package),
        "headers": {name: to_base64url(header) for name, header in sent.headers.items()},
    }
    given = _given(safe.http.post("me/grants", body))
    if given.grant.token != sent.grant:
        raise GrantInvalidError("got an acknowledgement of another grant")
    _keep(safe, given.id, {"request": request.token, "grant": sent.grant})
    act = index.Grant(from_base64url(given.id), request.service, from_base64url(given.grant.digest))
    commit(safe, lambda _: (act, {}), now)
    return given


def refuse(safe: Safe, request_id: str) -> None:
    """Refuse a request; its service is not told."""
    safe.http.post(f"me/requests/{_id(request_id)}/decline", {})


def grants(safe: Safe) -> list[Given]:
    """List this person's grants."""
    return [_given(row) for row in safe.http.get("me/grants").objects("grants")]


def withdraw(safe: Safe, grant_id: str, now: datetime) -> Given:
    """Take a grant back; raise GrantUnknownError, or what the server refuses."""
    given = next((each for each in grants(safe) if each.id == grant_id), None)
    if given is None:
        raise GrantUnknownError("got a grant that this person did not give")
    signer = pairwise_signer(safe.keys.seeds.pair, given.grant.aud)
    jti = to_base64url(documents.new_identifier())
    signed = withdrawal.issue(given.grant, jti, now, signer)
    path = f"me/grants/{_id(grant_id)}/withdrawals"
    after = _given(safe.http.post(path, {"withdrawal": signed}, again=True))
    digest = from_base64url(withdrawal.Withdrawal.verify(signed, given.grant).digest)
    act = index.Withdraw(from_base64url(grant_id), digest)
    commit(safe, lambda _: (act, {}), now)
    return after


def receipts(safe: Safe) -> list[ProvedReceipt]:
    """Give the receipts of this person's grants, each proved; keep them here."""
    authority = register_pin.authority(safe.http, safe.home.folder)
    rows = {row.text("id"): row for row in safe.http.get("me/requests").objects("requests")}
    proved = []
    for given in grants(safe):
        if given.receipt is None:
            continue
        signed = (
            rows[given.request_id].text("request", _MESSAGE) if given.request_id in rows else ""
        )
        receipt = prove_receipt((signed, given.grant.token, given.receipt), authority)
        kept = {"request": signed, "grant": given.grant.token, "receipt": given.receipt}
        _keep(safe, given.id, kept)
        proved.append(ProvedReceipt(given, receipt, signed))
    return proved


def prove_receipt(messages: tuple[str, str, str], authority: Authority) -> Receipt:
    """Prove (request, grant, receipt) against each other; raise MessageError's kin."""
    signed, token, text = messages
    request, given = Request.verify(signed, authority.register), Grant.verify(token)
    receipt = Receipt.verify(text, request.registration.keys, authority.vault_key)
    if (given.request, given.aud) != (request.digest, request.service):
        raise ReceiptForeignError("got a receipt of a grant to another request")
    claims = receipt.claims
    collected_at = datetime.fromtimestamp(claims["collected_at"], tz=receipt.issued_at.tzinfo)
    receipt.check(Collection(given, request.aud, 1, collected_at))
    return receipt


def _asked(row: Answer, authority: Authority, now: datetime) -> Asked:
    status = row.object("status")
    slot = Status(status.integer("idx"), status.text("uri"))
    found, state = row.text("id"), row.text("state")
    try:
        request = Request.verify(row.text("request", _MESSAGE), authority.register)
        if request.jti != found:
            raise RequestForeignError("got a request under another name")
        if state == "pushed":
            _check_answerable(request, authority, now)
    except (ConsentError, VaultError) as fault:
        return Asked(found, state, slot, None, fault)
    return Asked(found, state, slot, request)


def _check_answerable(request: Request, authority: Authority, now: datetime) -> None:
    request.check_vault(authority.vault)
    law.check_request(request)
    request.check_time(now)


def _checked(asked: Asked) -> Request:
    if asked.request is None:
        raise asked.fault or RequestUnknownError("got a request that failed its checks")
    return asked.request


def _choice(safe: Safe, request: Request, req: str, document: str) -> Choice:
    requirement = next((each for each in request.requirements if each.id == req), None)
    if requirement is None:
        raise ItemError("got an answer to what was not asked", req=req)
    found = documents.find(safe, document)
    told = found.listed.metadata
    one = next((each for each in requirement.one_of if _fits(found.listed, each)), None)
    if one is None:
        raise ItemError("got a document of another type than what is asked", req=req)
    own = OwnDocument(
        found.listed.put.stored,
        found.header,
        told.name,
        told.kind,
        told.content_sha256,
    )
    kind = told.type if told.type and told.type != one.type else None
    return Choice(req, one.type, kind, "declared", own)


def _fits(listed: Listed, one: Alternative) -> bool:
    untyped = not listed.metadata.type and not one.kinds and one.form == DOCUMENT
    return untyped or _answers(listed, one)


def _answers(listed: Listed, one: Alternative) -> bool:
    kind = listed.metadata.type
    if one.form != DOCUMENT or not kind:
        return False
    return kind in one.kinds if one.kinds else kind in proof_type(one.type).satisfied_by


def _given(row: Answer) -> Given:
    token = row.text("grant", _MESSAGE)
    given = Grant.verify(token)
    if given.jti != row.text("id"):
        raise GrantInvalidError("got a grant under another name")
    receipt = row.text("receipt", _MESSAGE) if row.has("receipt") else None
    collected = row.text("collected_at") if row.has("collected_at") else ""
    return Given(given.jti, row.text("request"), row.text("state"), given, receipt, collected)


def _keep(safe: Safe, grant_id: str, messages: Mapping[str, str]) -> None:
    path = safe.home.folder / "grants" / f"{_id(grant_id)}.json"
    private_files.write(path, canonical.encode(dict(messages)))


def _id(text: str) -> str:
    """Refuse what could lead elsewhere in an address or a folder."""
    return to_base64url(from_base64url(text, 16))
