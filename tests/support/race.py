"""Several acts at the same moment, each in a thread of its own."""

from collections.abc import Callable
from threading import Barrier, Thread

from storage.errors import CoffreError


def race(*acts: Callable[[], object]) -> list[object]:
    """Run acts at once; give what each returned, or the error of ours that it raised."""
    gate = Barrier(len(acts))
    found: list[object] = [None] * len(acts)

    def run(place: int, act: Callable[[], object]) -> None:
        gate.wait()
        try:
            found[place] = act()
        except CoffreError as error:
            found[place] = error

    threads = [Thread(target=run, args=pair) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found
