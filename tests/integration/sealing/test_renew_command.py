"""`coffre renew` over folders: whatever stops it, each file is old or new; what is done stays."""

import io
import json
import os
import random
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest.mock import patch

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from support.budget import cases
from support.children import in_a_child
from support.letters import encrypted, letter
from support.spoken import check_lines
from support.tsa_server import tsa_serving

from cli import renewals
from cli.demo import pki
from cli.main import run as coffre
from sealing.authorities import tsa as tsa_client
from sealing.authorities.demo import DemoAuthority, _refusal
from sealing.service.renewal import Renewals
from sealing.signers.registry import signer
from storage.settings import Settings

NAMES = ["a.pdf", "b.pdf", "sub/c.pdf", "sub/d.PDF"]
WITHIN = ["--within", "1500d"]


class Town:
    """A town whose time-stamps last longer than its seals: raising a seal prolongs it."""

    def __init__(self, folder):
        """Make certificates of today, and seal a folder of letters at B-B."""
        self.folder, self.made = folder, pki.build(datetime.now(UTC))
        pki.write(self.made, folder / "pki")
        self.config = folder / "pki" / "coffre.toml"
        self.stamps_until(3_000)
        self.papers = folder / "papers"
        (self.papers / "sub").mkdir(parents=True)
        (folder / "in.pdf").write_bytes(letter())
        self.words("seal", str(folder / "in.pdf"), "-o", str(folder / "sealed.pdf"))
        self.sealed = (folder / "sealed.pdf").read_bytes()
        for name in NAMES:
            (self.papers / name).write_bytes(self.sealed)

    def stamps_until(self, days):
        """Give the time-stamp authority a certificate that lasts."""
        old, key = self.made.tsa.certificate, ec.generate_private_key(ec.SECP256R1())
        builder = (
            x509.CertificateBuilder()
            .subject_name(old.subject)
            .issuer_name(old.issuer)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(old.not_valid_before_utc)
            .not_valid_after(datetime.now(UTC) + timedelta(days=days))
        )
        for one in old.extensions:
            if not isinstance(one.value, x509.SubjectKeyIdentifier):
                builder = builder.add_extension(one.value, critical=one.critical)
        issuer = self.made.intermediate
        tsa = pki.Holder(builder.sign(issuer.key, hashes.SHA256()), key)
        (self.folder / "pki" / "signers" / "tsa.pem").write_bytes(tsa.certificate_pem)
        (self.folder / "pki" / "signers" / "tsa.key.pem").write_bytes(tsa.key_pem)

    def words(self, *words):
        """Run a command; give its exit code, its JSON lines, what it said."""
        environ = {"HOME": str(self.folder), "PATH": os.environ["PATH"]}
        out, said = io.StringIO(), io.StringIO()
        if "--config" not in words:
            words = (*words, "--config", str(self.config))
        with patch.dict(os.environ, environ, clear=True):
            code = coffre([*words, "--json"], environ, out, said)
        check_lines(out.getvalue())
        return code, [json.loads(line) for line in out.getvalue().splitlines()], said.getvalue()

    def renew(self, *more):
        """Renew the folder; give the exit code, the counts, what was said."""
        code, lines, said = self.words("renew", str(self.papers), *WITHIN, *more)
        return code, lines[-1]["counts"], said

    def state(self):
        """Tell of each file whether it is old or new; anything else fails."""
        return [self.is_new(self.papers / name) for name in NAMES]

    def is_new(self, path):
        """Judge one file."""
        data = path.read_bytes()
        if data == self.sealed:
            return False
        assert data.startswith(self.sealed)
        trust = str(self.folder / "pki" / "trust")
        environ = {"HOME": str(self.folder), "PATH": os.environ["PATH"]}
        out = io.StringIO()
        assert coffre(["verify", str(path), "--trust", trust, "--json"], environ, out, out) == 0
        assert json.loads(out.getvalue())["pades"][0]["level"] == "B-LTA"
        return True

    def litter(self):
        """List what is there beside the letters."""
        found = {str(path.relative_to(self.papers)) for path in self.papers.rglob("*.*")}
        return found - set(NAMES)


@pytest.fixture
def town(tmp_path, monkeypatch):
    monkeypatch.setattr(tsa_client, "_FIRST_PAUSE", 0.0)
    return Town(tmp_path)


def test_a_folder_is_raised_once_and_is_then_no_longer_due(town):
    code, counts, _ = town.renew()
    assert (code, counts["raised"]) == (0, len(NAMES))
    assert town.state() == [True] * len(NAMES)
    before = [(town.papers / name).read_bytes() for name in NAMES]
    code, counts, _ = town.renew()
    assert (code, counts["not-due"]) == (0, len(NAMES))
    assert [(town.papers / name).read_bytes() for name in NAMES] == before
    assert not town.litter()


def test_the_mode_of_a_file_stays_and_a_link_leads_to_its_file(town):
    path = town.papers / "a.pdf"
    path.chmod(0o640)
    link = town.folder / "link.pdf"
    link.symlink_to(path)
    (town.papers / "loop.pdf").symlink_to(path)
    code, lines, _ = town.words("renew", str(link), *WITHIN)
    assert (code, lines[0]["state"]) == (0, "raised")
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert link.is_symlink()
    assert town.is_new(path)
    assert town.renew()[1]["not-due"] == 1  # the link in the folder is not walked


def test_an_authority_that_goes_away_ends_the_run_and_the_next_one_goes_on(town):
    found = signer(Settings.load(town.config), "time-stamp", datetime.now(UTC))
    authority = DemoAuthority(found.chain, found.sign, "sha256", lambda: datetime.now(UTC))
    asked = []

    def answer(question):
        asked.append(question)
        # The first question of a run is its trial; then two files get their stamps.
        return authority.answer(question) if len(asked) <= 3 else _refusal(25)

    with tsa_serving(answer) as server:
        text = town.config.read_text().replace('url = "demo:"', f'url = "{server.url}"')
        town.config.write_text(text)
        code, counts, said = town.renew()
        assert code == 5
        assert "aucun serveur d'horodatage ne répond" in said
        assert (counts["raised"], counts["waiting"]) == (2, 2)
        assert sum(town.state()) == 2
        asked.clear()
        code, counts, _ = town.renew()
        assert (code, counts["raised"], counts["not-due"]) == (0, 2, 2)
    assert all(town.state())
    assert not town.litter()


@pytest.mark.timeout(900)
def test_kill_9_at_any_moment_leaves_each_file_old_or_new(town):
    moments = random.Random(11)  # noqa: S311 - a replayable choice of moments
    for _ in range(cases(fast=3, ci=5, slow=200)):
        for name in NAMES:
            (town.papers / name).write_bytes(town.sealed)
        in_a_child(town.renew, moments.uniform(0.05, 2.0))
        town.state()
    assert town.renew()[0] == 0
    assert all(town.state())


@pytest.mark.parametrize("how", ["longer", "shorter", "otherwise"])
def test_a_file_that_changes_meanwhile_is_left_as_it_is(town, how, monkeypatch):
    path, renew = town.papers / "a.pdf", Renewals.renew
    other = {
        "longer": town.sealed + b"% somebody else\n",
        "shorter": town.sealed[:-1],
        "otherwise": town.sealed[:-1] + b" ",
    }[how]

    def meddle(self, *args, **options):
        path.write_bytes(other)
        return renew(self, *args, **options)

    monkeypatch.setattr(Renewals, "renew", meddle)
    code, lines, _ = town.words("renew", str(path), *WITHIN)
    assert (code, lines[0]["code"]) == (1, "renewal.file-changed")
    assert path.read_bytes() == other
    assert not town.litter()


@pytest.mark.parametrize("made", [b"", b"\n% no archive stamp\n"], ids=["nothing", "junk"])
def test_what_was_made_is_judged_before_it_is_written(town, made, monkeypatch):
    monkeypatch.setattr(Renewals, "renew", lambda *_args, **_options: made)
    code, counts, _ = town.renew()
    assert (code, counts["refused"]) == (3, len(NAMES))
    assert town.state() == [False] * len(NAMES)


def test_a_full_disk_leaves_the_old_file(town, monkeypatch):
    def full(*_args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(renewals, "_require_continued", full)
    code, counts, _ = town.renew()
    assert (code, counts["refused"]) == (3, len(NAMES))
    assert town.state() == [False] * len(NAMES)
    assert not town.litter()


def test_only_a_file_that_is_read_to_its_end_is_said_to_be_without_a_seal(town):
    plain = letter()
    others = {
        "half.pdf": (plain[: len(plain) // 2], "renewal.unreadable"),
        "stump.pdf": (plain[:200], "renewal.unreadable"),
        "locked.pdf": (encrypted(plain), None),
        "words.pdf": (b"no PDF at all", "sealing.pdf-unreadable"),
        "sound.pdf": (plain, None),
    }
    for name, (data, _) in others.items():
        (town.papers / name).write_bytes(data)
    code, lines, told = town.words("renew", str(town.papers), "--all")
    found = {Path(one["file"]).name: one for one in lines if one["kind"] == "renewal"}
    assert code == 3
    assert {name: found[name]["code"] for name in others} == {
        name: wanted for name, (_, wanted) in others.items()
    }
    assert "illisible" in found["half.pdf"]["sentence"]
    counts = lines[-1]["counts"]
    assert (counts["refused"], counts["not-sealed"]) == (3, 2)
    assert town.state() == [True] * len(NAMES), told
    for name, (data, _) in others.items():
        assert (town.papers / name).read_bytes() == data


def test_a_seal_that_does_not_verify_is_never_touched(town):
    path = town.papers / "b.pdf"
    dirty = bytearray(town.sealed)
    dirty[40] ^= 1
    path.write_bytes(dirty)
    code, lines, _ = town.words("renew", str(town.papers), "--all")
    assert code == 3
    [refused] = [line for line in lines if line.get("state") == "refused"]
    assert (refused["file"], refused["code"]) == (str(path), "renewal.seal-not-proved")
    assert path.read_bytes() == dirty
