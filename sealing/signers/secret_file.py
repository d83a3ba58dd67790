"""A secret in a file: its first line, and only where the file is its owner's alone."""

import os
import stat
from pathlib import Path

from pydantic import SecretStr

_LIMIT = 1024
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def secret_in(path: str | Path) -> SecretStr | None:
    """Read a secret; None where others may read the file, or where it is empty.

    Raises OSError or UnicodeDecodeError.
    """
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    with open(handle, "rb") as file:  # noqa: PTH123 - the file whose rights were looked at
        private = not os.fstat(handle).st_mode & _OTHERS
        text = file.read(_LIMIT).decode("utf-8") if private else ""
    secret = text.splitlines()[0] if text else ""
    return SecretStr(secret) if secret else None
