"""Sealing by the API: the keys of applications, and what they asked for.

Revision 0006. Frozen: what it makes is what databases in use have; a change is a new revision.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Make every table."""
    _keys()
    _commissions()


def downgrade() -> None:
    """Drop every table."""
    op.drop_table("commission")
    op.drop_table("api_key")


def _keys() -> None:
    op.create_table(
        "api_key",
        sa.Column("id", sa.String(22), nullable=False),
        sa.Column("service", sa.String(64), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("signers", sa.String(1_024), nullable=False),
        sa.Column("levels", sa.String(64), nullable=False),
        sa.Column("letters_a_day", sa.Integer(), nullable=False),
        sa.Column("most_mib", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_api_key"),
        sa.UniqueConstraint("digest", name="uq_api_key_digest"),
    )
    op.create_index("ix_api_key_service", "api_key", ["service"])


def _commissions() -> None:
    op.create_table(
        "commission",
        sa.Column("id", sa.String(22), nullable=False),
        sa.Column("service", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("repeat_key", sa.LargeBinary(), nullable=True),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("work_order", sa.String(65_536), nullable=True),
        sa.Column("level", sa.String(8), nullable=False),
        sa.Column("letters", sa.Integer(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("seal", sa.String(36), nullable=True),
        sa.Column("sha256_out", sa.LargeBinary(), nullable=True),
        sa.Column("error", sa.String(64), nullable=True),
        sa.Column("details", sa.String(4_096), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("collected_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_commission"),
        sa.UniqueConstraint("service", "repeat_key", name="uq_commission_repeat_key"),
    )
    op.create_index("ix_commission_state", "commission", ["state"])
