"""What happened to each trust list, told: names, ages, one line a step."""

from collections import defaultdict
from typing import Any

from cli.output import Output
from cli.problems.table import problem_of
from storage.language import N_
from verifier.reports.lists import LIST_NAMES
from verifier.trust.refresh import Step


def tell_step(output: Output, step: Step) -> None:
    """Say one step."""
    name = " ".join(part for part in (output.tr(LIST_NAMES[step.name]), step.authority) if part)
    if step.error is None:
        output.say(f"  ✓ {name} : {step.count}")
        return
    problem = problem_of(step.error)
    details = defaultdict(lambda: "?", step.error.details)
    sentence = output.tr(problem.sentence).format_map(details)
    output.say(f"  ✗ {name} : {sentence}")


def step_row(step: Step) -> dict[str, Any]:
    """Give one step as a row of the answer in JSON."""
    return {
        "name": str(step.name),
        "authority": step.authority or None,
        "state": "kept" if step.error else "renewed",
        "count": step.count,
        "left_aside": step.left_aside,
        "code": step.error.code if step.error else None,
    }


def aged(days: int, output: Output) -> str:
    """Say how old something is."""
    words = {0: N_("aujourd'hui"), 1: N_("hier")}.get(days, N_("il y a {days} jours"))
    return output.tr(words).format(days=days)
