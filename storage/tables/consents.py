"""What the server knows of requests and grants: who asked whom, when, which objects, what came.

Which alternative was chosen, names, types, dates and the screen are in `package`, encrypted to the
service, and destroyed once the grant is spent or void; owner: `consent.service`.
"""

from datetime import datetime

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from storage.tables.columns import ID_LENGTH, UtcDateTime

_DIGEST = 43


class RequestRow(SQLModel, table=True):
    """One signed request. `account` is None until somebody opens it by its code.

    `state`: pushed → answered, declined or cancelled; its time ends by `expires_at`.
    """

    __tablename__ = "proof_request"
    __table_args__ = (UniqueConstraint("service", "nonce", name="uq_proof_request_service"),)

    id: str = Field(primary_key=True, max_length=ID_LENGTH)
    service: str = Field(max_length=512)
    nonce: str = Field(max_length=64)
    account: str | None = Field(foreign_key="account.id", index=True, max_length=ID_LENGTH)
    code: str = Field(unique=True, max_length=8)
    digest: str = Field(unique=True, max_length=_DIGEST)
    signed: str = Field(max_length=32_768)
    state: str = Field(max_length=16)
    status_idx: int = Field(unique=True)
    received_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime)


class GrantRow(SQLModel, table=True):
    """One signed grant. `package` is gone once it is spent or void; `collection` names the use.

    `state`: ready → collected → receipted or rejected; ready → withdrawn or lapsed.
    """

    __tablename__ = "proof_grant"

    id: str = Field(primary_key=True, max_length=ID_LENGTH)
    request: str = Field(foreign_key="proof_request.id", unique=True, max_length=ID_LENGTH)
    account: str = Field(foreign_key="account.id", index=True, max_length=ID_LENGTH)
    service: str = Field(max_length=512)
    digest: str = Field(unique=True, max_length=_DIGEST)
    signed: str = Field(max_length=32_768)
    package: bytes | None
    state: str = Field(index=True, max_length=16)
    accepted_at: datetime = Field(sa_type=UtcDateTime)
    collect_by: datetime = Field(sa_type=UtcDateTime)
    collected_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    collection: str | None = Field(default=None, max_length=ID_LENGTH)
    receipt: str | None = Field(default=None, max_length=49_152)
    receipt_digest: str | None = Field(default=None, max_length=_DIGEST)
    withdrawal: str | None = Field(default=None, max_length=4_096)


class GrantedShareRow(SQLModel, table=True):
    """One object of a grant: the share that holds the service's header."""

    __tablename__ = "granted_share"

    request_grant: str = Field(foreign_key="proof_grant.id", primary_key=True, max_length=ID_LENGTH)
    share: str = Field(foreign_key="share.id", primary_key=True, max_length=ID_LENGTH)


class PairwiseKeyRow(SQLModel, table=True):
    """The thumbprint of the key that an account first used with a service."""

    __tablename__ = "pairwise_key"

    account: str = Field(foreign_key="account.id", primary_key=True, max_length=ID_LENGTH)
    service: str = Field(primary_key=True, max_length=512)
    key: str = Field(max_length=_DIGEST)


class CodeTriesRow(SQLModel, table=True):
    """How many codes of requests an account tried in vain, since when."""

    __tablename__ = "code_tries"

    account: str = Field(foreign_key="account.id", primary_key=True, max_length=ID_LENGTH)
    count: int
    since: datetime = Field(sa_type=UtcDateTime)
