"""A mailing run again: what changed, what failed, what is gone, what others put there."""

import hashlib
import json
import os
import shutil
import time
from dataclasses import replace
from uuid import uuid4

import pymupdf
import pytest
from support.authorities import revocation_list, revoked_town
from support.heavy_pdfs import laughs
from support.letters import letter
from support.mailings import Here, Post, Quiet, here, names
from support.pages import codes_on
from support.postgresql import postgresql_server
from support.sealers import town

from sealing import confined
from sealing.authorities.proofs import RevokedCertificateError
from sealing.batch.files.folders import Folder, OutputTakenError
from sealing.batch.files.letters_csv import ListEmptyError
from sealing.batch.files.source import FileMissingError
from sealing.batch.ledger.intake import FileTwiceError, ListRefusedError, OtherOptionsError
from sealing.batch.ledger.ledger import Ledger, LedgerError, NoMailingError, OtherDatabaseError
from sealing.batch.ledger.place import OtherEngineError, open_ledger
from sealing.batch.ledger.rows import Sealed, Settled, State
from sealing.batch.plan import Range
from sealing.batch.run import ColumnsWithoutCodeError, SameFolderError, run
from sealing.limits import MAX_LETTER
from sealing.marks.placement import Wish as Place
from sealing.service.profile import Profile
from storage.migrations.upgrade import SchemaError

NAMES = names(8)


@pytest.fixture(scope="module")
def server():
    with postgresql_server() as server:
        yield server


@pytest.fixture(params=["beside", "shared"])
def post(tmp_path, request):
    """Give a mailing whose ledger is beside its letters, and one whose ledger machines share."""
    shared = request.param == "shared"
    made = Post(tmp_path, request.getfixturevalue("server").database() if shared else None)
    made.write(NAMES)
    return made


def ledger_of(post):
    return open_ledger(Folder(post.out), post.database)


def play(post, watch=None, **changes):
    return run(post.job(**changes), here, watch or Quiet())


def sealed(post):
    return {name: (post.out / name).read_bytes() for name in NAMES if (post.out / name).exists()}


def test_a_letter_that_changed_is_sealed_anew_and_the_others_stay(post):
    play(post)
    before, lines = sealed(post), {row["file"]: row for row in post.journal()}
    (post.letters / "00001.pdf").write_bytes((post.letters / "00002.pdf").read_bytes() + b"%new\n")
    watch = Quiet()
    outcome = play(post, watch)
    assert (outcome.new, outcome.counts.sealed) == (1, 8)
    assert watch.found is not None
    assert watch.found.changed == 1
    after = sealed(post)
    assert {name for name in NAMES if after[name] != before[name]} == {"00001.pdf"}
    post.require_exactly_once(NAMES)
    kept = {row["file"]: row for row in post.journal() if row["file"] != "00001.pdf"}
    assert kept == {name: row for name, row in lines.items() if name != "00001.pdf"}


def test_a_file_of_others_is_never_replaced_unless_forced(post):
    post.out.mkdir()
    (post.out / "00002.pdf").write_bytes(b"somebody's")
    watch = Quiet()
    with pytest.raises(ListRefusedError):
        play(post, watch)
    assert [(line.number, type(line.error)) for line in watch.lines] == [(4, OutputTakenError)]
    assert [path.name for path in post.out.iterdir()] == ["00002.pdf"]
    play(post, force=True)
    post.require_exactly_once(NAMES)


def test_our_own_file_that_somebody_changed_is_not_replaced_either(post):
    play(post)
    (post.out / "00001.pdf").write_bytes(b"changed by somebody")
    (post.letters / "00001.pdf").write_bytes(b"%PDF-1.4 new")
    with pytest.raises(ListRefusedError):
        play(post)
    assert (post.out / "00001.pdf").read_bytes() == b"changed by somebody"


def test_a_file_that_comes_while_letters_are_sealed_stays(post, monkeypatch):
    true = Folder.write

    def write(self, n, digest, *pieces):
        (post.out / "00004.pdf").write_bytes(b"somebody's")
        true(self, n, digest, *pieces)

    monkeypatch.setattr(Folder, "write", write)
    outcome = play(post)
    assert (outcome.counts.sealed, outcome.counts.refused) == (7, 1)
    assert (post.out / "00004.pdf").read_bytes() == b"somebody's"
    [row] = [row for row in post.journal() if row["state"] == "refused"]
    assert (row["error"], row["id"], row["sha256_out"]) == ("batch.output-taken", None, None)


def revoking(post):
    """Give keys whose settings trust a folder that revokes the seal."""
    keys = post.job().bench.keys
    trust = revoked_town(post.folder / "trust")
    return replace(keys, settings=keys.settings.model_copy(update={"trust": (trust,)}))


def test_a_mailing_whose_seal_is_revoked_seals_nothing(post):
    with pytest.raises(RevokedCertificateError):
        play(post, keys=revoking(post))
    assert not post.out.exists()
    assert play(post).new == 8


def test_a_seal_revoked_before_its_workers_begin_seals_nothing(post):
    keys = revoking(post)
    path = post.folder / "trust" / "crl" / "own.crl"
    revoked = path.read_bytes()
    path.write_bytes(revocation_list(town()[0].intermediate))

    def revoke(asked):
        path.write_bytes(revoked)
        return here(asked)

    outcome = run(post.job(keys=keys), revoke, Quiet())
    assert isinstance(outcome.halted, RevokedCertificateError)
    assert (outcome.new, sealed(post)) == (0, {})


def test_other_options_are_refused_over_sealed_letters(post):
    play(post)
    other = Profile(Place(1, (100, 100)))
    with pytest.raises(OtherOptionsError):
        play(post, profile=other)
    post.require_exactly_once(NAMES)
    assert play(post, profile=other, force=True).new == 8
    post.require_exactly_once(NAMES)


def test_a_published_letter_that_is_gone_is_told_and_sealed_again_only_by_force(post):
    play(post)
    (post.out / "00001.pdf").unlink()
    watch = Quiet()
    assert play(post, watch).new == 0
    assert watch.found is not None
    assert (watch.found.gone, watch.found.missed) == (1, ["00001.pdf"])
    assert play(post, force=True).new == 1
    post.require_exactly_once(NAMES)


def test_a_published_letter_that_somebody_altered_is_told_and_sealed_again_only_by_force(post):
    play(post)
    altered = post.out / "00001.pdf"
    altered.write_bytes(altered.read_bytes() + b"x")
    touched = post.out / "00002.pdf"
    later = time.time() + 60
    for path in (altered, touched):
        os.utime(path, (later, later))
    watch = Quiet()
    assert play(post, watch).new == 0
    assert watch.found is not None
    assert (watch.found.altered, watch.found.marred) == (1, ["00001.pdf"])
    assert play(post, force=True).new == 1
    post.require_exactly_once(NAMES)


def test_a_letter_that_is_too_large_is_refused_and_the_others_are_sealed(post):
    with (post.letters / "00001.pdf").open("r+b") as file:
        file.truncate(MAX_LETTER + 1)
    outcome = play(post)
    assert (outcome.counts.sealed, outcome.counts.refused) == (7, 1)
    [row] = [row for row in post.journal() if row["state"] == "refused"]
    assert (row["file"], row["error"]) == ("00001.pdf", "batch.file-too-large")
    assert play(post).new == 0


def test_a_letter_too_heavy_to_draw_is_refused_and_the_others_are_sealed(post, monkeypatch):
    monkeypatch.setattr(confined, "DEFAULT", confined.Limits(processor=1))
    post.write(names(3), coded=True)
    (post.letters / "00001.pdf").write_bytes(laughs())
    outcome = play(post, coded=True)
    assert (outcome.counts.sealed, outcome.counts.refused) == (2, 1)
    [row] = [row for row in post.journal() if row["state"] == "refused"]
    assert (row["file"], row["error"]) == ("00001.pdf", "sealing.pdf-too-heavy")
    assert not (post.out / "00001.pdf").exists()


def test_a_run_that_finds_nothing_to_do_keeps_the_hours_of_the_one_that_did(post):
    first = play(post).counts
    again = play(post).counts
    assert first.started_at is not None
    assert (again.started_at, again.ended_at) == (first.started_at, first.ended_at)


def test_what_failed_is_tried_again_and_what_was_refused_is_not(post):
    good = (post.letters / "00001.pdf").read_bytes()
    (post.letters / "00001.pdf").write_bytes(b"no PDF")
    job = post.job()

    def vanish(asked):
        (post.letters / "00002.pdf").rename(post.folder / "away")
        return here(asked)

    first = run(job, vanish, Quiet())
    assert (first.counts.failed, first.counts.refused) == (1, 1)
    states = {row["file"]: (row["state"], row["error"]) for row in post.journal()}
    assert states["00001.pdf"] == ("refused", "sealing.pdf-unreadable")
    assert states["00002.pdf"] == ("failed", "batch.file-missing")
    (post.folder / "away").rename(post.letters / "00002.pdf")
    second = play(post)
    assert (second.new, second.counts.failed, second.counts.refused) == (1, 0, 1)
    assert len(post.journal()) == 8
    (post.letters / "00001.pdf").write_bytes(good)
    assert play(post).new == 1
    post.require_exactly_once(NAMES)


def test_a_letter_that_changes_between_the_checks_and_its_seal_fails(post):
    def change(asked):
        (post.letters / "00001.pdf").write_bytes(b"%PDF-1.4 other")
        return here(asked)

    assert run(post.job(), change, Quiet()).counts.failed == 1
    [row] = [row for row in post.journal() if row["state"] == "failed"]
    assert row["error"] == "batch.letter-changed"


def test_lines_that_left_the_list_are_forgotten_but_for_sealed_letters(post):
    (post.letters / "00001.pdf").write_bytes(b"no PDF")
    play(post)
    post.listing.write_text("file\n00002.pdf\n", "utf-8")
    outcome = play(post)
    assert (outcome.counts.letters, outcome.counts.sealed) == (7, 7)
    assert len(post.journal()) == 7


def test_files_that_a_power_cut_took_are_sealed_again(post):
    """A run that did not end well is followed by reading what it published."""
    play(post)
    ledger = ledger_of(post)
    ledger.note(flushed=0)  # as after a run that never came to its end
    ledger.close()
    (post.out / "00001.pdf").write_bytes(b"")
    (post.out / "00002.pdf").unlink()
    (post.out / "00001.pdf").unlink()
    assert play(post).new == 2
    post.require_exactly_once(NAMES)


@pytest.mark.parametrize("harm", ["torn", "shorter", "longer", "gone", "other"])
def test_a_journal_that_does_not_match_is_written_anew(post, harm):
    play(post)
    path = post.out / "journal.jsonl"
    right = path.read_bytes()
    lines = right.splitlines(keepends=True)
    harms = {
        "torn": right[:-20],
        "shorter": b"".join(lines[:-2]),
        "longer": right + lines[0],
        "other": b"".join([*lines[:-1], lines[0]]),
    }
    path.unlink() if harm == "gone" else path.write_bytes(harms[harm])
    play(post)
    assert path.read_bytes() == right


def test_every_wrong_line_is_told_and_nothing_is_left_behind(post):
    post.listing.write_text("file\n00001.pdf\nabsent.pdf\n00001.pdf\n", "utf-8")
    watch = Quiet()
    with pytest.raises(ListRefusedError) as caught:
        play(post, watch)
    assert [(line.number, type(line.error)) for line in watch.lines] == [
        (3, FileMissingError),
        (4, FileTwiceError),
    ]
    assert caught.value.details == {"count": 2}
    assert not post.out.exists()


def test_a_wrong_line_leaves_the_ledger_of_a_mailing_as_it_was(post):
    play(post)
    before = (post.out / "journal.jsonl").read_bytes()
    listed = post.listing.read_bytes()
    post.listing.write_text("file\nabsent.pdf\n", "utf-8")
    with pytest.raises(ListRefusedError):
        play(post)
    post.listing.write_bytes(listed)
    assert play(post).new == 0
    assert (post.out / "journal.jsonl").read_bytes() == before


def test_duplicates_far_apart_are_seen(post):
    many = names(1_200)
    post.write(many)
    with post.listing.open("a", encoding="utf-8") as file:
        file.write("00001.pdf\n")
    watch = Quiet()
    with pytest.raises(ListRefusedError):
        play(post, watch)
    assert [(line.number, line.error.details) for line in watch.lines] == [(1_202, {"line": 3})]


def test_a_trial_writes_nothing_at_all(post):
    outcome = play(post, trial=True)
    assert outcome.counts.waiting == 8
    assert not post.out.exists()
    play(post)
    before = {path: path.read_bytes() for path in post.out.rglob("*") if path.is_file()}
    (post.letters / "00001.pdf").write_bytes(b"%PDF-1.4 other")
    tried = play(post, trial=True)
    assert (tried.counts.waiting, tried.unfit) == (1, 1)
    after = {path: path.read_bytes() for path in post.out.rglob("*") if path.is_file()}
    assert after == before


def test_columns_without_a_code_and_empty_lists_are_refused(post):
    post.write(NAMES, coded=True)
    with pytest.raises(ColumnsWithoutCodeError):
        play(post)
    post.listing.write_text("file\n\n  \n", "utf-8")
    with pytest.raises(ListEmptyError):
        play(post)
    assert not post.out.exists()


def test_letters_and_sealed_letters_never_share_a_folder(post):
    with pytest.raises(SameFolderError):
        play(post, folder=Folder(post.letters))


def test_a_page_that_disagrees_is_refused_and_ends_the_sampling(post):
    from cli.agreement import require_agreement  # noqa: PLC0415 - as the command does

    post.write(NAMES, coded=True)
    text = post.listing.read_text("utf-8").replace("CLAIRE", "LOUISE", 1)
    post.listing.write_text(text, "utf-8")
    seen = []

    def check(sealed, sealer, order):
        seen.append(order)
        require_agreement(sealed, sealer, order)

    outcome = play(post, coded=True, check=check)
    assert (outcome.counts.sealed, outcome.counts.refused) == (7, 1)
    [row] = [row for row in post.journal() if row["state"] == "refused"]
    assert (row["file"], row["error"]) == (NAMES[0], "seal.page-disagrees")
    assert len(seen) == 8


def test_the_sample_is_the_first_letter_and_one_in_so_many(post):
    seen = []
    play(post, check=lambda *_: seen.append(1), every=4)
    assert len(seen) == 2


def write_alike(post, *differing):
    """Write letters of one layout; `differing` ones have a text where the others have a code."""
    post.write(NAMES, coded=True)
    for n, name in enumerate(NAMES):
        with pymupdf.open(stream=letter(), filetype="pdf") as document:
            page = document[0]
            page.insert_text((72, 500), f"Dossier {n}")
            page.insert_text((480, 60) if n in differing else (72, 520), "un texte de plus")
            (post.letters / name).write_bytes(document.tobytes())


def test_a_sample_that_has_another_layout_fails_and_ends_the_sampling(post):
    write_alike(post, 4, 5)
    outcome = play(post, coded=True, same_layout=True, every=4)
    assert (outcome.counts.sealed, outcome.counts.failed) == (6, 2)
    rows = {row["file"]: row["error"] for row in post.journal() if row["state"] == "failed"}
    assert rows == {NAMES[4]: "sealing.layout-differs", NAMES[5]: "sealing.layout-differs"}
    assert play(post, coded=True).new == 2
    post.require_exactly_once(NAMES)


def test_codes_of_letters_that_differ_are_all_read(post):
    write_alike(post, 2, 4, 5)
    play(post, coded=True)
    for name in NAMES:
        [code] = codes_on((post.out / name).read_bytes())
        assert code.startswith(b"DC04")


def test_a_ledger_of_another_layout_or_none_is_told(post, tmp_path):
    with pytest.raises(NoMailingError):
        open_ledger(Folder(tmp_path / "nothing"), post.database)
    play(post)
    ledger = ledger_of(post)
    with ledger.engine.begin() as connection:
        shared = "UPDATE alembic_version SET version_num = '99'"
        connection.exec_driver_sql(shared if post.database else "PRAGMA user_version=99")
    ledger.close()
    with pytest.raises(SchemaError if post.database else LedgerError):
        play(post)


def test_a_mailing_stays_with_the_engine_that_began_it(post, server):
    play(post)
    database = None if post.database else server.database()
    with pytest.raises(OtherEngineError):
        play(replace(post, database=database))
    assert play(post).new == 0


def test_a_mailing_of_another_database_is_told(post, server):
    play(post)
    if post.database is None:
        return  # a ledger beside its letters has no database
    with pytest.raises(OtherDatabaseError):
        play(replace(post, database=server.database()))


def test_the_names_of_persons_leave_the_ledger_with_their_letter(post):
    post.write(NAMES, coded=True)
    play(post, coded=True)
    if post.database:
        ledger = ledger_of(post)
        with ledger.engine.begin() as connection:
            rows = connection.exec_driver_sql("SELECT batch_item::text FROM batch_item").scalars()
            held = "".join(rows).encode()
        ledger.close()
    else:
        held = b"".join(path.read_bytes() for path in (post.out / ".coffre").rglob("*.sqlite3*"))
    assert b"00001.pdf" in held
    assert b"DUPONT" not in held
    assert (post.out / ".coffre").stat().st_mode & 0o077 == 0


def test_durable_letters_are_sealed_as_well(post):
    outcome = play(post, folder=Folder(post.out, durable=True))
    assert outcome.counts.sealed == 8
    post.require_exactly_once(NAMES)


def test_the_journal_says_what_the_contract_says(post):
    play(post)
    for row in post.journal():
        assert list(row) == [
            "id",
            "line",
            "file",
            "sha256_in",
            "sha256_out",
            "state",
            "error",
            "at",
        ]
    text = post.listing.read_text("utf-8").splitlines()
    assert all(text[row["line"] - 1] == row["file"] for row in post.journal())
    assert json.loads(json.dumps(post.journal()))


def test_two_letters_with_the_same_bytes_are_two_letters(post):
    content = (post.letters / "00001.pdf").read_bytes()
    for name in NAMES:
        (post.letters / name).write_bytes(content)
    assert play(post).counts.sealed == 8
    post.require_exactly_once(NAMES)


def test_a_seal_that_was_made_counts_although_its_name_was_not_given(post, monkeypatch):
    """Killed between the commit and the names: the same seal gets its name later."""

    def killed(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(Folder, "publish", killed)
        play(post)
    waiting = {
        hashlib.sha256(path.read_bytes()).hexdigest()
        for path in (post.out / ".coffre" / "pending").iterdir()
    }
    assert len(waiting) == 8
    play(post)
    assert {row["sha256_out"] for row in post.journal()} == waiting
    post.require_exactly_once(NAMES)


def test_a_seal_whose_file_was_lost_is_made_again(post, monkeypatch):
    def killed(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(Folder, "publish", killed)
        play(post)
    shutil.rmtree(post.out / ".coffre" / "pending")
    os.sync()
    play(post)
    post.require_exactly_once(NAMES)


def test_the_ledger_is_committed_every_25_letters_and_once_at_the_end(post, monkeypatch):
    post.write(names(60))
    sizes = []
    true = Ledger.commit

    def commit(self, sealed, settled):
        sizes.append((len(sealed), len(settled)))
        return true(self, sealed, settled)

    monkeypatch.setattr(Ledger, "commit", commit)
    play(post, workers=1)
    # 60 letters are three ranges of 25; each ends with a commit of its last names.
    assert [row for row in sizes if row != (0, 0)] == [(25, 0), (0, 25)] * 2 + [(10, 0), (0, 10)]


@pytest.mark.parametrize("moment", ["sealed", "counting", "named"])
def test_of_two_workers_on_one_range_one_seal_of_each_letter_counts(post, monkeypatch, moment):
    """Another worker does the whole range while the first is between two of its steps."""
    rivals: list[str] = []
    commit, publish = Ledger.commit, Folder.publish

    def rival(*, now):
        if now and not rivals:
            rivals.append(moment)
            with post.job().bench.opened() as worker:
                worker.work(Range(1, 1_000_000), Here())

    def committing(self, sealed, settled):
        rival(now=bool(sealed) if moment == "sealed" else moment == "named" and bool(settled))
        return commit(self, sealed, settled)

    def publishing(self, n, name, digest, replaces):
        rival(now=moment == "counting")
        publish(self, n, name, digest, replaces)

    monkeypatch.setattr(Ledger, "commit", committing)
    monkeypatch.setattr(Folder, "publish", publishing)
    outcome = play(post)
    assert rivals
    assert (outcome.halted, outcome.counts.sealed, outcome.counts.settled) == (None, 8, 8)
    post.require_exactly_once(NAMES)


def test_a_slower_worker_publishes_nothing_although_the_faster_one_died_before_it_did(
    post, monkeypatch
):
    rivals: list[set[str]] = []
    commit, publish = Ledger.commit, Folder.publish

    def dying(*_):
        raise KeyboardInterrupt

    def committing(self, sealed, settled):
        if sealed and not rivals:
            rivals.append(set())
            with monkeypatch.context() as patched, post.job().bench.opened() as worker:
                patched.setattr(Folder, "publish", dying)
                with pytest.raises(KeyboardInterrupt):
                    worker.work(Range(1, 1_000_000), Here())
            there = (post.out / ".coffre" / "pending").iterdir()
            rivals[0] = {hashlib.sha256(path.read_bytes()).hexdigest() for path in there}
            assert len(rivals[0]) == 16, "two seals of each letter, in files of their own"
        return commit(self, sealed, settled)

    monkeypatch.setattr(Ledger, "commit", committing)
    monkeypatch.setattr(Folder, "publish", publish)
    assert play(post).counts.waiting == 8
    assert not list(post.out.glob("*.pdf")), "a seal that does not count has no name"
    assert play(post).counts.sealed == 8
    post.require_exactly_once(NAMES)
    assert {row["sha256_out"] for row in post.journal()} < rivals[0]


def test_a_seal_made_for_an_older_plan_does_not_count(post):
    play(post, trial=False)
    ledger = ledger_of(post)
    row = ledger.entries(limit=1)[0]
    ledger.back_to_planned([(row.n, row.sha256_out)])
    [letter] = ledger.waiting(Range(row.n, row.n))
    older = Sealed(row.n, b"another key", uuid4(), b"another seal")
    assert ledger.commit([older], []) == frozenset()
    mine = replace(older, key=letter.key)
    assert ledger.commit([mine], []) == {row.n}
    assert ledger.commit([mine], []) == {row.n}, "asked again after a lost answer"
    assert ledger.commit([replace(mine, sha256_out=b"later")], []) == frozenset()
    ledger.close()


def test_a_letter_is_settled_once_and_for_the_seal_that_counts(post):
    play(post)
    ledger = ledger_of(post)
    row = ledger.entries(limit=1)[0]
    ledger.back_to_planned([(row.n, b"another seal")])
    assert ledger.counts().sealed == 8, "only the seal that counts can be lost"
    published = Settled(row.n, State.PUBLISHED, None, row.at, row.sha256_out)
    ledger.commit((), [published])
    assert (ledger.counts().sealed, ledger.counts().settled) == (8, 8)
    ledger.back_to_planned([(row.n, row.sha256_out)])
    ledger.commit((), [published])
    assert ledger.counts().sealed == 7, "no seal of this letter counts yet"
    ledger.close()
