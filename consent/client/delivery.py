"""A package built under its request and grant: what the person's client sends.

Rules kept here (`consent/DESIGN.md` tells the same numbers):

- 1. the manifest, salted, names request, grant, key, service and recipient;
- 2. the package is a tar of manifest and members in one age file to the service's recipient;
- 3. each document gets a new detached header for the same object: the payload is not touched;
- 4. the grant signs the digests of all three.

age has no additional data, names no sender and does not commit to its key: hence each digest. The
other half, which opens and checks, is `consent.client.opening`.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from consent.client import package
from consent.messages import chain, grant, manifest, screen
from consent.messages.grant import Grant, Status, StoredItem
from consent.messages.manifest import Binding, Item, Manifest, Member
from consent.messages.request import DOCUMENT, Request
from consent.messages.screen import Screen, ScreenItem
from vault.crypto.age.mlkem768x25519 import HybridIdentity, HybridRecipient
from vault.crypto.document import share_document
from vault.crypto.index import StoredObject
from vault.format.canonical import to_base64url
from vault.format.signed_message import MessageSigner

_ID: Final = 16


@dataclass(frozen=True, slots=True)
class OwnDocument:
    """A document of the person's safe: its object, its owner's header, what it is."""

    stored: StoredObject
    header: bytes = field(repr=False)
    name: str
    media_type: str
    content_sha256: bytes


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer: which requirement, as what type and kind, at which level, by which document."""

    req: str
    type: str
    kind: str | None
    level: str
    document: OwnDocument


@dataclass(frozen=True, slots=True)
class PersonKeys:
    """What opens the person's documents, and what signs for this one service."""

    identities: Sequence[HybridIdentity]
    signer: MessageSigner


@dataclass(frozen=True, slots=True)
class Terms:
    """From when until when the grant holds, and its slot in the vault's status list."""

    now: datetime
    expires_at: datetime
    status: Status


@dataclass(frozen=True, slots=True)
class Delivery:
    """What the person sends: grant (JWS), package, headers by blob_id."""

    grant: str
    package: bytes = field(repr=False)
    headers: Mapping[str, bytes] = field(repr=False)


def build(request: Request, choices: Sequence[Choice], keys: PersonKeys, terms: Terms) -> Delivery:
    """Make a delivery that answers this request, proved and shown before by the caller.

    Raises GrantInvalidError when the choices do not answer it, and the errors of opening one's own
    documents.
    """
    recipient = HybridRecipient.parse(request.recipient)
    shown = Screen.of(request, [_shown(each) for each in choices]).encode()
    binding = _binding(request, keys)
    held = Manifest(
        salt=to_base64url(secrets.token_bytes(_ID)),
        binding=binding,
        items=tuple(_item(each) for each in choices),
        members=(Member(screen.NAME, chain.digest_of(shown), len(shown)),),
    )
    held.check_asked(request)
    listing = held.encode()
    packed = package.close([(manifest.NAME, listing), (screen.NAME, shown)], recipient)
    documents = {each.document.stored.blob_id: each.document for each in choices}
    headers = {
        to_base64url(name): share_document(each.stored, each.header, keys.identities, recipient)
        for name, each in documents.items()
    }
    stored = [_stored(each, headers) for each in documents.values()]
    claims = _claims(binding, terms) | {
        "package": {"sha256": chain.digest_of(packed), "size": len(packed)},
        "manifest": chain.digest_of(listing),
        "answers": sorted({each.req for each in choices}),
        "stored": [each.to_json() for each in sorted(stored, key=lambda each: each.blob_id)],
    }
    token = grant.issue(claims, keys.signer)
    grant.check_request(Grant.verify(token), request)
    return Delivery(token, packed, headers)


def _binding(request: Request, keys: PersonKeys) -> Binding:
    return Binding(
        request=request.digest,
        grant_jti=chain.new_identifier(),
        grant_key=keys.signer.key.thumbprint,
        aud=request.service,
        recipient=request.fingerprint,
    )


def _claims(binding: Binding, terms: Terms) -> dict[str, Any]:
    return {
        "v": 1,
        "jti": binding.grant_jti,
        "aud": binding.aud,
        "request": binding.request,
        "iat": chain.seconds(terms.now),
        "exp": chain.seconds(terms.expires_at),
        "uses": 1,
        "recipient": binding.recipient,
        "status": {"idx": terms.status.idx, "uri": terms.status.uri},
        "lang": screen.LANG,
    }


def _shown(choice: Choice) -> ScreenItem:
    preview = to_base64url(choice.document.content_sha256)
    return ScreenItem(choice.req, f"{choice.document.name}, document entier", preview)


def _item(choice: Choice) -> Item:
    document = choice.document
    return Item(
        req=choice.req,
        type=choice.type,
        form=DOCUMENT,
        level=choice.level,
        sha256=to_base64url(document.content_sha256),
        kind=choice.kind,
        media_type=document.media_type,
        name=document.name,
        stored=to_base64url(document.stored.blob_id),
    )


def _stored(document: OwnDocument, headers: Mapping[str, bytes]) -> StoredItem:
    stored = document.stored
    name = to_base64url(stored.blob_id)
    return StoredItem(
        blob_id=name,
        size=stored.size,
        sha256=to_base64url(stored.sha256),
        fkc=to_base64url(stored.fkc),
        header=chain.digest_of(headers[name]),
    )
