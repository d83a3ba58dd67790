"""Moments as the page reads them."""

from datetime import UTC, datetime
from typing import Final

# Asked far ahead of time, a list of revocations answers with the day until which it is good.
FAR: Final = datetime(9000, 1, 1, tzinfo=UTC)


def moment(at: datetime) -> str:
    """Write a moment: RFC 3339, in UTC, whole seconds."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
