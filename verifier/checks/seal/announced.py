"""What a CMS announces and carries beside what it signs: no signature covers these bytes.

pyHanko calls valid a CMS whose words beside the signed ones were changed. Each check here is asked
of a seal and of the time-stamps over it alike; `name` says which (`seal`, `time-stamp`).
"""

import re
from collections.abc import Callable
from typing import Final

from asn1crypto import cms, tsp
from cryptography import x509

from verifier.check import Check, SubIndication
from verifier.checks.seal.canonical import BROKEN_CMS, is_canonical
from verifier.trust.trust_list import TrustList, signer_among

STAMP: Final = tsp.CMSAttributeType("signature_time_stamp_token").dotted
_NEEDED: Final = {"content_type", "message_digest"}
_NAMING: Final = {"signing_certificate", "signing_certificate_v2"}


def leaves_out_itself(pdf: bytes, gap: tuple[int, int], contents: bytes) -> bool:
    """Tell whether what a signature leaves out of the file is its own CMS, in hexadecimal."""
    written = pdf[slice(*gap)]
    try:
        held = bytes.fromhex(written[1:-1].decode("ascii"))
    except ValueError:
        return False
    return written[:1] == b"<" and written[-1:] == b">" and held == contents


def check_gap(
    name: str,
    pdf: bytes,
    gap: tuple[int, int],
    contents: bytes,
    canonical: Callable[[bytes], bool] = is_canonical,
) -> Check:
    """Look at the bytes that no signature covers: the CMS in hexadecimal, and its padding."""
    name, sub = f"{name}.contents", SubIndication.SIG_CONSTRAINTS_FAILURE
    written = pdf[slice(*gap)]
    digits = written[1:-1]
    if written[:1] != b"<" or written[-1:] != b">" or re.search(rb"[^0-9A-Fa-f]", digits):
        return Check.unsure(name, "contents-not-hexadecimal", sub)
    if re.search(rb"[a-f]", digits) and re.search(rb"[A-F]", digits):
        return Check.unsure(name, "contents-mixed-case", sub)
    try:
        encoded = cms.ContentInfo.load(contents).dump()
    except BROKEN_CMS:
        return Check.unsure(name, "contents-not-cms", sub)
    if any(contents[len(encoded) :]):
        return Check.unsure(name, "contents-padding-not-zero", sub)
    if not canonical(encoded):
        return Check.unsure(name, "contents-not-canonical", sub)
    return Check.passed(name, "contents-canonical")


def check_written(name: str, contents: bytes) -> Check:
    """Ask that a CMS is written in its one form: a changed frame would go unseen."""
    named, sub = f"{name}.contents", SubIndication.SIG_CONSTRAINTS_FAILURE
    if not is_canonical(contents):
        return Check.unsure(named, "contents-not-canonical", sub)
    return Check.passed(named, "contents-canonical")


def check_announced(name: str, contents: bytes, signer: x509.Certificate | None) -> Check:
    """Compare what a CMS announces with what it holds."""
    named, sub = f"{name}.announced", SubIndication.SIG_CONSTRAINTS_FAILURE
    try:
        signed = cms.ContentInfo.load(contents)["content"]
        announced = [item.dump() for item in signed["digest_algorithms"]]
        [info] = signed["signer_infos"]
        own = "v1" if info["sid"].name == "issuer_and_serial_number" else "v3"
        plain = signed["encap_content_info"]["content_type"].native == "data"
        # RFC 5652 sections 5.1 and 5.3, for plain certificates.
        versions = {"version": own if plain else "v3", "signer": own}
        told = {"version": signed["version"].native, "signer": info["version"].native}
        exactly = _names_exactly(info["sid"], signer)
        others = {row["type"].dotted for row in info["unsigned_attrs"]} - {STAMP}
        algorithm = info["digest_algorithm"].dump()
        kinds = {row["type"].native for row in info["signed_attrs"]}
    except BROKEN_CMS:
        return Check.unsure(named, "contents-not-cms", sub)
    faults = {
        "signer-named-otherwise": not exactly,
        # EN 319 142-1 section 6.3, RFC 3161 section 2.4.2. Without them, what signs the attributes
        # of one document would sign another, made of their bytes, or for another certificate.
        "signed-attributes-missing": not (kinds >= _NEEDED and kinds & _NAMING),
        "digests-disagree": announced != [algorithm],
        "versions-disagree": told != versions,
        # EN 319 142-1 section 6.3 knows no other beside the time-stamp.
        "unsigned-attribute-foreign": bool(others),
    }
    for reason in (reason for reason, found in faults.items() if found):
        return Check.unsure(named, reason, sub)
    return Check.passed(named, "announced-as-held")


def _names_exactly(sid: cms.SignerIdentifier, signer: x509.Certificate | None) -> bool:
    """Compare the name of the signer byte for byte; validators fold case and spaces (RFC 5280)."""
    if signer is None:
        return False
    if sid.name != "issuer_and_serial_number":
        # A key identifier is matched as bytes already.
        return True
    same = bool(sid.chosen["issuer"].dump() == signer.issuer.public_bytes())
    return same and int(sid.chosen["serial_number"].native) == signer.serial_number


def check_carried(
    name: str,
    carried: tuple[x509.Certificate, ...],
    trust: TrustList,
    chain: list[x509.Certificate],
) -> Check:
    """Ask where each carried certificate comes from: a changed copy would go unseen."""
    for certificate in carried:
        if certificate in trust.authorities or certificate in chain:
            continue
        if signer_among((*trust.authorities, *chain), certificate) is None:
            sub = SubIndication.SIG_CONSTRAINTS_FAILURE
            return Check.unsure(f"{name}.certificates", "foreign-certificate-carried", sub)
    return Check.passed(f"{name}.certificates", "certificates-belong-together")
