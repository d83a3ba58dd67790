"""Evidence records of a mailing: one time-stamp, a record for each, whatever stops the run."""

import errno
import os
import random
import signal
import time
from dataclasses import replace
from functools import partial

import pytest
from support.authorities import revocation_list
from support.budget import cases
from support.evidence import prove
from support.mailings import Post, Quiet, here, names
from support.sealers import town

from sealing.authorities.demo import DemoAuthority
from sealing.authorities.proofs import RevokedCertificateError
from sealing.authorities.tsa import NoTokenError
from sealing.batch import evidence
from sealing.batch.evidence import EvidenceWithoutTsaError, noted
from sealing.batch.files.folders import Folder
from sealing.batch.job import Wish
from sealing.batch.run import run
from sealing.proofs.evidence_record import EvidenceRecord, evidence_records
from storage.errors import ProductionRefusesError
from storage.outgoing import Outgoing
from storage.settings import Mode, TsaSettings

NAMES = names(8)


@pytest.fixture
def post(tmp_path):
    made = Post(tmp_path)
    made.write(NAMES)
    return made


@pytest.fixture
def asked(monkeypatch):
    """Count the questions that the time-stamp authority gets."""
    true, questions = DemoAuthority.answer, []

    def answer(self, question):
        questions.append(question)
        return true(self, question)

    monkeypatch.setattr(DemoAuthority, "answer", answer)
    return questions


def play(post, watch=None, **changes):
    changes.setdefault("evidence", True)
    return run(post.job(**changes), here, watch or Quiet())


def records(post):
    return {path.name: path.read_bytes() for path in post.out.rglob("*.ers")}


def tokens(post):
    return {EvidenceRecord.parse(data).token for data in records(post).values()}


def letters(post):
    return {name: (post.out / name).read_bytes() for name in NAMES if (post.out / name).exists()}


def keys(post, **settings):
    own = post.job().bench.keys
    return replace(own, settings=own.settings.model_copy(update=settings))


def test_each_sealed_letter_gets_its_record_under_one_time_stamp(post, asked):
    outcome = play(post)
    assert outcome.records is not None
    assert (outcome.records.there, outcome.records.missing) == (8, 0)
    post.require_exactly_once(NAMES, records=True)
    assert len(asked) == len(tokens(post)) == 1
    assert noted(Folder(post.out)) == 8


def test_a_run_again_asks_nothing_and_changes_nothing(post, asked):
    play(post)
    before = records(post)
    assert play(post).records is not None
    assert (records(post), len(asked)) == (before, 1)


def test_without_the_option_no_record_is_written_and_a_later_run_adds_them(post, asked):
    assert play(post, evidence=False).records is None
    before = letters(post)
    assert (records(post), asked, noted(Folder(post.out))) == ({}, [], None)
    play(post)
    assert letters(post) == before
    post.require_exactly_once(NAMES, records=True)


def test_a_mailing_of_one_letter_has_a_record_without_tree(post):
    post.write(NAMES[:1])
    play(post)
    post.require_exactly_once(NAMES[:1], records=True)
    [data] = records(post).values()
    assert EvidenceRecord.parse(data).groups == ()


def test_letters_that_come_later_share_a_time_stamp_of_their_own(post, asked):
    whole = post.listing.read_text()
    post.listing.write_text("".join(whole.splitlines(keepends=True)[:6]))
    play(post)
    before = records(post)
    post.listing.write_text(whole)
    play(post)
    assert before.items() <= records(post).items()
    assert len(asked) == len(tokens(post)) == 2
    post.require_exactly_once(NAMES, records=True)


def test_a_letter_sealed_anew_gets_another_record_in_place_of_the_old_one(post):
    play(post)
    before = records(post)
    pdf = (post.letters / "00002.pdf").read_bytes()
    (post.letters / "00001.pdf").write_bytes(pdf + b"%new\n")
    play(post, evidence=False)
    with pytest.raises(AssertionError):  # the old record is of the old letter
        post.require_exactly_once(NAMES, records=True)
    play(post)
    post.require_exactly_once(NAMES, records=True)
    assert {name for name, data in records(post).items() if data != before[name]} == {
        "00001.pdf.ers"
    }


def test_an_authority_that_is_away_takes_nothing_from_the_letters(post, monkeypatch):
    away = keys(post, tsa=TsaSettings(url="http://127.0.0.1:9"))
    monkeypatch.setattr("sealing.authorities.tsa._FIRST_PAUSE", 0.0)
    outcome = play(post, keys=away)
    assert outcome.halted is None
    assert outcome.records is not None
    assert isinstance(outcome.records.trouble, NoTokenError)
    assert (outcome.records.there, outcome.records.missing) == (0, 8)
    post.require_exactly_once(NAMES)
    before = letters(post)
    assert play(post).new == 0
    assert letters(post) == before
    post.require_exactly_once(NAMES, records=True)


def test_a_revoked_authority_stamps_no_records(post):
    made, folder = town()
    trust = post.folder / "trust"
    for name in ("authorities/root.pem", "authorities/intermediate.pem"):
        (trust / name).parent.mkdir(parents=True, exist_ok=True)
        (trust / name).write_bytes((folder / "trust" / name).read_bytes())
    (trust / "crl").mkdir()
    revoked = revocation_list(made.intermediate, (made.tsa.certificate,))
    (trust / "crl" / "own.crl").write_bytes(revoked)
    outcome = play(post, keys=keys(post, trust=(trust,)))
    assert outcome.records is not None
    assert isinstance(outcome.records.trouble, RevokedCertificateError)
    post.require_exactly_once(NAMES)


@pytest.mark.parametrize("trial", [False, True])
def test_without_an_authority_in_the_settings_nothing_is_sealed(post, trial):
    with pytest.raises(EvidenceWithoutTsaError):
        play(post, keys=keys(post, tsa=TsaSettings()), trial=trial)
    assert not post.out.exists()


def test_production_refuses_the_demonstrations_authority_before_anything_is_sealed(post):
    with pytest.raises(ProductionRefusesError):
        play(post, keys=keys(post, mode=Mode.PRODUCTION))
    assert not post.out.exists()


def test_a_trial_asks_nobody_and_writes_nothing(post, asked):
    assert play(post, trial=True).records is None
    assert asked == []
    assert not post.out.exists()


def test_a_file_of_others_at_the_place_of_a_record_stays_unless_forced(post):
    play(post, evidence=False)
    (post.out / "00001.pdf.ers").write_bytes(b"somebody's")
    (post.out / "00002.pdf.ers").mkdir()
    found = play(post).records
    assert found is not None
    assert (found.there, found.missing, found.barred, found.trouble) == (6, 2, 2, None)
    assert (post.out / "00001.pdf.ers").read_bytes() == b"somebody's"
    (post.out / "00002.pdf.ers").rmdir()
    assert play(post, force=True).records is not None
    post.require_exactly_once(NAMES, records=True)


def test_a_file_that_comes_while_records_are_written_stays(post, monkeypatch):
    true = evidence._write

    def write(path, data, *, durable):
        (post.out / "00004.pdf.ers").write_bytes(b"somebody's")
        true(path, data, durable=durable)

    monkeypatch.setattr(evidence, "_write", write)
    found = play(post).records
    assert found is not None
    assert (found.there, found.barred) == (7, 1)
    assert (post.out / "00004.pdf.ers").read_bytes() == b"somebody's"


@pytest.mark.parametrize("left", [b"", bytes(2_000)], ids=["empty", "zeros"])
def test_what_a_power_cut_left_is_written_again(post, left):
    play(post)
    (post.out / "00001.pdf.ers").write_bytes(left)
    play(post)
    post.require_exactly_once(NAMES, records=True)


def test_a_record_under_a_false_time_stamp_is_written_again(post):
    """What leads to another root than its token's is not the letter's record."""
    play(post)
    path = post.out / "00001.pdf.ers"
    record = EvidenceRecord.parse(path.read_bytes())
    path.write_bytes(replace(record, groups=record.groups[:-1]).encode())
    play(post)
    post.require_exactly_once(NAMES, records=True)


def test_a_letter_that_was_sent_and_is_gone_has_its_record_all_the_same(post):
    play(post, evidence=False)
    gone = (post.out / "sud/00003.pdf").read_bytes()
    for name in ("sud/00000.pdf", "sud/00003.pdf", "sud/00006.pdf"):
        (post.out / name).unlink()
    (post.out / "sud").rmdir()
    play(post)
    prove(gone, (post.out / "sud/00003.pdf.ers").read_bytes())


def test_a_name_that_is_too_long_with_its_ending_is_told(post):
    name = "x" * 250 + ".pdf"
    post.write([*NAMES, name])
    found = play(post).records
    assert found is not None
    assert (found.there, found.missing, found.barred) == (8, 1, 1)


def test_failed_letters_wait_for_theirs_and_the_others_have_their_own(post):
    (post.letters / "00001.pdf").write_bytes(b"no PDF")
    found = play(post).records
    assert found is not None
    assert (found.there, found.missing) == (7, 0)


def test_ctrl_c_between_letters_and_records_is_obeyed(post, asked):
    watch = Quiet()
    watch.on_step = lambda *_: setattr(watch, "wanted", Wish.STOP)
    found = play(post, watch).records
    assert found is not None
    assert (found.missing, found.stopped, found.trouble) == (8, True, None)
    assert (records(post), asked) == ({}, [])
    play(post)
    post.require_exactly_once(NAMES, records=True)


def test_ctrl_c_while_records_are_written_leaves_the_rest_to_the_next_run(post, monkeypatch):
    watch = Quiet()

    def stopped(digests, stamp):
        watch.wanted = Wish.STOP
        return evidence_records(digests, stamp)

    with monkeypatch.context() as patched:
        patched.setattr("sealing.batch.evidence.evidence_records", stopped)
        found = play(post, watch).records
    assert found is not None
    assert (found.there, found.missing, found.stopped) == (0, 8, True)
    play(post)
    post.require_exactly_once(NAMES, records=True)


def proved(post):
    """Require that every record that bears its name is whole."""
    for path in post.out.rglob("*.ers"):
        if ".coffre" not in path.parts:
            prove(path.with_suffix("").read_bytes(), path.read_bytes())


class FailingOs:
    """`os`, whose n-th call of some functions fails."""

    def __init__(self, nth):
        """Fail the call `nth`, counted over all of them."""
        self.left, self.done = nth, False

    def __getattr__(self, name):
        """Give a function of `os`, or one that counts."""
        true = getattr(os, name)
        if name not in {"open", "write", "fsync", "link", "replace", "unlink", "sync"}:
            return true
        return partial(self.counted, true)

    def counted(self, true, *args, **options):
        """Call, or fail."""
        self.left -= 1
        if not self.left:
            self.done = True
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(args[:1]))
        return true(*args, **options)


@pytest.mark.parametrize("durable", [False, True])
def test_the_nth_call_of_the_disk_fails_and_the_next_run_finishes(post, monkeypatch, durable):
    few = NAMES[:3]
    post.write(few)
    job = post.job(folder=Folder(post.out, durable=durable), evidence=True)
    for nth in range(1, 100):
        for path in post.out.rglob("*.ers"):
            path.unlink()
        failing = FailingOs(nth)
        with monkeypatch.context() as patched:
            patched.setattr(evidence, "os", failing)
            found = run(job, here, Quiet()).records
        assert found is not None
        if not failing.done:
            assert (found.there, found.trouble) == (3, None)
            break
        proved(post)
        assert run(job, here, Quiet()).records is not None
        post.require_exactly_once(few, records=True)
    else:
        pytest.fail("the sweep did not come to its end")


def test_kill_9_while_records_are_written_leaves_whole_ones_and_the_next_run_finishes(post):
    wanted = names(60)
    post.write(wanted)
    play(post, evidence=False)
    moments = random.Random(20261122)  # noqa: S311 - when to kill is no secret
    for _ in range(cases(fast=5, ci=15, slow=200)):
        for path in post.out.rglob("*.ers"):
            path.unlink()
        pid = os.fork()
        if not pid:
            try:
                play(post)
            finally:
                os._exit(0)
        time.sleep(moments.uniform(0.0, 0.06))
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        proved(post)
        play(post)
        post.require_exactly_once(wanted, records=True)


def test_no_address_is_asked_but_the_authoritys(post, monkeypatch):
    """The demonstration's authority is in this process: no line is opened at all."""
    monkeypatch.setattr(Outgoing, "line", None)
    play(post)
    post.require_exactly_once(NAMES, records=True)


def test_a_mailing_that_did_not_come_to_its_end_asks_for_no_time_stamp(post, asked, monkeypatch):
    def full(self, n, *_):
        del self
        raise OSError(errno.ENOSPC, "full", str(n))

    with monkeypatch.context() as patched:
        patched.setattr(Folder, "write", full)
        outcome = play(post)
    assert isinstance(outcome.halted, OSError)
    assert (outcome.records, asked, records(post)) == (None, [], {})
    play(post)
    post.require_exactly_once(NAMES, records=True)


def test_with_fsync_always_each_record_is_on_the_disk_before_it_has_its_name(post, monkeypatch):
    play(post, evidence=False)
    done = []

    class Told:
        def __getattr__(self, name):
            true = getattr(os, name)
            if name in {"fsync", "link"}:
                done.append(name)
            return true

    def flush(self, names):
        done.append(sorted(name.split("/")[0] for name in names))
        true(self, names)

    true = Folder.flush
    monkeypatch.setattr(evidence, "os", Told())
    monkeypatch.setattr(Folder, "flush", flush)
    play(post, folder=Folder(post.out, durable=True))
    assert done == ["fsync", "link"] * 8 + [["", "sud"]]
