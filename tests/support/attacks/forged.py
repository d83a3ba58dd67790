"""Universal forgeries: a seal that says nothing, or nothing that could be checked.

After Mladenov et al. (CCS 2019): USF. Entries of the dictionary and parts of the CMS are missing,
null, empty, zero, twice there, or of another kind.
"""

from collections.abc import Callable, Iterator
from functools import partial

from asn1crypto import cms, core
from support.attacks.attack import (
    ALTERED,
    CHANGED,
    CONTENTS,
    LACKING,
    MALFORMED,
    NO_SIGNER,
    NOT_ESTABLISHED,
    OUT_OF_REACH,
    RANGES,
    SIGNATURE,
    UNREADABLE,
    Answer,
    Attack,
    unsure,
)
from support.attacks.material import CONTENT, FALSE, Sealed, sealed, text
from support.attacks.revisions import revised
from support.attacks.signing import Cms, asn1, cms_of, reference, row, signed_by, signed_file
from support.sealers import town

from cli.demo.pki import Holder

FAMILY = "forged"
_TYPE, _FILTER = b"/Type/Sig", b"/Filter/Adobe.PPKLite"
_SUB = b"/SubFilter/ETSI.CAdES.detached"
_ALL = _TYPE + _FILTER + _SUB


def _entries(made: Sealed) -> Iterator[tuple[str, bytes, Answer]]:
    """Write the dictionary again, without or with other entries."""
    start, end = made.gap
    held = made.pdf[start:end]
    own = made.dictionary
    place = own.index(b"/ByteRange[")
    ranges = own[place : own.index(b"]", place) + 1]
    whole = b"<<%b/Contents %b%b>>"
    yield "no contents", b"<<%b%b>>" % (_ALL, ranges), CONTENTS
    for name, contents in {
        "contents null": b"null",
        "contents empty": b"<>",
        "contents of one zero": b"<00>",
        "contents zero": b"<%b>" % (b"0" * (len(held) - 2)),
        "contents an empty sequence": b"<3000>",
        "contents a number": b"0",
        "contents a name": b"/A",
        "contents a list": b"[<00>]",
        "contents text": b"(signed)",
        "contents nowhere": b"999 0 R",
    }.items():
        yield name, whole % (_ALL, contents, ranges), CONTENTS
    for name, told in {
        "range null": b"/ByteRange null",
        "range empty": b"/ByteRange[]",
        "range of one pair": b"/ByteRange[0 9]",
        "range of texts": b"/ByteRange[(a)(b)(c)(d)]",
        "range of fractions": b"/ByteRange[0.5 9.5 10.5 11.5]",
        "range negative": b"/ByteRange[0 -9 -9 -9]",
        "range a number": b"/ByteRange 0",
    }.items():
        yield name, whole % (_ALL, held, told), RANGES
    yield "no range", whole % (_ALL, held, b""), CONTENTS
    yield "range of zeros", whole % (_ALL, held, b"/ByteRange[0 0 0 0]"), ALTERED
    yield "no type", whole % (_FILTER + _SUB, held, ranges), CHANGED
    stamp = _ALL.replace(b"Sig", b"DocTimeStamp")
    yield "type of an archive stamp", whole % (stamp, held, ranges), OUT_OF_REACH
    yield "no filter", whole % (_TYPE + _SUB, held, ranges), CHANGED
    yield "no sub-filter", whole % (_TYPE + _FILTER, held, ranges), OUT_OF_REACH
    yield "another sub-filter", whole % (_ALL.replace(b"ETSI", b"ESTI"), held, ranges), OUT_OF_REACH
    twice = _ALL + b"/SubFilter/adbe.pkcs7.sha1"
    yield "two sub-filters", whole % (twice, held, ranges), UNREADABLE
    yield "dictionary empty", b"<<>>", OUT_OF_REACH
    yield "dictionary null", b"null", UNREADABLE
    yield "dictionary a list", b"[]", UNREADABLE


def _fields(made: Sealed) -> Iterator[tuple[str, bytes, Answer]]:
    """Change the field that leads to the dictionary."""
    own = made.body(made.field)
    value = b"/V %d 0 R" % made.seal
    assert value in own
    yield "field without value", own.replace(value, b""), OUT_OF_REACH
    yield "field with a null value", own.replace(value, b"/V null"), OUT_OF_REACH
    yield "field of text", own.replace(b"/FT/Sig", b"/FT/Tx"), OUT_OF_REACH
    yield "field of no type", own.replace(b"/FT/Sig", b""), OUT_OF_REACH
    yield "field of another name", own.replace(b"(Cachet)", b"(Autre)"), CHANGED


def _written() -> Iterator[tuple[str, bytes, Answer]]:
    """Seal a letter of one's own, with nothing in the seal."""
    for name, (content, answer) in {
        "nothing": (b"", CONTENTS),
        "zero": (b"\0" * 100, CONTENTS),
        "empty sequence": (b"\x30\x00", CONTENTS),
        "text": (b"TOTAL-PASSED", CONTENTS),
        "half a CMS": (cms_of(b"x", _own())[:300], UNREADABLE),
        "plain data": (_plain_data(), UNREADABLE),
        "a bare signature": (b"\x04\x40" + bytes(64), CONTENTS),
    }.items():
        yield f"contents that are {name}", signed_file(partial(_always, content)), answer


def _plain_data() -> bytes:
    return bytes(cms.ContentInfo({"content_type": "data", "content": b"x"}).dump())


def _always(content: bytes, _: bytes) -> bytes:
    return content


def _own() -> Holder:
    return town()[0].seals["seal-p256"]


Change = Callable[[cms.SignedData], None]


def _no_signers(content: cms.SignedData) -> None:
    content["signer_infos"] = cms.SignerInfos([])


def _two_signers(content: cms.SignedData) -> None:
    first = content["signer_infos"][0]
    content["signer_infos"] = cms.SignerInfos([first, first.copy()])


def _no_certificates(content: cms.SignedData) -> None:
    del content["certificates"]


def _enveloping(content: cms.SignedData) -> None:
    content["encap_content_info"]["content"] = core.OctetString(b"x")


def _other_digest(content: cms.SignedData) -> None:
    content["signer_infos"][0]["digest_algorithm"] = {"algorithm": "sha512"}


def _other_version(content: cms.SignedData) -> None:
    content["version"] = "v3"


def _no_digests(content: cms.SignedData) -> None:
    content["digest_algorithms"] = cms.DigestAlgorithms([])


def _bit_of_signature(content: cms.SignedData) -> None:
    info = content["signer_infos"][0]
    value = bytearray(info["signature"].native)
    value[-1] ^= 1
    info["signature"] = bytes(value)


def _empty_signature(content: cms.SignedData) -> None:
    content["signer_infos"][0]["signature"] = b""


def _zero_signature(content: cms.SignedData) -> None:
    """Sign by r = s = 0, which careless verifiers took for true (CVE-2022-21449)."""
    content["signer_infos"][0]["signature"] = bytes.fromhex("3006020100020100")


def _without(kind: str) -> Cms:
    return Cms(attributes=lambda rows: [one for one in rows if one["type"].native != kind])


def _with(*rows: cms.CMSAttribute) -> Cms:
    return Cms(attributes=lambda own: [*own, *rows])


def _contents() -> Iterator[tuple[str, Cms, Answer]]:
    """Write a CMS that lacks something, or says it twice; the town's own key signs it."""
    other = bytes(32)
    yield "no signer", Cms(changed=_no_signers), UNREADABLE
    yield "two signers", Cms(changed=_two_signers), UNREADABLE
    yield "no certificate", Cms(own=False, carried=()), NO_SIGNER
    yield "the signer's certificate missing", Cms(own=False), NO_SIGNER
    yield "no field of certificates", Cms(changed=_no_certificates), NO_SIGNER
    yield "no signed attributes", Cms(attributes=None), LACKING
    yield "no digest", _without("message_digest"), NOT_ESTABLISHED
    yield "no content type", _without("content_type"), MALFORMED
    yield "no signing certificate named", _without("signing_certificate_v2"), LACKING
    yield "two digests", _with(row("message_digest", other)), NOT_ESTABLISHED
    yield (
        "two digests, the true one last",
        Cms(attributes=lambda own: [own[0], row("message_digest", other), *own[1:]]),
        NOT_ESTABLISHED,
    )
    both = Cms(
        attributes=lambda own: [
            own[0],
            row("message_digest", other, own[1]["values"][0].native),
            own[2],
        ]
    )
    yield "a digest of two values", both, NOT_ESTABLISHED
    yield (
        "another digest",
        Cms(attributes=lambda own: [own[0], row("message_digest", other), own[2]]),
        ALTERED,
    )
    yield "no signed attribute at all", Cms(attributes=lambda _: []), MALFORMED
    stranger = reference(asn1(town()[0].tsa.certificate))
    yield (
        "another signing certificate named",
        Cms(attributes=lambda own: [*own[:2], stranger]),
        NO_SIGNER,
    )
    yield "two signing certificates named", _with(stranger), NO_SIGNER
    yield "content inside", Cms(changed=_enveloping), MALFORMED
    yield "another digest algorithm", Cms(changed=_other_digest), ALTERED
    yield "another version", Cms(changed=_other_version), unsure("versions-disagree")
    yield "no digest announced", Cms(changed=_no_digests), unsure("digests-disagree")
    yield "one bit of the signature", Cms(changed=_bit_of_signature), SIGNATURE
    yield "signature empty", Cms(changed=_empty_signature), SIGNATURE
    yield "signature of zeros", Cms(changed=_zero_signature), SIGNATURE
    yield "signed by another key", Cms(signed_by=town()[0].tsa), SIGNATURE


def attacks() -> Iterator[Attack]:
    """Make every forgery."""
    for style in ("table", "stream"):
        made = sealed(style)
        for name, body, answer in _entries(made):
            pdf = revised(made.pdf, {made.seal: body, CONTENT: text("Attestation", FALSE)}, style)
            yield Attack(f"{name} ({style})", FAMILY, pdf, answer)
    for name, body, answer in _fields(sealed()):
        pdf = revised(sealed().pdf, {sealed().field: body}, "table")
        yield Attack(name, FAMILY, pdf, answer)
    for name, pdf, answer in _written():
        yield Attack(name, FAMILY, pdf, answer)
    for name, how, answer in _contents():
        yield Attack(name, FAMILY, signed_by(None, how), answer)
    for range_name, numbers in {"zero": b"0 0 0 0", "one": b"0 1 0 1"}.items():
        pdf = sealed().pdf
        place = pdf.index(b"/ByteRange[", sealed().gap[1])
        room = pdf.index(b"/M(", place) - place
        told = (b"/ByteRange[%b]" % numbers).ljust(room)
        changed = pdf[:place] + told + pdf[place + room :]
        yield Attack(f"range of {range_name} in place", FAMILY, changed, ALTERED)
