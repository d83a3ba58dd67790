"""What a server reports is told to the person by the sentence of that very error."""

from cli.problems.problem import Exit
from cli.problems.table import PROBLEMS, problem_of
from vault.client import http
from vault.client.http import RefusedError


def test_every_reason_that_a_server_may_report_has_a_sentence():
    assert http._REPORTED - set(PROBLEMS) == set()


def test_a_refusal_speaks_by_its_reason_and_by_itself_without_one():
    ended = RefusedError(401, "session.ended", {})
    assert problem_of(ended).exit is Exit.LOCKED
    assert problem_of(RefusedError(500, None, {})) is PROBLEMS["server.refused"]
