"""What cannot be read as a 2D-Doc: false, damaged on the road, not whole, or not known to us.

Rules kept here (`verifier/DESIGN.md`, line 1 of the 2D-Doc's procedure):

- what breaks the format is FORMAT_FAILURE; what the road explains asks for another scan;
- a version of later is not held against the document;
- a code of several symbols that is not whole asks for its other symbols, each by its number; parts
  that contradict each other may be those of two documents scanned together: nobody is accused;
- a code made of bytes (version 01, binary form) does not survive as characters: where such a text
  fails, forged and mangled look alike, and only the symbol can tell.
"""

from typing import Final

from sealing.twoddoc.binary import MARK
from sealing.twoddoc.header import DamagedInTransportError, TwoDDocError, UnknownFormError
from sealing.twoddoc.parts import PartMissingError, PartsError
from verifier.check import Check, SubIndication

MADE_OF_BYTES: Final = (b"DC01", MARK, b"\xee")
"""How a code that does not survive as characters begins."""


def check_malformed(problem: TwoDDocError, *, mangled: bool) -> Check:
    """Say what stops the reading; `mangled`: bytes that came as characters."""
    reason = str(problem.reason)
    where = {} if problem.offset is None else {"offset": problem.offset}
    match problem:
        case UnknownFormError():
            sub = SubIndication.POLICY_PROCESSING_ERROR
            return Check.unsure("twoddoc.structure", reason, sub, form=problem.details["form"])
        case PartMissingError():
            sub = SubIndication.SIGNED_DATA_NOT_FOUND
            told = {"parts": problem.details["missing"], "count": problem.count}
            return Check.unsure("twoddoc.structure", "set-incomplete", sub, **told)
        case PartsError():
            sub = SubIndication.FORMAT_FAILURE
            return Check.unsure("twoddoc.structure", "set-mismatch", sub)
    if mangled or isinstance(problem, DamagedInTransportError):
        sub = SubIndication.SIGNED_DATA_NOT_FOUND
        return Check.unsure("twoddoc.structure", reason, sub, **where)
    named = {"di": problem.di} if problem.di else {}
    sub = SubIndication.FORMAT_FAILURE
    return Check.failed("twoddoc.structure", reason, sub, **named, **where)
