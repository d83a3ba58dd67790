"""Measure fairly: ours, the physical limit and the peers, in turns, in one run.

Rules kept here:

- contestants take turns, round after round, after a warm-up that does not count; so a busy moment
  of the machine falls on all;
- a contestant's figure is the median of its rounds; the spread and the CPU time stand beside it;
- a figure is a ratio of one run: absolute numbers are of this machine on this day. Ratios below 1.3
  are read as equal on a shared machine;
- the physical limit is the work that no program can avoid, done by the fastest means at hand.
"""

import os
import platform
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

ROUNDS = 7
QUICK_ROUNDS = 1


class Work(NamedTuple):
    """What was done, in units, and in how many seconds: of who must prepare before it begins."""

    units: float
    seconds: float


@dataclass(frozen=True, slots=True)
class Contestant:
    """Somebody who does the work: `run` gives how much was done, in units."""

    name: str
    run: Callable[[], float | Work]


@dataclass(frozen=True, slots=True)
class Figure:
    """Units per second: the median of the rounds, their extremes, and the CPU's share of the time.

    `cpu` counts this process and its children; below 1 the contestant waited, or works elsewhere.
    """

    median: float
    low: float
    high: float
    cpu: float


@dataclass(frozen=True, slots=True)
class Bench:
    """One measured work. `limit` is None where no limit can be named.

    `counts`: for a work that may fail, what each contestant was given, did, and did wrongly.
    `absent`: peers that this environment does not have.
    """

    name: str
    unit: str
    ours: Figure
    limit: Figure | None
    peers: dict[str, Figure]
    rounds: int
    counts: dict[str, dict[str, int]] | None = None
    absent: tuple[str, ...] = ()

    def members(self) -> dict[str, Any]:
        """Give the members of the JSON object."""
        ratio = None if self.limit is None else round(self.ours.median / self.limit.median, 3)
        return {
            "name": self.name,
            "unit": self.unit,
            "ours": _rounded(self.ours),
            "limit": None if self.limit is None else _rounded(self.limit),
            "ratio_to_limit": ratio,
            "peers": {name: _rounded(figure) for name, figure in self.peers.items()},
            "ratio_to_peers": {
                name: round(self.ours.median / figure.median, 2)
                for name, figure in self.peers.items()
            },
            "rounds": self.rounds,
            "counts": self.counts,
            "absent": list(self.absent),
            "machine": machine(),
        }


def measure(
    name: str, unit: str, contestants: Sequence[Contestant], *, quick: bool = False
) -> Bench:
    """Let contestants take turns: the first is ours, the second the limit, the others peers."""
    rounds = QUICK_ROUNDS if quick else ROUNDS
    rates: dict[str, list[tuple[float, float]]] = {item.name: [] for item in contestants}
    for number in range(rounds + 1):
        for item in contestants:
            rate = _once(item)
            if number:
                rates[item.name].append(rate)
    figures = {item.name: _figure(rates[item.name]) for item in contestants}
    ours, limit, *peers = (item.name for item in contestants)
    return Bench(
        name, unit, figures[ours], figures[limit], {peer: figures[peer] for peer in peers}, rounds
    )


def machine() -> dict[str, Any]:
    """Give the facts of the machine that a reader needs."""
    return {
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 2),
        "python": platform.python_version(),
        "system": platform.platform(),
    }


def _once(item: Contestant) -> tuple[float, float]:
    cpu, start = _cpu(), time.perf_counter()
    done = item.run()
    seconds = time.perf_counter() - start
    share = (_cpu() - cpu) / seconds
    return (done.units / done.seconds if isinstance(done, Work) else done / seconds), share


def _cpu() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def _figure(rates: Sequence[tuple[float, float]]) -> Figure:
    speeds = [speed for speed, _ in rates]
    shares = [share for _, share in rates]
    median = statistics.median
    return Figure(median(speeds), min(speeds), max(speeds), median(shares))


def _rounded(figure: Figure) -> dict[str, float]:
    values = {"median": figure.median, "low": figure.low, "high": figure.high}
    return {name: float(f"{value:.4g}") for name, value in values.items()} | {
        "cpu": round(figure.cpu, 2)
    }
