"""What the seals of one issuer have in common, and what each has of its own.

Of a CMS with one signer and nothing unsigned, three values differ from letter to letter: the digest
of the document, the hour, and the signature. All else (certificates, algorithms, attributes) is its
template, whose digest is the key of what is known of it (`known`). A CMS of another form has none.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Final

from asn1crypto import parser

from sealing.der import CONTEXT_0, OCTET_STRING, SEQUENCE, SET, Value, der, oid, one, values

_MESSAGE_DIGEST: Final = oid("1.2.840.113549.1.9.4")
_SIGNING_TIME: Final = oid("1.2.840.113549.1.9.5")
_UTC_TIME: Final = 0x17
_HOUR: Final = re.compile(rb"[0-9]{12}Z")


@dataclass(frozen=True, slots=True)
class Template:
    """A CMS: the key of its template, the digest that it bears, what was signed, the signature."""

    key: bytes
    digest: bytes
    signed: bytes
    signature: bytes


def template_of(contents: bytes) -> Template | None:
    """Take a CMS (with its padding) apart; None for one of another form."""
    try:
        return _template(contents[: parser.peek(contents)])
    except ValueError:
        return None


def _template(encoded: bytes) -> Template:
    kind, wrapped = values(one(encoded).of(SEQUENCE).content)
    signed = one(wrapped.of(CONTEXT_0).content).of(SEQUENCE)
    *before, signers = values(signed.content)
    info = one(signers.of(SET).content).of(SEQUENCE)
    # Nothing else: no unsigned attribute, which would follow.
    version, sid, digest, attributes, algorithm, signature = values(info.content)
    own = attributes.of(CONTEXT_0).content
    rows = [_row(value) for value in values(own)]
    [told] = [value for kind_of, value in rows if kind_of == _MESSAGE_DIGEST]
    common = [kind, *before, version, sid, digest, algorithm]
    masked = [bytes([len(before)]), *(part.encoded for part in common), *_masked(rows)]
    key = sha256(b"".join(len(part).to_bytes(4, "big") + part for part in masked)).digest()
    return Template(
        key,
        told.of(OCTET_STRING).content,
        der(SET, own),
        signature.of(OCTET_STRING).content,
    )


def _row(attribute: Value) -> tuple[bytes, Value]:
    kind, held = values(attribute.of(SEQUENCE).content)
    return kind.encoded, one(held.of(SET).content)


def _masked(rows: list[tuple[bytes, Value]]) -> Iterator[bytes]:
    for kind, value in rows:
        yield kind
        if kind == _MESSAGE_DIGEST:
            yield bytes(len(value.content))
        elif kind == _SIGNING_TIME:
            _require_hour(value.of(_UTC_TIME).content)
            yield b""
        else:
            yield value.encoded


def _require_hour(content: bytes) -> None:
    if not _HOUR.fullmatch(content):
        raise ValueError("got an hour in another writing")
    datetime.strptime(content.decode("ascii"), "%y%m%d%H%M%S%z")
