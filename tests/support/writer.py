"""A process that stores objects until it is killed; prints a name when its row is committed.

Run as `python -m support.writer FOLDER`; the kill -9 test reads its standard output.
"""

import hashlib
import secrets
import sys
from base64 import urlsafe_b64encode
from datetime import UTC, datetime
from pathlib import Path

from storage.blobs.folder import FolderStore
from storage.blobs.port import Announced, TicketSigner, parse_blob_id, put
from storage.database import open_engine, transaction
from storage.journal import Entry, Event, append
from storage.migrations.upgrade import upgrade
from storage.tables.people import Attempts


def content_of(name: str) -> bytes:
    """Give an object's bytes, known from its name."""
    return hashlib.shake_256(name.encode()).digest(50_000)


def main(folder: Path) -> None:
    """Object, then row and journal in one transaction, then the acknowledgement."""
    engine = open_engine(f"sqlite:///{folder}/coffre.sqlite")
    upgrade(engine)
    store = FolderStore(folder / "blobs", TicketSigner(bytes(32), ""))
    while True:
        name = urlsafe_b64encode(secrets.token_bytes(16)).rstrip(b"=").decode()
        content = content_of(name)
        announced = Announced(len(content), hashlib.sha256(content).digest())
        pieces = (content[i : i + 10_000] for i in range(0, len(content), 10_000))
        put(store, parse_blob_id(name), announced, pieces)
        now = datetime.now(UTC)
        with transaction(engine) as session:
            session.add(Attempts(key=name.encode(), count=1, last_at=now))
            append(session, Entry(Event.DOCUMENT_PUT, now, None, name))
        sys.stdout.write(f"{name}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
