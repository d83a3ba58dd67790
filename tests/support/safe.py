"""One server without HTTP: a database, a store in memory, persons with accounts."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from sqlalchemy import Engine
from support.memory_blobs import MemoryStore
from support.person import Parcel, Person, new_id

from storage.blobs.port import TicketSigner
from storage.database import open_engine, reading, transaction
from storage.migrations.upgrade import upgrade
from vault.service import accounts, documents, uploads
from vault.service.documents import DocumentId
from vault.service.uploads import Limits

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
LIMITS = Limits()


def dump(engine: Engine) -> str:
    """Give a whole SQLite database as text."""
    with reading(engine) as session:
        raw = session.connection().connection.driver_connection
        return "\n".join(cast("Any", raw).iterdump())


class Safe:
    """One server: database, store, and persons with accounts."""

    def __init__(self, folder: Path, engine: Engine | None = None) -> None:
        """Make an empty server, on SQLite unless an engine is given."""
        self.engine = engine or open_engine(f"sqlite:///{folder}/coffre.sqlite")
        upgrade(self.engine)
        self.store = MemoryStore(TicketSigner(bytes(32), ""))

    def person(self, login: str) -> Person:
        """Open an account."""
        person = Person(login=login)
        with transaction(self.engine) as session:
            accounts.enrol(session, person.enrolment(), NOW)
        return person

    def announce(self, person: Person, parcel: Parcel, limits: Limits = LIMITS) -> None:
        """Reserve a name."""
        with transaction(self.engine) as session:
            uploads.announce(session, person.account, parcel.announcement, limits, NOW)

    def take(self, person: Person, step: documents.Step, now: datetime = NOW) -> None:
        """Send an operation."""
        with transaction(self.engine) as session:
            documents.accept(session, person.account, step, self.store, now)

    def stored(self, person: Person) -> tuple[Parcel, DocumentId]:
        """Put a whole document; give its object and its identifier."""
        parcel = Parcel()
        document = DocumentId(new_id())
        self.announce(person, parcel)
        parcel.arrive(self.store)
        self.take(person, person.put(parcel, document))
        return parcel, document

    def dump(self) -> str:
        """Give the whole database as text."""
        return dump(self.engine)

    def pages(self, person: Person, after: str = "", limit: int = 10) -> tuple[str, ...]:
        """List documents."""
        with reading(self.engine) as session:
            found = documents.page(session, person.account, after, limit)
            return tuple(each.document for each in found)
