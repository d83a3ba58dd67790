"""What a person is told when a command stops, and the exit codes that scripts rely on."""

from dataclasses import dataclass
from enum import IntEnum

from storage.language import N_


class Exit(IntEnum):
    """Exit codes of the command line; scripts rely on them."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    PARTIAL = 3
    TOTAL_FAILED = 4
    RETRYABLE = 5
    INDETERMINATE = 6
    NOT_FOUND = 10
    LOCKED = 11
    BAD_PASSPHRASE = 12
    CONFIGURATION = 13
    INTERRUPTED = 130


@dataclass(frozen=True, slots=True)
class Problem:
    """What a person is told when a command stops."""

    sentence: str
    advice: str
    exit: Exit = Exit.FAILED


OUR_FAULT = Problem(
    N_("une faute de Coffre, pas de votre document"),
    N_("relancez avec --debug et transmettez ce qui s'affiche à l'exploitant"),
)
