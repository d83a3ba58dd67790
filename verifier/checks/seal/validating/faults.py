"""What pyHanko raises, by its cause: the reason that a person is told.

None of these proves that a document was altered: a file can be odd, cut or hostile without having
been sealed otherwise. So each is unsure; what proves alteration is a digest or a signature that
does not hold, and those are answers of pyHanko's, not exceptions.
"""

from typing import Final

ENCRYPTED: Final = "pdf-encrypted"
HYBRID: Final = "pdf-hybrid-xref"
MISSING: Final = "pdf-object-missing"
NESTED: Final = "pdf-nested-too-deep"
SWOLLEN: Final = "pdf-stream-too-large"
NO_CONTENTS: Final = "seal-contents-unreadable"
# By the class of an exception, or a part of what it says.
_BY_CLASS: Final = {"RecursionError": NESTED, "PdfDecodeLimitError": SWOLLEN}
_BY_WORDS: Final = {
    "hybrid-reference": HYBRID,
    "Circular reference": NESTED,
    "not found in the current": MISSING,
    "/Contents": NO_CONTENTS,
    "/ByteRange": NO_CONTENTS,
    "asn1crypto.cms": NO_CONTENTS,
    "Insufficient data": NO_CONTENTS,
    "signer certificate not included": NO_CONTENTS,
    "ncrypt": ENCRYPTED,
    "security handler": ENCRYPTED,
}
CAUSES: Final = frozenset({*_BY_CLASS.values(), *_BY_WORDS.values()})


def cause_of(error: BaseException) -> str:
    """Name the cause of an exception; its class where no cause is known.

    Raises it again where memory was used up: that is no answer about a file.
    """
    if isinstance(error, MemoryError):
        raise error
    by_class = _BY_CLASS.get(type(error).__name__)
    if by_class is not None:
        return by_class
    told = str(error)
    return next((one for words, one in _BY_WORDS.items() if words in told), type(error).__name__)
