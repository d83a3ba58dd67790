"""States of requests and grants: random walks against a model, and each forbidden step."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.budget import cases

from consent import states
from consent.states import (
    Answered,
    Cancelled,
    Collected,
    Declined,
    GrantExpiredError,
    GrantState,
    GrantUsedError,
    GrantWithdrawnError,
    IllegalTransitionError,
    Lapsed,
    Pushed,
    Ready,
    Receipted,
    Rejected,
    RequestClosedError,
    Withdrawn,
)

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
LATER = NOW + timedelta(hours=72)
GRANTS = [Ready(LATER), Collected(NOW), Receipted(NOW), Rejected(NOW), Withdrawn(), Lapsed()]


def test_a_grant_waits_72_hours_or_until_its_end():
    assert states.accept(NOW + timedelta(days=30), NOW) == Ready(LATER)
    assert states.accept(NOW + timedelta(hours=1), NOW) == Ready(NOW + timedelta(hours=1))
    with pytest.raises(GrantExpiredError):
        states.accept(NOW, NOW)


@pytest.mark.parametrize("state", GRANTS, ids=states.name_of)
def test_every_step_from_every_state(state):
    told = {
        Collected: GrantUsedError, Receipted: GrantUsedError, Rejected: GrantUsedError,
        Withdrawn: GrantWithdrawnError, Lapsed: GrantExpiredError,
    }  # fmt: skip
    expected = told.get(type(state))
    if expected is None:
        assert states.collect(state, NOW) == Collected(NOW)
        assert states.withdraw(state) == Withdrawn()
    else:
        with pytest.raises(expected):
            states.collect(state, NOW)
        with pytest.raises(IllegalTransitionError):
            states.withdraw(state)
    for accepted, after in ((True, Receipted(NOW)), (False, Rejected(NOW))):
        if isinstance(state, Collected):
            assert states.acknowledge(state, accepted=accepted) == after
        else:
            with pytest.raises(IllegalTransitionError):
                states.acknowledge(state, accepted=accepted)


def test_the_last_moment_of_a_grant_is_before_its_end():
    last = LATER - timedelta(seconds=1)
    assert states.collect(Ready(LATER), last) == Collected(last)
    with pytest.raises(GrantExpiredError):
        states.collect(Ready(LATER), LATER)
    assert states.lapse(Ready(LATER), LATER) == Lapsed()
    assert states.lapse(Ready(LATER), LATER - timedelta(seconds=1)) == Ready(LATER)
    assert states.lapse(Collected(NOW), LATER) == Collected(NOW)


REQUESTS = [Pushed(LATER), Answered(), Declined(LATER), Cancelled()]


@pytest.mark.parametrize("state", REQUESTS, ids=states.name_of)
@pytest.mark.parametrize("late", [False, True])
def test_every_step_of_a_request(state, late):
    now = LATER if late else NOW
    steps = {
        states.answer: (Pushed, Answered()),
        states.decline: (Pushed, Declined(LATER)),
        states.cancel: (Pushed | Declined, Cancelled()),
    }
    for step, (allowed, after) in steps.items():
        if isinstance(state, allowed) and not late:
            assert step(state, now) == after
        else:
            with pytest.raises(RequestClosedError):
                step(state, now)


EVENTS = st.sampled_from(["collect", "accepted", "rejected", "withdraw", "wait"])
MODEL = {
    ("ready", "collect"): "collected",
    ("ready", "withdraw"): "withdrawn",
    ("ready", "wait"): "lapsed",
    ("collected", "accepted"): "receipted",
    ("collected", "rejected"): "rejected",
}


@settings(max_examples=cases(ci=500, slow=10_000))
@given(st.lists(EVENTS, max_size=12))
def test_a_random_walk_follows_the_table_and_one_use_is_counted(events):
    state: GrantState = states.accept(LATER, NOW)
    now, model, uses = NOW, "ready", 0
    for event in events:
        try:
            match event:
                case "collect":
                    state = states.collect(state, now)
                    uses += 1
                case "accepted" | "rejected":
                    state = states.acknowledge(state, accepted=event == "accepted")
                case "withdraw":
                    state = states.withdraw(state)
                case _:
                    now = LATER
                    state = states.lapse(state, now)
        except IllegalTransitionError:
            assert (model, event) not in MODEL
        model = MODEL.get((model, event), model)
        assert states.name_of(state) == model
    assert uses <= 1
