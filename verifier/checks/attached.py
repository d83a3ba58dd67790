"""The letter's data that were attached to a sealed PDF, against its seal and its codes.

Rules kept here:

- attached data are compared only where a seal that holds names its letter: nobody else vouches for
  them;
- data that bear an identifier of ours bear that of the seal, or were made for another letter;
- a member that has the name of a code's value (its data identifier, its name in French or English)
  says the same: figures as numbers, days as days, texts as folded words;
- a JSON file that bears no identifier is somebody's own, and is not compared.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from typing import Final

from sealing.proofs.letter_data import LetterData, LetterDataError
from sealing.twoddoc.fields import fold
from verifier.check import Check, SubIndication
from verifier.checks.page.printed_forms import forms, words_of
from verifier.reading.found import AttachedFile
from verifier.verdict import CodeField, CodeVerdict, SealVerdict

_NAME: Final = "file.attached"
_SPACES: Final = re.compile(r"[\s\u00a0\u202f]")
_NUMBER: Final = re.compile(r"-?\d{1,16}(\.\d{1,4})?")
_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d")


def check_attached(
    files: Sequence[AttachedFile], seals: Sequence[SealVerdict], codes: Sequence[CodeVerdict]
) -> Iterator[Check]:
    """Compare the attached data with the letters that seals name and the proved values of codes."""
    sealed = {str(one.named.identifier) for one in seals if one.named is not None}
    fields = [field for code in codes for field in code.fields]
    sub = SubIndication.SIG_CONSTRAINTS_FAILURE
    for file in files if sealed else ():
        try:
            data = LetterData.parse(file.data)
        except LetterDataError:
            continue
        if data.document_id is None:
            continue
        if data.document_id not in sealed:
            told = {"data": data.document_id, "seal": " ".join(sorted(sealed))}
            yield Check.unsure(_NAME, "data-of-another-letter", sub, **told)
            continue
        differ = dict(contradictions(data, fields))
        if differ:
            yield Check.unsure(_NAME, "data-differ-from-code", sub, **differ)
        else:
            yield Check.passed(_NAME, "data-agree")


def contradictions(data: LetterData, fields: Sequence[CodeField]) -> Iterator[tuple[str, str]]:
    """Give each value that the data say otherwise, by its name: the code's word, then theirs."""
    members = {_folded(name): text for name, text in data.texts()}
    for field in fields:
        for name in filter(None, {field.di: 0, field.name: 0, field.name_en: 0}):
            told = members.get(_folded(name))
            if told is not None and not _same(field, told):
                yield name, f"{field.value or field.raw} / {told}"


def _folded(name: str) -> str:
    return fold(name, None).strip()


def _same(field: CodeField, text: str) -> bool:
    told, raw = words_of(text), _number(field.raw)
    if raw is not None and _number(text) == raw:
        return True
    if _DAY.fullmatch(field.value):
        days = forms(date.fromisoformat(field.value))
        return any(words_of(form) == told for form in days)
    return told in {words_of(field.raw), words_of(field.value)}


def _number(text: str) -> Decimal | None:
    bare = _SPACES.sub("", text).replace(",", ".")
    return Decimal(bare) if _NUMBER.fullmatch(bare) else None
