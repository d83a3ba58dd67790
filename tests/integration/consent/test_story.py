"""One proof handed over once: the whole story from the command line, on a real `coffre serve`."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from integration.vault.test_client_life import Machine
from integration.vault.test_process import process
from support.spoken import check_lines

CONTENT = b"%PDF-1.7 CANARI-CONTENU " + b"x" * 5_000
NAME = "CANARI-facture.pdf"


def registration(procedure: str = "canteen") -> dict[str, object]:
    """Write what a service would be allowed to ask."""
    return {
        "sub": f"https://portal.example/{procedure}",
        "controller": {"name": "Ville", "siret": "0" * 14, "dpo": "dpo@ville.example"},
        "procedure": {"id": procedure, "version": "1", "label": {"fr": "Cantine"}},
        "modes": ["release"],
        "legal_basis": [{"gdpr": "6.1.e", "text": "délibération 2026-12"}],
        "allowed": [{"type": "proof-of-address", "forms": ["document"], "compulsory": True}],
        "retention_max": {"duration": "P1Y", "from": "decision"},
        "other_way": {"text": {"fr": "Au guichet"}},
    }


REQUEST = {
    "procedure": "canteen",
    "purpose": {"code": "tariff", "text": {"fr": "Calculer le tarif"}},
    "requirements": [
        {
            "id": "address",
            "label": {"fr": "Justificatif de domicile"},
            "compulsory": True,
            "required_by": "règlement, article 4",
            "one_of": [{"type": "proof-of-address", "form": "document", "min_level": "declared"}],
        }
    ],
}


class Checked(Machine):
    """A machine whose JSON is held against the schemas that ship with the command."""

    def __call__(self, *args: str, **options: Any) -> str:
        """Run `coffre ARGS` here."""
        check_lines(out := super().__call__(*args, **options))
        return out


class Town:
    """A server with one registered service, one that is not asked, and one person."""

    def __init__(self, folder: Path, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
        """Register, and store one document."""
        self.folder, self.address = folder, address
        self.person, self.service, self.other = (
            Checked(folder / name, monkeypatch) for name in ("person", "service", "other")
        )
        self.person("account", "create", "--name", "camille", "--server", address)
        [stored] = self.person.rows("vault", "put", NAME, "--type", "municipal-invoice")
        self.document = stored["id"]
        monkeypatch.setenv("COFFRE_SERVER", address)
        self.register(self.service, "canteen")
        self.register(self.other, "pool")

    def register(self, machine: Machine, procedure: str) -> str:
        """Send a draft and have it signed."""
        path = self.folder / f"{procedure}.json"
        path.write_text(json.dumps(registration(procedure)))
        machine("service", "key", "init")
        [draft] = machine.rows("service", "register", str(path))
        data = ("--data", str(self.folder / "data"))
        [signed] = machine.rows("register", "add", draft["id"], *data)
        assert (signed["id"], signed["state"]) == (draft["id"], "signed")
        return str(signed["id"])

    def ask(self, *options: str, **changed: object) -> dict[str, Any]:
        """Have the service ask."""
        path = self.folder / "request.json"
        path.write_text(json.dumps({**REQUEST, **changed}))
        [asked] = self.service.rows("service", "request", str(path), *options)
        return asked

    def grant(self, request: str) -> dict[str, Any]:
        """Have the person agree."""
        item = f"address={self.document}"
        [given] = self.person.rows("consent", "grant", request, "--item", item)
        return given


@pytest.fixture
def town(tmp_path, monkeypatch):
    """Serve a town; no setting of the tester shows."""
    for name in [name for name in os.environ if name.startswith("COFFRE_")]:
        monkeypatch.delenv(name)
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "none"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / NAME).write_bytes(CONTENT)
    with process(tmp_path / "data") as (address, _):
        yield Town(tmp_path, address, monkeypatch)


def test_one_proof_is_handed_over_once_and_both_sides_keep_a_receipt(town):
    asked = town.ask("--to", "camille")
    [seen] = town.person.rows("consent", "requests")
    assert (seen["id"], seen["service"], seen["state"]) == (
        asked["id"], "https://portal.example/canteen", "pushed",
    )  # fmt: skip
    assert seen["requirements"][0]["proposals"] == [town.document]
    town.person("consent", "show", asked["id"])
    assert "Calculer le tarif" in town.person.err
    assert "Au guichet" in town.person.err

    given = town.grant(asked["id"])
    assert (given["state"], given["request"]) == ("ready", asked["id"])

    # The other service finds nothing under this name, and cannot collect it.
    town.other("service", "collect", asked["id"], "-o", "stolen", code=10)
    stolen = town.other.home / "service" / "requests"
    stolen.mkdir()
    for path in (town.service.home / "service" / "requests").iterdir():
        copied = json.loads(path.read_text())
        (stolen / path.name).write_text(json.dumps(copied, sort_keys=True, separators=(",", ":")))
        (stolen / path.name).chmod(0o600)
    town.other("service", "collect", asked["id"], "-o", "stolen", code=1)
    assert "n'a pas prouvé son identité" in town.other.err
    assert not Path("stolen").exists()

    [got] = town.service.rows("service", "collect", asked["id"], "-o", "folder")
    assert got["state"] == "receipted"
    assert Path("folder/address.pdf").read_bytes() == CONTENT
    report = json.loads(Path("folder/report.json").read_text())
    assert report["items"][0]["file"] == "address.pdf"
    assert Path("folder/grant.jws").read_text().count(".") == 2

    # Once means once: the second collection is the vault's refusal.
    again = town.service("service", "collect", asked["id"], "-o", "again", "--json", code=1)
    assert json.loads(again)["code"] == "grant-used"
    assert "ne sert qu'une fois" in town.service.err
    assert not Path("again").exists()

    [kept] = town.person.rows("consent", "list")
    assert kept["state"] == "receipted"
    [receipt] = town.person.rows("consent", "receipts")
    assert receipt["results"][0]["indication"] == "INDETERMINATE"
    Path("receipt.json").write_text(json.dumps(receipt))
    town.person("consent", "verify", "receipt.json")
    [theirs] = town.service.rows("service", "receipt", asked["id"])
    assert theirs["receipt"] == receipt["receipt"] == Path("folder/receipt.jws").read_text()[:-1]
    for name in ("request", "grant", "receipt"):
        spoiled = {**receipt, name: receipt[name].replace("e", "f", 1)}
        Path("spoiled.json").write_text(json.dumps(spoiled))
        town.person("consent", "verify", "spoiled.json", code=1)

    # The server never saw what was handed over, and holds nothing of it any more.
    for path in (town.folder / "data").rglob("*"):
        if path.is_file():
            assert b"CANARI" not in path.read_bytes(), path


def test_a_grant_that_is_taken_back_is_never_collected(town):
    asked = town.ask("--to", "camille")
    given = town.grant(asked["id"])
    [taken] = town.person.rows("consent", "withdraw", given["id"])
    assert taken["state"] == "withdrawn"
    refused = town.service("service", "collect", asked["id"], "-o", "folder", "--json", code=1)
    assert json.loads(refused)["code"] == "grant-withdrawn"
    assert not Path("folder").exists()
    # A new request is needed, and works; then it is too late to take back.
    second = town.ask("--to", "camille")
    given = town.grant(second["id"])
    town.service("service", "collect", second["id"], "-o", "folder")
    town.person("consent", "withdraw", given["id"], code=1)
    town.person("consent", "withdraw", "A" * 22, code=10)


def test_a_refusal_is_not_told_apart_from_an_absence(town):
    refused, untouched = town.ask("--to", "camille"), town.ask("--to", "camille")
    nobody = town.ask("--to", "personne")
    town.person("consent", "refuse", refused["id"])
    told = []
    for asked in (refused, untouched, nobody):
        town.service("service", "collect", asked["id"], "-o", "folder", code=5)
        told.append(town.service.err)
    assert told[0] == told[1] == told[2]
    town.person("consent", "grant", refused["id"], "--item", f"address={town.document}", code=1)


def test_a_request_without_a_login_is_opened_by_its_code(town):
    asked = town.ask()
    assert town.person.rows("consent", "requests") == []
    town.person("consent", "requests", "--code", "00000000", code=10)
    [seen] = town.person.rows("consent", "requests", "--code", asked["code"].lower())
    assert seen["id"] == asked["id"]
    town.grant(asked["id"])
    town.service("service", "collect", asked["id"], "-o", "folder")


def test_what_goes_beyond_the_registration_is_refused_and_nothing_is_asked(town):
    needs = [{**REQUEST["requirements"][0], "one_of": [  # type: ignore[index]
        {"type": "income", "form": "document", "min_level": "declared"}]}]  # fmt: skip
    path = town.folder / "over.json"
    path.write_text(json.dumps({**REQUEST, "requirements": needs}))
    town.service("service", "request", str(path), "--to", "camille", code=1)
    assert "dépasse" in town.service.err
    path.write_text(json.dumps({**REQUEST, "procedure": "nothing"}))
    town.service("service", "request", str(path), code=10)
    path.write_text("[]")
    town.service("service", "request", str(path), code=1)
    assert town.person.rows("consent", "requests") == []


def test_a_service_that_was_struck_off_can_neither_ask_nor_collect(town):
    asked = town.ask("--to", "camille")
    town.grant(asked["id"])
    data = ("--data", str(town.folder / "data"))
    rows = town.service.rows("register", "list", *data)
    [ours] = [row for row in rows if row["procedure"] == "canteen"]
    town.service("register", "strike-off", ours["id"], *data)
    town.service("service", "collect", asked["id"], "-o", "folder", code=1)
    path = town.folder / "request.json"
    town.service("service", "request", str(path), "--to", "camille", code=10)
    town.service("register", "publish", "-o", "register.json", *data)
    public = json.loads(Path("register.json").read_text())
    assert {row["struck_off"] for row in public["registrations"]} == {True, False}


def test_what_does_not_answer_is_not_handed_over(town):
    asked = town.ask("--to", "camille")
    Path("other.pdf").write_bytes(b"x")
    [other] = town.person.rows("vault", "put", "other.pdf", "--type", "passport")
    for item in (f"address={other['id']}", f"shoes={town.document}"):
        town.person("consent", "grant", asked["id"], "--item", item, code=1)
    for item in ("address", "=x", "address="):
        town.person("consent", "grant", asked["id"], "--item", item, code=2)
    town.person("consent", "grant", "A" * 22, "--item", f"address={town.document}", code=10)
    assert town.person.rows("consent", "list") == []


def test_another_key_of_the_register_is_an_alarm(town):
    asked = town.ask("--to", "camille")
    town.person("consent", "requests")
    [pinned] = (town.person.home / "register").glob("*.json")
    members = json.loads(pinned.read_text())
    members["register"] = members["vault"]
    pinned.write_text(json.dumps(members, sort_keys=True, separators=(",", ":")))
    town.person("consent", "grant", asked["id"], "--item", f"address={town.document}", code=1)
    assert "autre clé du registre" in town.person.err


def test_an_object_that_the_server_changed_is_rejected_and_both_sides_know(town):
    asked = town.ask("--to", "camille")
    town.grant(asked["id"])
    [blob] = [path for path in (town.folder / "data" / "blobs").rglob("*") if path.is_file()]
    content = bytearray(blob.read_bytes())
    content[100] ^= 1
    blob.chmod(0o600)
    blob.write_bytes(content)
    town.service("service", "collect", asked["id"], "-o", "folder", code=1)
    assert "n'est pas celui que la personne a signé" in town.service.err
    assert not Path("folder").exists()
    [kept] = town.person.rows("consent", "list")
    assert kept["state"] == "rejected"
    [receipt] = town.person.rows("consent", "receipts")
    assert (receipt["outcome"], receipt["results"]) == ("rejected", [])
    town.service("service", "collect", asked["id"], "-o", "folder", code=1)
    assert "ne sert qu'une fois" in town.service.err


def test_a_request_to_an_earlier_address_stays_readable_and_its_receipt_valid(town):
    asked = town.ask("--to", "camille")
    town.grant(asked["id"])
    town.service("service", "collect", asked["id"], "-o", "folder")
    other = town.address.replace("127.0.0.1", "localhost")
    town.person("account", "login", "--name", "camille", "--server", other)
    [seen] = town.person.rows("consent", "requests")
    assert seen["state"] == "answered"
    [receipt] = town.person.rows("consent", "receipts")
    assert receipt["outcome"] == "accepted"
