"""`coffre bench seal`, second half: evidence records of a mailing, in memory.

- tree: one tree over the digests of a million letters. The limit: as many SHA-256 of 64 bytes;
- records: the record of one letter after the other, out of that tree, under one token. The limit:
  a file's worth of hashing (the SHA-256 of a record's bytes), since nothing of a record must be
  computed once its tree stands.

The digests are drawn at random; the token is of the usual length and of nobody.
"""

import hashlib
import os

from cli.bench.runner import Bench, Contestant, measure
from sealing.der import SEQUENCE, der
from sealing.proofs.evidence_record import EvidenceRecord
from sealing.proofs.hash_tree import SIZE, HashTree

_TOKEN = 1_900


def benches(*, quick: bool = False) -> list[Bench]:
    """Measure the tree, then its records; `quick` does little of both."""
    many, some = (1_000, 100) if quick else (1_000_000, 20_000)
    digests, pair = os.urandom(many * SIZE), os.urandom(2 * SIZE)
    tree, token = HashTree.of(digests), der(SEQUENCE, os.urandom(_TOKEN))
    first = EvidenceRecord(tree.reduced(0), token).encode()

    def plant() -> float:
        return len(HashTree.of(digests))

    def hashing() -> float:
        for _ in range(many):
            hashlib.sha256(pair).digest()
        return many

    def records() -> float:
        for place in range(some):
            EvidenceRecord(tree.reduced(place), token).encode()
        return some

    def reading() -> float:
        for _ in range(some):
            hashlib.sha256(first).digest()
        return some

    works = [
        ("evidence tree", "letters/s", plant, hashing),
        (f"evidence records of {len(first)} bytes", "records/s", records, reading),
    ]
    return [
        measure(name, unit, [Contestant("ours", ours), Contestant("limit", limit)], quick=quick)
        for name, unit, ours, limit in works
    ]
