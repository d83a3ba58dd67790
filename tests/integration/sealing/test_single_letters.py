"""One letter at a time by the work of mailings: sealed once, whatever is asked again."""

import hashlib
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest
from sqlalchemy import select
from support.heavy_pdfs import laughs
from support.letters import FIELDS, encrypted, letter
from support.sealers import town

from sealing import confined
from sealing.authorities.tsa import NoTokenError
from sealing.batch.files.folders import Folder
from sealing.batch.files.source import Source
from sealing.batch.ledger.place import held
from sealing.batch.ledger.rows import State
from sealing.batch.ledger.slots import allot
from sealing.batch.ledger.steps import BLOCK, SLOT
from sealing.batch.plan import Planned
from sealing.batch.single import OPTIONS, REOPENED, SingleLetters, Wanted, _plan
from sealing.proofs.document_id import slot_of
from sealing.service.codes import TwoDDocOrder
from sealing.service.levels import Level
from sealing.service.profile import Profile
from sealing.service.seals import Block
from storage.database import open_engine
from storage.migrations.upgrade import upgrade
from storage.settings import Settings, StatusSettings, TsaSettings

PDF = letter()


class Desk:
    """A folder of letters and the process that seals them."""

    def __init__(self, folder):
        """Make the folder."""
        self.folder = Folder(folder / "out", durable=True)
        self.folder.make()
        self.source = Source(folder / "in")
        self.source.root.mkdir(exist_ok=True)
        self.settings = Settings.load(town()[1] / "coffre.toml")

    def wanted(self, name: str, pdf: bytes = PDF, level: Level = Level.B_B) -> Wanted:
        """Bring a letter."""
        (self.source.root / name).write_bytes(pdf)
        digest = hashlib.sha256(pdf).digest()
        return Wanted(name, digest, None, Profile(level=level), "seal-p256")

    def open(self):
        """Hold the folder, and open its letters."""
        return held(self.folder, OPTIONS, datetime.now(UTC), None)

    def letters(self, holding) -> SingleLetters:
        """Give the letters of a folder that is held."""
        ledger = holding.ledger
        return SingleLetters(self.settings, self.source, self.folder, ledger, lambda *_: None)


@pytest.fixture
def desk(tmp_path):
    return Desk(tmp_path)


def test_a_letter_asked_for_again_keeps_its_seal(desk):
    with desk.open() as holding, closing(desk.letters(holding)) as letters:
        first = letters.seal(desk.wanted("a.pdf"))
        assert first.state is State.PUBLISHED
        assert letters.seal(desk.wanted("a.pdf")) == first
    with desk.open() as holding, closing(desk.letters(holding)) as letters:
        letters.put_in_order()
        assert letters.seal(desk.wanted("a.pdf")) == first
        assert holding.ledger.counts().sealed == 1
    assert hashlib.sha256((desk.folder.root / "a.pdf").read_bytes()).digest() == first.sha256_out


def test_what_is_refused_stays_so_and_what_failed_is_tried_again(desk):
    with desk.open() as holding, closing(desk.letters(holding)) as letters:
        refused = letters.seal(desk.wanted("locked.pdf", encrypted(PDF)))
        assert (refused.state, refused.error) == (State.REFUSED, "sealing.pdf-encrypted")
        assert letters.seal(desk.wanted("locked.pdf", encrypted(PDF))) == refused
        wanted = desk.wanted("b.pdf")
        (desk.source.root / "b.pdf").unlink()
        assert letters.seal(wanted).state is State.FAILED
        assert letters.seal(desk.wanted("b.pdf")).state is State.PUBLISHED


def test_a_letter_too_heavy_to_draw_is_refused_and_the_next_is_sealed(desk, monkeypatch):
    monkeypatch.setattr(confined, "DEFAULT", confined.Limits(processor=1))
    order = TwoDDocOrder("00", FIELDS)
    with desk.open() as holding, closing(desk.letters(holding)) as letters:
        settled = letters.seal(replace(desk.wanted("a.pdf", laughs()), order=order))
        assert (settled.state, settled.error) == (State.REFUSED, "sealing.pdf-too-heavy")
        assert letters.seal(replace(desk.wanted("b.pdf"), order=order)).state is State.PUBLISHED


def test_after_an_authority_was_away_the_keys_are_opened_anew(desk):
    away = TsaSettings(url="http://127.0.0.1:1/")
    good, desk.settings = desk.settings, desk.settings.model_copy(update={"tsa": away})
    with desk.open() as holding, closing(desk.letters(holding)) as letters:
        with pytest.raises(NoTokenError):
            letters.seal(desk.wanted("a.pdf", level=Level.B_T))
        letters.settings = good
        assert letters.seal(desk.wanted("a.pdf", level=Level.B_T)).state is State.PUBLISHED


def test_what_is_erased_is_forgotten_by_the_ledger(desk):
    with desk.open() as holding, closing(desk.letters(holding)) as letters:
        for name in ("a.pdf", "b.pdf"):
            letters.seal(desk.wanted(name))
        assert letters.forget(lambda file: file == "a.pdf") == 1
        counts = holding.ledger.counts()
        assert (counts.letters, counts.sealed) == (1, 1)


def blocks(holding):
    """Give the first slot of each block that is kept."""
    wanted = select(BLOCK.c.first).order_by(BLOCK.c.first)
    return holding.ledger.read(lambda connection: list(connection.execute(wanted).scalars()))


def test_a_letter_planned_while_slots_are_taken_gets_none_of_another_block(desk):
    with desk.open() as holding:
        ledger = holding.ledger

        def plan(name):
            planned = Planned(1, name, hashlib.sha256(name.encode()).digest(), bytes(32), "")
            ledger.write(lambda connection: _plan(connection, ledger.batch, planned))

        def take(count):
            plan("late.pdf")
            return Block(100, count, bytes(16))

        plan("early.pdf")
        assert allot(ledger, take) == 1
        wanted = select(SLOT.c.slot)
        assert ledger.read(lambda one: list(one.execute(wanted).scalars())) == [100]


def test_letters_have_slots_where_lists_are_published(desk, tmp_path):
    status = StatusSettings(address="https://mairie.example/statuts")
    change = {"status": status, "data": tmp_path / "data", "database": None}
    desk.settings = desk.settings.model_copy(update=change)
    desk.settings.data.mkdir()
    engine = open_engine(desk.settings.database_url)
    upgrade(engine)
    engine.dispose()
    with desk.open() as holding, closing(desk.letters(holding)) as letters:
        found = [letters.seal(desk.wanted(name)) for name in ("a.pdf", "b.pdf")]
        assert letters.seal(desk.wanted("a.pdf")) == found[0]
        assert blocks(holding) == [0, 1]
        assert letters.forget(lambda file: file == "a.pdf") == 1
        assert blocks(holding) == [1], "of a letter that is erased no block is kept"
    seals = [one.seal for one in found if one.seal is not None]
    assert [slot_of(UUID(seal)) for seal in seals] == [0, 1]


def test_keys_are_opened_anew_after_ten_minutes(desk):
    elapsed = [0.0]
    with desk.open() as holding, closing(desk.letters(holding)) as letters:
        letters.clock = lambda: elapsed[0]
        assert letters.seal(desk.wanted("a.pdf")).state is State.PUBLISHED
        rows = desk.settings.signers
        gone = rows["seal-p256"].model_copy(update={"certificate": desk.folder.root / "ended.pem"})
        change = {"signers": {**rows, "seal-p256": gone}}
        letters.settings = desk.settings.model_copy(update=change)
        elapsed[0] = REOPENED - 1
        assert letters.seal(desk.wanted("b.pdf")).state is State.PUBLISHED
        elapsed[0] = REOPENED
        with pytest.raises(OSError, match=r"ended\.pem"):
            letters.seal(desk.wanted("c.pdf"))
        letters.settings = desk.settings
        assert letters.seal(desk.wanted("c.pdf")).state is State.PUBLISHED
