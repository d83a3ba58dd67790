"""A broker without HTTP: one register, two services, one person with one document."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Engine
from support.delivery import ERASE_BY, NOW, VAULT, Citizen, Service, new_id, signer
from support.person import Parcel, Person
from support.safe import Safe

from consent.client import opening
from consent.client.delivery import Delivery, OwnDocument
from consent.client.opening import OpenedPackage, Reader
from consent.messages import receipt, withdrawal
from consent.messages.grant import Grant
from consent.messages.receipt import Collection, Outcome, Result
from consent.messages.request import Request
from consent.service import collections, grants, receipts, register, requests, withdrawals
from consent.service.collections import Handed
from consent.service.grants import GrantView, Sent
from consent.service.register import Authority, Ground
from consent.service.requests import PersonRequest
from storage.blobs.port import BlobId
from storage.database import reading, transaction
from vault.format.canonical import to_base64url
from vault.format.signed_message import MessageSigner


@dataclass
class Broker:
    """Everything that a story needs, and its verbs; the clock is moved by hand."""

    safe: Safe
    person: Person
    document: OwnDocument
    citizen: Citizen = field(default_factory=Citizen)
    register: MessageSigner = field(default_factory=signer)
    vault: MessageSigner = field(default_factory=signer)
    now: datetime = NOW
    service: Service = field(init=False)
    other: Service = field(init=False)

    def __post_init__(self) -> None:
        """Register two services."""
        self.service = self.registered("https://portal.example/canteen")
        self.other = self.registered("https://portal.example/pool")

    @property
    def ground(self) -> Ground:
        """What services check with, now."""
        return Ground(self.register.key, VAULT, self.now)

    def registered(self, address: str) -> Service:
        """Make a service whose draft the operator signs."""
        made = Service(register=self.register, address=address)
        by = Authority(self.register, "https://register.example")
        with transaction(self.safe.engine) as session:
            row = register.add(session, draft_of(made), by, self.now)
        made.ground, made.ground_id = row.signed, row.id
        return made

    def push(self, service: Service | None = None, **changed: Any) -> PersonRequest:
        """Push a request to the person."""
        service = service or self.service
        made = replace_clock(service, self.now)
        token = made.request(service.ground, **changed)
        return self.push_token(token)

    def push_token(self, token: str) -> PersonRequest:
        """Push what was signed."""
        with transaction(self.safe.engine) as session:
            return requests.push(session, token, self.person.account, self.ground)

    def answer(self, pushed: PersonRequest) -> Delivery:
        """Make the person's answer, not sent yet."""
        asked = Request.verify(pushed.signed, self.register.key)
        return self.citizen.answer(asked, self.document, self.now, pushed.status.idx)

    def send(self, delivery: Delivery, person: Person | None = None) -> GrantView:
        """Send an answer."""
        sent = Sent(delivery.grant, delivery.package, delivery.headers)
        account = (person or self.person).account
        with transaction(self.safe.engine) as session:
            return grants.accept(session, account, sent, self.ground)

    def granted(self) -> tuple[PersonRequest, GrantView]:
        """Ask and answer."""
        pushed = self.push()
        return pushed, self.send(self.answer(pushed))

    def collect(self, grant_id: str, collection: str = "", service: str = "") -> Handed:
        """Collect as a service."""
        with transaction(self.safe.engine) as session:
            return collections.collect(
                session,
                service or self.service.address,
                grant_id,
                collection or new_id(),
                self.ground,
            )

    def open(self, pushed: PersonRequest, handed: Handed) -> OpenedPackage:
        """Open what was handed over."""
        asked = Request.verify(pushed.signed, self.register.key)
        reader = Reader(asked, [self.service.identity], None, self.now)
        return opening.open_package(reader, handed.grant, handed.package)

    def half(self, handed: Handed, reject: str | None = None, **changed: Any) -> str:
        """Make the service's half of a receipt."""
        given = Grant.verify(handed.grant)
        results = () if reject else (Result("address", "TOTAL-PASSED", "sealed"),)
        taken = replace(Collection(given, VAULT, 1, handed.collected_at), **changed)
        outcome = Outcome(results, ERASE_BY, reject)
        return receipt.issue(taken, outcome, new_id(), self.now, self.service.signer)

    def acknowledge(self, grant_id: str, half: str, service: str = "") -> str:
        """Send a receipt."""
        service = service or self.service.address
        with transaction(self.safe.engine) as session:
            return receipts.accept(session, service, (grant_id, half), self.vault, self.ground)

    def withdraw(self, view: GrantView, signed: str = "") -> GrantView:
        """Take a grant back."""
        given = Grant.verify(view.signed)
        key = self.citizen.signer(given.aud)
        signed = signed or withdrawal.issue(given, new_id(), self.now, key)
        with transaction(self.safe.engine) as session:
            return withdrawals.withdraw(session, self.person.account, view.id, signed, self.now)

    def sweep(self) -> int:
        """Let the clock's duty run."""
        with transaction(self.safe.engine) as session:
            return grants.sweep(session, self.now)

    def state(self, grant_id: str) -> str:
        """Tell the state of a grant to its person."""
        with reading(self.safe.engine) as session:
            found = grants.of_person(session, self.person.account, self.now)
        return {each.id: each.state for each in found}[grant_id]

    def forward(self, **span: float) -> None:
        """Let time pass."""
        self.now += timedelta(**span)


def draft_of(service: Service, **changed: Any) -> dict[str, Any]:
    """Give a registration without what the register fills in."""
    filled = {"v", "iss", "jti", "iat", "nbf", "exp", "status"}
    claims = service.registration_claims(**changed)
    return {name: value for name, value in claims.items() if name not in filled}


def replace_clock(service: Service, now: datetime) -> Service:
    """Give the same service at another time."""
    return replace(service, now=now)


def broker(folder: Path, engine: Engine | None = None) -> Broker:
    """Make a broker whose person has one document."""
    safe, citizen = Safe(folder, engine), Citizen()
    person = safe.person("camille")
    own, payload = citizen.document()
    parcel = Parcel(payload, BlobId(to_base64url(own.stored.blob_id)), own.stored.fkc)
    safe.announce(person, parcel)
    parcel.arrive(safe.store)
    safe.take(person, person.put(parcel))
    return Broker(safe, person, own, citizen)
