"""Objects, operations, documents and shares: all or nothing, and each to its owner."""

import dataclasses
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import text
from support.person import Parcel, classic_header, hybrid_header, new_id, opaque
from support.safe import NOW, Safe

from storage.blobs.port import BlobId
from storage.database import reading, transaction
from storage.journal import check
from vault.format.canonical import to_base64url
from vault.format.index_head import HeadError, HeadSignatureError
from vault.format.sizes import SizeError
from vault.service import accounts, documents, shares, uploads
from vault.service.documents import (
    Describe,
    DocumentId,
    DocumentNotFoundError,
    DocumentVersionError,
    IndexConflictError,
    OpaqueLengthError,
    Remove,
)
from vault.service.shares import (
    HeaderRefusedError,
    Life,
    Shared,
    ShareEndedError,
    ShareMismatchError,
)
from vault.service.uploads import (
    QuotaError,
    UploadMissingError,
    UploadNameUsedError,
    UploadNotFoundError,
    UploadTooLargeError,
)

DAY = timedelta(days=1)
HYBRID = hybrid_header()


@pytest.fixture
def world(tmp_path):
    world = Safe(tmp_path)
    yield world
    with reading(world.engine) as session:
        check(session)
    world.engine.dispose()


@pytest.fixture
def jeanne(world):
    return world.person("jeanne")


def test_a_document_comes_back_with_all_that_was_put(world, jeanne):
    parcel, document = Parcel(), DocumentId(new_id())
    world.announce(jeanne, parcel)
    parcel.arrive(world.store)
    step = jeanne.put(parcel, document)
    world.take(jeanne, step)
    with reading(world.engine) as session:
        [view] = documents.versions(session, jeanne.account, document)
        [operation] = documents.operations(session, jeanne.account, 0, 10)
        account = accounts.view(session, jeanne.account)
    assert (view.header, view.metadata) == (step.change.header, step.change.metadata)
    assert (view.blob_id, view.content, view.fkc) == (parcel.blob_id, parcel.announced, parcel.fkc)
    assert operation == step.operation
    assert (account.head_n, account.head) == (1, step.operation.head)


def test_a_new_version_replaces_the_old_one_in_the_list_and_both_stay(world, jeanne):
    _, document = world.stored(jeanne)
    second = Parcel()
    world.announce(jeanne, second)
    second.arrive(world.store)
    world.take(jeanne, jeanne.put(second, document, version=2))
    with reading(world.engine) as session:
        [newest] = documents.page(session, jeanne.account, "", 10)
        both = documents.versions(session, jeanne.account, document)
    assert newest.blob_id == second.blob_id
    assert [each.version for each in both] == [1, 2]


def test_a_list_is_read_page_by_page(world, jeanne):
    wanted = sorted(world.stored(jeanne)[1] for _ in range(5))
    first = world.pages(jeanne, limit=3)
    assert [*first, *world.pages(jeanne, after=first[-1], limit=3)] == wanted


@pytest.mark.parametrize("version", [0, 2, 3])
def test_a_version_out_of_its_turn_is_refused_and_nothing_is_kept(world, jeanne, version):
    parcel, document = Parcel(), DocumentId(new_id())
    world.announce(jeanne, parcel)
    parcel.arrive(world.store)
    before = world.dump()
    with pytest.raises(DocumentVersionError):
        world.take(jeanne, jeanne.put(parcel, document, version))
    assert world.dump() == before


def test_an_operation_on_another_head_is_told_the_head_and_changes_nothing(world, jeanne):
    parcel, _ = world.stored(jeanne)
    head = jeanne.head
    fork = replace(jeanne, n=0, head=bytes(32))
    before = world.dump()
    for step in (fork.step(), replace(jeanne, n=7).step(), replace(jeanne, head=b"x" * 32).step()):
        with pytest.raises(IndexConflictError) as caught:
            world.take(jeanne, step)
        assert caught.value.details == {"n": 1, "head": to_base64url(head)}
    assert world.dump() == before
    assert parcel.blob_id in world.store.objects


def test_an_operation_sent_twice_is_known_by_its_head(world, jeanne):
    step = jeanne.step()
    world.take(jeanne, step)
    with pytest.raises(IndexConflictError) as caught:
        world.take(jeanne, step)
    assert caught.value.details["head"] == to_base64url(step.operation.head)


@pytest.mark.parametrize("forged", [b"\0" * 64, b"\7" * 64, b"short"])
def test_a_head_that_the_owner_did_not_sign_is_refused(world, jeanne, forged):
    step = jeanne.step()
    bad = replace(step, operation=replace(step.operation, signature=forged))
    with pytest.raises((HeadSignatureError, HeadError)):
        world.take(jeanne, bad)
    world.take(jeanne, step)


@pytest.mark.parametrize(
    "header",
    [
        b"",
        b"age-encryption.org/v1\n",
        classic_header(),
        hybrid_header(2),
        HYBRID + b"x",
        HYBRID.replace(b"\n", b"\r\n"),
        HYBRID.replace(b"mlkem768x25519 ", b"mlkem768x25519 AAAA "),
        HYBRID.replace(b"mlkem768x25519", b"mlkem512x25519"),
    ],
    ids=range(8),
)
def test_a_header_that_is_not_one_canonical_hybrid_stanza_is_refused(world, jeanne, header):
    parcel = Parcel()
    world.announce(jeanne, parcel)
    parcel.arrive(world.store)
    step = jeanne.put(parcel)
    with pytest.raises(HeaderRefusedError):
        world.take(jeanne, replace(step, change=replace(step.change, header=header)))
    world.take(jeanne, step)


@pytest.mark.parametrize("length", [0, 80, 81, 82, 592, 594, 81 + 33 * 512])
def test_metadata_of_a_telling_or_absurd_length_is_refused(world, jeanne, length):
    parcel = Parcel()
    world.announce(jeanne, parcel)
    parcel.arrive(world.store)
    step = jeanne.put(parcel)
    with pytest.raises(OpaqueLengthError):
        world.take(jeanne, replace(step, change=replace(step.change, metadata=bytes(length))))


def test_an_object_that_has_not_come_cannot_be_named(world, jeanne):
    parcel = Parcel()
    world.announce(jeanne, parcel)
    step = jeanne.put(parcel)
    with pytest.raises(UploadMissingError):
        world.take(jeanne, step)
    world.store.objects[parcel.blob_id] = parcel.content[:-1]
    with pytest.raises(UploadMissingError):
        world.take(jeanne, step)
    world.store.objects[parcel.blob_id] = parcel.content
    world.take(jeanne, step)


def test_an_object_belongs_to_one_document(world, jeanne):
    parcel, _ = world.stored(jeanne)
    with pytest.raises(UploadNotFoundError):
        world.take(jeanne, replace(jeanne).put(parcel))


def test_another_persons_things_answer_as_missing_ones(world, jeanne):
    paul = world.person("paul")
    parcel, document = world.stored(jeanne)
    waiting = Parcel()
    world.announce(jeanne, waiting)
    waiting.arrive(world.store)
    with reading(world.engine) as session:
        for each in (document, DocumentId(new_id())):
            with pytest.raises(DocumentNotFoundError) as caught:
                documents.versions(session, paul.account, each)
            assert str(caught.value) == "got a document that this account does not have"
        assert documents.page(session, paul.account, "", 10) == ()
        assert documents.operations(session, paul.account, 0, 10) == ()
    for change in (Remove(document), Remove(DocumentId(new_id())), Describe(document, 1, opaque())):
        with pytest.raises(DocumentNotFoundError):
            world.take(paul, replace(paul).step(change))
    for blob_id in (waiting.blob_id, BlobId(new_id())):
        with pytest.raises(UploadNotFoundError):
            world.take(paul, replace(paul).put(Parcel(blob_id=blob_id)))
    own = Parcel()
    world.announce(paul, own)
    own.arrive(world.store)
    world.take(paul, paul.put(own, document))
    assert world.pages(paul) == (document,)
    with reading(world.engine) as session:
        assert documents.versions(session, jeanne.account, document)[0].blob_id == parcel.blob_id


def test_new_metadata_replaces_the_old(world, jeanne):
    _, document = world.stored(jeanne)
    metadata = opaque(3)
    world.take(jeanne, jeanne.step(Describe(document, 1, metadata)))
    with reading(world.engine) as session:
        assert documents.versions(session, jeanne.account, document)[0].metadata == metadata


def test_a_removed_document_leaves_a_row_without_content_and_its_object_is_deleted(world, jeanne):
    parcel, document = world.stored(jeanne)
    with reading(world.engine) as session:
        [view] = documents.versions(session, jeanne.account, document)
    world.take(jeanne, jeanne.remove(document))
    with transaction(world.engine) as session:
        assert uploads.bury(session, world.store, NOW) == 1
    assert world.store.objects == {}
    assert world.pages(jeanne) == ()
    dump = world.dump().upper()
    assert view.header.hex().upper() not in dump
    assert view.metadata.hex().upper() not in dump
    with pytest.raises(DocumentNotFoundError):
        world.take(jeanne, replace(jeanne).remove(document))
    with pytest.raises(UploadNameUsedError):
        world.announce(jeanne, parcel)
    again = Parcel()
    world.announce(jeanne, again)
    again.arrive(world.store)
    with pytest.raises(DocumentVersionError):
        world.take(jeanne, jeanne.put(again, document))


def test_an_announcement_repeated_is_the_same_and_a_changed_one_is_refused(world, jeanne):
    parcel = Parcel()
    world.announce(jeanne, parcel)
    world.announce(jeanne, parcel)
    for other in (
        Parcel(content=parcel.content, blob_id=parcel.blob_id),
        Parcel(blob_id=parcel.blob_id, fkc=parcel.fkc),
    ):
        with pytest.raises(UploadNameUsedError):
            world.announce(jeanne, other)
    with pytest.raises(UploadNameUsedError):
        world.announce(world.person("paul"), parcel)


@pytest.mark.parametrize("length", [0, 31, 4127, 4129, 5000])
def test_a_length_that_no_padded_document_has_is_refused(world, jeanne, length):
    with pytest.raises(SizeError):
        world.announce(jeanne, Parcel(content=bytes(length)))


def test_too_large_an_object_and_one_too_many_are_refused(world, jeanne):
    with pytest.raises(UploadTooLargeError):
        world.announce(jeanne, Parcel(), uploads.Limits(object_bytes=4000))
    world.announce(jeanne, Parcel(), uploads.Limits(objects=1))
    with pytest.raises(QuotaError):
        world.announce(jeanne, Parcel(), uploads.Limits(objects=1))


def test_only_objects_that_no_operation_named_in_time_are_swept(world, jeanne):
    used, _ = world.stored(jeanne)
    late, fresh = Parcel(), Parcel()
    for parcel in (late, fresh):
        world.announce(jeanne, parcel)
        parcel.arrive(world.store)
    with world.engine.begin() as connection:
        old = (NOW - DAY - timedelta(seconds=1)).replace(tzinfo=None)
        change = text("UPDATE upload SET created_at = :old WHERE blob_id IN (:a, :b)")
        connection.execute(change, {"old": f"{old}.000000", "a": late.blob_id, "b": used.blob_id})
    with transaction(world.engine) as session:
        assert uploads.condemn_orphans(session, NOW) == 1
    with pytest.raises(UploadNotFoundError):
        world.take(jeanne, replace(jeanne).put(late))
    with transaction(world.engine) as session:
        assert uploads.bury(session, world.store, NOW) == 1
        assert uploads.bury(session, world.store, NOW) == 0
    assert set(world.store.objects) == {used.blob_id, fresh.blob_id}


def shared(parcel: Parcel) -> Shared:
    return Shared(parcel.blob_id, parcel.announced, parcel.fkc, hybrid_header())


LIFE = Life(NOW, NOW + DAY)
PORTAL = "https://portal.example/canteen"


def open_share(world, person, each: Shared) -> shares.ShareId:
    with transaction(world.engine) as session:
        [share] = shares.add(session, person.account, PORTAL, [each], LIFE)
    return share


def serve(world, share, grantee=PORTAL, now: datetime = NOW) -> shares.ServedShare:
    with transaction(world.engine) as session:
        return shares.serve(session, share, grantee, now)


def test_a_share_is_served_to_its_grantee_while_it_lives(world, jeanne):
    parcel, _ = world.stored(jeanne)
    each = shared(parcel)
    share = open_share(world, jeanne, each)
    assert serve(world, share).shared == each
    for grantee, now in [("https://other.example", NOW), (PORTAL, NOW + DAY)]:
        with pytest.raises(ShareEndedError):
            serve(world, share, grantee, now)


def test_a_withdrawn_share_is_dead_and_its_header_deleted(world, jeanne):
    parcel, _ = world.stored(jeanne)
    each = shared(parcel)
    share = open_share(world, jeanne, each)
    paul = world.person("paul")
    with pytest.raises(ShareEndedError), transaction(world.engine) as session:
        shares.withdraw(session, paul.account, share, NOW)
    for _ in range(2):
        with transaction(world.engine) as session:
            shares.withdraw(session, jeanne.account, share, NOW)
    with pytest.raises(ShareEndedError):
        serve(world, share)
    assert each.header.hex().upper() not in world.dump().upper()


def test_a_share_ends_with_its_time_and_with_its_document(world, jeanne):
    first, document = world.stored(jeanne)
    second, _ = world.stored(jeanne)
    one, two = (open_share(world, jeanne, shared(parcel)) for parcel in (first, second))
    world.take(jeanne, jeanne.remove(document))
    with pytest.raises(ShareEndedError):
        serve(world, one)
    assert serve(world, two).grantee == PORTAL
    with transaction(world.engine) as session:
        assert shares.end_expired(session, NOW + DAY) == 1
    with pytest.raises(ShareEndedError):
        serve(world, two)


def test_an_object_described_otherwise_is_not_shared(world, jeanne):
    parcel, _ = world.stored(jeanne)
    waiting = Parcel()
    world.announce(jeanne, waiting)
    foreign, _ = world.stored(world.person("paul"))
    right = shared(parcel)
    for wrong in (
        replace(right, fkc=bytes(32)),
        replace(right, content=replace(parcel.announced, size=5)),
        replace(right, content=replace(parcel.announced, sha256=bytes(32))),
        shared(waiting),
        shared(foreign),
        shared(Parcel()),
    ):
        with pytest.raises(ShareMismatchError):
            open_share(world, jeanne, wrong)
    with pytest.raises(HeaderRefusedError):
        open_share(world, jeanne, replace(right, header=classic_header()))


def test_of_several_objects_all_are_shared_or_none(world, jeanne):
    parcel, _ = world.stored(jeanne)
    before = world.dump()
    with pytest.raises(ShareMismatchError), transaction(world.engine) as session:
        shares.add(session, jeanne.account, PORTAL, [shared(parcel), shared(Parcel())], LIFE)
    assert world.dump() == before


def test_no_secret_shows_in_a_repr(world, jeanne):
    sent = jeanne.enrolment()
    for secret in (sent.auth_key, sent.bundle):
        assert repr(secret)[2:12] not in repr(sent)
    assert dataclasses.is_dataclass(sent)
    del world
