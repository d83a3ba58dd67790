"""Seals that count get their final names; what is not sealed is settled with its reason.

Rules kept here: a file that is lost sends its letter back to planned; a name that somebody else's
file has is refused, and nothing is overwritten.
"""

from datetime import UTC, datetime

from sealing.batch.files.folders import Folder
from sealing.batch.ledger.ledger import Ledger
from sealing.batch.ledger.rows import Settled, State, Waiting
from sealing.errors import SealingError
from storage.errors import CoffreError


def publish(letters: list[Waiting], ledger: Ledger, folder: Folder) -> list[Settled]:
    """Give sealed letters their final names; give what the ledger has to know.

    A seal whose file is lost goes back to planned. Raises OSError, DatabaseUnavailableError.
    """
    settled, names, lost = [], [], []
    for letter in letters:
        digest = letter.sha256_out or b""
        try:
            folder.publish(letter.n, letter.file, digest, letter.replaces)
        except SealingError as error:
            if error.retryable:
                lost.append((letter.n, digest))
            else:
                settled.append(not_sealed(letter.n, error, digest))
                folder.discard(letter.n, digest)
            continue
        names.append(letter.file)
        settled.append(Settled(letter.n, State.PUBLISHED, None, datetime.now(UTC), digest))
    if folder.durable:
        folder.flush(names)
    if lost:
        ledger.back_to_planned(lost)
    return settled


def not_sealed(n: int, error: CoffreError, sha256_out: bytes | None = None) -> Settled:
    """Settle a letter that could not be sealed: failed where trying again may help."""
    state = State.FAILED if error.retryable else State.REFUSED
    return Settled(n, state, error, datetime.now(UTC), sha256_out)
