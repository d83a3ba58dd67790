"""Evidence records: a document existed at the hour of a time-stamp that it shares with others.

Rules kept here (RFC 4998):

- version 1, one digest algorithm, one chain of one archive time-stamp: a reduced hash tree and a
  time-stamp token over its root. Renewed or encrypted archives are told apart (they are no
  mistakes) and not read;
- a document is proved by the digest of its whole file, which stands in the first group; each group
  is put together in ascending order and hashed, and the result goes into the next (section 4.3). A
  group of one value is that value, and a record without groups proves the one digest that was
  stamped;
- we write SHA-256, its name without parameters, also for the time-stamp itself. Read are SHA-256,
  SHA-384 and SHA-512, with NULL for parameters or the name left to the token; groups in ascending
  order, and nothing else;
- at most 128 KiB, 64 groups, 1,024 values.

Bytes in, value out. The token is carried as it stands: whether it is about this root, and who
stamped it, is asked elsewhere. Stamping is a function that is given: no key and no network here.
"""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import ClassVar, Final, Self

from sealing.der import (
    CONTEXT_0,
    CONTEXT_1,
    NULL,
    OCTET_STRING,
    OID,
    SEQUENCE,
    DerError,
    Value,
    der,
    integer,
    oid,
    one,
    values,
)
from sealing.errors import SealingError
from sealing.proofs.hash_tree import Groups, HashTree

SUFFIX: Final = ".ers"
"""What a record's name adds to its document's (RFC 4998 section 2.2.2)."""

MAX_BYTES: Final = 128 << 10
_MAX_GROUPS: Final = 64
_MAX_VALUES: Final = 1_024
_SHA256: Final = "sha256"
_CONTEXT_2: Final = 0xA2
_VERSION: Final = integer(1)
_ALGORITHMS: Final = {
    _SHA256: oid("2.16.840.1.101.3.4.2.1"),
    "sha384": oid("2.16.840.1.101.3.4.2.2"),
    "sha512": oid("2.16.840.1.101.3.4.2.3"),
}
# Asked by name, hashlib takes longer than the digest itself.
_HASHES: Final = {_SHA256: hashlib.sha256, "sha384": hashlib.sha384, "sha512": hashlib.sha512}
_BY_OID: Final = {written: name for name, written in _ALGORITHMS.items()}


class EvidenceRecordError(SealingError):
    """Bytes that are no evidence record. Details: `why`, a stable name."""

    code: ClassVar[str] = "sealing.evidence-record"


class OtherEvidenceError(EvidenceRecordError):
    """An evidence record of a kind that is not read: renewed, encrypted. Details: `why`."""

    code: ClassVar[str] = "sealing.evidence-other"


class NotCoveredError(SealingError):
    """The record is about other documents than the one asked for."""

    code: ClassVar[str] = "sealing.evidence-not-covered"


@dataclass(frozen=True, slots=True)
class EvidenceRecord:
    """One record: the groups of its reduced hash tree, the time-stamp token (DER), unproved."""

    groups: Groups
    token: bytes
    algorithm: str = _SHA256

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Read a record; raise EvidenceRecordError, OtherEvidenceError."""
        if len(data) > MAX_BYTES:
            raise EvidenceRecordError(f"got {len(data)} bytes or more", why="too-large")
        try:
            version, names, *rest = values(one(data).of(SEQUENCE).content)
            if version.number() != 1:
                raise OtherEvidenceError(f"got version {version.number()}", why="version")
            algorithm = _algorithm(_alone(names, "algorithms").content)
            stamp = _stamp_of(rest)
            *named, token = values(stamp.content)
            groups = _groups(named, algorithm)
            return cls(groups, token.of(SEQUENCE).encoded, algorithm)
        except ValueError as error:
            raise EvidenceRecordError(f"got {error}", why="form") from error

    def encode(self) -> bytes:
        """Give the record (DER), in the one form that we write."""
        name = _ALGORITHMS[self.algorithm]
        stamp = der(SEQUENCE, der(CONTEXT_0, name), _tree(self.groups), self.token)
        archive = der(SEQUENCE, der(SEQUENCE, stamp))
        return der(SEQUENCE, _VERSION, der(SEQUENCE, der(SEQUENCE, name)), archive)

    def digest_of(self, document: bytes) -> bytes:
        """Give the digest by which this record would name a document."""
        return _HASHES[self.algorithm](document).digest()

    def root(self, digest: bytes) -> bytes:
        """Give what the time-stamp must be about if it covers a digest; raise NotCoveredError."""
        if not self.groups:
            return digest
        first, *others = self.groups
        if digest not in first:
            raise NotCoveredError("got a digest that is not in the first group")
        value = self._node(first)
        for group in others:
            value = self._node((*group, value))
        return value

    def _node(self, group: tuple[bytes, ...]) -> bytes:
        if len(group) == 1:
            return group[0]
        return _HASHES[self.algorithm](b"".join(sorted(group))).digest()


def evidence_records(digests: bytes, stamp: Callable[[bytes], bytes]) -> Iterator[bytes]:
    """Have SHA-256 digests, packed, stamped all at once; give the record (DER) of each in turn.

    `stamp` gives the token (DER) of a SHA-256. It is asked once, before this returns, and what it
    raises passes through.
    """
    tree = HashTree.of(digests)
    token = stamp(tree.root)
    return (EvidenceRecord(tree.reduced(place), token).encode() for place in range(len(tree)))


def _tree(groups: Groups) -> bytes:
    """Write the groups; all digests are of one size, so that their heads are alike."""
    if not groups:
        return b""
    digest = groups[0][0]
    head = der(OCTET_STRING, digest)[: -len(digest)]
    alone = der(SEQUENCE, head, digest)[: -len(digest)]
    rows = [
        alone + group[0] if len(group) == 1 else der(SEQUENCE, *(head + value for value in group))
        for group in groups
    ]
    return der(_CONTEXT_2, *rows)


def _stamp_of(rest: list[Value]) -> Value:
    """Give the one archive time-stamp of what follows the algorithms."""
    for value in rest[:-1]:
        if value.tag in {CONTEXT_0, CONTEXT_1}:
            raise OtherEvidenceError("got an encrypted archive", why="encrypted")
    [archive] = rest
    return _alone(_alone(archive, "renewed"), "renewed").of(SEQUENCE)


def _alone(group: Value, why: str) -> Value:
    """Give the only value of a sequence; several are another kind of record."""
    found = values(group.of(SEQUENCE).content)
    if len(found) > 1:
        raise OtherEvidenceError(f"got {len(found)} values of a sequence", why=why)
    [value] = found
    return value.of(SEQUENCE)


def _algorithm(content: bytes) -> str:
    """Read the inside of an AlgorithmIdentifier."""
    name, *parameters = values(content)
    if [value.encoded for value in parameters] not in ([], [NULL]):
        raise DerError("a digest with parameters")
    found = _BY_OID.get(name.of(OID).encoded)
    if found is None:
        raise OtherEvidenceError("got another digest algorithm", why="algorithm")
    return found


def _groups(named: list[Value], algorithm: str) -> Groups:
    """Read what stands before the token: the algorithm again, then the groups; each may lack."""
    if named and named[0].tag == CONTEXT_0:
        if _algorithm(named[0].content) != algorithm:
            raise DerError("two digest algorithms")
        named = named[1:]
    if named and named[0].tag == CONTEXT_1:
        raise OtherEvidenceError("got attributes", why="attributes")
    if not named:
        return ()
    [tree] = named
    rows = values(tree.of(_CONTEXT_2).content)
    if not 0 < len(rows) <= _MAX_GROUPS:
        raise DerError(f"{len(rows)} groups")
    size = _HASHES[algorithm]().digest_size
    groups = tuple(_group(row, size) for row in rows)
    if sum(map(len, groups)) > _MAX_VALUES:
        raise DerError(f"more than {_MAX_VALUES} values")
    return groups


def _group(row: Value, size: int) -> tuple[bytes, ...]:
    found = tuple(value.of(OCTET_STRING).content for value in values(row.of(SEQUENCE).content))
    if not found or any(len(value) != size for value in found):
        raise DerError("a group without digests")
    if list(found) != sorted(found):
        raise DerError("a group that is not in order")
    return found
