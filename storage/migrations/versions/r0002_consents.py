"""Requests, grants, the register.

Revision 0002. Frozen: what it makes is what databases in use have; a change is a new revision.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_TABLES = (
    "registration",
    "service_assertion",
    "proof_request",
    "proof_grant",
    "granted_share",
    "pairwise_key",
    "code_tries",
)


def upgrade() -> None:
    """Make every table, those pointed to first."""
    _register()
    _requests()
    _grants()
    _shares_and_keys()


def downgrade() -> None:
    """Drop every table, those pointing first."""
    for table in reversed(_TABLES):
        op.drop_table(table)


def _register() -> None:
    """Make registrations and proved calls."""
    op.create_table(
        "registration",
        sa.Column("id", sa.String(22), nullable=False),
        sa.Column("service", sa.String(512), nullable=False),
        sa.Column("procedure", sa.String(64), nullable=False),
        sa.Column("version", sa.String(32), nullable=False),
        sa.Column("draft", sa.String(16_384), nullable=False),
        sa.Column("signed", sa.String(16_384), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("struck_off_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_registration"),
    )
    op.create_index("ix_registration_service", "registration", ["service"], unique=False)
    op.create_table(
        "service_assertion",
        sa.Column("service", sa.String(512), nullable=False),
        sa.Column("jti", sa.String(22), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("service", "jti", name="pk_service_assertion"),
    )
    op.create_index(
        "ix_service_assertion_expires_at", "service_assertion", ["expires_at"], unique=False
    )


def _requests() -> None:
    """Make requests."""
    op.create_table(
        "proof_request",
        sa.Column("id", sa.String(22), nullable=False),
        sa.Column("service", sa.String(512), nullable=False),
        sa.Column("nonce", sa.String(64), nullable=False),
        sa.Column("account", sa.String(22), nullable=True),
        sa.Column("code", sa.String(8), nullable=False),
        sa.Column("digest", sa.String(43), nullable=False),
        sa.Column("signed", sa.String(32_768), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("status_idx", sa.Integer(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account"], ["account.id"], name="fk_proof_request_account"),
        sa.PrimaryKeyConstraint("id", name="pk_proof_request"),
        sa.UniqueConstraint("service", "nonce", name="uq_proof_request_service"),
        sa.UniqueConstraint("code", name="uq_proof_request_code"),
        sa.UniqueConstraint("digest", name="uq_proof_request_digest"),
        sa.UniqueConstraint("status_idx", name="uq_proof_request_status_idx"),
    )
    op.create_index("ix_proof_request_account", "proof_request", ["account"], unique=False)


def _grants() -> None:
    """Make grants."""
    op.create_table(
        "proof_grant",
        sa.Column("id", sa.String(22), nullable=False),
        sa.Column("request", sa.String(22), nullable=False),
        sa.Column("account", sa.String(22), nullable=False),
        sa.Column("service", sa.String(512), nullable=False),
        sa.Column("digest", sa.String(43), nullable=False),
        sa.Column("signed", sa.String(32_768), nullable=False),
        sa.Column("package", sa.LargeBinary(), nullable=True),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("collect_by", sa.DateTime(timezone=True), nullable=False),
        sa.Column("collected_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("collection", sa.String(22), nullable=True),
        sa.Column("receipt", sa.String(49_152), nullable=True),
        sa.Column("receipt_digest", sa.String(43), nullable=True),
        sa.Column("withdrawal", sa.String(4_096), nullable=True),
        sa.ForeignKeyConstraint(["request"], ["proof_request.id"], name="fk_proof_grant_request"),
        sa.ForeignKeyConstraint(["account"], ["account.id"], name="fk_proof_grant_account"),
        sa.PrimaryKeyConstraint("id", name="pk_proof_grant"),
        sa.UniqueConstraint("request", name="uq_proof_grant_request"),
        sa.UniqueConstraint("digest", name="uq_proof_grant_digest"),
    )
    op.create_index("ix_proof_grant_account", "proof_grant", ["account"], unique=False)
    op.create_index("ix_proof_grant_state", "proof_grant", ["state"], unique=False)


def _shares_and_keys() -> None:
    """Make the objects of grants, pinned keys, tries of codes."""
    op.create_table(
        "granted_share",
        sa.Column("request_grant", sa.String(22), nullable=False),
        sa.Column("share", sa.String(22), nullable=False),
        sa.ForeignKeyConstraint(
            ["request_grant"], ["proof_grant.id"], name="fk_granted_share_request_grant"
        ),
        sa.ForeignKeyConstraint(["share"], ["share.id"], name="fk_granted_share_share"),
        sa.PrimaryKeyConstraint("request_grant", "share", name="pk_granted_share"),
    )
    op.create_table(
        "pairwise_key",
        sa.Column("account", sa.String(22), nullable=False),
        sa.Column("service", sa.String(512), nullable=False),
        sa.Column("key", sa.String(43), nullable=False),
        sa.ForeignKeyConstraint(["account"], ["account.id"], name="fk_pairwise_key_account"),
        sa.PrimaryKeyConstraint("account", "service", name="pk_pairwise_key"),
    )
    op.create_table(
        "code_tries",
        sa.Column("account", sa.String(22), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account"], ["account.id"], name="fk_code_tries_account"),
        sa.PrimaryKeyConstraint("account", name="pk_code_tries"),
    )
