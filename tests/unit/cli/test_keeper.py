"""The keeper of the processes that seal: what dies is begun again, what stands still is ended."""

import asyncio
import io
import json
import sys
from pathlib import Path

import pytest

from cli.keeper import Child
from cli.observe import Log

_WORDS = "import sys; say = lambda text: print(text, flush=True)\n"
STUCK = "say('{\"ready\": true}'); say('{\"hand\": true}'); sys.stdin.read()"
EMPTY = (
    "say('{\"ready\": true}'); say('{\"hand\": true}'); say('{\"hand\": false}'); sys.stdin.read()"
)


def child(folder: Path, program: str, log: Path | None = None) -> tuple[Child, io.StringIO]:
    told = io.StringIO()
    words = (sys.executable, "-c", _WORDS + program)
    made = Child("letters", (), log or folder / "log", Log(told), program=words, patience=0.2)
    return made, told


def events(told: io.StringIO) -> list[str]:
    return [json.loads(line)["event"] for line in told.getvalue().splitlines()]


async def kept(one: Child, told: io.StringIO, count: int) -> list[str]:
    """Keep a child until its log tells so many events, or five seconds have passed."""
    one._wanted.set()
    task = asyncio.create_task(one.keep())
    for _ in range(100):
        await asyncio.sleep(0.05)
        if len(events(told)) >= count or task.done():
            break
    assert not task.done()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    if one.pid is not None:
        await one.end()
    return events(told)[:count]


def test_a_child_that_keeps_a_letter_in_hand_is_ended_and_begun_again(tmp_path):
    one, told = child(tmp_path, STUCK)
    found = asyncio.run(kept(one, told, 4))
    assert found == ["office.ready", "office.stuck", "office.ended", "office.ready"]


def test_a_child_with_nothing_in_hand_is_left_alone(tmp_path):
    one, told = child(tmp_path, EMPTY)

    async def watched() -> None:
        one.want()
        task = asyncio.create_task(one.keep())
        await asyncio.sleep(2.5)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await one.end()

    asyncio.run(watched())
    assert events(told) == ["office.ready"]


def test_a_log_that_cannot_be_opened_does_not_end_the_keeper(tmp_path):
    one, told = child(tmp_path, STUCK, tmp_path / "nowhere" / "log")
    assert asyncio.run(kept(one, told, 2)) == ["office.ended", "office.ended"]


@pytest.mark.parametrize("failures", [1_024, 100_000])
def test_however_often_a_child_failed_it_is_tried_again(tmp_path, failures):
    one, told = child(tmp_path, "sys.exit(1)")
    one._failures = failures
    assert asyncio.run(kept(one, told, 1)) == ["office.ended"]
