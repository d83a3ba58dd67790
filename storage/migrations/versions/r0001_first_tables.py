"""The first tables: accounts, documents, journal.

Revision 0001. Frozen: what it makes is what databases in use have; a change is a new revision.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_TABLES = (
    "account",
    "slot",
    "directory_entry",
    "signed_in",
    "attempts",
    "upload",
    "index_operation",
    "document",
    "version",
    "share",
    "journal",
    "journal_tail",
)


def upgrade() -> None:
    """Make every table, those pointed to first."""
    _accounts()
    _sessions()
    _objects()
    _contents()
    _shares()
    _journal()


def downgrade() -> None:
    """Drop every table, those pointing first."""
    for table in reversed(_TABLES):
        op.drop_table(table)


def _accounts() -> None:
    """Make accounts and the locks of their keys."""
    op.create_table(
        "account",
        sa.Column("id", sa.String(22), nullable=False),
        sa.Column("login", sa.String(128), nullable=False),
        sa.Column("auth_hash", sa.String(256), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("bundle", sa.LargeBinary(), nullable=False),
        sa.Column("recipient", sa.String(2048), nullable=False),
        sa.Column("signing_key", sa.LargeBinary(), nullable=False),
        sa.Column("head_n", sa.Integer(), nullable=False),
        sa.Column("head", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_account"),
        sa.UniqueConstraint("login", name="uq_account_login"),
    )
    op.create_table(
        "slot",
        sa.Column("account", sa.String(22), nullable=False),
        sa.Column("id", sa.String(22), nullable=False),
        sa.Column("type", sa.String(16), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account"], ["account.id"], name="fk_slot_account"),
        sa.PrimaryKeyConstraint("account", "id", name="pk_slot"),
    )


def _sessions() -> None:
    """Make the directory, sessions and attempts."""
    op.create_table(
        "directory_entry",
        sa.Column("account", sa.String(22), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("signed", sa.String(8192), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account"], ["account.id"], name="fk_directory_entry_account"),
        sa.PrimaryKeyConstraint("account", "n", name="pk_directory_entry"),
    )
    op.create_table(
        "signed_in",
        sa.Column("token_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("account", sa.String(22), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account"], ["account.id"], name="fk_signed_in_account"),
        sa.PrimaryKeyConstraint("token_sha256", name="pk_signed_in"),
    )
    op.create_index("ix_signed_in_account", "signed_in", ["account"], unique=False)
    op.create_table(
        "attempts",
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_attempts"),
    )


def _objects() -> None:
    """Make objects and the index."""
    op.create_table(
        "upload",
        sa.Column("blob_id", sa.String(22), nullable=False),
        sa.Column("account", sa.String(22), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("fkc", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account"], ["account.id"], name="fk_upload_account"),
        sa.PrimaryKeyConstraint("blob_id", name="pk_upload"),
    )
    op.create_index("ix_upload_account", "upload", ["account"], unique=False)
    op.create_index("ix_upload_state", "upload", ["state"], unique=False)
    op.create_table(
        "index_operation",
        sa.Column("account", sa.String(22), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("head", sa.LargeBinary(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account"], ["account.id"], name="fk_index_operation_account"),
        sa.PrimaryKeyConstraint("account", "n", name="pk_index_operation"),
    )


def _contents() -> None:
    """Make documents and versions."""
    op.create_table(
        "document",
        sa.Column("account", sa.String(22), nullable=False),
        sa.Column("id", sa.String(22), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["account"], ["account.id"], name="fk_document_account"),
        sa.PrimaryKeyConstraint("account", "id", name="pk_document"),
    )
    op.create_table(
        "version",
        sa.Column("account", sa.String(22), nullable=False),
        sa.Column("document", sa.String(22), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("blob_id", sa.String(22), nullable=False),
        sa.Column("header", sa.LargeBinary(), nullable=False),
        sa.Column("described", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account", "document"], ["document.account", "document.id"], name="fk_version_account"
        ),
        sa.ForeignKeyConstraint(["blob_id"], ["upload.blob_id"], name="fk_version_blob_id"),
        sa.PrimaryKeyConstraint("account", "document", "number", name="pk_version"),
        sa.UniqueConstraint("blob_id", name="uq_version_blob_id"),
    )


def _shares() -> None:
    """Make shares."""
    op.create_table(
        "share",
        sa.Column("id", sa.String(22), nullable=False),
        sa.Column("account", sa.String(22), nullable=False),
        sa.Column("blob_id", sa.String(22), nullable=False),
        sa.Column("grantee", sa.String(600), nullable=False),
        sa.Column("header", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["account"], ["account.id"], name="fk_share_account"),
        sa.ForeignKeyConstraint(["blob_id"], ["upload.blob_id"], name="fk_share_blob_id"),
        sa.PrimaryKeyConstraint("id", name="pk_share"),
    )
    op.create_index("ix_share_account", "share", ["account"], unique=False)
    op.create_index("ix_share_blob_id", "share", ["blob_id"], unique=False)


def _journal() -> None:
    """Make the audit chain and its tail, which is there from the start."""
    op.create_table(
        "journal",
        sa.Column("n", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("event", sa.String(64), nullable=False),
        sa.Column("account", sa.String(22), nullable=True),
        sa.Column("subject", sa.String(22), nullable=True),
        sa.Column("previous", sa.LargeBinary(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("n", name="pk_journal"),
    )
    tail = op.create_table(
        "journal_tail",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_journal_tail"),
    )
    op.bulk_insert(tail, [{"id": 1, "n": 0, "digest": bytes(32)}])
