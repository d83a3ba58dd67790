"""What a code says, against the table of its type: which oddities change the verdict.

Rules kept here (`verifier/DESIGN.md`, line 11 of the 2D-Doc's procedure):

- a field given twice, an unknown field, type or perimeter always weigh: nobody can say what was
  meant;
- mandatory, forbidden and issue date weigh for version 04 of a type whose table is proved;
- every other oddity is a notice.
"""

from typing import Final

from sealing.twoddoc.catalogue import doc_type
from sealing.twoddoc.fields import Finding, FindingCode
from sealing.twoddoc.message import ParsedMessage
from verifier.check import Check, SubIndication

_ALWAYS_DECISIVE: Final = frozenset(
    {
        FindingCode.DUPLICATE_DI,
        FindingCode.UNKNOWN_DI,
        FindingCode.UNKNOWN_TYPE,
        FindingCode.UNKNOWN_PERIMETER,
    }
)
_DECISIVE_WHEN_STRICT: Final = frozenset(
    {
        FindingCode.MISSING_MANDATORY,
        FindingCode.FORBIDDEN_DI,
        FindingCode.ISSUE_DATE_MISSING,
        FindingCode.ISSUE_DATE_FORBIDDEN,
    }
)
_STRICT_VERSION: Final = 4


def check_content(parsed: ParsedMessage) -> Check:
    """Say whether the content is what the type of the document foresees."""
    decisive = [str(finding) for finding in parsed.findings if _weighs(parsed, finding)]
    if decisive:
        sub = SubIndication.SIG_CONSTRAINTS_FAILURE
        told = " ".join(decisive)
        return Check.unsure("twoddoc.content", "content-against-type", sub, findings=told)
    return Check.passed("twoddoc.content", "content-conforms")


def _weighs(parsed: ParsedMessage, finding: Finding) -> bool:
    """Tell whether a finding changes the verdict; only proved tables may weigh."""
    if finding.code in _ALWAYS_DECISIVE:
        return True
    entry = doc_type(parsed.header.doc_type, parsed.header.perimeter)
    strict = entry is not None and entry.reading_strict
    return (
        strict
        and parsed.header.version == _STRICT_VERSION
        and finding.code in _DECISIVE_WHEN_STRICT
    )
