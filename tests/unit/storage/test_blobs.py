"""One contract for every store, and the folder's own faults."""

import base64
import errno
import hashlib
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.memory_blobs import MemoryStore

from storage.blobs import folder
from storage.blobs.folder import FolderStore
from storage.blobs.port import (
    Announced,
    BlobError,
    BlobExistsError,
    BlobMismatchError,
    BlobNameError,
    BlobNotFoundError,
    BlobUnavailableError,
    Shown,
    TicketRefusedError,
    TicketSigner,
    parse_blob_id,
    put,
)

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
TICKETS = TicketSigner(b"s" * 32, "http://localhost/blobs")
ONE = parse_blob_id("WmdH4-dQDdbKxHfyCcn7Yw")
TWO = parse_blob_id("WmdH4-dQDdbKxHfyCcn7ZA")
CONTENT = bytes(range(256)) * 20


def announced(content: bytes) -> Announced:
    return Announced(len(content), hashlib.sha256(content).digest())


@pytest.fixture(params=["folder", "memory"])
def store(request, tmp_path):
    if request.param == "folder":
        return FolderStore(tmp_path / "blobs", TICKETS)
    return MemoryStore(TICKETS)


@pytest.mark.parametrize("content", [b"", b"x", CONTENT])
def test_an_object_comes_back_as_it_was_put(store, content):
    put(store, ONE, announced(content), [content[:7], content[7:]])
    assert b"".join(store.get(ONE)) == content
    assert store.head(ONE) == len(content)


def test_names_that_differ_by_case_alone_are_two_objects(store):
    upper, lower = parse_blob_id("AAAAAAAAAAAAAAAAAAAAAA"), parse_blob_id("aAAAAAAAAAAAAAAAAAAAAA")
    put(store, upper, announced(b"upper"), [b"upper"])
    put(store, lower, announced(b"lower"), [b"lower"])
    assert b"".join(store.get(upper)) == b"upper"


def test_a_second_object_of_one_name_is_refused_and_the_first_stays(store):
    put(store, ONE, announced(b"first"), [b"first"])
    with pytest.raises(BlobExistsError):
        put(store, ONE, announced(b"second"), [b"second"])
    assert b"".join(store.get(ONE)) == b"first"


def test_of_two_receptions_of_one_name_the_first_to_finish_wins(store):
    early, late = store.receive(ONE, announced(b"early")), store.receive(ONE, announced(b"late"))
    early.write(b"early")
    late.write(b"late")
    late.finish()
    with pytest.raises(BlobExistsError):
        early.finish()
    early.abandon()
    assert b"".join(store.get(ONE)) == b"late"


@pytest.mark.parametrize(
    ("sent", "what"),
    [(b"short", "size"), (b"much too long", "size"), (b"wrong by", "sha256")],
)
def test_bytes_that_were_not_announced_leave_nothing(store, sent, what):
    with pytest.raises(BlobMismatchError) as caught:
        put(store, ONE, announced(b"announce"), [sent])
    assert caught.value.details["what"] == what
    with pytest.raises(BlobNotFoundError):
        store.head(ONE)
    put(store, ONE, announced(b"announce"), [b"announce"])


def test_too_many_bytes_are_refused_before_the_end(store):
    reception = store.receive(ONE, announced(b"abc"))
    with pytest.raises(BlobMismatchError):
        reception.write(b"abcd")
    reception.abandon()


def test_an_abandoned_object_does_not_exist_and_its_name_is_free(store):
    reception = store.receive(ONE, announced(b"abc"))
    reception.write(b"abc")
    reception.abandon()
    reception.abandon()
    with pytest.raises(BlobNotFoundError):
        store.get(ONE)
    put(store, ONE, announced(b"abc"), [b"abc"])


def test_a_deleted_object_is_absent_and_deleting_again_is_harmless(store):
    put(store, ONE, announced(b"abc"), [b"abc"])
    store.delete(ONE)
    store.delete(ONE)
    with pytest.raises(BlobNotFoundError):
        store.get(ONE)
    with pytest.raises(BlobNotFoundError):
        store.head(ONE)


def test_a_store_that_works_can_be_probed(store):
    store.probe()


def test_a_ticket_names_the_conditions_of_the_one_upload(store):
    ticket = store.upload_ticket(ONE, announced(b"abc"), NOW)
    assert ticket.expires_in == 300
    assert ticket.headers == {
        "If-None-Match": "*",
        "Content-Length": "3",
        "x-amz-content-sha256": hashlib.sha256(b"abc").hexdigest(),
    }


def shown(url: str, now: datetime = NOW) -> Shown:
    query = dict(pair.split("=") for pair in url.split("?")[1].split("&"))
    return Shown(int(query["until"]), query["proof"], now)


def test_a_ticket_is_good_for_its_object_its_use_and_its_minutes():
    up = TICKETS.upload(ONE, announced(b"abc"), NOW).url
    TICKETS.check_upload(ONE, announced(b"abc"), shown(up))
    down = TICKETS.download(ONE, NOW).url
    TICKETS.check_download(ONE, shown(down))
    late = NOW + timedelta(seconds=301)
    longer = Shown(shown(up).until + 1, shown(up).proof, NOW)
    for blob_id, what, ticket in [
        (TWO, announced(b"abc"), shown(up)),
        (ONE, announced(b"abd"), shown(up)),
        (ONE, announced(b"abc"), shown(down)),
        (ONE, announced(b"abc"), shown(up, late)),
        (ONE, announced(b"abc"), longer),
    ]:
        with pytest.raises(TicketRefusedError):
            TICKETS.check_upload(blob_id, what, ticket)
    for blob_id, ticket in [(TWO, shown(down)), (ONE, shown(up)), (ONE, shown(down, late))]:
        with pytest.raises(TicketRefusedError):
            TICKETS.check_download(blob_id, ticket)
    assert "ssss" not in repr(TICKETS)


@given(st.binary(min_size=16, max_size=16))
def test_128_bits_in_canonical_base64url_are_a_name(raw):
    text = base64.urlsafe_b64encode(raw).decode().rstrip("=")
    assert parse_blob_id(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "../../../../etc/passwd",
        "WmdH4-dQDdbKxHfyCcn7Yw==",
        "WmdH4-dQDdbKxHfyCcn7Yx",
        "WmdH4+dQDdbKxHfyCcn7Yw",
        "WmdH4-dQDdbKxHfyCcn7Y",
        "WmdH4-dQDdbKxHfyCcn7Yw\n",
        "é" * 22,
        "A" * 5000,
    ],
)
def test_anything_else_is_no_name(text):
    with pytest.raises(BlobNameError):
        parse_blob_id(text)


def test_the_sweep_removes_old_leftovers_and_no_object(tmp_path):
    store = FolderStore(tmp_path, TICKETS)
    put(store, ONE, announced(b"abc"), [b"abc"])
    reception = store.receive(TWO, announced(b"half"))
    reception.write(b"ha")
    assert store.sweep(datetime.now(UTC) - timedelta(hours=1)) == 0
    assert store.sweep(datetime.now(UTC) + timedelta(hours=1)) == 1
    reception.abandon()
    assert b"".join(store.get(ONE)) == b"abc"


class FailingOs:
    """Stands between the folder store and the system; fails at one chosen call."""

    CALLS = ("write", "fsync", "link", "open")

    def __init__(self, nth: int, code: int) -> None:
        """Choose the call, counted from 1, and its error."""
        self.left, self.code, self.done = nth, code, False

    def __getattr__(self, name):
        """Give the system's own function, counted when it is one of CALLS."""
        real = getattr(os, name)
        return self.counted(real) if name in self.CALLS else real

    def counted(self, real: Any) -> Any:
        """Wrap one function of the system."""

        def call(*arguments, **options):
            self.left -= 1
            if self.left == 0:
                self.done = True
                raise OSError(self.code, os.strerror(self.code))
            return real(*arguments, **options)

        return call


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO, errno.EDQUOT])
def test_whichever_call_fails_the_object_is_whole_or_absent(tmp_path, monkeypatch, code):
    n, passed = 0, False
    while not passed:
        n += 1
        root = tmp_path / str(n)
        store = FolderStore(root, TICKETS)
        failing = FailingOs(n, code)
        with monkeypatch.context() as patched:
            patched.setattr(folder, "os", failing)
            try:
                put(store, ONE, announced(CONTENT), [CONTENT[:3000], CONTENT[3000:]])
            except BlobUnavailableError:
                acknowledged = False
            else:
                acknowledged = True
        passed = not failing.done
        assert acknowledged is not failing.done, f"call {n}: a fault must be told"
        assert list((root / "incoming").iterdir()) == []
        if not acknowledged:
            with pytest.raises(BlobNotFoundError):
                store.head(ONE)
            put(store, ONE, announced(CONTENT), [CONTENT])
        assert b"".join(store.get(ONE)) == CONTENT
    assert n > 6, "the sweep met every call"


def test_an_object_is_flushed_before_it_has_its_name_and_its_folder_before_the_answer(
    tmp_path, monkeypatch
):
    calls = []

    class Recording:
        def __getattr__(self, name):
            real = getattr(os, name)
            if name not in FailingOs.CALLS:
                return real

            def call(*arguments, **options):
                found = real(*arguments, **options)
                is_folder = name == "fsync" and Path(f"/proc/self/fd/{arguments[0]}").is_dir()
                calls.append("fsync folder" if is_folder else name)
                return found

            return call

    store = FolderStore(tmp_path, TICKETS)
    (tmp_path / base64.urlsafe_b64decode(ONE + "==").hex()[:2]).mkdir()
    monkeypatch.setattr(folder, "os", Recording())
    put(store, ONE, announced(CONTENT), [CONTENT])
    assert calls == ["open", "write", "fsync", "link", "open", "fsync folder"]


def test_a_short_write_is_continued(tmp_path, monkeypatch):
    class Stingy:
        def __getattr__(self, name):
            return getattr(os, name)

        def write(self, descriptor, data):
            return os.write(descriptor, bytes(data)[:5])

    store = FolderStore(tmp_path, TICKETS)
    monkeypatch.setattr(folder, "os", Stingy())
    put(store, ONE, announced(CONTENT), [CONTENT])
    assert b"".join(store.get(ONE)) == CONTENT


def test_every_error_of_a_store_has_a_code_of_its_own():
    children = BlobError.__subclasses__()
    assert len({child.code for child in children}) == len(children)
