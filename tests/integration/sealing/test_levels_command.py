"""`coffre seal --level` with a time-stamp server that is there, away, or dishonest; and pdfsig."""

import io
import json
import os
from datetime import UTC, datetime
from unittest.mock import patch

import pytest
from support.authorities import FakeAuthority, revocation_list
from support.letters import letter
from support.spoken import check_lines
from support.tools import need, run
from support.tsa_server import tsa_serving

from cli.demo import pki
from cli.main import run as coffre
from sealing.authorities import tsa as tsa_client
from sealing.authorities.demo import DemoAuthority
from sealing.signers.registry import signer
from storage.settings import Settings


class Town:
    """A town's folder, its letter, and the authority behind its time-stamp server."""

    def __init__(self, folder):
        """Make the certificates of today."""
        self.folder, self.made = folder, pki.build(datetime.now(UTC))
        pki.write(self.made, folder / "pki")
        (folder / "in.pdf").write_bytes(letter())
        self.config = folder / "pki" / "coffre.toml"
        found = signer(Settings.load(self.config), "time-stamp", datetime.now(UTC))
        self.authority = DemoAuthority(found.chain, found.sign, "sha256", lambda: datetime.now(UTC))

    def stamped_at(self, *urls):
        """Name the time-stamp servers in the settings."""
        rows = [f'{name} = "{url}"' for name, url in zip(("url", "spare"), urls, strict=False)]
        self.config.write_text(self.config.read_text().replace('url = "demo:"', "\n".join(rows)))

    def coffre(self, *words):
        """Run a command; give its exit code, its JSON, its words."""
        environ = {"HOME": str(self.folder), "PATH": os.environ["PATH"]}
        out, said = io.StringIO(), io.StringIO()
        with patch.dict(os.environ, environ, clear=True):
            code = coffre([*words, "--json"], environ, out, said)
        check_lines(out.getvalue())
        return code, json.loads(out.getvalue() or "null"), said.getvalue()

    def seal(self, level, name="seal-p256"):
        """Seal the letter at a level."""
        target = self.folder / "out.pdf"
        words = ["seal", str(self.folder / "in.pdf"), "-o", str(target), "--force"]
        words += ["--config", str(self.config), "--level", level, "--signer", name]
        return target, *self.coffre(*words)

    def verify(self, path):
        """Judge a file by the town's own trust folder."""
        return self.coffre("verify", str(path), "--trust", str(self.folder / "pki" / "trust"))


@pytest.fixture
def town(tmp_path, monkeypatch):
    monkeypatch.setattr(tsa_client, "_FIRST_PAUSE", 0.0)
    return Town(tmp_path)


@pytest.mark.parametrize("name", ["seal-rsa", "seal-p256"])
@pytest.mark.parametrize("level", ["B-T", "B-LT"])
def test_a_letter_stamped_over_http_is_what_it_says_to_us_and_to_pdfsig(town, level, name):
    with tsa_serving(town.authority.answer) as server:
        town.stamped_at(server.url)
        path, code, told, _ = town.seal(level, name)
        assert (code, told["level"]) == (0, level)
        # One to begin with, one for the letter.
        assert len(server.heads) == 2
    code, verdict, _ = town.verify(path)
    assert (code, verdict["indication"]) == (0, "TOTAL-PASSED")
    assert [seal["level"] for seal in verdict["pades"]] == [level]
    said = run(need("pdfsig", "poppler-utils"), str(path)).stdout.decode()
    assert "Signature is Valid." in said
    assert "Total document signed" in said
    assert "ETSI.CAdES.detached" in said


def test_an_archive_stamp_is_asked_over_http_too_and_pdfsig_still_calls_the_seal_valid(town):
    with tsa_serving(town.authority.answer) as server:
        town.stamped_at(server.url)
        path, code, told, _ = town.seal("B-LTA")
        assert (code, told["level"]) == (0, "B-LTA")
        # One to begin with, one for the seal, one for the file.
        assert len(server.heads) == 3
    code, verdict, _ = town.verify(path)
    assert (code, verdict["indication"]) == (0, "TOTAL-PASSED")
    assert [seal["level"] for seal in verdict["pades"]] == ["B-LTA"]
    # Older popplers name the archive stamp and do not judge it ("has not yet been verified").
    seal, stamp = (
        run(need("pdfsig", "poppler-utils"), str(path)).stdout.decode().split("Signature #2")
    )
    assert "Signature is Valid." in seal
    assert "Horodatage-" in stamp
    assert "Total document signed" in stamp
    assert "invalid" not in stamp.lower()


@pytest.mark.parametrize("answered", [0, 1, 2])
def test_no_letter_at_b_lta_whichever_of_its_tokens_is_missing(town, answered):
    def refused(_question):
        raise OSError

    plan = FakeAuthority("tsa", [town.authority.answer] * answered + [refused])
    with tsa_serving(plan.answer) as server:
        town.stamped_at(server.url)
        path, code, _, _ = town.seal("B-LTA")
    assert code == 5
    assert not path.exists()


def test_with_the_server_away_nothing_is_written_and_the_spare_serves(town):
    away = "http://127.0.0.1:9/tsa"
    town.stamped_at(away)
    path, code, _, said = town.seal("B-T")
    assert code == 5
    assert "aucun serveur d'horodatage ne répond (127.0.0.1)" in said
    assert not path.exists()
    with tsa_serving(town.authority.answer) as server:
        text = town.config.read_text()
        both = f'url = "{away}"\nspare = "{server.url}"'
        town.config.write_text(text.replace(f'url = "{away}"', both))
        path, code, _, _ = town.seal("B-T")
    assert code == 0
    assert path.exists()


def test_a_server_that_goes_away_after_the_first_token_leaves_no_letter(town):
    def refused(_question):
        raise OSError

    plan = FakeAuthority("tsa", [town.authority.answer, refused])
    with tsa_serving(plan.answer) as server:
        town.stamped_at(server.url)
        path, code, _, _ = town.seal("B-T")
    assert code == 5
    assert not path.exists()


def test_tokens_by_another_authority_are_refused(town):
    other = pki.build(datetime.now(UTC))
    stranger = DemoAuthority(
        [other.tsa.certificate],
        lambda _digest: bytes(63) + b"1",
        "sha256",
        lambda: datetime.now(UTC),
    )
    with tsa_serving(stranger.answer) as server:
        town.stamped_at(server.url)
        path, code, _, said = town.seal("B-T")
    assert code == 1
    assert "l'horodatage reçu ne vaut rien" in said
    assert not path.exists()


@pytest.mark.parametrize("level", ["B-B", "B-T", "B-LTA"])
def test_a_revoked_seal_is_refused_at_every_level(town, level):
    now = datetime.now(UTC).replace(microsecond=0)
    leaf = town.made.seals["seal-p256"].certificate
    dates = (now, town.made.intermediate.certificate.not_valid_after_utc)
    revoked = revocation_list(town.made.intermediate, (leaf,), dates=dates)
    (town.folder / "pki" / "trust" / "crl" / "intermediate.crl").write_bytes(revoked)
    path, code, _, said = town.seal(level)
    assert code == 13
    assert "est révoqué depuis le" in said
    assert not path.exists()
    assert town.seal(level, "seal-rsa")[1] == 0


def test_without_a_list_there_is_no_b_lt(town):
    (town.folder / "pki" / "trust" / "crl" / "intermediate.crl").unlink()
    path, code, _, said = town.seal("B-LT")
    assert code == 5
    assert "rien ne dit si le certificat" in said
    assert not path.exists()
