"""What Alembic runs for each command: on the connection that `upgrade` hands over.

It imports the tables, so that a revision can be compared with them, and nothing above.
"""

from typing import TYPE_CHECKING

from alembic import context
from sqlmodel import SQLModel

from storage.tables import (
    batches,
    commissions,
    consents,
    documents,
    journal,
    people,
    register,
    seals,
)

if TYPE_CHECKING:
    from sqlalchemy import Connection

TABLES = (batches, commissions, consents, documents, journal, people, register, seals)


def run(connection: "Connection") -> None:
    """Run the wanted revisions on this connection, in its transaction."""
    context.configure(
        connection=connection,
        target_metadata=SQLModel.metadata,
        render_as_batch=True,
        compare_type=True,
    )
    with context.begin_transaction():
        context.run_migrations()


run(context.config.attributes["connection"])
