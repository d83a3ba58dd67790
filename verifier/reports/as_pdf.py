"""The report of one check, on one page, for the file of the démarche.

Rules kept here:

- the same words as on the screen (`sentences`), then what an expert asks for: the name of each
  check, its indication and sub-indication (EN 319 102-1);
- what is not proved is told as such, what was not checked is listed, TEST is said in large letters;
- it names the file by its digest and says the hour of the check, and the moment that was judged
  where it is another;
- one page: long values and long lists are cut by the template, which says how many lines are
  missing; the whole is in the answer of `coffre verify --json`.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC
from itertools import islice
from typing import Any, Final

from storage.language import N_
from verifier.check import Check, Conclusion, Indication
from verifier.reports.advice import advice_on, colour_of
from verifier.reports.lists import LIST_NAMES
from verifier.reports.received import Received
from verifier.reports.sentences import (
    existence,
    explanation,
    headline,
    not_checked,
    reason_of,
)
from verifier.reports.three_lines import CODE_TITLES, answer_of, three_lines
from verifier.reports.typeset import typeset
from verifier.reports.words import Maker, Words, capital, cut, moment_of, size_of
from verifier.trust.trust_list import ListName
from verifier.verdict import CodeVerdict, Difference, PrintedText, Verdict

# Beyond these nothing would be read on paper; the template cuts further, by the room that is left.
_MOST_ROWS: Final = 60
_MOST_CODES: Final = 4


def report_pdf(verdict: Verdict, received: Received, maker: Maker, words: Words) -> bytes:
    """Make the report of a verdict; raise NotTypesetError.

    The same verdict, file, hour and version give the same bytes.
    """
    return typeset("report", _data(verdict, received, maker, words), received.at)


def _data(verdict: Verdict, received: Received, maker: Maker, words: Words) -> dict[str, Any]:
    """Give what the template shows."""
    colour, tr = colour_of(verdict), words.tr
    conclusion = verdict.conclusion
    passed = conclusion is None or conclusion.indication is Indication.TOTAL_PASSED
    checks = list(_all_checks(verdict))
    return {
        "lang": words.lang,
        "title": words.say(N_("Rapport de vérification")),
        "maker": " · ".join(filter(None, (maker.town, f"Coffre {maker.version}"))),
        "test": _test(verdict, words),
        "colour": colour,
        "headline": words.own(headline(verdict, tr)),
        "why": "" if passed else words.own(capital(explanation(verdict, tr))) + ".",
        "judged": _judged(verdict, received, words),
        "advice": words.say(advice_on(verdict)),
        "indication": "" if conclusion is None else _indication(conclusion),
        "facts": _facts(verdict, received, words),
        "lines": _lines(verdict, words),
        "codes": _codes(verdict, words),
        "differences": _differences(verdict, words),
        "troubles": _troubles(checks, words),
        "passed": _passed(checks, words),
        "lists": _lists(verdict, words),
        "unchecked": {
            "title": words.say(N_("Ce qui n'a pas été vérifié")),
            "rows": [words.own(capital(line)) for line in not_checked(verdict, tr)],
        },
        "more": words.say(N_("et {count} de plus, dans la réponse de coffre verify --json")),
        "foot": words.say(
            N_("Ce rapport ne vaut qu'avec le fichier dont il donne l'empreinte, à l'heure dite.")
        ),
        "page": words.say(N_("page {number} sur {count}")),
    }


def _judged(verdict: Verdict, received: Received, words: Words) -> str:
    """Say that the answer is for another moment than that of the check."""
    if verdict.at == received.at:
        return ""
    told = N_("Réponse pour le {moment}, et non pour le jour de la vérification.")
    return words.say(told, moment=moment_of(verdict.at, words))


def _test(verdict: Verdict, words: Words) -> list[str]:
    if not verdict.test:
        return []
    told = N_("Les listes de confiance sont des listes d'essai : ce rapport ne prouve rien.")
    return [words.say(N_("ESSAI")), words.say(told)]


def _facts(verdict: Verdict, received: Received, words: Words) -> list[list[str]]:
    tr = words.tr
    facts = [
        [words.say(N_("Fichier")), cut(received.name), "name"],
        [words.say(N_("Empreinte SHA-256")), received.sha256, "mono"],
        [words.say(N_("Taille")), size_of(received.size, words), ""],
        [words.say(N_("Vérifié le")), moment_of(received.at, words), ""],
    ]
    if verdict.at != received.at:
        facts.append([words.say(N_("Jugé pour le")), moment_of(verdict.at, words), "strong"])
    if verdict.evidence is not None:
        told = words.own(existence(verdict.evidence, tr))
        facts.append([words.say(N_("Preuve d'existence")), told, ""])
    return facts


def _lines(verdict: Verdict, words: Words) -> list[dict[str, Any]]:
    return [
        {
            "name": words.own(line.name),
            "answer": str(line.answer),
            "told": [words.own(capital(cut(told))) for told in line.told],
        }
        for line in three_lines(verdict, words.tr)
    ]


def _codes(verdict: Verdict, words: Words) -> dict[str, Any]:
    """Give the signed fields of each code that proved some."""
    told = [code for code in verdict.codes if any(field.value for field in code.fields)]
    return {
        "rows": [_code(code, words) for code in told[:_MOST_CODES]],
        "total": len(told),
        "more": words.say(N_("et {count} autres codes, dans la réponse de coffre verify --json")),
    }


def _code(code: CodeVerdict, words: Words) -> dict[str, Any]:
    kind = words.say(CODE_TITLES[code.kind])
    what = code.doc_type_name or code.doc_type
    title = words.say(N_("Données signées ({kind})"), kind=f"{kind}, {what}" if what else kind)
    rows = [
        [cut(field.name_en if words.lang == "en" and field.name_en else field.name), cut(value)]
        for field in code.fields
        if (value := field.value)
    ]
    return {"title": title, "rows": rows[:_MOST_ROWS], "total": len(rows)}


def _differences(verdict: Verdict, words: Words) -> dict[str, Any]:
    rows = [
        _difference(one, words)
        for code in verdict.codes
        for one in code.printed_text.differences
        if _weighs(code.printed_text)
    ]
    return {
        "title": words.say(N_("Différences entre le code et ce que le document imprime")),
        "head": [
            words.say(N_("Donnée")),
            words.say(N_("Scellé")),
            words.say(N_("Imprimé")),
        ],
        "rows": rows[:_MOST_ROWS],
        "total": len(rows),
    }


def _weighs(printed: PrintedText) -> bool:
    return printed.check is not None and not printed.check.has_passed


def _difference(one: Difference, words: Words) -> list[str]:
    quoted = words.say("« {value} »")
    printed = words.say(N_("introuvable sur le document"))
    if one.printed is not None:
        printed = quoted.format(value=cut(one.printed))
    return [cut(one.name), quoted.format(value=cut(one.signed)), printed]


def _all_checks(verdict: Verdict) -> Iterator[Check]:
    """Give every check, in the order of the JSON answer."""
    yield from verdict.checks
    for seal in verdict.seals:
        yield from seal.checks
    for code in verdict.codes:
        yield from code.checks
        if code.printed_text.check is not None:
            yield code.printed_text.check
    if verdict.evidence is not None:
        yield from verdict.evidence.checks


def _troubles(checks: list[Check], words: Words) -> dict[str, Any]:
    rows = _counted(
        (
            str(answer_of(_conclusion(one))),
            capital(cut(_reason(one, words))),
            one.id,
            _indication(one),
        )
        for one in sorted(checks, key=lambda one: -one.indication.severity)
        if not one.has_passed
    )
    return {
        "title": words.say(N_("Contrôles qui n'ont pas abouti")),
        "head": [
            words.say(N_("Constat")),
            words.say(N_("Contrôle")),
            words.say(N_("Indication (EN 319 102-1)")),
        ],
        "rows": [[row[0], words.own(row[1]), *row[2:]] for row in rows[:_MOST_ROWS]],
        "total": len(rows),
    }


def _reason(check: Check, words: Words) -> str:
    """Give the reason, with the values that attached data say otherwise."""
    told = reason_of(check, words.tr)
    if check.reason == "data-differ-from-code":
        told += f" ({'; '.join(f'{name}: {value}' for name, value in check.details.items())})"
    return told


def _passed(checks: list[Check], words: Words) -> dict[str, Any]:
    rows = _counted(
        ("", capital(cut(reason_of(one, words.tr))), one.id) for one in checks if one.has_passed
    )
    return {
        "title": words.say(N_("Contrôles passés (TOTAL-PASSED)")),
        "rows": [[words.own(row[1]), row[2]] for row in rows[:_MOST_ROWS]],
        "total": len(rows),
    }


def _counted(rows: Iterable[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Tell equal rows once, with how often they were met."""
    counts = Counter(rows)
    return [
        row if count == 1 else (row[0], f"{row[1]} (×{count})", *row[2:])
        for row, count in counts.items()
    ]


def _conclusion(check: Check) -> Conclusion:
    return Conclusion(check.indication, check.sub_indication, check.reason)


def _lists(verdict: Verdict, words: Words) -> dict[str, Any]:
    rows = [
        words.say(
            N_("{name} du {day} (âge : {days} j)"),
            name=capital(words.say(LIST_NAMES[ListName(one.name)])),
            day=f"{one.issued.astimezone(UTC):%d/%m/%Y}",
            days=one.age_days,
        )
        for one in islice(verdict.trust.lists, _MOST_ROWS)
    ]
    none = words.say(N_("aucune"))
    return {"title": words.say(N_("Listes de confiance utilisées")), "rows": rows or [none]}


def _indication(one: Check | Conclusion) -> str:
    """Give the words of EN 319 102-1."""
    return " / ".join(filter(None, (one.indication, one.sub_indication)))
