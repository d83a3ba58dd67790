"""Work that is done step by step, so that several letters can be at the same step.

A letter alone goes through steps that have nothing in common: each drives from the processor's
caches what the one before had brought there. With 25 letters at each step in turn, a step finds its
code and tables at hand for all but the first.

Rules kept here: letters do not wait for each other's faults; each has its outcome, in order.
"""

from collections.abc import Callable, Generator, Sequence
from typing import TypeAlias, TypeVar

from storage.errors import CoffreError

T = TypeVar("T")

Steps: TypeAlias = Generator[None, None, T]


def together(
    works: Sequence[Steps[T]], at: Callable[[int], None] = lambda _: None
) -> list[T | CoffreError]:
    """Do works, all of them at one step before any is at the next; give what each came to.

    `at` is told which work is in hand. Whatever is no CoffreError goes through.
    """
    outcomes: dict[int, T | CoffreError] = {}
    ahead = dict(enumerate(works))
    while ahead:
        for number in list(ahead):
            at(number)
            try:
                next(ahead[number])
            except StopIteration as done:
                outcomes[number] = done.value
            except CoffreError as error:
                outcomes[number] = error
        ahead = {number: work for number, work in ahead.items() if number not in outcomes}
    return [outcomes[number] for number in range(len(works))]
