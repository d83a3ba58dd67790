"""A letter's life by the command line: sealed, current, taken back, and lists that travel."""

import io
import json
import os
import shutil
from base64 import b64decode
from contextlib import contextmanager
from unittest.mock import patch

import pytest
from support.folder_server import served
from support.letters import FIELDS, TEXT, letter
from support.sealers import town
from support.spoken import check_lines

from cli.main import run


class Office:
    """A town that publishes its lists, and somebody who verifies with a data folder of his own."""

    def __init__(self, folder, url):
        """Take the demonstration's certificates; publish under an address of this machine."""
        self.folder, self.web = folder, folder / "web" / "statuts"
        self.web.mkdir(parents=True)
        shutil.copytree(town()[1], folder / "pki")
        self.address = f"{url}/statuts"
        with (folder / "pki" / "coffre.toml").open("a") as file:
            file.write(f'\n[status]\naddress = "{self.address}"\n')
        (folder / "reader.toml").write_text(
            f'data = "reader"\nstatus_lists = ["{self.address}"]\n', "utf-8"
        )
        (folder / "in.pdf").write_bytes(letter(TEXT))
        self.coffre("db", "upgrade", config=None)

    def coffre(self, *words, config="pki/coffre.toml", code=0):
        """Run a command with `--json`; give its lines, told the exit code that is expected."""
        environ = {"HOME": str(self.folder), "PATH": os.environ["PATH"]}
        environ["COFFRE_DATA"] = str(self.folder / "town")
        if config == "reader.toml":
            del environ["COFFRE_DATA"]
        out, said = io.StringIO(), io.StringIO()
        named = [] if config is None else ["--config", str(self.folder / config)]
        with patch.dict(os.environ, environ, clear=True):
            done = run([*words, *named, "--json"], environ, out, said)
        assert done == code, said.getvalue()
        check_lines(out.getvalue())
        self.said = said.getvalue()
        return [json.loads(line) for line in out.getvalue().splitlines()]

    def seal(self, name, *words):
        """Seal the letter; give its identifier and where it is."""
        path = str(self.folder / name)
        [told] = self.coffre("seal", str(self.folder / "in.pdf"), "-o", path, *words)
        return told["id"], path

    def put(self):
        """Put the lists where they are fetched."""
        for path in (self.folder / "town" / "status").glob("*.jwt"):
            shutil.copy(path, self.web / path.stem)

    def status(self, path, code=0):
        """Verify as the reader does; give state and reason."""
        [told] = self.coffre("verify", path, config="reader.toml", code=code)
        return told["status"]["state"], told["reason"]


@contextmanager
def opened(folder):
    (folder / "web").mkdir()
    with served(folder / "web") as url:
        yield Office(folder, url)


@pytest.fixture
def office(tmp_path):
    with opened(tmp_path) as found:
        found.coffre("trust", "add", str(tmp_path / "pki" / "trust"), config="reader.toml")
        yield found


FIELDS_OF_00 = [word for di, value in FIELDS.items() for word in ("--field", f"{di}={value}")]


def test_letters_of_every_kind_are_current_then_taken_back_for_whoever_renews(office):
    letters = [
        office.seal("plain.pdf", "--signer", "seal-rsa"),
        office.seal("twoddoc.pdf", "--twoddoc", "00", *FIELDS_OF_00),
        office.seal("town.pdf", "--towncode", "--field", "nom=DUPONT"),
    ]
    assert office.status(letters[0][1]) == ("unknown", "all-passed")
    [told] = office.coffre("status", "publish")
    assert (told["marked"], told["address"]) == (0, f"{office.address}/0")
    office.put()
    [told] = office.coffre("trust", "update", config="reader.toml")
    assert told["lists"] == [
        {
            "name": "status",
            "authority": office.address,
            "state": "renewed",
            "count": 1,
            "left_aside": 0,
            "code": None,
        }
    ]
    for _, path in letters:
        assert office.status(path) == ("current", "all-passed")
    for identifier, _ in letters:
        [told] = office.coffre("status", "revoke", identifier.upper().replace("-", ""))
        assert (told["id"], told["published"]) == (identifier, True)
    office.put()
    for _, path in letters:
        assert office.status(path) == ("current", "all-passed"), "nobody asked yet"
    office.coffre("trust", "update", config="reader.toml")
    for _, path in letters:
        assert office.status(path, code=6) == ("revoked", "status-revoked")


def test_a_code_alone_leads_to_its_state(office):
    identifier, path = office.seal("town.pdf", "--towncode", "--field", "nom=DUPONT")
    [told] = office.coffre("verify", path, config="reader.toml")
    raw = told["codes"][0]["raw_b64"]
    office.coffre("status", "supersede", identifier)
    list_file = str(office.folder / "town" / "status" / "0.jwt")
    office.coffre("trust", "add", list_file, config="reader.toml")
    text = b64decode(raw).decode()
    [told] = office.coffre("verify", "--raw", text, config="reader.toml", code=6)
    assert told["status"]["state"] == "superseded"


def test_an_older_list_never_replaces_the_one_held_by_whatever_road(office):
    identifier, path = office.seal("out.pdf")
    office.coffre("status", "publish")
    list_file = office.folder / "town" / "status" / "0.jwt"
    shutil.copy(list_file, office.folder / "old.jwt")
    office.coffre("status", "revoke", identifier)
    office.coffre("trust", "add", str(list_file), config="reader.toml")
    office.coffre("trust", "add", str(office.folder / "old.jwt"), config="reader.toml")
    assert office.status(path, code=6)[0] == "revoked"
    shutil.copy(office.folder / "old.jwt", office.web / "0")
    [told] = office.coffre("trust", "update", config="reader.toml", code=3)
    assert told["lists"][0]["code"] == "verifier.status-list-older"
    assert office.status(path, code=6)[0] == "revoked"


def test_a_list_that_no_authority_of_the_folder_signed_is_not_taken(office, tmp_path):
    office.seal("out.pdf")
    office.coffre("status", "publish")
    (tmp_path / "alone.toml").write_text('data = "alone"\n')
    list_file = str(office.folder / "town" / "status" / "0.jwt")
    office.coffre("trust", "add", list_file, config="alone.toml", code=1)
    assert "n'est pas prise" in office.said
    assert not (tmp_path / "alone" / "trust").exists()


def test_lists_travel_in_a_bundle(office, tmp_path):
    identifier, path = office.seal("out.pdf")
    office.coffre("status", "revoke", identifier)
    list_file = str(office.folder / "town" / "status" / "0.jwt")
    office.coffre("trust", "add", list_file, config="reader.toml")
    bundle = str(tmp_path / "lists.zip")
    environ = {"HOME": str(tmp_path), "PATH": os.environ["PATH"]}
    config = str(tmp_path / "reader.toml")
    with patch.dict(os.environ, environ, clear=True):
        out = io.StringIO()
        assert run(["trust", "bundle", bundle, "--config", config], environ, out, out) == 0
    (tmp_path / "far.toml").write_text('data = "far"\n')
    office.coffre("trust", "add", bundle, config="far.toml")
    [told] = office.coffre("verify", path, config="far.toml", code=6)
    assert told["status"]["state"] == "revoked"


def test_a_state_is_kept_where_the_key_is_away_and_published_later(office):
    identifier, _ = office.seal("out.pdf")
    key = office.folder / "pki" / "signers" / "status.key.pem"
    key.rename(key.with_suffix(".away"))
    [told] = office.coffre("status", "revoke", identifier, code=5)
    assert (told["state"], told["changed"], told["published"]) == ("revoked", True, False)
    assert "n'est pas publiée" in office.said
    [told] = office.coffre("status", "show", identifier)
    assert (told["state"], told["published"]) == ("revoked", None)
    key.with_suffix(".away").rename(key)
    [told] = office.coffre("status", "revoke", identifier)
    assert (told["changed"], told["published"]) == (False, True)
    [told] = office.coffre("status", "publish")
    assert (told["marked"], told["written"]) == (1, False)


def test_a_mistyped_identifier_hits_nobody(office):
    identifier, _ = office.seal("out.pdf")
    last = "0" if identifier[-1] != "0" else "1"
    office.coffre("status", "revoke", identifier[:-1] + last, code=10)
    assert office.coffre("status", "show", identifier)[0]["state"] == "current"


def test_a_list_that_is_refused_keeps_no_other_from_being_renewed(office):
    office.seal("out.pdf")
    office.coffre("status", "publish")
    office.put()
    shutil.copy(office.web / "0", office.web / "1")  # a list at the place of another
    [told] = office.coffre("trust", "update", config="reader.toml", code=3)
    assert (told["lists"][0]["count"], told["lists"][0]["code"]) == (1, "verifier.status-list")
    kept = list((office.folder / "reader" / "trust" / "status").glob("*.jwt"))
    assert len(kept) == 1
