"""Who may bring letters at once: one service that sends slowly, or not at all, stops no other."""

import asyncio
from contextlib import ExitStack

import httpx2
import pytest
from support.seal_api import SEALS, new_key
from support.seal_desk import PDF, Desk

from sealing.service.storeroom import MOST_ARRIVALS
from sealing.web import entrance
from sealing.web.entrance import GRACE, LEAST_RATE, PAUSE, Entrance, Pace, ShareTakenError

SHARE = Entrance().share


@pytest.fixture
def desk(tmp_path):
    return Desk(tmp_path)


def asking(desk, key, name):
    """Give a client and the headers of one letter."""
    http = httpx2.AsyncClient(transport=httpx2.ASGITransport(desk.app), base_url="http://site")
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/pdf"}
    return http, headers | {"Idempotency-Key": name}


async def seal(desk, key, name, body=PDF):
    """Bring one letter."""
    http, headers = asking(desk, key, name)
    async with http:
        return await http.post(SEALS, content=body, headers=headers)


def test_a_service_that_sends_slowly_has_its_share_and_stops_no_other(desk):
    keys = [new_key(desk.data, service=name).text for name in ("lente", "lente", "vive")]

    async def story():
        all_in, go_on = asyncio.Barrier(SHARE + 1), asyncio.Event()

        async def slowly():
            yield PDF[:100]
            await all_in.wait()
            await go_on.wait()
            yield PDF[100:]

        slow = [
            asyncio.create_task(seal(desk, keys[n % 2], f"slow-{n}", slowly()))
            for n in range(SHARE)
        ]
        await all_in.wait()
        refused = await seal(desk, keys[0], "one more")
        other = await seal(desk, keys[2], "at once")
        go_on.set()
        answers = [await each for each in slow]
        return refused, other, answers, await seal(desk, keys[0], "one more")

    refused, other, answers, later = asyncio.run(story())
    assert (refused.status_code, refused.json()["code"]) == (429, "api-key.busy")
    assert refused.json()["limit"] == SHARE
    assert refused.headers["retry-after"]
    assert other.status_code == 202
    assert {answer.status_code for answer in answers} == {202}
    assert later.status_code == 202
    assert list(desk.room.incoming.iterdir()) == []


def test_a_body_that_does_not_arrive_is_cut_off_and_its_place_is_free_again(desk, monkeypatch):
    monkeypatch.setattr(entrance, "GRACE", 0.0)

    async def story():
        never = asyncio.Event()

        async def nothing():
            await never.wait()
            yield b""

        key = desk.key.text
        cut = [await seal(desk, key, "slow", nothing()) for _ in range(SHARE + 1)]
        monkeypatch.setattr(entrance, "GRACE", GRACE)
        return cut, await seal(desk, key, "slow")

    cut, after = asyncio.run(story())
    assert {(each.status_code, each.json()["code"]) for each in cut} == {(408, "request.too-slow")}
    assert after.status_code == 202
    assert list(desk.room.incoming.iterdir()) == []


@pytest.mark.parametrize(
    ("came", "waited", "patience"),
    [
        (0, 0, PAUSE),
        (0, GRACE - 1, 1),
        (0, GRACE, 0),
        (LEAST_RATE * 100, GRACE + 99, 1),
        (LEAST_RATE * 100, GRACE + 101, -1),
        (20 << 20, 3600, PAUSE),
        (100, GRACE + 1, 100 / LEAST_RATE - 1),
    ],
)
def test_a_sender_has_a_minute_and_then_a_least_speed(came, waited, patience):
    assert Pace(came, waited).patience() == pytest.approx(patience)


@pytest.mark.parametrize(("places", "share"), [(64, 16), (8, 2), (4, 2), (2, 2)])
def test_a_share_is_a_quarter_and_two_at_least(places, share):
    many = Entrance(places)
    with ExitStack() as stack:
        for _ in range(share):
            stack.enter_context(many.place("one"))
        with pytest.raises(ShareTakenError) as caught, many.place("one"):
            pass
        assert caught.value.details == {"limit": share}
        with many.place("other"):
            pass
    with many.place("one"):
        pass


def test_no_service_holds_all_places():
    assert SHARE * 4 <= MOST_ARRIVALS
