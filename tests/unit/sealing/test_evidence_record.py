"""Evidence records: one time-stamp proves many documents, each by a record of its own."""

import hashlib
from functools import cache

import pytest
from asn1crypto import core
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import example, given, settings
from hypothesis import strategies as st
from support.bars import bounded
from support.budget import cases
from support.evidence import WrongRecordError, prove, stamp
from support.sealers import NOW, town

from sealing.der import CONTEXT_0, CONTEXT_1, NULL, OCTET_STRING, SEQUENCE, der, integer, oid
from sealing.proofs.evidence_record import (
    MAX_BYTES,
    EvidenceRecord,
    EvidenceRecordError,
    NotCoveredError,
    OtherEvidenceError,
    evidence_records,
)
from sealing.proofs.hash_tree import HashTree

SHA256, SHA384 = oid("2.16.840.1.101.3.4.2.1"), oid("2.16.840.1.101.3.4.2.2")
TOKEN = der(SEQUENCE, integer(7))


def digest(data):
    return hashlib.sha256(data).digest()


def documents(count):
    return [b"document %d" % number for number in range(count)]


def packed(data):
    return b"".join(map(digest, data))


@cache
def record_of(count, place=0):
    """Give the record of one of some documents, with a real token."""
    return list(evidence_records(packed(documents(count)), stamp))[place]


def test_each_of_many_documents_is_proved_by_its_own_record_to_the_letter_of_the_standard():
    data = documents(11)
    for one, record in zip(data, evidence_records(packed(data), stamp), strict=True):
        proved = prove(one, record)
        assert proved.time == NOW
        assert proved.signer == town()[0].tsa.certificate.public_bytes(Encoding.DER)


def test_the_authority_is_asked_once_and_for_the_root():
    asked = []

    def stamping(value):
        asked.append(value)
        return TOKEN

    data = packed(documents(9))
    assert len(list(evidence_records(data, stamping))) == 9
    assert asked == [HashTree.of(data).root]


def test_what_the_authority_raises_passes_through_before_any_record():
    def down(value):
        raise OSError(value.hex())

    with pytest.raises(OSError, match=digest(b"x").hex()):
        evidence_records(digest(b"x"), down)


# One by one, every number of documents: the shapes of trees are what errors hide in.
@pytest.mark.parametrize("count", range(1, 201))
def test_any_number_of_documents_makes_a_tree_in_which_each_is_found(count):
    data = documents(count)
    tree = HashTree.of(packed(data))
    assert len(tree) == count
    for place, one in enumerate(data):
        record = EvidenceRecord(tree.reduced(place), TOKEN)
        assert record.root(digest(one)) == tree.root
        assert EvidenceRecord.parse(record.encode()) == record
        assert len(record.groups) <= max(0, (count - 1).bit_length())
        with pytest.raises(NotCoveredError) if count > 1 else pytest.raises(AssertionError):
            assert record.root(digest(b"another")) == tree.root


def plain_root(values):
    """Give the root of a tree, by the words of section 4.2.1 alone."""
    while len(values) > 1:
        groups = [sorted(values[at : at + 2]) for at in range(0, len(values), 2)]
        values = [group[0] if len(group) == 1 else digest(b"".join(group)) for group in groups]
    return values[0]


@given(st.lists(st.sampled_from(documents(40)), min_size=1, max_size=200))
@example([b"same"] * 7)
@settings(max_examples=cases(ci=500, slow=5_000))
def test_documents_that_come_twice_are_proved_like_any_other(data):
    tree = HashTree.of(packed(data))
    assert tree.root == plain_root(list(map(digest, data)))
    for place, one in enumerate(data):
        record = EvidenceRecord.parse(EvidenceRecord(tree.reduced(place), TOKEN).encode())
        assert record.root(digest(one)) == tree.root


@given(st.integers(2, 60), st.data())
@settings(max_examples=cases(ci=500, slow=5_000))
def test_records_swapped_between_documents_prove_nothing(count, draw):
    data = documents(count)
    tree = HashTree.of(packed(data))
    own, other = draw.draw(st.permutations(range(count)).map(lambda order: order[:2]))
    record = EvidenceRecord(tree.reduced(other), TOKEN)
    # Two neighbours share their first group: each is proved by the record of the other, rightly.
    if record.groups[0].count(digest(data[own])):
        assert record.root(digest(data[own])) == tree.root
    else:
        with pytest.raises(NotCoveredError):
            record.root(digest(data[own]))


def test_every_byte_of_a_record_matters_to_what_was_stamped():
    data = documents(5)
    record, root = record_of(5), HashTree.of(packed(data)).root
    start = record.index(EvidenceRecord.parse(record).token)
    for place in range(start):
        for bit in range(8):
            changed = bytearray(record)
            changed[place] ^= 1 << bit
            try:
                read = EvidenceRecord.parse(bytes(changed))
                same = read.root(read.digest_of(data[0])) == root
            except (EvidenceRecordError, NotCoveredError):
                continue
            assert not same, f"byte {place}, bit {bit}"


def test_the_second_reader_refuses_what_was_changed_too():
    record = record_of(5)
    for place in range(0, len(record), 37):
        changed = bytearray(record)
        changed[place] ^= 1
        try:
            proved = prove(documents(5)[0], bytes(changed))
        except (ValueError, KeyError, TypeError, WrongRecordError, InvalidSignature):
            continue
        # Beside what is signed: the carried certificates, which it does not follow upwards.
        assert proved.time == NOW
    with pytest.raises(WrongRecordError):
        prove(b"another document", record)


ONE = integer(1)


def written(*, version=ONE, names=None, before=(), stamps=1, **parts):
    """Write a record in every way that a rule forbids."""
    name = parts.get("name", SHA256)
    own = parts.get("own", der(CONTEXT_0, SHA256))
    tree = parts.get("tree", groups([[digest(b"x")]]))
    stamp_ = der(SEQUENCE, own, parts.get("attributes", b""), tree, TOKEN)
    chain = der(SEQUENCE, *[stamp_] * stamps)
    names = names if names is not None else der(SEQUENCE, der(SEQUENCE, name))
    chains = der(SEQUENCE, *[chain] * parts.get("chains", 1))
    return der(SEQUENCE, version, names, *before, chains)


def groups(rows):
    return der(0xA2, *(der(SEQUENCE, *(der(OCTET_STRING, one) for one in row)) for row in rows))


def test_other_forms_of_the_same_record_are_read_alike():
    plain = EvidenceRecord.parse(written())
    assert plain == EvidenceRecord(((digest(b"x"),),), TOKEN)
    assert EvidenceRecord.parse(written(own=b"")) == plain
    assert EvidenceRecord.parse(written(name=SHA256 + NULL)) == plain
    assert EvidenceRecord.parse(written(own=der(CONTEXT_0, SHA256, NULL))) == plain
    assert plain.root(digest(b"x")) == digest(b"x")


def test_longer_digests_are_read():
    values = sorted(hashlib.sha384(data).digest() for data in (b"x", b"y"))
    record = EvidenceRecord.parse(written(name=SHA384, own=b"", tree=groups([values])))
    assert record.algorithm == "sha384"
    assert record.root(record.digest_of(b"x")) == hashlib.sha384(b"".join(values)).digest()


@pytest.mark.parametrize(
    ("record", "why"),
    [
        (written(version=integer(2)), "version"),
        (written(stamps=2), "renewed"),
        (written(chains=2), "renewed"),
        (written(names=der(SEQUENCE, *[der(SEQUENCE, SHA256)] * 2)), "algorithms"),
        (written(name=oid("1.3.14.3.2.26")), "algorithm"),
        (written(before=[der(CONTEXT_0, NULL)]), "encrypted"),
        (written(before=[der(CONTEXT_1, NULL)]), "encrypted"),
        (written(attributes=der(CONTEXT_1, NULL)), "attributes"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_records_of_another_kind_are_told_from_broken_ones(record, why):
    with pytest.raises(OtherEvidenceError) as caught:
        EvidenceRecord.parse(record)
    assert caught.value.details["why"] == why


ORDERED = sorted([digest(b"x"), digest(b"y")])
BROKEN = {
    "nothing": b"",
    "something behind": written() + b"\x00",
    "no algorithm": written(names=der(SEQUENCE)),
    "no chain": written(chains=0),
    "no time-stamp": written(stamps=0),
    "another algorithm inside": written(own=der(CONTEXT_0, SHA384)),
    "parameters": written(name=SHA256 + integer(1)),
    "an empty tree": written(tree=groups([])),
    "an empty group": written(tree=groups([[digest(b"x")], []])),
    "a short digest": written(tree=groups([[b"x" * 31]])),
    "digests out of order": written(tree=groups([ORDERED[::-1]])),
    "no octet string": written(tree=der(0xA2, der(SEQUENCE, integer(1)))),
    "too many groups": written(tree=groups([[digest(b"x")]] * 65)),
    "too many values": written(tree=groups([[digest(b"x")] * 513] * 2)),
    "two trees": written(tree=groups([[digest(b"x")]]) * 2),
    "a negative version": written(version=b"\x02\x00"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_no_record_is_refused(name):
    with pytest.raises(EvidenceRecordError) as caught:
        EvidenceRecord.parse(BROKEN[name])
    # A version without any byte is read as 0: of another kind, not broken.
    assert caught.value.details["why"] == ("version" if "version" in name else "form")


def test_a_record_above_the_limit_is_not_read():
    with pytest.raises(EvidenceRecordError) as caught:
        EvidenceRecord.parse(bytes(MAX_BYTES + 1))
    assert caught.value.details["why"] == "too-large"


@pytest.mark.parametrize("digests", [b"", bytes(31), bytes(33)])
def test_a_tree_is_over_whole_digests_and_over_one_at_least(digests):
    with pytest.raises(ValueError, match="expected digests"):
        HashTree.of(digests)


@pytest.mark.parametrize("place", [-1, 3])
def test_a_tree_has_no_place_outside(place):
    with pytest.raises(IndexError):
        HashTree.of(packed(documents(3))).reduced(place)


def parts():
    """Draw bytes that look like records more often than chance does."""
    value = st.binary(min_size=32, max_size=32)
    rows = st.lists(st.lists(value, max_size=3), max_size=4).map(groups)
    record = st.builds(
        written,
        version=st.sampled_from([integer(1), integer(0), b"\x05\x00"]),
        tree=rows,
        own=st.sampled_from([b"", der(CONTEXT_0, SHA256), der(CONTEXT_0), NULL]),
        name=st.sampled_from([SHA256, SHA384, SHA256 + NULL, b"", NULL]),
        stamps=st.integers(0, 2),
        attributes=st.sampled_from([b"", der(CONTEXT_1), NULL]),
    )
    cut = st.builds(lambda data, at: data[: at % (len(data) + 1)], record, st.integers(0, 400))
    return record | cut | st.binary(max_size=200)


@given(parts())
@settings(max_examples=cases(ci=4_000, slow=100_000, fast=500))
def test_whatever_the_bytes_a_record_is_read_or_refused(data):
    with bounded():
        try:
            record = EvidenceRecord.parse(data)
        except EvidenceRecordError:
            return
        again = record.encode()
    assert EvidenceRecord.parse(again) == record
    if EvidenceRecord.parse(again).encode() == data:
        return
    # Another form of the same: NULL for parameters, or the name left to the token.
    assert NULL in data or len(data) < len(again)


@given(st.lists(st.binary(min_size=32, max_size=32), min_size=1, max_size=6), st.integers(1, 5))
def test_what_is_written_reads_back(values, rows):
    record = EvidenceRecord(tuple(tuple(sorted(values)) for _ in range(rows)), TOKEN)
    assert EvidenceRecord.parse(record.encode()) == record
    assert core.load(record.encode(), strict=True).dump() == record.encode()
