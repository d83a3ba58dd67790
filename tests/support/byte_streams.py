"""Sources and sinks that behave as the worst pipes do."""

import io


class Drip:
    """A source that gives one byte at a time."""

    def __init__(self, data: bytes) -> None:
        """Give these bytes."""
        self._file = io.BytesIO(data)

    def readinto(self, buffer: memoryview) -> int:
        """Give one byte, or the end."""
        return self._file.readinto(buffer[:1])


class Pieces:
    """A source that gives pieces of 1, 2, 3… bytes, then of 60,000."""

    def __init__(self, data: bytes) -> None:
        """Give these bytes."""
        self._file = io.BytesIO(data)
        self._next = 0

    def readinto(self, buffer: memoryview) -> int:
        """Give the next piece."""
        self._next = self._next + 1 if self._next < 300 else 60_000
        return self._file.readinto(buffer[: self._next])


class Pipe:
    """A sink that cannot be cut back: what came out is out."""

    def __init__(self) -> None:
        """Begin empty."""
        self.data = b""

    def write(self, data: memoryview) -> None:
        """Keep what comes out."""
        self.data += data
