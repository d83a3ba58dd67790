"""`coffre trust update` against servers that are there, away, or dishonest."""

import io
import json
import os
from datetime import UTC, datetime, timedelta
from unittest.mock import patch

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from support.european import Europe
from support.foreign_server import ok, serving
from support.spoken import check_lines
from support.trust_lists import Agency, Listed, directory, unsigned
from support.twoddoc_pki import Authority

from cli.main import run

AGENCY = Agency()
ONE, TWO = Authority("FR77"), Authority("FR78")
ISSUED = datetime.now(UTC).replace(microsecond=0) - timedelta(days=1)
NEXT = ISSUED + timedelta(days=90)


class Town:
    """An installation, and the servers that it asks."""

    def __init__(self, folder, server):
        """Pin the agency, and publish a good list."""
        self.folder, self.server = folder, server
        roots = [one.public_bytes(Encoding.PEM) for one in (AGENCY.root, AGENCY.middle)]
        (folder / "roots.pem").write_bytes(b"".join(roots))
        self.address = server.url("/tsl.xml")
        self.settings()
        self.publish()
        for authority in (ONE, TWO):
            server.answers[f"/{authority.ca_id}.der"] = ok(directory([authority.leaf()]))

    def settings(self, **changes):
        """Write the settings; None leaves one out."""
        told = {"tsl": self.address, "tsl_roots": ["roots.pem"], "data": "data", **changes}
        lines = [f"{name} = {json.dumps(value)}" for name, value in told.items() if value]
        (self.folder / "coffre.toml").write_text("\n".join(lines) + "\n")

    def publish(self, agency=AGENCY, **changes):
        """Publish an official list."""
        listed = [Listed(one, directory=self.server.url(f"/{one.ca_id}.der")) for one in (ONE, TWO)]
        content = unsigned(listed, issued=ISSUED, next_update=NEXT, **changes)
        self.server.answers["/tsl.xml"] = ok(agency.sign(content))

    def coffre(self, *words, mode="test"):
        """Run a command; give its exit code, its JSON, its words."""
        environ = {"HOME": str(self.folder), "PATH": os.environ["PATH"], "COFFRE_MODE": mode}
        out, said = io.StringIO(), io.StringIO()
        config = ["--config", str(self.folder / "coffre.toml")]
        with patch.dict(os.environ, environ, clear=True):
            code = run([*words, *config, "--json"], environ, out, said)
        check_lines(out.getvalue())
        return code, json.loads(out.getvalue() or "null"), said.getvalue()


@pytest.fixture
def town(tmp_path):
    with serving() as server:
        yield Town(tmp_path, server)


def states(told):
    return {(row["name"], row["authority"]): row["state"] for row in told["lists"]}


def test_lists_are_fetched_shown_and_used_without_a_word_more(town):
    code, told, said = town.coffre("trust", "update")
    # The tests' certificates name no address of revocations: that is said, and nothing else.
    assert code == 3
    renewed = [pair for pair, state in states(told).items() if state == "renewed"]
    assert renewed == [("tsl", None), ("twoddoc", "FR77"), ("twoddoc", "FR78")]
    assert "✓ annuaires 2D-Doc FR77 : 1" in said
    assert "✗ listes de révocation FR77" in said
    code, shown, said = town.coffre("trust", "show")
    assert code == 0
    assert [row["name"] for row in shown["lists"]] == ["tsl", "twoddoc"]
    assert shown["twoddoc"][0] == {"id": "FR77", "withdrawn": False, "certificates": 1}
    code, told, _ = town.coffre("verify", "--raw", ONE.leaf("ELSE").code().decode())
    assert code == 6
    assert told["reason"] == "issuer-not-listed"
    assert [row["name"] for row in told["trust"]["lists"]] == ["tsl", "twoddoc"]


def test_european_lists_are_fetched_shown_and_kept_when_they_fail(town):
    europe = Europe()
    dates = (ISSUED, NEXT)
    town.server.answers["/lotl.xml"] = ok(europe.lists(town.server.url("/FR.xml"), dates=dates))
    town.server.answers["/FR.xml"] = ok(europe.national(dates=dates))
    pinned = [one.public_bytes(Encoding.PEM) for one in europe.union.anchors.certificates]
    (town.folder / "union.pem").write_bytes(b"".join(pinned))
    town.settings(tsl=None, lotl=town.server.url("/lotl.xml"), lotl_signers=["union.pem"])
    code, told, said = town.coffre("trust", "update")
    assert code == 0
    assert states(told) == {("european", "EU"): "renewed", ("european", "FR"): "renewed"}
    assert "liste de confiance européenne FR : 1" in said
    code, shown, _ = town.coffre("trust", "show")
    assert ([row["name"] for row in shown["lists"]], shown["authorities"]) == (["european"], 1)
    town.server.answers["/lotl.xml"] = ok(Europe().lists(town.server.url("/FR.xml"), dates=dates))
    code, told, _ = town.coffre("trust", "update")
    assert (code, states(told)) == (3, {("european", "EU"): "kept"})
    assert town.coffre("trust", "show")[1] == shown
    town.settings(tsl=None, lotl=town.server.url("/lotl.xml"))
    code, told, said = town.coffre("trust", "update")
    assert code == 13
    assert "lotl_signers" in said


def test_without_a_network_verifying_goes_on_and_the_old_lists_stay(town):
    town.coffre("trust", "update")
    before = (town.folder / "data/trust").resolve()
    town.server.answers["/tsl.xml"] = [b"HTTP/1.1 503 Later\r\nContent-Length: 0\r\n\r\n"]
    code, told, said = town.coffre("trust", "update")
    assert (code, told) == (5, None)
    assert "les listes d'avant restent en service" in said
    assert (town.folder / "data/trust").resolve() == before
    assert town.coffre("trust", "show")[0] == 0


@pytest.mark.parametrize("forged", [{"agency": Agency()}, {"sequence": 6}])
def test_a_forged_or_older_list_changes_nothing(town, forged):
    town.coffre("trust", "update")
    before = (town.folder / "data/trust").resolve()
    town.publish(**forged)
    code, told, _ = town.coffre("trust", "update")
    assert (code, told) == (1, None)
    assert (town.folder / "data/trust").resolve() == before


def test_a_first_update_that_fails_leaves_nothing(town):
    town.publish(agency=Agency())
    assert town.coffre("trust", "update")[0] == 1
    assert not (town.folder / "data/trust").exists()
    assert town.coffre("trust", "show")[0] == 13


def test_a_directory_on_a_host_that_the_settings_do_not_name_is_never_asked(town):
    with serving() as elsewhere:
        listed = [Listed(ONE, directory=elsewhere.url("/FR77.der", "localhost"))]
        content = unsigned(listed, issued=ISSUED, next_update=NEXT)
        town.server.answers["/tsl.xml"] = ok(AGENCY.sign(content))
        elsewhere.answers["/FR77.der"] = ok(directory([ONE.leaf()]))
        code, told, _ = town.coffre("trust", "update")
        assert code == 3
        assert told["lists"][1]["code"] == "outgoing.address-refused"
        assert elsewhere.asked == []
        town.settings(tsl_hosts=["localhost"])
        town.coffre("trust", "update")
        assert len(elsewhere.asked) == 1


def test_in_production_this_machine_is_never_asked(town):
    code, _, _ = town.coffre("trust", "update", mode="production")
    assert code == 13
    assert town.server.asked == []


@pytest.mark.parametrize("missing", ["tsl", "tsl_roots"])
def test_a_setting_that_is_missing_is_named(town, missing):
    town.settings(**{missing: None})
    code, _, said = town.coffre("trust", "update")
    assert code == 13
    assert missing in said
    assert town.server.asked == []


def test_lists_are_carried_to_a_machine_without_network(town, tmp_path):
    town.coffre("trust", "update")
    bundle = tmp_path / "lists.zip"
    environ = {"HOME": str(town.folder), "PATH": os.environ["PATH"]}
    config = ["--config", str(town.folder / "coffre.toml")]
    with patch.dict(os.environ, environ, clear=True):
        assert (
            run(["trust", "bundle", str(bundle), *config], environ, io.StringIO(), io.StringIO())
            == 0
        )
    town.settings(data="other", tsl=None)
    code, told, _ = town.coffre("trust", "add", str(bundle))
    assert code == 0
    assert [row["id"] for row in told["twoddoc"]] == ["FR77", "FR78"]
    assert town.coffre("trust", "add", str(bundle))[0] == 0, "twice is once"
