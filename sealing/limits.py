"""What a letter may weigh: one measure for who seals and who verifies."""

from typing import Final

MAX_LETTER: Final = 100 << 20
# With its seal, what proves it later and the stamps of many years behind it. Whoever verifies reads
# as much: nothing leaves the town that it would not judge.
MAX_SEALED: Final = MAX_LETTER + (8 << 20)
