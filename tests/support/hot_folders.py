"""Watched folders of the tests: who watches and remembers, and an oracle that reads what is there.

The oracle knows nothing of the ledger: it reads what a person finds.
"""

import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from support.letters import FIELDS, TEXT, letter
from support.mailings import here
from support.sealers import town

from sealing.batch.files.folders import Folder
from sealing.batch.files.source import Source
from sealing.batch.job import Job, Wish
from sealing.batch.plan import Codes
from sealing.batch.ranges.keys import Keys
from sealing.batch.ranges.work import Bench
from sealing.batch.watch.rounds import Tally
from sealing.batch.watch.tray import Letter
from sealing.batch.watch.watch import Watched, watch
from sealing.service.profile import Profile
from storage.errors import CoffreError
from storage.settings import Settings

PDF = letter(TEXT)


@dataclass
class Eye:
    """Watches a watching: remembers, and ends it when it has seen enough, or after a while."""

    until: Callable[["Eye"], bool] = lambda _eye: False
    on_pause: Callable[["Eye"], None] = lambda _eye: None
    passing: bool = False
    names: list[tuple[str, str]] = field(default_factory=list)
    errors: dict[str, CoffreError] = field(default_factory=dict)
    twice: list[tuple[str, str]] = field(default_factory=list)
    waited: list[float] = field(default_factory=list)
    end: float = field(default_factory=lambda: time.monotonic() + 40)

    def sealed(self, letter: Letter) -> None:
        """Hear of a sealed letter."""
        self.names.append((letter.asked, letter.name))

    def refused(self, name: str, error: CoffreError) -> str:
        """Hear of a refused one."""
        self.errors[name] = error
        return f"raison : {error.reported or error.code}"

    def again(self, name: str, before: str) -> str:
        """Hear of one that came again."""
        self.twice.append((name, before))
        return "déjà traitée"

    def passes(self, error: Exception) -> bool:
        """Tell whether what stopped all letters may pass."""
        del error
        return self.passing

    def waits(self, error: Exception, seconds: float) -> None:
        """Hear what is waited for."""
        del error
        self.waited.append(seconds)

    def pause(self, seconds: float) -> None:
        """Let a little time pass."""
        self.on_pause(self)
        time.sleep(min(seconds, 0.05))

    def wish(self) -> Wish:
        """End it once enough is seen."""
        return Wish.STOP if self.until(self) or time.monotonic() > self.end else Wish.GO_ON


@dataclass
class Hot:
    """A watched folder and its folder of sealed letters."""

    folder: Path

    def __post_init__(self) -> None:
        """Make the folder where letters arrive."""
        self.into.mkdir(exist_ok=True)

    @property
    def into(self) -> Path:
        """Give the folder where letters arrive."""
        return self.folder / "into"

    @property
    def out(self) -> Path:
        """Give the folder of sealed letters."""
        return self.folder / "out"

    def put(self, name: str, extra: str = "", values: dict[str, Any] | None = None) -> bytes:
        """Put a letter there, its companion first; give its bytes."""
        pdf = PDF + (f"%{extra}\n".encode() if extra else b"")
        if values is not None:
            text = json.dumps(values, ensure_ascii=False)
            (self.into / name).with_suffix(".json").write_text(text, "utf-8")
        arriving = self.folder / f"{name}.arriving"
        arriving.write_bytes(pdf)
        arriving.rename(self.into / name)
        return pdf

    def wanted(self, codes: Codes | None = None, *, once: bool = True, **job: Any) -> Watched:
        """Ask for this folder, sealed on P-256."""
        settings = Settings.load(town()[1] / "coffre.toml")
        keys = Keys(settings, "seal-p256")
        bench = Bench(Source(self.into), Folder(self.out), keys, Profile())
        made = replace(Job(self.into, bench, codes or Codes(), workers=2), **job)
        return Watched(self.into, made, settle=0.1, patience=1.0, once=once)

    def watch(self, eye: Eye | None = None, wanted: Watched | None = None) -> Tally:
        """Watch in this process."""
        return watch(wanted or self.wanted(), here, eye or Eye())

    def journal(self) -> list[dict[str, Any]]:
        """Read the journal."""
        text = (self.out / "journal.jsonl").read_text("utf-8")
        return [json.loads(line) for line in text.splitlines()]

    def there(self, folder: str = "") -> set[str]:
        """Give the files of a folder of the watched one."""
        return {path.name for path in (self.into / folder).iterdir() if path.is_file()}

    def require_exactly_once(self, wanted: dict[str, bytes]) -> None:
        """Require each letter sealed once, put away, and nothing else anywhere."""
        rows = {row["file"]: row for row in self.journal()}
        assert len(rows) == len(self.journal())
        assert sorted(rows) == sorted(wanted)
        for name, pdf in wanted.items():
            sealed, row = (self.out / name).read_bytes(), rows[name]
            assert row["state"] == "sealed"
            assert sealed.startswith(pdf)
            assert sealed.count(b"/ByteRange") == 1
            assert row["sha256_in"] == hashlib.sha256(pdf).hexdigest()
            assert row["sha256_out"] == hashlib.sha256(sealed).hexdigest()
            assert (self.into / "faits" / name).read_bytes() == pdf
        assert {path.name for path in self.out.glob("*.pdf")} == set(wanted)
        assert self.there() == self.there("en-cours") == set()


CODED = Codes("00")
VALUES = dict(FIELDS)
