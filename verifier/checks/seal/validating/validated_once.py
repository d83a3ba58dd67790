"""pyHanko's answer on a seal, asked once for all the letters that share its template (`known`)."""

from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from verifier.check import Indication
from verifier.checks.seal.examined import Answer
from verifier.checks.seal.known import Known
from verifier.checks.seal.template import template_of
from verifier.checks.seal.validating.own_signature import verifier_of
from verifier.checks.seal.validating.pyhanko_words import (
    Moment,
    answer_of,
    certificate_of,
    validated,
)

_NAME: Final = "validated"


def validated_once(seal: Any, present: Moment, known: Known, now: datetime) -> Answer:  # noqa: ANN401 - pyHanko's
    """Validate a seal now, or recall what pyHanko said of its template.

    What is recalled holds for a seal whose digest is that of its bytes and whose signature
    verifies; anything else is asked of pyHanko, and whatever it raises goes through.
    """
    template = template_of(seal.pkcs7_content)
    if template is None:
        return answer_of(validated(seal, present))
    kept = known.recall(_NAME, template.key, now)
    if kept is not None:
        recalled: Answer = kept[0]
        if template.digest == seal.compute_digest() and kept[1](template):
            return recalled
    answer = replace(answer_of(validated(seal, present)), template=template.key)
    holds = verifier_of(seal.signer_info, certificate_of(seal.signer_cert))
    passed = answer.indication is Indication.TOTAL_PASSED and answer.intact and answer.valid
    if passed and holds is not None and holds(template):
        carried = [certificate_of(one) for one in (seal.signer_cert, *seal.other_embedded_certs)]
        known.keep((_NAME, template.key), (answer, holds), now, carried)
    return answer


def is_proved(known: Known, template: bytes, now: datetime) -> bool:
    """Tell whether signatures of a template were verified over their attributes as they stand."""
    return known.recall(_NAME, template, now) is not None
