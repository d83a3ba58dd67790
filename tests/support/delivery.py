"""One request and one answer to it, made with keys of their own: what tests then spoil."""

import hashlib
import io
import secrets
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from consent.client import delivery
from consent.client.delivery import Choice, Delivery, OwnDocument, PersonKeys, Terms
from consent.messages import registration, request
from consent.messages.grant import Status
from consent.messages.request import Request
from vault.crypto.account.identity_bundle import PairSeed
from vault.crypto.account.pairwise import pairwise_signer
from vault.crypto.age.mlkem768x25519 import HybridIdentity
from vault.crypto.document import encrypt_document
from vault.format.canonical import to_base64url
from vault.format.signed_message import MessageSigner, PublicKey

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
VAULT = "https://coffre.example"
CONTENT = b"%PDF-1.7 facture de madame Canari"


def signer(key: ec.EllipticCurvePrivateKey | None = None) -> MessageSigner:
    """Give a P-256 signer, new unless a key is given."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    numbers = key.public_key().public_numbers()
    public = PublicKey(numbers.x.to_bytes(32, "big"), numbers.y.to_bytes(32, "big"))

    def sign(data: bytes) -> bytes:
        halves = decode_dss_signature(key.sign(data, ec.ECDSA(hashes.SHA256())))
        return b"".join(half.to_bytes(32, "big") for half in halves)

    return MessageSigner(public, sign)


def new_id() -> str:
    """Draw 128 bits."""
    return to_base64url(secrets.token_bytes(16))


@dataclass
class Service:
    """A démarche: its keys, and what the register signed for it."""

    register: MessageSigner
    address: str = "https://portal.example/canteen"
    signer: MessageSigner = field(default_factory=signer)
    identity: HybridIdentity = field(default_factory=HybridIdentity.generate)
    now: datetime = NOW
    ground: str | None = None
    ground_id: str = ""

    def registration_claims(self, **changed: Any) -> dict[str, Any]:
        """Give the members of the registration."""
        jwk = {**self.signer.key.to_jwk(), "kid": self.signer.key.thumbprint}
        return {
            "v": 1,
            "iss": "https://register.example",
            "sub": self.address,
            "jti": new_id(),
            "iat": int(self.now.timestamp()),
            "nbf": int(self.now.timestamp()),
            "exp": int((self.now + timedelta(days=300)).timestamp()),
            "controller": {"name": "Ville", "siret": "0" * 14, "dpo": "dpo@ville.example"},
            "procedure": {"id": "canteen", "version": "1", "label": {"fr": "Cantine"}},
            "modes": ["release"],
            "legal_basis": [{"gdpr": "6.1.e", "text": "délibération 2026-12"}],
            "allowed": [
                {"type": "proof-of-address", "forms": ["document"], "compulsory": True},
                {"type": "income", "forms": ["document"], "compulsory": False},
            ],
            "retention_max": {"duration": "P1Y", "from": "decision"},
            "other_way": {"text": {"fr": "Au guichet"}},
            "sign_keys": [jwk],
            "recipients": [to_base64url(self.identity.recipient().fingerprint())],
            "status": {"idx": 1, "uri": f"{VAULT}/status/register"},
            **changed,
        }

    def registration(self, **changed: Any) -> str:
        """Have the register sign."""
        return registration.issue(self.registration_claims(**changed), self.register)

    def request_claims(self, ground: str | None = None, **changed: Any) -> dict[str, Any]:
        """Give the members of a request."""
        registered = self.registration_claims()
        return {
            "v": 1,
            "type": "urn:coffre:proof:1",
            "jti": new_id(),
            "iss": self.address,
            "aud": VAULT,
            "iat": int(self.now.timestamp()),
            "exp": int((self.now + timedelta(days=7)).timestamp()),
            "nonce": secrets.token_urlsafe(24),
            "mode": "release",
            "procedure": registered["procedure"],
            "purpose": {"code": "tariff", "text": {"fr": "Calculer le tarif"}},
            "legal_basis": registered["legal_basis"][0],
            "controller": registered["controller"],
            "disclosed_to": ["Régie scolaire"],
            "retention": {"duration": "P1Y", "from": "decision"},
            "requirements": [
                requirement("address", "proof-of-address", compulsory=True),
                requirement("income", "income", compulsory=False),
            ],
            "recipient": self.identity.recipient().encode(),
            "other_way": {"text": {"fr": "Au guichet"}},
            "registration": ground or self.registration(),
            **changed,
        }

    def request(self, ground: str | None = None, **changed: Any) -> str:
        """Sign a request that keeps to the registration."""
        return request.issue(self.request_claims(ground, **changed), self.signer, self.register.key)


def requirement(name: str, proof: str, *, compulsory: bool) -> dict[str, Any]:
    """Give one requirement, answered by a document."""
    members: dict[str, Any] = {
        "id": name,
        "label": {"fr": f"Justificatif {name}"},
        "compulsory": compulsory,
        "one_of": [{"type": proof, "form": "document", "min_level": "declared"}],
    }
    return members | ({"required_by": "règlement, article 4"} if compulsory else {})


@dataclass
class Citizen:
    """A person's keys and one document, in memory."""

    identity: HybridIdentity = field(default_factory=HybridIdentity.generate)
    seed: PairSeed = field(default_factory=PairSeed.generate)

    def signer(self, service: str) -> MessageSigner:
        """Give the pairwise key."""
        return pairwise_signer(self.seed, service)

    def document(self, content: bytes = CONTENT, name: str = "facture.pdf") -> tuple[Any, bytes]:
        """Encrypt a document; give it as own, and its payload."""
        sink = io.BytesIO()
        recipient = self.identity.recipient()
        made = encrypt_document(name, len(content), io.BytesIO(content), sink, recipient)
        own = OwnDocument(
            made.stored, made.header, name, "application/pdf", hashlib.sha256(content).digest()
        )
        return own, sink.getvalue()

    def answer(
        self, asked: Request, document: OwnDocument, now: datetime = NOW, idx: int = 7
    ) -> Delivery:
        """Hand one document over for the address."""
        choice = Choice("address", "proof-of-address", "municipal-invoice", "declared", document)
        keys = PersonKeys([self.identity], self.signer(asked.service))
        status = Status(idx, f"{asked.aud}/status/grants")
        terms = Terms(now, min(asked.expires_at, now + timedelta(days=30)), status)
        return delivery.build(asked, [choice], keys, terms)


ERASE_BY = date(2027, 11, 20)
