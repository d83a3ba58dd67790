"""Documents between two devices of one person, and what a broken line leaves."""

import io

import httpx2
import pytest
from support.lying_server import World

from vault.client import check, documents
from vault.client.documents import Content, Label, NoDocumentError
from vault.client.http import RefusedError, UnreachableError
from vault.crypto.document import SourceLengthError

TEXT = b"bonjour" * 20_000


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    made = World(tmp_path_factory.mktemp("documents"))
    made.create("camille", "desk")
    made.login("camille", "phone")
    return made


@pytest.fixture(autouse=True)
def honest(world):
    world.wire.tricks.clear()


def put(world, safe, name="avis.pdf", text=TEXT, **label):
    content = Content(name, len(text), io.BytesIO(text))
    return documents.put(safe, content, Label(**label), world.now)


def got(safe, identifier, version=None):
    out = io.BytesIO()
    documents.fetch(safe, documents.find(safe, identifier, version), out)
    return out.getvalue()


def ids(safe):
    found, faults = documents.listing(safe)
    assert faults == {}
    return [each.id for each in found]


def test_a_document_comes_back_as_it_was_on_another_device(world):
    desk = world.resume("desk")
    listed, accepted = put(world, desk, title="Avis 2026", type="tax-notice")
    phone = world.resume("phone")
    [seen] = [each for each in documents.listing(phone)[0] if each.id == listed.id]
    told = seen.metadata
    assert (told.title, told.name, told.type) == ("Avis 2026", "avis.pdf", "tax-notice")
    assert (told.size, told.kind) == (len(TEXT), "application/pdf")
    assert got(phone, listed.id) == TEXT
    assert accepted.receipt in desk.home.seen.receipts(desk.account)


@pytest.mark.parametrize("size", [0, 1, 65_536, 200_000])
def test_every_length_comes_back(world, size):
    safe = world.resume("desk")
    listed, _ = put(world, safe, text=bytes(size))
    assert got(safe, listed.id) == bytes(size)


def test_a_name_is_cleaned_and_stands_for_a_title_that_is_not_given(world):
    listed, _ = put(world, world.resume("desk"), name="../../etc/mot\u202e de passe")
    assert (listed.metadata.name, listed.metadata.title) == ("mot de passe", "mot de passe")


def test_a_new_version_leaves_the_older_one_readable(world):
    safe = world.resume("desk")
    first, _ = put(world, safe, text=b"un")
    content = Content("deux.txt", 4, io.BytesIO(b"deux"))
    second, _ = documents.put(safe, content, Label(), world.now, first.id)
    assert (second.id, second.put.version) == (first.id, 2)
    assert (got(safe, first.id), got(safe, first.id, 1)) == (b"deux", b"un")
    with pytest.raises(NoDocumentError):
        documents.find(safe, first.id, 3)


def test_what_was_removed_is_gone_everywhere_and_cannot_be_replaced(world):
    desk, phone = world.resume("desk"), world.resume("phone")
    listed, _ = put(world, desk)
    documents.remove(desk, listed.id, world.now)
    assert listed.id not in ids(world.resume("phone"))
    for act in (
        lambda: documents.find(desk, listed.id),
        lambda: documents.remove(desk, listed.id, world.now),
        lambda: documents.put(desk, Content("x", 0, io.BytesIO()), Label(), world.now, listed.id),
    ):
        with pytest.raises(NoDocumentError):
            act()
    del phone


@pytest.mark.parametrize("identifier", ["", "x", "../..", "A" * 22, "é" * 22, "A" * 5000])
def test_an_identifier_of_nothing_finds_nothing(world, identifier):
    with pytest.raises(NoDocumentError):
        documents.find(world.resume("desk"), identifier)


def test_two_devices_that_write_at_once_keep_both(world):
    desk, phone = world.resume("desk"), world.resume("phone")
    first, _ = put(world, desk)
    second, _ = put(world, phone)
    assert {first.id, second.id} <= set(ids(world.resume("desk")))


def test_a_document_that_the_other_device_removed_meanwhile_is_not_removed_twice(world):
    desk, phone = world.resume("desk"), world.resume("phone")
    listed, _ = put(world, desk)
    phone.forget_index()
    assert listed.id in ids(phone)
    documents.remove(desk, listed.id, world.now)
    with pytest.raises(NoDocumentError):
        documents.remove(phone, listed.id, world.now)


def test_an_operation_whose_answer_was_lost_was_accepted_once(world):
    safe = world.resume("desk")
    before = len(ids(safe))
    world.wire.cut("POST", "vault/ops")
    listed, accepted = put(world, safe)
    assert accepted.receipt is None
    assert len(ids(world.resume("desk"))) == before + 1
    assert got(world.resume("phone"), listed.id) == TEXT


def test_a_line_that_stays_cut_is_told_and_the_document_is_there_once_or_not_at_all(world):
    safe = world.resume("desk")
    before = len(ids(safe))
    world.wire.cut("POST", "vault/ops", times=2)
    with pytest.raises(UnreachableError):
        put(world, safe)
    world.wire.tricks.clear()
    assert len(ids(world.resume("desk"))) <= before + 1


def test_an_upload_whose_answer_was_lost_has_arrived(world):
    def trick(request, response):
        if request.method == "PUT" and len(cut) < 1:
            cut.append(response.status_code)
            raise httpx2.ReadError("cut")
        return response

    cut: list[int] = []
    world.wire.tricks.append(trick)
    safe = world.resume("desk")
    listed, _ = put(world, safe)
    assert (cut, got(safe, listed.id)) == ([200], TEXT)


@pytest.mark.parametrize("path", ["vault/uploads", "vault/blobs", "vault/ops"])
def test_a_put_that_is_refused_lists_nothing(world, path):
    safe = world.resume("desk")
    before = ids(safe)

    def refuse(request):
        if request.method in {"POST", "PUT"} and request.url.path.startswith("/api/v1/" + path):
            return httpx2.Response(507, content=b"")
        return inner(request)

    inner = world.wire._inner.handle_request
    world.wire._inner.handle_request = refuse
    try:
        with pytest.raises(RefusedError):
            put(world, safe)
    finally:
        world.wire._inner.handle_request = inner
    assert ids(world.resume("desk")) == before


def test_a_file_that_grows_while_it_is_read_is_not_stored(world):
    safe = world.resume("desk")
    before = ids(safe)
    with pytest.raises(SourceLengthError):
        documents.put(safe, Content("x", 3, io.BytesIO(b"quatre")), Label(), world.now)
    assert ids(world.resume("desk")) == before


def test_a_receipt_that_is_not_the_servers_is_not_kept(world):
    world.wire.lie("vault/ops", lambda _, told: told.update(receipt="x.y.z"))
    safe = world.resume("desk")
    known = len(safe.home.seen.receipts(safe.account))
    _, accepted = put(world, safe)
    assert accepted.receipt is None
    assert len(safe.home.seen.receipts(safe.account)) == known


def test_the_check_finds_every_version_and_tells_each_fault(world):
    safe = world.resume("desk")
    listed, _ = put(world, safe)
    versions = sum(len(each) for each in safe.index.documents.values())
    findings = list(check.check(safe))
    assert (len(findings), {each.fault for each in findings}) == (versions, {None})
    world.wire.swap_bytes(lambda data: data[:-1])
    codes = {each.fault.code for each in check.check(safe) if each.fault}
    assert codes == {"document.ciphertext-digest"}
    world.wire.tricks.clear()
    path = f"vault/documents/{listed.id}"
    world.wire.lie(path, lambda _, told: told["versions"][0].update(header="AAAA"))
    faults = {each.id: each.fault.code for each in check.check(safe) if each.fault}
    assert faults == {listed.id: "document.header-digest"}


def test_nothing_of_a_person_is_found_in_what_the_server_keeps(world):
    safe = world.resume("desk")
    put(
        world, safe, "CANARI-NOM.pdf", b"CANARI-CONTENU" * 99, title="CANARI-TITRE", type="CANARI-T"
    )
    kept = [path.read_bytes() for path in (world.folder / "data").rglob("*") if path.is_file()]
    assert any(b"camille" in data for data in kept)
    everything = b"".join(kept) + world.logged.getvalue().encode()
    assert [
        word for word in (b"CANARI", b"cheval pile", b"CANARI".hex().encode())
        if word in everything
    ] == []  # fmt: skip
