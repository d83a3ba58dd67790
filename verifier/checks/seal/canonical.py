"""Whether a CMS is written in its one form (DER): a changed frame would go unseen.

asn1crypto writes it again, part by part, which takes its time. So two are taken out first:

- what is unsigned: seconds where another CMS lies inside; a time-stamp is asked by itself;
- the certificates, where each is one that `cryptography` reads, which takes DER alone, and its
  frames are in order, the set of them too. Whose they are, and that nobody changed them, is asked
  elsewhere (`check_carried`, the chain). Any other stays in.
"""

import warnings
from collections.abc import Iterator, Sequence
from typing import Final

from asn1crypto import cms
from asn1crypto.core import Asn1Value
from cryptography import x509

from sealing.der import CONTEXT_0, CONTEXT_1, SEQUENCE, SET, Value, der, one, values

# What asn1crypto lets out on bytes that are not what they say: met by the sweep of one-bit changes.
BROKEN_CMS: Final = (
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    OverflowError,
    RecursionError,
)
_OUTER: Final = ("version", "digest_algorithms", "encap_content_info", "certificates", "crls")
_INNER: Final = ("version", "sid", "digest_algorithm", "signature_algorithm", "signature")
_CONSTRUCTED: Final = 0x20
_DEPTH: Final = 32
_BIT_STRING: Final = 0x03


def is_canonical(content_info: bytes, *, proved: bool = False) -> bool:
    """Tell whether a CMS is written as DER has it; of what is unsigned, the frames alone.

    `proved`: its signature was verified over the signed attributes as they stand, byte for byte;
    of them the frames are looked at too.
    """
    try:
        bare = _bare(content_info)
        signed = cms.ContentInfo.load(bare, strict=True)["content"]
        parts = _parts(signed, proved=proved)
        return all(part.dump() == part.dump(force=True) for part in parts)
    except BROKEN_CMS:
        return False


def _parts(signed: cms.SignedData, *, proved: bool) -> Iterator[Asn1Value]:
    """Give the parts of a CMS whose frames `_bare` has looked at.

    One by one: at each level, asn1crypto writes twice what is inside.
    """
    for name in _OUTER:
        yield signed[name]
    for info in signed["signer_infos"]:
        for name in _INNER:
            yield info[name]
        if not proved:
            yield from info["signed_attrs"]


def _bare(content_info: bytes) -> bytes:
    """Write a CMS without what is unsigned, and without certificates that are in order."""
    kind, wrapped = values(one(content_info).of(SEQUENCE).content)
    signed = one(wrapped.of(CONTEXT_0).content).of(SEQUENCE)
    *before, signers = values(signed.content)
    infos: list[bytes] = []
    for info in values(signers.of(SET).content):
        parts = values(info.of(SEQUENCE).content)
        for row in (row for part in parts if part.tag == CONTEXT_1 for row in values(part.content)):
            _, content = values(row.of(SEQUENCE).content)
            one(content.of(SET).content)
        if not all(_is_sorted(values(part.content)) for part in parts if part.tag == CONTEXT_0):
            raise ValueError("got signed attributes out of order")
        infos.append(der(SEQUENCE, *(part.encoded for part in parts if part.tag != CONTEXT_1)))
    if infos != sorted(infos):
        raise ValueError("got signers out of order")
    kept = [part.encoded for part in before if part.tag != CONTEXT_0 or not _in_order(part)]
    return der(SEQUENCE, kind.encoded, der(CONTEXT_0, der(SEQUENCE, *kept, der(SET, *infos))))


def _in_order(certificates: Value) -> bool:
    """Tell whether a set of certificates is written as DER has it, as far as we can tell."""
    try:
        found = values(certificates.content)
        if not found or not _is_sorted(found):
            return False
        return all(_is_certificate(one_of) for one_of in found)
    except ValueError:
        return False


def _is_certificate(value: Value) -> bool:
    if value.tag != SEQUENCE or not _is_framed(value, _DEPTH):
        return False
    # All but its last two parts is signed: one is asked to be the same inside by whoever follows
    # the chain, the other is whole octets, and says how many bits of the last do not count.
    *_, signature = values(value.content)
    if signature.tag != _BIT_STRING or signature.content[:1] != b"\0":
        return False
    with warnings.catch_warnings():
        # A name above the 64 characters of X.520 is a name.
        warnings.simplefilter("ignore", UserWarning)
        x509.load_der_x509_certificate(value.encoded)
    return True


def _is_sorted(found: Sequence[Value]) -> bool:
    encoded = [one_of.encoded for one_of in found]
    return encoded == sorted(encoded)


def _is_framed(value: Value, depth: int) -> bool:
    """Look at the frames of a value and of all in it; raise ValueError."""
    if not value.tag & _CONSTRUCTED:
        return True
    inside = values(value.content)
    if not depth or (value.tag == SET and not _is_sorted(inside)):
        return False
    return all(_is_framed(one_of, depth - 1) for one_of in inside)
