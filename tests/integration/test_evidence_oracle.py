"""Our evidence records before Bouncy Castle, and its own before us: the slow tier, where Java is.

Debian: default-jdk-headless (a source file is run), libbcpkix-java.
"""

import hashlib
from functools import cache
from pathlib import Path

import pytest
from support.evidence import prove, stamp
from support.sealers import NOW, town
from support.tools import need, run

from sealing.proofs.evidence_record import EvidenceRecord, evidence_records

SOURCE = Path(__file__).parents[1] / "support/bouncycastle/Ers.java"
JARS = [Path("/usr/share/java") / f"{name}.jar" for name in ("bcpkix", "bcprov", "bcutil")]


@cache
def java():
    """Give the start of a command that runs the Java side."""
    need("javac", "default-jdk-headless")
    if not all(jar.exists() for jar in JARS):
        pytest.skip("Bouncy Castle is absent (Debian: libbcpkix-java)")
    return [need("java"), "-cp", ":".join(map(str, JARS)), str(SOURCE)]


def verified(pairs, folder):
    """Have Bouncy Castle verify documents by records; give its answers."""
    words = []
    for number, (document, record) in enumerate(pairs):
        names = [folder / f"{number}", folder / f"{number}.ers"]
        for name, data in zip(names, (document, record), strict=True):
            name.write_bytes(data)
            words.append(str(name))
    done = run(*java(), "verify", str(town()[1] / "signers/tsa.pem"), *words, timeout=300)
    assert done.returncode == 0, done.stderr.decode()
    return [line.split()[0] == "yes" for line in done.stdout.decode().splitlines()]


def made(kind, documents, folder):
    """Have Bouncy Castle make records of documents."""
    names = []
    for number, document in enumerate(documents):
        (folder / f"{number}").write_bytes(document)
        names.append(str(folder / f"{number}"))
    keys, above = town()[1] / "signers", town()[1] / "authorities/intermediate.pem"
    hour = str(int(NOW.timestamp() * 1000))
    own = [str(keys / "tsa.key.pem"), str(keys / "tsa.pem"), str(above), hour]
    done = run(*java(), "make", kind, *own, *names, timeout=300)
    assert done.returncode == 0, done.stderr.decode()
    return [Path(f"{name}.ers").read_bytes() for name in names]


def ours(documents):
    digests = b"".join(hashlib.sha256(document).digest() for document in documents)
    return list(evidence_records(digests, stamp))


@pytest.mark.parametrize("count", [1, 2, 3, 5, 8, 33, 100])
def test_bouncy_castle_verifies_our_records(count, tmp_path):
    documents = [b"document %d" % number for number in range(count)]
    pairs = list(zip(documents, ours(documents), strict=True))
    assert verified(pairs, tmp_path) == [True] * count


def test_bouncy_castle_refuses_what_we_refuse(tmp_path):
    documents = [b"document %d" % number for number in range(6)]
    records = ours(documents)
    changed = EvidenceRecord.parse(records[0])
    broken = EvidenceRecord((*changed.groups[:-1], (bytes(32),)), changed.token).encode()
    pairs = [
        (documents[0], records[0]),
        (documents[0], records[5]),
        (documents[0] + b"\n", records[0]),
        (documents[0], broken),
        (documents[0], EvidenceRecord(changed.groups, stamp(bytes(32))).encode()),
        (documents[0], records[0][:-1]),
    ]
    assert verified(pairs, tmp_path) == [True, False, False, False, False, False]


@pytest.mark.parametrize("kind", ["plain", "sha512", "group"])
@pytest.mark.parametrize("count", [3, 7, 20])
def test_records_of_bouncy_castle_are_proved(kind, count, tmp_path):
    documents = [b"document %d" % number for number in range(count)]
    for document, data in zip(documents, made(kind, documents, tmp_path), strict=True):
        record = EvidenceRecord.parse(data)
        assert record.encode() == data
        assert record.root(record.digest_of(document)) in record.token
        assert prove(document, data).time == NOW
