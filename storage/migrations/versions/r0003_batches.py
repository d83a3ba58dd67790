"""Mailings and their letters.

Revision 0003. Frozen: what it makes is what databases in use have; a change is a new revision.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Make every table, those pointed to first."""
    _mailings()
    _letters()


def downgrade() -> None:
    """Drop every table, those pointing first."""
    op.drop_table("batch_item")
    op.drop_table("batch")


def _mailings() -> None:
    op.create_table(
        "batch",
        sa.Column("id", sa.String(22), nullable=False),
        sa.Column("options", sa.String(4_096), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("readings", sa.Integer(), nullable=False),
        sa.Column("letters", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("refused", sa.Integer(), nullable=False),
        sa.Column("settled", sa.Integer(), nullable=False),
        sa.Column("flushed", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_batch"),
    )


def _letters() -> None:
    op.create_table(
        "batch_item",
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("batch", sa.String(22), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("reading", sa.Integer(), nullable=False),
        sa.Column("file", sa.String(1_024), nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("sha256_in", sa.LargeBinary(), nullable=False),
        sa.Column("content", sa.String(65_536), nullable=True),
        sa.Column("replaces", sa.LargeBinary(), nullable=True),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("seal", sa.String(36), nullable=True),
        sa.Column("sha256_out", sa.LargeBinary(), nullable=True),
        sa.Column("error", sa.String(64), nullable=True),
        sa.Column("details", sa.String(4_096), nullable=True),
        sa.Column("settled", sa.Integer(), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["batch"], ["batch.id"], name="fk_batch_item_batch"),
        sa.PrimaryKeyConstraint("n", name="pk_batch_item"),
        sa.UniqueConstraint("batch", "key", name="uq_batch_item_key"),
        sa.UniqueConstraint("batch", "file", name="uq_batch_item_file"),
    )
    op.create_index("ix_batch_item_settled", "batch_item", ["batch", "settled"], unique=False)
