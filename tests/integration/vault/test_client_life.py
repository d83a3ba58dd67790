"""The life of a safe, from the command line, on a real `coffre serve`."""

import io
import json
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from integration.vault.test_process import process
from support.tools import need, run

from cli.main import run as coffre_run

ROOT = Path(__file__).parents[3]
TYPAGE = str(ROOT / "tests" / "integration" / "typage.mjs")
PASSPHRASE = "cheval pile agrafe correct"  # noqa: S105
WRONG, WEAK = "cheval pile agrafe faux", "court"
CONTENT = b"CANARI-CONTENU " + random.Random(4).randbytes(300_000)  # noqa: S311
NAME, TITLE, TYPE = "CANARI-nom-de-fichier.pdf", "CANARI, titre de l'été", "CANARI-type"


class Machine:
    """One machine of a person: a folder of the client and the command."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Begin signed out."""
        self.home = folder
        self._patch = monkeypatch
        self.out = self.err = ""

    def __call__(self, *args: str, passphrase: str = PASSPHRASE, code: int = 0) -> str:
        """Run `coffre ARGS` here; give its standard output."""
        self._patch.setenv("COFFRE_HOME", str(self.home))
        self._patch.setenv("COFFRE_PASSPHRASE", passphrase)
        out, err = io.StringIO(), io.StringIO()
        got = coffre_run(args, {}, out, err)
        self.out, self.err = out.getvalue(), err.getvalue()
        assert got == code, (got, self.out, self.err)
        return self.out

    def rows(self, *args: str) -> list[dict[str, Any]]:
        """Run with `--json`, and read the lines."""
        return [json.loads(line) for line in self(*args, "--json").splitlines()]


@pytest.fixture
def machines(tmp_path, monkeypatch):
    """Give two machines; no setting of the tester shows."""
    for name in [name for name in os.environ if name.startswith("COFFRE_")]:
        monkeypatch.delenv(name)
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "none"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / NAME).write_bytes(CONTENT)
    return Machine(tmp_path / "desk", monkeypatch), Machine(tmp_path / "phone", monkeypatch)


def test_the_whole_life_of_a_safe(tmp_path, machines):
    desk, phone = machines
    with process(tmp_path / "data") as (address, running):
        [account] = desk.rows("account", "create", "--name", "camille", "--server", address)
        assert account["kind"] == "account"
        [stored] = desk.rows("vault", "put", NAME, "--title", TITLE, "--type", TYPE)
        assert (stored["kind"], stored["version"], stored["title"]) == ("document", 1, TITLE)
        assert stored["receipt"].count(".") == 2
        desk("vault", "get", stored["id"], "-o", "back.pdf")
        assert Path("back.pdf").read_bytes() == CONTENT
        assert Path("back.pdf").stat().st_mode & 0o777 == 0o600

        # A second machine sees the same; a wrong passphrase gives nothing and writes nothing.
        login = ("account", "login", "--name", "camille", "--server", address)
        phone(*login, passphrase=WRONG, code=12)
        assert not phone.home.exists()
        phone("vault", "list", code=11)
        phone(*login)
        assert phone.rows("vault", "list") == desk.rows("vault", "list")
        phone("vault", "get", stored["id"], "-o", "phone.pdf")
        assert Path("phone.pdf").read_bytes() == CONTENT

        # What exists is never replaced, what does not exist is said to.
        phone("vault", "get", stored["id"], "-o", "phone.pdf", code=1)
        phone("vault", "get", "AAAAAAAAAAAAAAAAAAAAAA", "-o", "rien", code=10)
        phone("vault", "put", "absent.pdf", code=10)
        assert not Path("rien").exists()
        assert "1" in phone("vault", "check")

        removed = phone.rows("vault", "put", NAME)[0]["id"]
        hide_an_object(tmp_path / "data", phone, removed)
        desk("vault", "rm", removed)
        phone("vault", "get", removed, "-o", "rien", code=10)
        phone("account", "logout")
        phone("vault", "list", code=11)
        desk("account", "logout")
        running.terminate()
        logged = running.communicate(timeout=30)
    look_for_canaries(tmp_path / "data", "".join(logged))


def hide_an_object(folder: Path, machine: Machine, identifier: str) -> None:
    """Take a document's bytes from the store for a while: `check` and `get` say so."""
    objects = [path for path in (folder / "blobs").rglob("*") if path.is_file()]
    newest = max(objects, key=lambda path: path.stat().st_mtime_ns)
    hidden = folder.parent / "hidden"
    newest.rename(hidden)
    machine("vault", "check", code=3)
    assert f"{identifier} : le serveur ne montre pas un document de votre coffre" in machine.err
    machine("vault", "get", identifier, "-o", "rien", code=1)
    assert not Path("rien").exists()
    hidden.rename(newest)
    machine("vault", "check")


def look_for_canaries(folder: Path, logged: str) -> None:
    """Find nothing of the person, in any of the forms that one would try."""
    kept = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    everything = kept + logged.encode()
    assert b"camille" in everything, "the place that is looked at is not the server's"
    words = [text.encode() for text in (PASSPHRASE, NAME, TITLE, TYPE)] + [b"CANARI", CONTENT[:32]]
    for word in words:
        for form in (word, word.hex().encode(), word.decode("latin-1").encode("utf-16-le")):
            assert form not in everything


def test_a_server_that_is_away_is_said_to_be(machines):
    desk, _ = machines
    desk("account", "login", "--name", "camille", "--server", "http://127.0.0.1:9", code=5)
    desk("account", "login", "--name", "camille", "--server", "http://coffre.example", code=13)
    desk("account", "login", "--name", "camille", code=13)
    assert not desk.home.exists()


@pytest.fixture(scope="module")
def bags(tmp_path_factory):
    """Give two exports of one safe: post-quantum, and of the older form."""
    folder = tmp_path_factory.mktemp("bags")
    with pytest.MonkeyPatch.context() as patch, process(folder / "data") as (address, _):
        patch.chdir(folder)
        (folder / "été.txt").write_bytes(CONTENT)
        desk = Machine(folder / "desk", patch)
        desk("account", "create", "--name", "camille", "--server", address)
        desk("vault", "put", "été.txt", "--title", TITLE)
        desk("vault", "export", "bag")
        assert "post-quantique" not in desk.err
        desk("vault", "export", "bag", code=1)
        desk("vault", "export", "weak", passphrase=WEAK, code=12)
        desk("vault", "export", "legacy", "--legacy")
        assert "ordinateur quantique" in desk.err
        assert sorted(path.name for path in folder.iterdir()) == [
            "bag", "data", "desk", "legacy", "été.txt",
        ]  # fmt: skip
    return folder


def document_of(bag: Path) -> Path:
    [found] = (bag / "data" / "documents").iterdir()
    return found


def untar(plain: bytes, folder: Path) -> None:
    """Open the tar of one document, and compare."""
    done = run(need("tar"), "-x", "-C", str(folder), "-f", "-", stdin=plain)
    assert (done.returncode, done.stderr) == (0, b"")
    assert (folder / "été.txt").read_bytes() == CONTENT


@pytest.mark.parametrize("name", ["bag", "legacy"])
def test_a_bag_is_one_by_its_own_rules_and_says_nothing_in_clear(bags, name):
    bag = bags / name
    assert (bag / "bagit.txt").read_text() == (
        "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
    )
    for manifest in ("manifest-sha256.txt", "tagmanifest-sha256.txt"):
        done = run(need("sha256sum"), "-c", "--strict", str(bag / manifest), stdin=b"")
        done = subprocess.run(
            [need("sha256sum"), "-c", "--strict", manifest],
            cwd=bag, capture_output=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
    listed = (bag / "manifest-sha256.txt").read_text().split()[1::2]
    files = [str(path.relative_to(bag)) for path in (bag / "data").rglob("*") if path.is_file()]
    assert sorted(listed) == sorted(files)
    octets = sum((bag / each).stat().st_size for each in files)
    assert f"Payload-Oxum: {octets}.{len(files)}\n" in (bag / "bag-info.txt").read_text()
    everything = b"".join(path.read_bytes() for path in bag.rglob("*") if path.is_file())
    assert b"CANARI" not in everything
    assert "été.txt".encode() not in everything
    assert [path for path in bag.rglob("*") if path.stat().st_mode & 0o077] == []


@pytest.mark.parametrize("name", ["bag", "legacy"])
def test_coffre_itself_opens_a_bag(bags, name, tmp_path, monkeypatch):
    desk = Machine(tmp_path / "none", monkeypatch)
    bag = bags / name
    plain = tmp_path / "plain.tar"
    key, document = str(bag / "data" / "key.age"), str(document_of(bag))
    desk("age", "decrypt", "-i", key, "-o", str(plain), document)
    untar(plain.read_bytes(), tmp_path)


def test_debians_age_opens_a_legacy_bag_with_the_passphrase_alone(bags, tmp_path):
    script, age = need("script", "bsdutils"), need("age")
    bag, plain = bags / "legacy", tmp_path / "plain.tar"
    command = f"{age} -d -i {bag}/data/key.age -o {plain} {document_of(bag)}"
    done = run(script, "-qec", command, "/dev/null", stdin=f"{PASSPHRASE}\n".encode())
    assert done.returncode == 0, done.stdout
    untar(plain.read_bytes(), tmp_path)


def test_typage_opens_a_post_quantum_bag(bags, tmp_path):
    node = need("node", "nodejs")
    if not (ROOT / "node_modules" / "age-encryption").exists():
        pytest.skip("npm age-encryption is absent (npm ci --ignore-scripts)")
    bag = bags / "bag"
    key = run(node, TYPAGE, "passphrase", PASSPHRASE, stdin=(bag / "data/key.age").read_bytes())
    assert (key.returncode, key.stderr) == (0, b"")
    identity = key.stdout.decode().strip()
    assert identity.startswith("AGE-SECRET-KEY-PQ-1")
    plain = run(node, TYPAGE, "decrypt", identity, stdin=document_of(bag).read_bytes())
    assert (plain.returncode, plain.stderr) == (0, b"")
    untar(plain.stdout, tmp_path)


def test_the_script_of_the_bag_lists_and_extracts_with_the_standard_library_alone(bags, tmp_path):
    bag = bags / "bag"
    opener = f"{sys.executable} -c 'from cli.main import app; app()' age decrypt"
    environ = os.environ | {"PYTHONPATH": str(ROOT), "COFFRE_PASSPHRASE": PASSPHRASE}
    done = subprocess.run(
        [sys.executable, "-S", str(bag / "data" / "ouvrir.py"),
         "--age", opener, "--extraire", str(tmp_path / "all")],
        env=environ, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "7 fichiers, tous intacts" in done.stdout
    assert TITLE in done.stdout
    [found] = [path for path in (tmp_path / "all").rglob("*") if path.is_file()]
    assert (found.name, found.read_bytes()) == ("été.txt", CONTENT)


def test_the_script_of_the_bag_sees_a_file_that_changed(bags, tmp_path):
    copy = tmp_path / "bag"
    run("cp", "-r", str(bags / "bag"), str(copy))
    path = document_of(copy)
    path.write_bytes(path.read_bytes()[:-1])
    done = run(sys.executable, str(copy / "data" / "ouvrir.py"))
    assert done.returncode == 1
    assert "a changé" in done.stderr.decode()


def test_memory_does_not_grow_with_the_document(tmp_path, machines):
    """A large file goes there and back with less than 64 MiB more than a small one."""
    desk, _ = machines
    with process(tmp_path / "data") as (address, _):
        desk("account", "create", "--name", "camille", "--server", address)
        peaks = []
        for size in (1, 200 << 20):
            with Path("large").open("wb") as file:
                file.truncate(size)
            peaks.append(peak(desk, ["vault", "put", "large"]))
            identifier = desk.rows("vault", "list")[-1]["id"]
            peaks.append(peak(desk, ["vault", "get", identifier, "-o", f"back{size}"]))
            assert Path(f"back{size}").stat().st_size == size
    assert peaks[2] - peaks[0] < 64 << 10
    assert peaks[3] - peaks[1] < 64 << 10


def peak(machine: Machine, args: list[str]) -> int:
    """Run a command in a process of its own; give the most memory it held, in KiB."""
    code = (
        "import sys, resource; from cli.main import run; "
        "code = run(sys.argv[1:], {}, sys.stdout, sys.stderr); "
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss); sys.exit(code)"
    )
    environ = os.environ | {"PYTHONPATH": str(ROOT), "COFFRE_HOME": str(machine.home)}
    done = subprocess.run(
        [sys.executable, "-c", code, *args], env=environ, capture_output=True, text=True, check=True
    )
    return int(done.stdout.splitlines()[-1])
