"""A server that lies, one lie a test: the client refuses, says which, and writes nothing.

The numbers are those of the attack checklist of the design.
"""

import inspect
import io
import shutil
from typing import Any, get_type_hints

import httpx2
import pytest
from support.lying_server import World

from vault.client import account, bag, check, documents
from vault.client import safe as safe_module
from vault.client.account import DerivationChangedError
from vault.client.answers import Answer, AnswerError
from vault.client.documents import Content, Label, WithheldError
from vault.client.http import Connection, RefusedError
from vault.client.seen import Memory
from vault.crypto import document
from vault.crypto.account.identity_bundle import BundleError, IdentityMismatchError, Seeds
from vault.crypto.account.slots import SlotNotOpenedError
from vault.crypto.age.scrypt import Passphrase
from vault.crypto.document import CiphertextDigestError, HeaderDigestError
from vault.crypto.index import ForkError, IndexChainError, RollbackError
from vault.crypto.keys import FileKey
from vault.crypto.metadata import MetadataError
from vault.format import directory_entry
from vault.format.canonical import from_base64url, to_base64url
from vault.format.directory_entry import Statement
from vault.format.index_head import HeadSignatureError, Position
from vault.format.signed_message import MessageSigner, PublicKey
from vault.format.slot import KdfFloorError

TEXT = b"contenu de la lettre" * 9000


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """Give a server with two accounts, and two documents in the first."""
    world = World(tmp_path_factory.mktemp("lying"))
    safe = world.create("camille", "desk")
    ids = [
        documents.put(safe, Content(name, len(TEXT), io.BytesIO(TEXT)), Label(title), world.now)[
            0
        ].id
        for name, title in (("avis.pdf", "Avis"), ("bail.pdf", "Bail"))
    ]
    world.create("denis", "other")
    return world, ids


@pytest.fixture
def world(built, tmp_path):
    """Give the same server, honest again, and the desk's client in a copy of its folder."""
    world, ids = built
    world.wire.tricks.clear()
    world.wire.requests.clear()
    shutil.copytree(world.folder / "desk", world.folder / tmp_path.name)
    world.ids, world.machine = ids, tmp_path.name
    yield world
    shutil.rmtree(world.folder / tmp_path.name)


def opened(world):
    return world.resume(world.machine)


def flipped(text: str) -> str:
    data = bytearray(from_base64url(text))
    data[-1] ^= 1
    return to_base64url(bytes(data))


def account_of(world, machine: str) -> dict[str, Any]:
    """Give what the server tells another account of itself."""
    home = world.home(machine)
    with world.connection() as http:
        http.token = home.signed_in().token
        return dict(http.get("account").members)


def test_2_another_public_key_for_the_citizen(world):
    other = account_of(world, "other")
    world.wire.lie("account", lambda _, told: told.update(directory=other["directory"]))
    with pytest.raises(IdentityMismatchError):
        opened(world)


def test_2_a_key_of_the_servers_own_under_the_citizens_name(world):
    seeds = Seeds.generate()
    key = PublicKey(seeds.public().signing_key)
    name = from_base64url(account_of(world, world.machine)["account"])
    statement = Statement(name, seeds.public().recipient.encode(), key)
    entry = directory_entry.issue(statement, MessageSigner(key, seeds.sign.sign))
    world.wire.lie("account", lambda _, told: told.update(directory=entry))
    with pytest.raises(IdentityMismatchError):
        opened(world)


def test_3_another_bundle_or_one_that_was_edited(world):
    other = account_of(world, "other")
    world.wire.lie("account", lambda _, told: told.update(bundle=other["bundle"]))
    with pytest.raises(BundleError):
        opened(world)
    world.wire.tricks.clear()
    world.wire.lie("account", lambda _, told: told.update(bundle=flipped(told["bundle"])))
    with pytest.raises(BundleError):
        opened(world)


def edit_slot(**members):
    def lie(_request, told):
        told["slots"][0].update(members)

    return lie


def edit_kdf(**members):
    def lie(_request, told):
        told["slots"][0]["kdf"].update(members)

    return lie


def test_3_5_a_slot_that_was_edited_or_is_another_persons_opens_nothing_and_nothing_is_kept(world):
    other = account_of(world, "other")["slots"][0]
    mine = account_of(world, world.machine)["slots"][0]
    for lie in (
        edit_slot(wrapped=flipped(mine["wrapped"])),
        edit_slot(wrapped=other["wrapped"]),
        edit_slot(epoch=2),
        edit_slot(account=other["account"]),
    ):
        world.wire.tricks.clear()
        world.wire.lie("account", lie)
        with pytest.raises(SlotNotOpenedError):
            world.login("camille", world.machine + "-fresh")
        assert not (world.folder / f"{world.machine}-fresh" / "session.json").exists()


def test_4_a_weaker_derivation_is_refused_before_any_proof_is_sent(world):
    for change in ({"m": 1024}, {"t": 1}, {"p": 4}, {"m": 2**40}):
        world.wire.tricks.clear()
        world.wire.requests.clear()

        def lie(_request, told, change=change):
            told["kdf"].update(change)

        world.wire.lie("session/start", lie)
        with pytest.raises(KdfFloorError):
            world.login("camille", world.machine + "-fresh")
        assert [each.url.path for each in world.wire.requests] == ["/api/v1/session/start"]


def test_4_another_algorithm_is_refused(world):
    world.wire.lie("session/start", lambda _, told: told["kdf"].update(alg="pbkdf2"))
    with pytest.raises(AnswerError):
        world.login("camille", world.machine + "-fresh")


def test_4_a_slot_of_another_salt_than_the_one_asked_for(world):
    world.wire.lie("account", edit_kdf(salt=to_base64url(bytes(16))))
    with pytest.raises(DerivationChangedError):
        world.login("camille", world.machine + "-fresh")


def cut_index(count):
    def lie(_request, told):
        told["operations"] = told["operations"][:count]
        told["n"] = count

    return lie


def test_6_an_older_index(world):
    world.wire.lie("vault/ops", cut_index(2))
    with pytest.raises(RollbackError):
        opened(world)


def test_6_an_index_of_before_to_a_device_that_has_seen_nothing_lacks_its_slot_or_its_end(world):
    """A fresh device cannot tell an older end: it has nothing to compare with, and we say so."""
    world.wire.lie("vault/ops", cut_index(2))
    assert len(world.login("camille", world.machine + "-fresh").index.documents) == 1


def test_6_operations_edited_repeated_or_out_of_their_turn(world):
    lies = (
        (lambda ops: ops[1].update(content=flipped(ops[1]["content"])), HeadSignatureError),
        (lambda ops: ops[1].update(content=ops[2]["content"]), HeadSignatureError),
        (lambda ops: ops.reverse(), AnswerError),
        (lambda ops: ops.pop(1), AnswerError),
        (lambda ops: ops[-1].update(signature=ops[0]["signature"]), HeadSignatureError),
    )
    for change, error in lies:
        world.wire.tricks.clear()
        world.wire.lie("vault/ops", lambda _, told, change=change: change(told["operations"]))
        with pytest.raises(error):
            opened(world)


def test_6_an_index_of_another_person(world):
    with world.connection() as http:
        http.token = world.home("other").signed_in().token
        other = dict(http.get("vault/ops", after=0, limit=200).members)
    world.wire.lie("vault/ops", lambda _, told: (told.clear(), told.update(other)))
    with pytest.raises((HeadSignatureError, IndexChainError)):
        opened(world)


def test_6_a_document_that_is_not_shown_is_told_and_the_others_are_listed(world):
    def lie(_request, told):
        told["documents"] = [row for row in told["documents"] if row["document"] == world.ids[0]]

    world.wire.lie("vault/documents", lie)
    found, faults = documents.listing(opened(world))
    assert [each.id for each in found] == [world.ids[0]]
    assert isinstance(faults[world.ids[1]], WithheldError)


def test_6_a_document_that_does_not_exist_any_more(world):
    problem = httpx2.Response(404, json={"type": "urn:coffre:problem:document.not-found"})
    world.wire.answer(f"vault/documents/{world.ids[0]}", problem)
    with pytest.raises(WithheldError):
        documents.find(opened(world), world.ids[0])


def test_7_another_index_than_the_one_that_was_seen(world):
    safe = opened(world)
    seen, n = safe.home.seen, safe.index.position.n
    seen.forget(safe.account)
    seen.remember(safe.account, Memory(Position(n, b"x" * 32), bytes(16)))
    with pytest.raises(ForkError):
        opened(world)


def swap(member):
    """Give each document the other one's member."""

    def lie(_request, told):
        rows = told.get("documents")
        if rows is not None:
            rows[0][member], rows[1][member] = rows[1][member], rows[0][member]

    return lie


def test_8_metadata_of_two_documents_swapped(world):
    world.wire.lie("vault/documents", swap("metadata"))
    _, faults = documents.listing(opened(world))
    assert {type(fault) for fault in faults.values()} == {MetadataError}


def other_row(world) -> dict[str, Any]:
    with world.connection() as http:
        http.token = world.home(world.machine).signed_in().token
        answer = http.get(f"vault/documents/{world.ids[1]}")
    return dict(answer.objects("versions")[0].members)


@pytest.mark.parametrize(
    ("member", "error"),
    [
        ("metadata", MetadataError),
        ("header", HeaderDigestError),
        ("download", CiphertextDigestError),
        ("version", WithheldError),
    ],
)
def test_8_a_part_of_another_document_opens_nothing(world, member, error):
    other = other_row(world)
    changed = 2 if member == "version" else other[member]
    path = f"vault/documents/{world.ids[0]}"
    world.wire.lie(path, lambda _, told: told["versions"][0].update({member: changed}))
    out = io.BytesIO()
    safe = opened(world)
    with pytest.raises(error):
        documents.fetch(safe, documents.find(safe, world.ids[0]), out)
    assert out.getvalue() == b""


CHUNK = 65_552


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data[:-1],
        lambda data: data[: 16 + CHUNK],
        lambda data: data + b"\0",
        lambda data: data[:16] + data[16 + CHUNK : 16 + 2 * CHUNK] + data[16 : 16 + CHUNK],
        lambda data: data[: 16 + CHUNK] + data[16:],
        lambda data: data[:100] + bytes([data[100] ^ 1]) + data[101:],
        lambda _: b"",
    ],
    ids=["cut", "one-chunk", "longer", "swapped", "repeated", "one-bit", "empty"],
)
def test_9_other_bytes_than_those_of_the_index_are_never_decrypted(world, change):
    world.wire.swap_bytes(change)
    out = io.BytesIO()
    safe = opened(world)
    with pytest.raises(CiphertextDigestError):
        documents.fetch(safe, documents.find(safe, world.ids[0]), out)
    assert out.getvalue() == b""


def test_10_a_document_that_the_index_does_not_list_does_not_exist(world):
    def lie(_request, told):
        if "documents" in told:
            told["documents"].append({**told["documents"][0], "document": to_base64url(bytes(16))})

    world.wire.lie("vault/documents", lie)
    safe = opened(world)
    found, faults = documents.listing(safe)
    assert (sorted(each.id for each in found), faults) == (sorted(world.ids), {})
    told = {each.id: each.fault.code for each in check.check(safe) if each.fault is not None}
    assert told == {to_base64url(bytes(16)): "document.unlisted"}


def test_15_no_call_takes_a_file_key():
    takers = [
        name
        for module in (account, bag, check, documents, safe_module, document)
        for name, function in inspect.getmembers(module, inspect.isfunction)
        if function.__module__ == module.__name__ and not name.startswith("_")
        for hint in list(get_type_hints(function).items())
        if hint[0] != "return" and hint[1] is FileKey
    ]
    assert takers == []


def test_18_a_header_of_an_older_kind_is_not_the_one_that_is_named(world):
    classic = to_base64url(b"age-encryption.org/v1\n-> X25519 AAAA\n\n--- AAAA\n")
    path = f"vault/documents/{world.ids[0]}"
    world.wire.lie(path, lambda _, told: told["versions"][0].update(header=classic))
    safe = opened(world)
    with pytest.raises(HeaderDigestError):
        documents.fetch(safe, documents.find(safe, world.ids[0]), io.BytesIO())


@pytest.mark.parametrize(
    "body",
    [
        b"", b"null", b"[]", b"{", b"\xff", b'{"n": 1.5}', b'{"n": 1, "n": 2}', b'{"n": NaN}',
        b'{"n":' + b"9" * 5000 + b"}", b"[" * 100_000, b'{"a":' * 5000,
        b'{"operations": {}, "n": 1}', b'{"operations": [1], "n": 1}',
        b'{"operations": [{"n": 1}], "n": 1}', b'{"operations": [], "n": -1}',
        b'{"operations": [], "n": true}',
        b'{"operations": [{"n": 1, "content": "====", "signature": ""}], "n": 1}',
    ],
)  # fmt: skip
def test_20_answers_of_another_form(world, body):
    world.wire.answer("vault/ops", httpx2.Response(200, content=body))
    with pytest.raises(AnswerError):
        opened(world)


def test_20_an_answer_without_end(world, monkeypatch):
    monkeypatch.setattr("vault.client.http._ANSWER_LIMIT", 1 << 20)
    world.wire.answer("vault/ops", httpx2.Response(200, content=b" " * (2 << 20)))
    with pytest.raises(AnswerError):
        opened(world)


def test_20_a_packed_answer_is_not_unpacked(world):
    packed = httpx2.Response(200, headers={"content-encoding": "gzip"}, content=b"")
    world.wire.answer("vault/ops", packed)
    with pytest.raises(AnswerError):
        opened(world)


def test_20_a_list_without_end(world):
    safe = opened(world)
    rows = [dict(each.members) for each in documents.pages(safe)]
    page = httpx2.Response(200, json={"documents": rows, "after": world.ids[0]})
    world.wire.answer("vault/documents", page)
    with pytest.raises(AnswerError):
        documents.listing(safe)


@pytest.mark.parametrize(
    "url",
    ["http://10.0.0.1/x", "file:///etc/passwd", "https://", "ftp://127.0.0.1/x", "http://[::1"],
)
def test_a_ticket_that_leads_elsewhere_is_not_followed(world, url):
    path = f"vault/documents/{world.ids[0]}"

    def lie(_request, told):
        told["versions"][0]["download"]["url"] = url

    world.wire.lie(path, lie)
    safe = opened(world)
    found = documents.find(safe, world.ids[0])
    world.wire.requests.clear()
    with pytest.raises(AnswerError):
        documents.fetch(safe, found, io.BytesIO())
    assert world.wire.requests == []


def test_a_far_server_does_not_send_us_to_our_own_machine(world):
    link = Answer({"url": "http://127.0.0.1:631/"})
    with Connection("https://coffre.example", transport=world.wire) as http:
        with pytest.raises(AnswerError), http.download(link):
            pass
        with pytest.raises(AnswerError):
            http.upload(Answer({"url": "https://localhost/", "headers": {}}), io.BytesIO(), 0)
    assert world.wire.requests == []


def test_an_export_of_what_is_not_as_the_index_says_leaves_nothing(world, tmp_path):
    world.wire.swap_bytes(lambda data: data[:-1])
    options = bag.Options(Passphrase("cheval pile agrafe correct", 10), legacy=False, now=world.now)
    with pytest.raises(CiphertextDigestError):
        bag.export(opened(world), tmp_path / "out", options)
    assert list(tmp_path.iterdir()) == []


def test_a_redirection_is_a_refusal(world):
    elsewhere = httpx2.Response(302, headers={"location": "https://example.org/"})
    world.wire.answer("account", elsewhere)
    with pytest.raises(RefusedError):
        opened(world)
    assert {each.url.host for each in world.wire.requests} == {"127.0.0.1"}


def test_the_session_is_never_shown_where_objects_rest(world):
    safe = opened(world)
    documents.fetch(safe, documents.find(safe, world.ids[0]), io.BytesIO())
    documents.put(world.resume("other"), Content("x", 3, io.BytesIO(b"abc")), Label(), world.now)
    blobs = [each for each in world.wire.requests if "/blobs/" in each.url.path]
    assert {each.method for each in blobs} == {"GET", "PUT"}
    assert not [each for each in blobs if "authorization" in each.headers]


def test_what_a_refusal_says_never_reaches_the_terminal_as_it_is(world):
    body = {
        "type": "urn:coffre:problem:upload.quota",
        "limit": "\x1b]0;owned\x07",
        "what": "sha256",
        "message": "taken for an argument of ours",
    }
    world.wire.answer("account", httpx2.Response(409, json=body))
    with pytest.raises(RefusedError) as caught:
        opened(world)
    assert caught.value.reported == "upload.quota"
    assert caught.value.details == {"what": "sha256", "status": 409}


def test_an_unknown_reason_is_no_reason(world):
    problem = httpx2.Response(409, json={"type": "urn:coffre:problem:coffre.all-is-well"})
    world.wire.answer("account", problem)
    with pytest.raises(RefusedError) as caught:
        opened(world)
    assert caught.value.reported is None
