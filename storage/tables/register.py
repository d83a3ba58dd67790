"""What the register says of services: drafts received, registrations signed, calls proved.

All of it is public but the assertions, which are kept only so that none serves twice; owner:
`consent.service`.
"""

from datetime import datetime

from sqlmodel import Field, SQLModel

from storage.tables.columns import ID_LENGTH, UtcDateTime


class RegistrationRow(SQLModel, table=True):
    """One version of one démarche. `signed` is None while it is a draft."""

    __tablename__ = "registration"

    id: str = Field(primary_key=True, max_length=ID_LENGTH)
    service: str = Field(index=True, max_length=512)
    procedure: str = Field(max_length=64)
    version: str = Field(max_length=32)
    draft: str = Field(max_length=16_384)
    signed: str | None = Field(max_length=16_384)
    received_at: datetime = Field(sa_type=UtcDateTime)
    signed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    struck_off_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class AssertionRow(SQLModel, table=True):
    """One call that a service proved, until its minute has passed."""

    __tablename__ = "service_assertion"

    service: str = Field(primary_key=True, max_length=512)
    jti: str = Field(primary_key=True, max_length=ID_LENGTH)
    expires_at: datetime = Field(index=True, sa_type=UtcDateTime)
