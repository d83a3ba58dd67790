"""Mailings sealed by workers of several machines: what they open, and where they died.

Revision 0004. Frozen: what it makes is what databases in use have; a change is a new revision.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Make every table."""
    op.create_table(
        "batch_queue",
        sa.Column("batch", sa.String(22), nullable=False),
        sa.Column("run", sa.String(64), nullable=False),
        sa.Column("work_order", sa.String(65_536), nullable=False),
        sa.Column("halted", sa.String(8_192), nullable=True),
        sa.ForeignKeyConstraint(["batch"], ["batch.id"], name="fk_batch_queue_batch"),
        sa.PrimaryKeyConstraint("batch", name="pk_batch_queue"),
    )
    op.create_table(
        "batch_death",
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("batch", sa.String(22), nullable=False),
        sa.Column("deaths", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["n"], ["batch_item.n"], name="fk_batch_death_item", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["batch"], ["batch.id"], name="fk_batch_death_batch"),
        sa.PrimaryKeyConstraint("n", name="pk_batch_death"),
    )


def downgrade() -> None:
    """Drop every table."""
    op.drop_table("batch_death")
    op.drop_table("batch_queue")
