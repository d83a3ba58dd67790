"""Coroutines that wait for nothing, run without a descriptor."""

import asyncio
from pathlib import Path

import pytest

from verifier.checks.seal.validating.no_wait import finished


async def answer():
    await asyncio.sleep(0)
    done = await asyncio.gather(asyncio.sleep(0, "a"), asyncio.sleep(0, "b"))
    return [*done, *[await one for one in asyncio.as_completed([asyncio.sleep(0, "c")])]]


async def fail():
    raise KeyError("mine")


async def wait():
    await asyncio.get_running_loop().create_future()


def test_a_coroutine_is_run_to_its_end():
    before = len(list(Path("/proc/self/fd").iterdir()))
    assert finished(answer()) == ["a", "b", "c"]
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_what_it_raises_goes_through():
    with pytest.raises(KeyError, match="mine"):
        finished(fail())


def test_one_that_waits_is_a_fault_and_never_a_hang():
    with pytest.raises(RuntimeError, match="waits"):
        finished(wait())
