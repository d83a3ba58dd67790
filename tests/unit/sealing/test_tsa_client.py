"""Asking for time-stamps: patience, the spare, and how many at once."""

import hashlib
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest
from support.authorities import FakeAuthority, certomancer, holder, known
from support.sealers import NOW, town

from sealing.authorities.token import TokenError
from sealing.authorities.tsa import TRIES, HttpAuthority, NoTokenError, Terms, TsaClient
from storage.outgoing import (
    AddressRefusedError,
    AnswerRefusedError,
    AnswerTooLargeError,
    ServerBusyError,
    ServerTooSlowError,
)

DIGEST = hashlib.sha256(b"a seal").digest()
SLOW = ServerTooSlowError("got nothing", host="tsa.example", seconds=5)
BUSY = ServerBusyError("got 503", host="tsa.example", status=503)
GARBAGE = b"none"


def client(*plans, policy=None):
    authorities = [FakeAuthority(f"tsa-{place}", plan) for place, plan in enumerate(plans)]
    pauses: list[float] = []
    terms = Terms(known(), lambda: NOW, policy)
    return TsaClient(authorities, terms, pause=pauses.append), authorities, pauses


def test_an_authority_that_answers_is_asked_once():
    made, (tsa,), pauses = client([certomancer()])
    assert made.stamp(DIGEST, "sha256").time == NOW
    assert len(tsa.asked) == 1
    assert pauses == []


@pytest.mark.parametrize("failure", [SLOW, BUSY])
def test_a_failure_that_may_pass_is_met_with_pauses_that_grow(failure):
    made, (tsa,), pauses = client([failure, failure, certomancer()])
    assert made.stamp(DIGEST, "sha256").time == NOW
    assert len(tsa.asked) == TRIES
    first, second = pauses
    assert second == 2 * first > 0


def test_each_try_has_a_nonce_of_its_own():
    made, (tsa,), _ = client([BUSY, BUSY, certomancer()])
    made.stamp(DIGEST, "sha256")
    assert len(set(tsa.asked)) == TRIES


def test_the_spare_is_asked_when_the_first_is_away_and_stays_first_for_a_while():
    made, (first, spare), pauses = client([SLOW], [certomancer()])
    assert made.stamp(DIGEST, "sha256").time == NOW
    assert (len(first.asked), len(spare.asked)) == (TRIES, 1)
    for _ in range(5):
        made.stamp(DIGEST, "sha256")
    assert (len(first.asked), len(spare.asked)) == (TRIES, 6)
    assert len(pauses) == TRIES - 1


def test_an_answer_that_does_not_hold_is_not_asked_again_but_the_spare_is():
    made, (first, spare), _ = client([GARBAGE], [certomancer()])
    assert made.stamp(DIGEST, "sha256").time == NOW
    assert (len(first.asked), len(spare.asked)) == (1, 1)


def test_without_any_answer_there_is_no_token_and_one_may_try_again():
    made, authorities, _ = client([SLOW], [BUSY])
    with pytest.raises(NoTokenError) as caught:
        made.stamp(DIGEST, "sha256")
    assert caught.value.retryable
    assert [len(one.asked) for one in authorities] == [TRIES, TRIES]


def test_when_one_is_away_and_the_other_lies_trying_again_may_help():
    made, _, _ = client([GARBAGE], [SLOW])
    with pytest.raises(NoTokenError):
        made.stamp(DIGEST, "sha256")


def test_when_all_lie_the_reason_is_told():
    stranger = certomancer(holder())
    made, _, _ = client([GARBAGE], [stranger])
    with pytest.raises(TokenError) as caught:
        made.stamp(DIGEST, "sha256")
    assert not caught.value.retryable


@pytest.mark.parametrize(
    "answer",
    [
        b"<html>",
        b"\r\n<!DOCTYPE html>",
        b"",
        AnswerRefusedError("got 404", host="tsa.example", status=404),
        AnswerTooLargeError("got a page", host="tsa.example", limit=10),
    ],
)
def test_where_something_else_answers_the_authority_is_away(answer):
    made, _, _ = client([answer])
    with pytest.raises(NoTokenError) as caught:
        made.stamp(DIGEST, "sha256")
    assert caught.value.retryable
    made, _, _ = client([answer], [certomancer()])
    assert made.stamp(DIGEST, "sha256").time == NOW


def test_an_address_that_the_settings_do_not_allow_is_told_as_it_is():
    refused = AddressRefusedError("got 10.0.0.1", host="tsa.example")
    made, (tsa,), _ = client([refused])
    with pytest.raises(AddressRefusedError):
        made.stamp(DIGEST, "sha256")
    assert len(tsa.asked) == 1


def test_the_policy_of_the_settings_is_asked_and_wanted():
    made, _, _ = client([certomancer()], policy="1.3.6.1.4.1.4146.2.3")
    assert made.stamp(DIGEST, "sha256").time == NOW
    made, _, _ = client([certomancer()], policy="1.2.3")
    with pytest.raises(TokenError):
        made.stamp(DIGEST, "sha256")


def test_each_authority_that_answers_shows_its_certificate():
    other = holder(*[(one.value, one.critical) for one in town()[0].tsa.certificate.extensions])
    made, _, _ = client([certomancer()], [certomancer(other)], [SLOW])
    found = [token.chain[0] for token in made.of_each(DIGEST, "sha256")]
    assert found == [town()[0].tsa.certificate, other.certificate]


def test_with_none_that_answers_each_is_an_error():
    made, _, _ = client([SLOW], [SLOW])
    with pytest.raises(NoTokenError):
        made.of_each(DIGEST, "sha256")


@dataclass
class CountedLine:
    """A line that counts how many questions are on their way, and waits for as many."""

    counts: Counter[str]
    barrier: threading.Barrier
    lock: threading.Lock

    def ask(self, question: bytes, _kind: str) -> bytes:
        """Give the question back, once enough others are there too."""
        with self.lock:
            self.counts["now"] += 1
            self.counts["most"] = max(self.counts["most"], self.counts["now"])
        self.barrier.wait(20)
        with self.lock:
            self.counts["now"] -= 1
        return question


@pytest.mark.parametrize("limit", [1, 4])
def test_no_more_questions_are_in_flight_than_allowed(limit):
    counts: Counter[str] = Counter()
    line = CountedLine(counts, threading.Barrier(limit), threading.Lock())

    def opened():
        counts["lines"] += 1
        return line

    tsa = HttpAuthority("tsa", opened, limit)
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(tsa.answer, [bytes([n]) for n in range(8 * limit)]))
    assert answers == [bytes([n]) for n in range(8 * limit)]
    assert counts["most"] == limit
    assert counts["lines"] <= limit


def test_a_token_is_of_the_digest_that_was_asked_among_many_threads():
    made, _, _ = client([certomancer()])
    digests = [hashlib.sha256(bytes([n])).digest() for n in range(40)]
    with ThreadPoolExecutor(8) as pool:
        tokens = list(pool.map(lambda digest: made.stamp(digest, "sha256"), digests))
    for digest, token in zip(digests, tokens, strict=True):
        assert digest in token.der
    assert len({token.der for token in tokens}) == len(digests)
