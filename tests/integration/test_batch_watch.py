"""A watched folder: each letter that arrives is sealed once, whatever happens."""

import contextlib
import errno
import fcntl
import io
import json
import os
import random
import signal
import sys
import time
from dataclasses import replace
from itertools import count
from subprocess import PIPE, Popen

import pytest
from pyhanko.pdf_utils.generic import TextStringObject
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from support.budget import cases
from support.hot_folders import CODED, PDF, VALUES, Eye, Hot
from support.letters import encrypted
from support.mailings import forked, here
from support.pages import codes_on
from support.sealers import town

from sealing.batch.files.folders import BusyError, Folder
from sealing.batch.ledger.intake import OtherOptionsError
from sealing.batch.ledger.ledger import Ledger
from sealing.batch.plan import Codes
from sealing.batch.ranges.work import LetterChangedError
from sealing.batch.run import SameFolderError
from sealing.batch.watch.arrivals import (
    Arrivals,
    CompanionError,
    CompanionMissingError,
    CompanionTypeError,
    NotWholeError,
    is_being_written,
    is_whole,
)
from sealing.batch.watch.tray import Tray
from sealing.batch.watch.watch import NotAFolderError, watch
from sealing.errors import PdfEncryptedError
from sealing.signers.registry import UnknownSignerError


@pytest.fixture
def hot(tmp_path):
    return Hot(tmp_path)


def first(count):
    """End a watching once so many letters are sealed."""
    return Eye(until=lambda eye: len(eye.names) >= count)


def test_letters_that_arrive_are_sealed_and_put_away(hot):
    before = {name: hot.put(name, name) for name in ("b.pdf", "a.pdf")}
    assert hot.watch().sealed == 2
    hot.require_exactly_once(before)


def test_letters_that_arrive_while_it_watches_are_sealed(hot):
    wanted: dict[str, bytes] = {}

    def arrive(eye):
        if len(eye.names) == len(wanted) < 3:
            name = f"{len(wanted)}.pdf"
            wanted[name] = hot.put(name, name)

    hot.watch(replace(first(3), on_pause=arrive), hot.wanted(once=False))
    hot.require_exactly_once(wanted)


def test_what_is_no_letter_is_left_alone(hot):
    for name in (".hidden.pdf", "notes.txt", "letter.pdf.part", "~lock.pdf"):
        (hot.into / name).write_bytes(PDF)
    (hot.into / "sub.pdf").mkdir()
    (hot.into / "link.pdf").symlink_to(hot.into / "notes.txt")
    before = hot.there() | {"sub.pdf"}
    assert hot.watch().sealed == 0
    assert {path.name for path in hot.into.iterdir()} >= before


@pytest.mark.parametrize("held", [True, False], ids=["held open", "reopened"])
def test_a_slow_writer_is_awaited_and_its_file_never_sealed_half(hot, held):
    # Held open: the first half is a whole PDF by itself, before its last revision.
    pieces = [PDF, revised(PDF)[len(PDF) :]] if held else [PDF[:300], PDF[300:700], PDF[700:]]
    path, (heard, said), child = hot.into / "slow.pdf", os.pipe(), os.fork()
    if not child:
        file = path.open("ab", buffering=0)
        for piece in pieces:
            if file.closed:
                file = path.open("ab", buffering=0)
            file.write(piece)
            if not held:
                file.close()
            os.read(heard, 1)
        os._exit(0)
    looks = count(1)

    def look(_eye):
        if next(looks) % 10 == 0:  # long after the file should have stayed the same
            os.write(said, b".")

    eye = replace(first(1), on_pause=look)
    hot.watch(eye, replace(hot.wanted(once=False), patience=30.0))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    os.close(heard)
    os.close(said)
    assert eye.errors == {}
    hot.require_exactly_once({"slow.pdf": b"".join(pieces)})


def revised(pdf):
    """Give a PDF with another revision."""
    output = io.BytesIO(pdf)
    writer = IncrementalPdfFileWriter(output)
    writer.root["/Lang"] = TextStringObject("fr")
    writer.update_root()
    writer.write_in_place()
    assert output.getvalue().startswith(pdf)
    return output.getvalue()


@pytest.mark.parametrize(
    ("data", "whole"),
    [
        (PDF, True),
        (PDF + b"%late remark\n", True),
        (PDF[:-10], False),
        (PDF[: len(PDF) // 2], False),
        (b"", False),
        (b"%PDF-1.7\n%%EOF\n", False),
        (b"x" + PDF[5:], False),
        (b"%PDF-1.4\n1 0 obj\n<</Linearized 1/L 99999>>\nstartxref\n0\n%%EOF\n", False),
        (b"%PDF-1.4\n1 0 obj\n<</Linearized 1/L 20>>\nstartxref\n9\n%%EOF\n", True),
        (b"%PDF-1.4\nstartxref\n999999\n%%EOF\n", False),
    ],
)
def test_a_whole_pdf_is_told_from_half_of_one(tmp_path, data, whole):
    path = tmp_path / "a.pdf"
    path.write_bytes(data)
    assert is_whole(path) is whole


def test_a_file_that_is_held_open_for_writing_waits(tmp_path):
    path = tmp_path / "a.pdf"
    path.write_bytes(PDF)
    assert not is_being_written(path)
    with path.open("ab"):
        assert is_being_written(path)
    with path.open("rb"):
        assert not is_being_written(path)


def test_who_begins_to_write_while_he_is_looked_for_ends_nothing(tmp_path, monkeypatch):
    path = tmp_path / "a.pdf"
    path.write_bytes(PDF)
    really = fcntl.fcntl

    def meanwhile(handle, what, how):
        if (what, how) == (fcntl.F_SETLEASE, fcntl.F_UNLCK):
            with contextlib.suppress(BlockingIOError):
                os.close(os.open(path, os.O_WRONLY | os.O_NONBLOCK))
        return really(handle, what, how)

    child = os.fork()
    if not child:
        monkeypatch.setattr(fcntl, "fcntl", meanwhile)
        is_being_written(path)
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0


def test_a_file_must_stay_the_same_for_a_while(tmp_path):
    path = tmp_path / "a.pdf"
    path.write_bytes(PDF)
    arrivals = Arrivals(tmp_path, settle=2, patience=60)
    assert arrivals.look(100.0, 0, 10) == []
    assert arrivals.look(101.9, 0, 10) == []
    path.write_bytes(PDF + b"%")
    assert arrivals.look(102.1, 0, 10) == []
    assert arrivals.look(104.0, 0, 10) == []
    assert [each.name for each in arrivals.look(104.1, 0, 10)] == ["a.pdf"]


def test_of_many_files_some_are_taken_at_once_and_the_oldest_first(tmp_path):
    for number in range(30):
        path = tmp_path / f"{number}.pdf"
        path.write_bytes(PDF)
        os.utime(path, (1_000 - number, 1_000 - number))
    arrivals = Arrivals(tmp_path, settle=1, patience=60)
    arrivals.look(0.0, 0, 10)
    assert [each.name for each in arrivals.look(1.0, 0, 3)] == ["29.pdf", "28.pdf", "27.pdf"]


def test_the_same_letter_again_is_not_sealed_again(hot):
    pdf = hot.put("a.pdf")
    hot.watch()
    hot.put("a.pdf")
    eye = Eye()
    assert hot.watch(eye).again == 1
    assert eye.twice == [("a.pdf", "a.pdf")]
    assert hot.there("doublons") == {"a.pdf", "a.pdf.txt"}
    hot.require_exactly_once({"a.pdf": pdf})


def test_another_letter_of_the_same_name_gets_a_name_of_its_own(hot):
    wanted = {}
    for number, name in enumerate(["a.pdf", "a (2).pdf", "a (3).pdf"]):
        wanted[name] = hot.put("a.pdf", str(number))
        hot.watch()
    hot.require_exactly_once(wanted)
    eye = Eye()
    for number in (2, 0, 1):  # each again, whatever it is called now
        hot.put("a.pdf", str(number))
        hot.watch(eye)
    assert [before for _, before in eye.twice] == ["a (3).pdf", "a.pdf", "a (2).pdf"]
    hot.require_exactly_once(wanted)


def test_two_persons_may_get_the_same_file(hot):
    wanted = {name: hot.put(name) for name in ("a.pdf", "b.pdf")}
    assert hot.watch().sealed == 2
    hot.require_exactly_once(wanted)


def test_a_file_of_others_among_the_sealed_letters_is_never_replaced(hot):
    hot.out.mkdir()
    (hot.out / "a.pdf").write_bytes(b"mine")
    hot.put("a.pdf")
    hot.watch()
    assert (hot.out / "a.pdf").read_bytes() == b"mine"
    assert (hot.out / "a (2).pdf").exists()


def test_what_is_never_whole_is_refused_with_its_reason(hot):
    (hot.into / "half.pdf").write_bytes(PDF[:500])
    wanted, eye = {"a.pdf": hot.put("a.pdf")}, Eye(until=lambda eye: bool(eye.errors))
    hot.watch(eye, hot.wanted(once=False))
    assert isinstance(eye.errors["half.pdf"], NotWholeError)
    assert hot.there("refus") == {"half.pdf", "half.pdf.txt"}
    assert "watch.not-whole" in (hot.into / "refus" / "half.pdf.txt").read_text("utf-8")
    hot.require_exactly_once(wanted)


def test_once_seals_what_is_there_on_a_machine_that_is_slow(hot):
    wanted = {"a.pdf": hot.put("a.pdf")}

    def stall(_eye):
        time.sleep(0.4)  # longer than a file has to stay the same, and than is waited for others
        return False

    assert hot.watch(Eye(until=stall)).sealed == 1
    hot.require_exactly_once(wanted)


def test_once_leaves_what_may_still_be_arriving_unless_it_is_old(hot):
    for name in ("new.pdf", "old.pdf"):
        (hot.into / name).write_bytes(PDF[:500])
    os.utime(hot.into / "old.pdf", (1_000, 1_000))
    wanted = replace(hot.wanted(), patience=3_600.0)
    hot.watch(wanted=wanted)
    assert hot.there() == {"new.pdf"}
    assert "old.pdf" in hot.there("refus")


def test_a_letter_that_cannot_be_sealed_is_refused_and_the_others_are_sealed(hot):
    wanted = {"a.pdf": hot.put("a.pdf")}
    (hot.into / "locked.pdf").write_bytes(encrypted(PDF))
    eye = Eye()
    hot.watch(eye)
    assert eye.errors["locked.pdf"].reported == PdfEncryptedError.code
    assert hot.there("refus") == {"locked.pdf", "locked.pdf.txt"}
    states = {row["file"]: row["state"] for row in hot.journal()}
    assert states == {"a.pdf": "sealed", "locked.pdf": "refused"}
    # A later letter does not make the ledger forget the refused one.
    wanted["b.pdf"] = hot.put("b.pdf", "b")
    hot.watch()
    assert {row["file"] for row in hot.journal()} == {"a.pdf", "b.pdf", "locked.pdf"}


def test_a_letter_that_failed_may_come_again(hot):
    def failing(*_):
        raise LetterChangedError("got something that may pass")

    pdf, bench = hot.put("a.pdf"), hot.wanted().job.bench
    hot.watch(eye := Eye(), hot.wanted(bench=replace(bench, check=failing)))
    assert eye.errors["a.pdf"].reported == LetterChangedError.code
    hot.put("a.pdf")
    assert hot.watch().sealed == 1
    assert (hot.out / "a.pdf").read_bytes().startswith(pdf)
    assert [row["state"] for row in hot.journal()][-1] == "sealed"


def test_codes_say_what_the_companions_say(hot):
    hot.put("a.pdf", values=VALUES)
    eye = Eye()
    hot.watch(eye, hot.wanted(CODED))
    assert eye.errors == {}
    [code] = codes_on((hot.out / "a.pdf").read_bytes())
    assert b"DUPONT" in code
    assert json.loads((hot.into / "faits" / "a.json").read_bytes()) == VALUES
    assert hot.there() == set()


def test_a_companion_may_name_the_type_of_its_code(hot):
    hot.put("a.pdf", values={"twoddoc": "00", **VALUES})
    hot.put("b.pdf", "b")
    assert hot.watch().sealed == 2
    assert len(codes_on((hot.out / "a.pdf").read_bytes())) == 1
    assert codes_on((hot.out / "b.pdf").read_bytes()) == []


@pytest.mark.parametrize(
    ("companion", "code"),
    [
        (None, CompanionMissingError.code),
        ("{", CompanionError.code),
        ("[]", CompanionError.code),
        ('{"10": 5}', CompanionError.code),
        ('{"10": "a", "10": "b"}', CompanionError.code),
        ('{"file": "b.pdf"}', CompanionError.code),
        (json.dumps({f"c{n}": "" for n in range(201)}), CompanionError.code),
        ('{"a\\u0007b": "c"}', CompanionError.code),
        ('{"twoddoc": "B2"}', CompanionTypeError.code),
        ('{"twoddoc": "ZZ"}', CompanionTypeError.code),
        ('{"10": "MME/DUPONT/CLAIRE"}', "twoddoc.emission"),
        (json.dumps({**VALUES, "24": "abc"}), "twoddoc.emission"),
    ],
)
def test_a_letter_whose_code_cannot_be_written_is_refused_and_its_neighbours_sealed(
    hot, companion, code
):
    if companion is not None:
        (hot.into / "a.json").write_text(companion, "utf-8")
    hot.put("a.pdf")
    hot.put("b.pdf", values=VALUES)
    eye = Eye(until=lambda eye: bool(eye.errors and eye.names))
    hot.watch(eye, hot.wanted(CODED, once=False))
    assert (eye.errors["a.pdf"].reported or eye.errors["a.pdf"].code) == code
    assert eye.names == [("b.pdf", "b.pdf")]
    assert {"a.pdf", "a.pdf.txt"} <= hot.there("refus")
    assert hot.there() == hot.there("en-cours") == set()


def test_names_that_look_like_a_list_of_their_own_harm_nobody(hot):
    hot.put("a.pdf", values={"x,file,y": "v", 'a;"file";\tb': "w"})
    hot.put("b.pdf", values=VALUES)
    eye = Eye()
    hot.watch(eye, hot.wanted(CODED))
    assert set(eye.errors) == {"a.pdf"}
    assert eye.names == [("b.pdf", "b.pdf")]


@pytest.mark.parametrize("name", [" a.pdf", "a.pdf ", "a\udcff.pdf", "a\nb.pdf"])
def test_a_file_that_somebody_put_among_the_taken_ones_does_not_stop_the_others(hot, name):
    (hot.into / "en-cours").mkdir()
    (hot.into / "en-cours" / name).write_bytes(PDF)
    hot.put("b.pdf")
    eye = Eye()
    assert hot.watch(eye).sealed == 1
    assert set(eye.errors) == {name}
    assert name in hot.there("refus")


@pytest.mark.parametrize("columns", [{"x": "v"}, {f"c{n}": "" for n in range(201)}])
def test_lists_that_cannot_be_read_refuse_their_letters_and_no_others(hot, columns):
    (hot.into / "en-cours").mkdir()
    (hot.into / "en-cours" / "a.pdf").write_bytes(PDF)
    note = {"asked": "a.pdf", "companion": {"values": columns, "digest": "0"}}
    (hot.into / "en-cours" / "a.pdf.note").write_text(json.dumps(note), "utf-8")
    hot.put("b.pdf", values=VALUES)
    eye = Eye()
    assert hot.watch(eye, hot.wanted(CODED)).sealed == 1
    assert set(eye.errors) == {"a.pdf"}


@pytest.mark.parametrize("kind", ["folder", "link", "pipe", "dangling"])
def test_a_companion_that_is_no_file_is_not_read_and_stops_nobody(hot, kind):
    secret = hot.folder / "secret.json"
    secret.write_text(json.dumps(VALUES), "utf-8")
    path = hot.into / "a.json"
    makes = {
        "folder": path.mkdir,
        "link": lambda: path.symlink_to(secret),
        "pipe": lambda: os.mkfifo(path),
        "dangling": lambda: path.symlink_to("absent"),
    }
    makes[kind]()
    hot.put("a.pdf")
    hot.put("b.pdf", values=VALUES)
    eye = Eye(until=lambda eye: bool(eye.errors and eye.names))
    hot.watch(eye, hot.wanted(CODED, once=False))
    assert eye.errors["a.pdf"].code == CompanionError.code
    assert eye.names == [("b.pdf", "b.pdf")]


def test_a_pdf_that_cannot_be_read_is_refused_and_stops_nobody(hot, monkeypatch):
    hot.put("a.pdf")
    hot.put("b.pdf")
    really = os.open

    def failing(path, *flags, **more):
        if str(path).endswith("into/a.pdf"):
            raise OSError(errno.EIO, "got a bad disk")
        return really(path, *flags, **more)

    monkeypatch.setattr(os, "open", failing)
    eye = Eye(until=lambda eye: bool(eye.errors and eye.names))
    hot.watch(eye, hot.wanted(once=False))
    assert eye.errors["a.pdf"].code == "batch.file-unreadable"
    assert eye.names == [("b.pdf", "b.pdf")]
    assert "a.pdf" in hot.there("refus")


def test_a_pdf_that_cannot_be_moved_stays_and_is_told_once(hot, monkeypatch):
    hot.put("a.pdf")
    hot.put("b.pdf")
    really = os.rename

    def failing(self, place):
        if self == hot.into / "a.pdf":
            raise OSError(errno.EPERM, "got another's file")
        really(self, place)

    monkeypatch.setattr(type(hot.into), "rename", failing)
    eye = Eye()
    tally = hot.watch(eye)
    assert (tally.sealed, tally.refused) == (1, 1)
    assert hot.there() == {"a.pdf"}
    assert hot.there("refus") == hot.there("en-cours") == set()


def test_what_lies_among_the_refused_ones_is_never_replaced(hot):
    (hot.into / "refus").mkdir()
    for name in ("a.json", "b.pdf.txt"):
        (hot.into / "refus" / name).write_bytes(b"mine")
    for name in ("a.pdf", "b.pdf"):
        hot.put(name, values={"nom": "DUPONT"})
    hot.watch()
    for name in ("a.json", "b.pdf.txt"):
        assert (hot.into / "refus" / name).read_bytes() == b"mine"
    assert {"a (2).pdf", "a (2).json", "b (2).pdf", "b (2).pdf.txt"} <= hot.there("refus")


def test_values_without_a_code_are_refused(hot):
    hot.put("a.pdf", values={"nom": "DUPONT"})
    eye = Eye()
    hot.watch(eye)
    assert eye.errors["a.pdf"].code == "batch.no-code"


def test_a_letter_means_the_same_whatever_comes_beside_it(hot):
    short = {name: value for name, value in VALUES.items() if value}
    hot.put("a.pdf", values=short)
    hot.put("b.pdf", values={**VALUES, "01": ""})
    eye = Eye()
    hot.watch(eye, hot.wanted(CODED))
    hot.put("a.pdf", values=short)
    hot.watch(eye, hot.wanted(CODED))
    refused = set(eye.errors) - {"a.pdf"}
    assert refused == set()
    assert len(hot.journal()) == len({row["file"] for row in hot.journal()})


def await_orphans(hot):
    """Wait for the workers of a watching that was killed: forked ones share its locks."""
    folder, tray = Folder(hot.out), Tray(hot.into, hot.out, Codes(), b"")
    folder.make()
    until = time.monotonic() + 60
    while True:
        try:
            with folder.watched(), folder.held(), tray.held():
                return
        except BusyError:
            if time.monotonic() > until:
                raise
            time.sleep(0.02)


@pytest.mark.parametrize("round_", range(cases(ci=4, slow=100, fast=2)))
def test_a_kill_at_any_moment_loses_and_doubles_nothing(tmp_path, round_):
    hot, chance = Hot(tmp_path), random.Random()  # noqa: S311 - moments, no secret
    wanted = {f"{n}.pdf": hot.put(f"{n}.pdf", str(n), VALUES) for n in range(6)}
    ask = hot.wanted(CODED, once=False)
    for number in range(4):
        child = os.fork()
        if not child:
            with contextlib.suppress(BaseException):
                watch(ask, forked, Eye())
            os._exit(0)
        time.sleep(chance.uniform(0.05, 1.5))
        name = f"late{number}.pdf"
        wanted[name] = hot.put(name, name, VALUES)
        time.sleep(chance.uniform(0, 0.4))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        await_orphans(hot)
    eye = Eye()
    hot.watch(eye, replace(ask, once=True))
    hot.require_exactly_once(wanted)
    assert eye.errors == {}
    assert hot.there("doublons") == hot.there("refus") == set()
    del round_


def test_a_taking_that_was_cut_is_finished_or_undone(hot):
    tray = Tray(hot.into, hot.out, Codes(), b"")
    with tray.held():
        note = {"name": "a.pdf", "asked": "a.pdf", "companion": {"digest": None}}
        (tray.taken / "a.pdf.note").write_text(json.dumps(note), "utf-8")
        tray.recover()
        assert hot.there("en-cours") == set()
        (tray.taken / "b.pdf").write_bytes(PDF)
        (tray.taken / "b.pdf.note").write_bytes(b"")  # torn by a power cut
        tray.recover()
        assert [letter.asked for letter in tray.letters()] == ["b.pdf"]


def test_sealed_letters_may_be_taken_away_at_once(hot):
    hot.put("a.pdf")
    hot.watch()
    # As after a kill before the files were flushed and the letter was put away.
    ledger = Ledger.open(Folder(hot.out).ledger)
    ledger.note(flushed=0)
    ledger.close()
    (hot.into / "faits" / "a.pdf").rename(hot.into / "en-cours" / "a.pdf")
    (hot.out / "a.pdf").unlink()
    assert hot.watch().sealed == 1
    assert not (hot.out / "a.pdf").exists()
    assert hot.there("faits") == {"a.pdf"}
    assert [row["file"] for row in hot.journal()] == ["a.pdf"]


def test_what_may_pass_is_waited_for_longer_each_time(hot):
    settings = hot.wanted().job.bench.keys.settings
    lost = settings.model_copy(update={"signers": {}})
    bench = replace(
        hot.wanted().job.bench, keys=replace(hot.wanted().job.bench.keys, settings=lost)
    )
    wanted = replace(hot.wanted(once=False), job=replace(hot.wanted().job, bench=bench))
    eye = Eye(until=lambda eye: len(eye.waited) == 4, passing=True)
    with pytest.raises(UnknownSignerError):
        hot.watch(eye, wanted)
    assert eye.waited == [1.0, 2.0, 4.0, 8.0]
    with pytest.raises(UnknownSignerError):
        hot.watch(Eye(), wanted)


def test_other_settings_over_sealed_letters_are_refused_at_the_start(hot):
    hot.put("a.pdf")
    hot.watch()
    bench = replace(
        hot.wanted().job.bench, keys=replace(hot.wanted().job.bench.keys, name="seal-rsa")
    )
    with pytest.raises(OtherOptionsError):
        hot.watch(wanted=hot.wanted(bench=bench))


@pytest.mark.parametrize("where", [".", "scelles", "..", "../into"])
def test_folders_within_each_other_are_refused(hot, where):
    bench = replace(hot.wanted().job.bench, folder=Folder(hot.into / where))
    with pytest.raises(SameFolderError):
        hot.watch(wanted=hot.wanted(bench=bench))
    assert not (hot.into / "en-cours").exists()


def test_what_is_no_folder_is_refused(hot):
    with pytest.raises(NotAFolderError):
        watch(replace(hot.wanted(), folder=hot.folder / "absent"), here, Eye())


def test_a_folder_that_cannot_be_worked_in_stops_at_the_start(hot):
    (hot.into / "en-cours").write_bytes(b"a file where the letters in hand would lie")
    with pytest.raises(OSError, match="en-cours"):
        hot.watch()


def test_two_watchers_never_share_a_folder(hot):
    tray = Tray(hot.into, hot.out, Codes(), b"")
    with tray.held(), pytest.raises(BusyError):
        hot.watch()
    folder = Folder(hot.out)
    with folder.watched(), pytest.raises(BusyError):
        hot.watch()


def test_a_heartbeat_tells_those_who_watch_over_it(hot):
    hot.put("a.pdf")
    hot.watch()
    told = json.loads((hot.out / ".coffre" / "watch.json").read_bytes())
    assert set(told) == {"at", "pid", "awaited", "sealed", "refused"}


def test_the_command_ends_in_order_on_sigterm(hot):
    config = town()[1] / "coffre.toml"
    words = ["batch", "watch", str(hot.into), "--out", str(hot.out), "--config", str(config)]
    command = [sys.executable, "-c", "from cli.main import app; app()", *words, "--settle", "0.2"]
    pdf = hot.put("a.pdf")
    with Popen(command, stdout=PIPE, stderr=PIPE, text=True) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == "scellée : a.pdf\n"
        running.send_signal(signal.SIGTERM)
        told, _ = running.communicate(timeout=60)
    assert running.returncode == 0
    assert "scellées : 1" in told
    hot.require_exactly_once({"a.pdf": pdf})
