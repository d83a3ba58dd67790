"""The log tells what is on its lists, and the wiring keeps its keys."""

import io
import json
import logging
import stat

import pytest

from cli.observe import Event, Log, ServerMessages
from cli.wiring import InstallationKeyError, assemble, installation_secret, receipt_signer
from storage.errors import ProductionRefusesError
from storage.settings import Mode, Settings
from vault.format.signed_message import ParsedMessage, sign
from vault.web.problems import ROWS, failure


def lines(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_field_that_is_not_on_the_list_is_left_out():
    stream = io.StringIO()
    fields: dict[str, str] = {"login": "jeanne", "title": "CANARY", "route": "/api/v1/session"}
    Log(stream).tell(Event.ANSWERED, **fields)
    [line] = lines(stream)
    assert set(line) == {"at", "event", "route"}
    assert str(line["at"]).endswith("+00:00")


def test_a_value_with_line_ends_stays_one_line_and_a_long_one_is_cut():
    stream = io.StringIO()
    Log(stream).tell(Event.FAILED, error='x\r\n{"event": "forged"}\x1b[2J', place="a" * 10_000)
    [line] = lines(stream)
    assert len(str(line["place"])) == 200
    assert stream.getvalue().count("\n") == 1
    assert "\x1b" not in stream.getvalue()


def test_what_the_web_server_says_is_told_by_its_level_alone():
    stream = io.StringIO()
    logger = logging.getLogger("coffre.tests.elsewhere")
    logger.propagate = False
    logger.handlers = [ServerMessages(Log(stream))]
    try:
        int("CANARY")
    except ValueError:
        logger.exception("CANARY %s", "CANARY")
    logger.warning("CANARY")
    logger.info("CANARY")
    told = [(line["level"], line["error"]) for line in lines(stream)]
    assert told == [("error", "ValueError"), ("warning", "")]
    assert "CANARY" not in stream.getvalue()


def test_a_fault_is_its_class_and_place():
    with pytest.raises(ValueError, match="CANARY") as caught:
        int("CANARY")
    found = failure({"type": "http", "request_id": "1"}, caught.value)
    assert (found.request_id, found.error) == ("1", "ValueError")
    assert ":" in found.place
    assert "CANARY" not in repr(found)


def test_the_keys_of_an_installation_are_made_once_and_private(tmp_path):
    folder = tmp_path / "keys"
    secret, signer = installation_secret(folder), receipt_signer(folder)
    assert installation_secret(folder) == secret
    assert receipt_signer(folder).key == signer.key
    for path in folder.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    token = sign("x+jwt", {"a": 1}, signer)
    assert ParsedMessage.parse(token).verify("x+jwt", signer.key).claims == {"a": 1}


@pytest.mark.parametrize("content", [b"", b"short", b"x" * 33])
def test_a_secret_that_is_not_one_stops_the_start(tmp_path, content):
    path = tmp_path / "installation.secret"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(InstallationKeyError):
        installation_secret(tmp_path)


def test_a_key_that_is_not_ours_or_that_others_may_read_stops_the_start(tmp_path):
    receipt_signer(tmp_path)
    path = tmp_path / "receipts.key.pem"
    path.chmod(0o644)
    with pytest.raises(InstallationKeyError):
        receipt_signer(tmp_path)
    path.chmod(0o600)
    path.write_bytes(b"-----BEGIN PRIVATE KEY-----\n")
    with pytest.raises(InstallationKeyError):
        receipt_signer(tmp_path)


def test_production_serves_under_https_alone(tmp_path):
    with pytest.raises(ProductionRefusesError):
        assemble(Settings(mode=Mode.PRODUCTION, data=tmp_path / "data"), "http://127.0.0.1:1")
    assert not (tmp_path / "data").exists()
    site = "https://coffre.example"
    parts = assemble(Settings(mode=Mode.PRODUCTION, data=tmp_path / "data", site=site), "http://x")
    assert parts.site.address == site
    assert parts.site.secret.hex() not in repr(parts)


def test_every_sentence_of_the_web_names_only_details_that_its_error_has():
    for row in ROWS.values():
        assert row.sentence.format_map({"seconds": 1, "limit": 1})
