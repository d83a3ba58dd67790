"""What workers of other machines must open for a mailing, as its row in the database tells it.

Rules kept here:

- folders, names of signers, profile, how often to check: no secret, no letter, no person. Settings
  and keys are the worker's own;
- a worker whose certificates, options or folder are not those of the run refuses the mailing: its
  seals would be other seals;
- a number of sessions, if there is one, is for all machines together.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, ClassVar, get_type_hints

from cryptography.hazmat.primitives import hashes
from pydantic import TypeAdapter, ValidationError

from sealing.batch.files.folders import Folder
from sealing.batch.files.source import Source
from sealing.batch.ranges.keys import Keys
from sealing.batch.ranges.work import Bench, Check, RangeWork
from sealing.service.letter import Sealer
from sealing.service.profile import Profile
from storage.errors import ConfigurationError
from storage.settings import Settings

_SEAL = "seal"


class OtherWorkerError(ConfigurationError):
    """A worker would not make the seals of this mailing. Details: `what`."""

    code: ClassVar[str] = "batch.other-worker"


@dataclass(frozen=True, slots=True)
class WorkOrder:
    """What to open. `certificates`: SHA-256 by use; `options`: as the ledger keeps them."""

    source: Path
    folder: Path
    durable: bool
    checked: bool
    every: int
    same_layout: bool
    keys: dict[str, Any]
    profile: Profile
    options: str
    certificates: dict[str, str]
    sessions: int | None = None

    @classmethod
    def of(cls, bench: Bench, sealer: Sealer, sessions: int | None) -> "WorkOrder":
        """Write down a bench whose sealer is open."""
        own = [each.name for each in fields(Keys) if each.name != "settings"]
        return cls(
            source=bench.source.root,
            folder=bench.folder.root.resolve(),
            durable=bench.folder.durable,
            checked=bench.check is not None,
            every=bench.every,
            same_layout=bench.same_layout,
            keys={name: getattr(bench.keys, name) for name in own},
            profile=bench.profile,
            options=options_of(sealer, bench.profile),
            certificates=_certificates(sealer),
            sessions=sessions,
        )

    @classmethod
    def read(cls, text: str) -> "WorkOrder":
        """Read what `text` wrote; raise OtherWorkerError for that of another version."""
        try:
            return TypeAdapter(cls).validate_json(text)
        except ValidationError as error:
            raise OtherWorkerError("got an order of another version", what="version") from error

    def text(self) -> str:
        """Write the order in JSON."""
        return TypeAdapter(type(self)).dump_json(self).decode()

    def key(self) -> str:
        """Name the key whose sessions are counted."""
        return self.certificates[_SEAL]

    @contextmanager
    def opened(self, settings: Settings, check: Check, batch: str) -> Iterator[RangeWork]:
        """Open it with the keys of this machine.

        Raises OtherWorkerError, or what opening a bench does.
        """
        with self._bench(settings, check).opened() as worker:
            if worker.ledger.batch != batch:
                raise OtherWorkerError("got the folder of another mailing", what=str(self.folder))
            mine = _certificates(worker.sealer)
            for use, digest in self.certificates.items():
                if mine.get(use) != digest:
                    raise OtherWorkerError("got another certificate", what=use)
            if options_of(worker.sealer, self.profile) != self.options:
                raise OtherWorkerError("got other options", what="options")
            yield worker

    def _bench(self, settings: Settings, check: Check) -> Bench:
        kinds = get_type_hints(Keys)
        try:
            given = {
                name: TypeAdapter(kinds[name]).validate_python(value)
                for name, value in self.keys.items()
            }
        except (KeyError, ValidationError) as error:
            raise OtherWorkerError("got keys of another version", what="version") from error
        source, folder = Source(self.source), Folder(self.folder, durable=self.durable)
        for path in (self.source, self.folder):
            if not path.is_dir():
                raise OtherWorkerError("got no such folder here", what=str(path))
        keys = Keys(settings, **given)
        wanted = check if self.checked else None
        return Bench(source, folder, keys, self.profile, wanted, self.every, self.same_layout)


def options_of(sealer: Sealer, profile: Profile) -> str:
    """Write what seals depend on besides the letters, in one form."""
    options = {"layout": 1, "signer": sealer.seal.name, **asdict(profile)}
    return json.dumps(options, sort_keys=True, default=str)


def _certificates(sealer: Sealer) -> dict[str, str]:
    """Give the SHA-256 of each certificate that signs, by its use."""
    signers = {_SEAL: sealer.seal, **sealer.twoddocs}
    return {use: each.chain[0].fingerprint(hashes.SHA256()).hex() for use, each in signers.items()}
