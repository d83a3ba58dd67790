"""What was given to be verified, as a paper names it: so that it is known which file was meant.

Its digest stands for the content: whoever holds the file can tell that the paper speaks of it.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Self


@dataclass(frozen=True, slots=True)
class Received:
    """One file, or the characters of one code, and when it was verified.

    `at` is the hour of the check; the moment that was judged is the verdict's own.
    """

    name: str
    size: int
    sha256: str
    at: datetime

    @classmethod
    def of(cls, name: str, data: bytes, at: datetime) -> Self:
        """Describe what was given; `name` without the folders that it came from."""
        return cls(name, len(data), hashlib.sha256(data).hexdigest(), at)
