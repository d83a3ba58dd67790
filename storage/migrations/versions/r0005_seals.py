"""The register of seals: blocks of slots, letters taken back, and the slots of mailings.

Revision 0005. Frozen: what it makes is what databases in use have; a change is a new revision.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Make every table."""
    _register()
    op.create_table(
        "batch_block",
        sa.Column("first", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("batch", sa.String(22), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["batch"], ["batch.id"], name="fk_batch_block_batch"),
        sa.PrimaryKeyConstraint("first", name="pk_batch_block"),
    )
    op.create_table(
        "batch_slot",
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("slot", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["n"], ["batch_item.n"], name="fk_batch_slot_n", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("n", name="pk_batch_slot"),
        sa.UniqueConstraint("slot", name="uq_batch_slot_slot"),
    )


def _register() -> None:
    """Make the register and its counter, which is there from the start."""
    register = op.create_table(
        "seal_register",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("next", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_seal_register"),
    )
    op.bulk_insert(register, [{"id": 1, "next": 0}])
    op.create_table(
        "seal_blocks",
        sa.Column("first", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("first", name="pk_seal_blocks"),
    )
    op.create_table(
        "seal_states",
        sa.Column("slot", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("document_id", sa.String(36), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("reason", sa.String(32), nullable=False),
        sa.Column("replaced_by", sa.String(36), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("slot", name="pk_seal_states"),
        sa.UniqueConstraint("document_id", name="uq_seal_states_document_id"),
    )


def downgrade() -> None:
    """Drop every table."""
    for table in ("batch_slot", "batch_block", "seal_states", "seal_blocks", "seal_register"):
        op.drop_table(table)
