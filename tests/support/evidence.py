"""Evidence records read a second way: by the words of RFC 4998, with asn1crypto, slowly.

Nothing of our own reader is used. asn1crypto's `EvidenceRecord` forgets the chains, so the two
outer types stand here; a token is proved with the certificate that it carries.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from asn1crypto import core, tsp
from asn1crypto.algos import DigestAlgorithm
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from support.authorities import demo_authority

from sealing.authorities.token import Question
from sealing.der import one, values


class Chain(core.SequenceOf):  # type: ignore[misc] # carries no types
    """ArchiveTimeStampChain."""

    _child_spec = tsp.ArchiveTimeStamp


class Chains(core.SequenceOf):  # type: ignore[misc] # carries no types
    """ArchiveTimeStampSequence."""

    _child_spec = Chain


class Digests(core.SequenceOf):  # type: ignore[misc] # carries no types
    """The digest algorithms of a record."""

    _child_spec = DigestAlgorithm


class Record(core.Sequence):  # type: ignore[misc] # carries no types
    """EvidenceRecord, with its chains."""

    _fields: ClassVar = [
        ("version", core.Integer),
        ("digest_algorithms", Digests),
        ("crypto_infos", tsp.Attributes, {"implicit": 0, "optional": True}),
        ("encryption_info", tsp.EncryptionInfo, {"implicit": 1, "optional": True}),
        ("sequence", Chains),
    ]


class WrongRecordError(AssertionError):
    """A record that does not prove what it should."""


@dataclass(frozen=True)
class Proved:
    """What a record proves: an hour, and by whose key (a certificate, DER)."""

    time: datetime
    signer: bytes


def prove(document: bytes, encoded: bytes) -> Proved:
    """Prove a document by a record (section 5.3, for one time-stamp); raise WrongRecordError."""
    record = Record.load(encoded, strict=True)
    if record["version"].native != 1 or len(record["sequence"]) != 1:
        raise WrongRecordError("version or sequence")
    [[stamp]] = record["sequence"]
    token = stamp["time_stamp"]["content"]
    info = token["encap_content_info"]["content"].parsed
    imprint = info["message_imprint"]
    name = stamp["digest_algorithm"].native or imprint["hash_algorithm"].native
    algorithm = name["algorithm"]
    if algorithm not in [one["algorithm"].native for one in record["digest_algorithms"]]:
        raise WrongRecordError("algorithm")
    value = hashlib.new(algorithm, document).digest()
    tree = stamp["reduced_hashtree"].native or []
    for place, group in enumerate(tree):
        if place == 0 and value not in group:
            raise WrongRecordError("not in the first list")
        own = group if place == 0 else [*group, value]
        value = own[0] if len(own) == 1 else hashlib.new(algorithm, b"".join(sorted(own))).digest()
    if imprint["hash_algorithm"]["algorithm"].native != algorithm:
        raise WrongRecordError("another digest was stamped")
    if imprint["hashed_message"].native != value:
        raise WrongRecordError("another root was stamped")
    return Proved(info["gen_time"].native, _signer(token))


def _signer(token: tsp.ContentInfo) -> bytes:
    """Prove a token's signature by the certificate that its signer names; ECDSA alone."""
    [info] = token["signer_infos"]
    attributes = {row["type"].native: row["values"][0] for row in info["signed_attrs"]}
    algorithm = info["digest_algorithm"]["algorithm"].native
    content = token["encap_content_info"]["content"].contents
    if attributes["message_digest"].native != hashlib.new(algorithm, content).digest():
        raise WrongRecordError("the token's content")
    number = info["sid"].chosen["serial_number"].native
    [leaf] = [one.chosen for one in token["certificates"] if one.chosen.serial_number == number]
    key = x509.load_der_x509_certificate(leaf.dump()).public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    digest = {"sha256": hashes.SHA256(), "sha384": hashes.SHA384()}[algorithm]
    signed = info["signed_attrs"].untag().dump()
    key.verify(info["signature"].native, signed, ec.ECDSA(digest))
    return bytes(leaf.dump())


def stamp(digest: bytes, algorithm: str = "sha256") -> bytes:
    """Have a digest stamped by the demonstration's authority; give the token."""
    answer = demo_authority().answer(Question(digest, algorithm, 7).encode())
    return values(one(answer).content)[1].encoded
