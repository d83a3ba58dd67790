"""How many cases a test tries: one knob, turned by the tier that runs.

`COFFRE_TIER` is `fast` (default), `full` (CI) or `slow`.
"""

import os

TIER = os.environ.get("COFFRE_TIER", "fast")


def cases(*, ci: int, slow: int, fast: int = 50) -> int:
    """Give the count of the running tier."""
    return {"fast": min(fast, ci), "full": ci, "slow": slow}[TIER]
