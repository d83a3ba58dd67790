"""What the operating system refuses is told in a sentence, of the file that was asked for."""

import errno
import os
import resource
import signal

import pytest

from cli.files import writing
from cli.problems.problem import Exit
from cli.problems.table import problem_of_system
from sealing.batch.files.folders import Folder
from storage.language import translator

DISK = [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG, errno.EIO]
TOLD = [*DISK, errno.EMFILE, errno.ENFILE]


@pytest.fixture
def narrow():
    """Let no file of this process be larger than 4096 bytes, as a full disk would."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    heard = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    signal.signal(signal.SIGXFSZ, heard)


def said(error, lang="fr"):
    """Give sentence, advice and exit code, as a person gets them."""
    problem, details = problem_of_system(error)
    tr = translator(lang)
    return tr(problem.sentence).format_map(details), tr(problem.advice), problem.exit


@pytest.mark.parametrize("lang", ["fr", "en"])
@pytest.mark.parametrize("path", ["lettres/x.pdf", None], ids=["named", "nameless"])
@pytest.mark.parametrize("number", TOLD)
def test_the_usual_refusals_are_told_in_the_words_of_the_person(number, path, lang):
    system = os.strerror(number)
    sentence, advice, code = said(OSError(number, system, path), lang)
    assert system not in sentence
    assert (path or "") in sentence
    assert not sentence.rstrip().endswith(":")
    assert (sentence, advice) != said(OSError(number, system, path), "en" if lang == "fr" else "fr")
    assert code is Exit.FAILED


def test_a_full_disk_says_what_to_do():
    assert said(OSError(errno.ENOSPC, "No space left on device", "full/x.pdf")) == (
        "le disque est plein : full/x.pdf",
        "faites de la place, puis relancez la même commande",
        Exit.FAILED,
    )
    assert said(OSError(errno.EROFS, "Read-only file system", "ro/x.pdf"))[0] == (
        "ro/x.pdf est sur un disque en lecture seule"
    )


def test_a_refusal_without_a_name_and_without_a_row_still_has_a_subject():
    assert said(OSError(errno.ENOTTY, "Odd thing")) == (
        "le système refuse : Odd thing",
        "vérifiez le nom, les droits et la place libre",
        Exit.FAILED,
    )


@pytest.mark.usefixtures("narrow")
def test_an_output_that_grows_too_large_is_told_by_the_name_asked_for(tmp_path):
    out = tmp_path / "x.pdf"
    with pytest.raises(OSError, match="large") as met, writing(out) as file:
        file.write(bytes(100_000))
    assert (met.value.errno, met.value.filename) == (errno.EFBIG, str(out))
    assert list(tmp_path.iterdir()) == []


def test_an_output_that_cannot_be_begun_is_told_by_the_name_asked_for(tmp_path):
    out = tmp_path / f"{'x' * 250}.pdf"  # the temporary name is longer than names may be
    with pytest.raises(OSError, match="long") as met, writing(out):
        pytest.fail("nothing is begun")
    assert met.value.filename == str(out)


def test_what_another_file_refuses_keeps_its_own_name(tmp_path):
    with pytest.raises(FileNotFoundError) as met, writing(tmp_path / "x.pdf"):
        (tmp_path / "other").read_bytes()
    assert met.value.filename == str(tmp_path / "other")
    with pytest.raises(ConnectionResetError) as lost, writing(tmp_path / "x.pdf"):
        raise ConnectionResetError(errno.ECONNRESET, "reset")
    assert lost.value.filename is None


@pytest.mark.usefixtures("narrow")
def test_a_mailing_that_finds_no_room_names_its_folder(tmp_path):
    folder = Folder(tmp_path / "out")
    folder.make()
    with pytest.raises(OSError, match="large") as met:
        folder.write(1, bytes(32), bytes(100_000))
    assert met.value.filename == str(tmp_path / "out")
