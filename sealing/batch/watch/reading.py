"""Reading what others put into a watched folder.

Rules kept here:

- no link is followed and no pipe waited for: what is no regular file is read by nobody;
- a fault of one file is that file's; a disk that is full, or cannot be written, is everybody's.
"""

import errno
import os
import stat
from io import BufferedReader
from pathlib import Path
from typing import Final

from sealing.batch.files.source import FileUnreadableError

_OF_ALL: Final = frozenset(
    {errno.ENOSPC, errno.EROFS, errno.EDQUOT, errno.EMFILE, errno.ENFILE, errno.ENOMEM}
)


def opened(path: Path) -> BufferedReader:
    """Open a file that somebody put there; raise FileUnreadableError or OSError."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if error.errno in {errno.ELOOP, errno.ENXIO}:
            raise FileUnreadableError("got a link or a socket") from error
        raise
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise FileUnreadableError("got no regular file")
    return os.fdopen(handle, "rb")


def unreadable(error: OSError) -> FileUnreadableError:
    """Tell what the system said of one file; raise it where it is not that file's fault."""
    if error.errno in _OF_ALL:
        raise error
    return FileUnreadableError(f"got {os.strerror(error.errno or 0)}")
