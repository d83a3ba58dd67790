"""The service's side: register, ask, collect, open, acknowledge.

Rules kept here:

- each call but the request's own is proved by a fresh assertion, for this method and path;
- what is collected is opened by `consent.client.opening` under *its own* request, and the first
  check that fails is the `reject_code` of a receipt, which is sent before the error is raised;
- objects are fetched into files without a name; a content appears once it is proved whole;
- the receipt says what was verified: the caller hands over the function that judges a file;
- collecting twice is the vault's refusal, not ours: the name of a collection is kept only so that a
  cut is not a second use.
"""

import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar, Final

from consent.client import opening, register_pin
from consent.client.opening import OpenedPackage, Opener, Reader
from consent.client.service_keys import KeptRequest, ServiceHome, ServiceKeys
from consent.errors import ConsentError
from consent.messages import assertion, chain, receipt, request
from consent.messages.assertion import Call
from consent.messages.manifest import Item
from consent.messages.receipt import Collection, Outcome, Receipt, Result
from consent.messages.registration import Registration
from consent.messages.request import Request
from vault.client.answers import Answer
from vault.client.http import API, Connection
from vault.client.private_files import nameless

LIFE: Final = timedelta(days=7)
_MESSAGE: Final = 49_152
_PACKAGE: Final = 1 << 20


class NotRegisteredError(ConsentError):
    """The register holds no living registration of this service for this démarche."""

    code: ClassVar[str] = "service-not-registered"


class UnansweredError(ConsentError):
    """The request has no answer. Details: `state`."""

    code: ClassVar[str] = "request-unanswered"
    retryable: ClassVar[bool] = True


@dataclass(frozen=True, slots=True)
class Service:
    """A service that talks to one vault: connection, folder, keys, the time."""

    http: Connection
    home: ServiceHome
    keys: ServiceKeys
    now: Callable[[], datetime]

    @property
    def authority(self) -> register_pin.Authority:
        """Whose registrations count here."""
        return register_pin.authority(self.http, self.home.folder)


@dataclass(frozen=True, slots=True)
class Judged:
    """What a verification found of one content: the words of EN 319 102-1, and the level."""

    indication: str
    sub_indication: str | None
    level: str


Judge = Callable[[Item, Path], Judged]
"""What judges a content that was written to a file."""


@dataclass(frozen=True, slots=True)
class CollectedProofs:
    """What was opened: each requirement's file, and the receipt that both sides signed."""

    kept: KeptRequest
    opened: OpenedPackage
    files: Mapping[str, Path]
    results: tuple[Result, ...]
    receipt: str = field(repr=False)


def draft(keys: ServiceKeys, members: Mapping[str, Any]) -> dict[str, Any]:
    """Fill this service's keys into a draft of a registration."""
    public = keys.signer.key
    jwk = {**public.to_jwk(), "kid": public.thumbprint}
    fingerprint = chain.to_base64url(keys.identity.recipient().fingerprint())
    return {**members, "sign_keys": [jwk], "recipients": [fingerprint]}


def register(http: Connection, members: Mapping[str, Any]) -> str:
    """Send a draft to the operator; give the name under which it waits."""
    return http.post("register/drafts", {"draft": dict(members)}).text("id")


def registration(service: Service, procedure: str) -> Registration:
    """Give the newest living registration of a démarche that bears our key."""
    register_key, now = service.authority.register, service.now()
    for row in reversed(service.http.get("register").objects("registrations")):
        found = Registration.verify(row.text("registration", _MESSAGE), register_key)
        ours = service.keys.signer.key.thumbprint in found.keys
        if not ours or found.procedure["id"] != procedure or row.members.get("struck_off"):
            continue
        if found.not_before <= now < found.expires_at:
            return found
    raise NotRegisteredError("got no living registration for this démarche")


def ask(service: Service, wanted: Mapping[str, Any], to: str) -> tuple[KeptRequest, Answer]:
    """Sign and push a request; what `wanted` leaves out comes from the registration."""
    procedure = wanted.get("procedure")
    name = procedure.get("id") if isinstance(procedure, Mapping) else procedure
    ground, authority, now = registration(service, str(name)), service.authority, service.now()
    claims = {
        "v": 1,
        "type": "urn:coffre:proof:1",
        "jti": chain.new_identifier(),
        "iss": ground.service,
        "aud": authority.vault,
        "iat": chain.seconds(now),
        "exp": chain.seconds(now + LIFE),
        "nonce": secrets.token_urlsafe(24),
        "mode": request.RELEASE,
        "legal_basis": dict(ground.legal_basis[0]),
        "controller": ground.controller,
        "disclosed_to": [ground.controller["name"]],
        "retention": ground.retention_max,
        "other_way": ground.other_way,
        "recipient": service.keys.identity.recipient().encode(),
        **wanted,
        "procedure": ground.procedure,
        "registration": ground.token,
    }
    signed = request.issue(claims, service.keys.signer, authority.register)
    kept = KeptRequest(Request.verify(signed, authority.register).jti, signed, to)
    body = {"request": signed, **({"to": to} if to else {})}
    answer = service.http.post("requests", body)
    service.home.keep(kept)
    return kept, answer


def state(service: Service, identifier: str) -> tuple[KeptRequest, str]:
    """Ask how a request stands; its grant is kept once there is one."""
    kept = service.home.request(identifier)
    with _proved(service, kept, "GET", f"requests/{kept.id}") as path:
        answer = service.http.get(path)
    if answer.has("grant"):
        kept = replace(kept, grant=answer.text("grant"))
        service.home.keep(kept)
    return kept, answer.text("state")


def collect(service: Service, identifier: str, folder: Path, judge: Judge) -> CollectedProofs:
    """Take the use, open and check everything into `folder`, judge it, and acknowledge.

    Raises UnansweredError, what the vault refuses (`grant-used`, …), and the errors of `opening`,
    after a receipt that says which check failed.
    """
    kept, found = state(service, identifier)
    if not kept.grant:
        raise UnansweredError("got a request without an answer", state=found)
    own = Request.verify(kept.signed, service.authority.register)
    collection = kept.collection if kept.collection and not kept.receipt else chain.new_identifier()
    kept = replace(kept, collection=collection)
    service.home.keep(kept)
    with _proved(service, kept, "POST", f"grants/{kept.grant}/collections") as path:
        answer = service.http.post(path, {"collection_id": collection})
    reader = Reader(own, [service.keys.identity], service.home.pinned(kept.to), service.now())
    token = answer.text("grant", _MESSAGE)
    given = opening.open_grant(reader, token)
    at = datetime.fromisoformat(answer.text("collected_at")).astimezone(UTC)
    taken = Collection(given, own.aud, answer.integer("use"), at)
    try:
        opened = opening.open_package(reader, token, answer.bytes("package"))
        files = {
            item.req: _open(service, opened, item, answer, folder) for item in opened.manifest.items
        }
    except ConsentError as error:
        _acknowledge(service, kept, taken, Outcome((), _erase_by(own, at), error.code))
        raise
    results = tuple(_result(item, judge(item, files[item.req])) for item in opened.manifest.items)
    both = _acknowledge(service, kept, taken, Outcome(results, _erase_by(own, at)))
    service.home.pin(kept.to, given.key.thumbprint)
    return CollectedProofs(kept, opened, files, results, both)


def _acknowledge(service: Service, kept: KeptRequest, taken: Collection, outcome: Outcome) -> str:
    half = receipt.issue(taken, outcome, chain.new_identifier(), service.now(), service.keys.signer)
    with _proved(service, kept, "POST", f"grants/{kept.grant}/receipts") as path:
        both = service.http.post(path, {"receipt": half}).text("receipt", _MESSAGE)
    ours = {service.keys.signer.key.thumbprint: service.keys.signer.key}
    Receipt.verify(both, ours, service.authority.vault_key).check(taken)
    service.home.keep(replace(kept, receipt=both))
    return both


def _open(
    service: Service, opened: OpenedPackage, item: Item, answer: Answer, folder: Path
) -> Path:
    named = opened.stored(item)
    row = next((r for r in answer.objects("items") if r.text("blob_id") == named.blob_id), None)
    if row is None:
        raise opening.HeaderForeignError("got no header for an object of the grant")
    name = f"{item.req}{Path(item.name or '').suffix.lower()[:8]}"
    target = folder / name
    with nameless(service.home.folder) as payload, target.open("xb") as sink:
        left = named.size
        with service.http.download(row) as pieces:
            for piece in pieces:
                left -= len(piece)
                if left < 0:
                    raise opening.CiphertextForeignError("got a longer object than was signed")
                payload.write(piece)
        opening.open_document(
            opened, item, row.bytes("header"), payload, Opener([service.keys.identity], sink)
        )
    return target


def _result(item: Item, judged: Judged) -> Result:
    return Result(item.req, judged.indication, judged.level, judged.sub_indication)


def _erase_by(own: Request, at: datetime) -> date:
    return (at + timedelta(days=request.longest(own.claims["retention"]))).date()


@contextmanager
def _proved(service: Service, kept: KeptRequest, method: str, path: str) -> Iterator[str]:
    """Prove one call: the connection bears the assertion while it is made."""
    own = Request.verify(kept.signed, service.authority.register)
    call = Call(service.authority.vault, method, f"{API}{path}")
    signer, now = service.keys.signer, service.now()
    service.http.token = assertion.issue(own.service, call, chain.new_identifier(), now, signer)
    try:
        yield path
    finally:
        service.http.token = ""
