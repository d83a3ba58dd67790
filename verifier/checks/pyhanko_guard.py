"""pyHanko behind a guard: it reads and validates the seals, and whatever it raises stays here.

Rules kept here:

- AdES basic validation (EN 319 102-1 clause 5.3) with the authorities and lists of the trust folder
  only: nothing is fetched, the operating system's roots are not asked;
- revocation information is required for every certificate below a root;
- the proofs that a file carries (DSS) count for `Examined.proved_later` alone, and nothing else
  does for it: seal and time-stamps are validated again, at the hour of the first time-stamp;
- an exception of pyHanko is never a pass and never a traceback: a PDF that it cannot read becomes
  `UnreadableSealsError`, a fault while validating becomes `Examined.fault`;
- a trust anchor is a root of the folder, or a certificate whose issuer the folder does not have.

Facts only: `pades.py` decides.
"""

import asyncio
import hashlib
import io
import logging
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any, Final, cast

from asn1crypto import cms
from asn1crypto import crl as asn1_crl
from asn1crypto import x509 as asn1_x509
from asn1crypto.ocsp import OCSPResponse
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.pdf_utils.decode_limits import DecodePurpose
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.ades.report import AdESStatus
from pyhanko.sign.diff_analysis import DiffResult, ModificationLevel
from pyhanko.sign.general import extract_certificate_info
from pyhanko.sign.validation.ades import (
    AdESBasicValidationResult,
    ades_basic_validation,
    ades_timestamp_validation,
)
from pyhanko.sign.validation.dss import DocumentSecurityStore
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature
from pyhanko.sign.validation.policy_decl import (
    LocalKnowledge,
    RevinfoOnlineFetchingRule,
    RevocationInfoGatheringSpec,
    SignatureValidationSpec,
)
from pyhanko.sign.validation.settings import KeyUsageConstraints
from pyhanko.sign.validation.status import SignatureCoverageLevel
from pyhanko_certvalidator.context import CertValidationPolicySpec
from pyhanko_certvalidator.ltv.types import ValidationTimingInfo
from pyhanko_certvalidator.policy_decl import (
    REQUIRE_REVINFO,
    CertRevTrustPolicy,
)
from pyhanko_certvalidator.registry import SimpleTrustManager
from pyhanko_certvalidator.revinfo.archival import CRLContainer, OCSPContainer

from sealing.proofs.document_id import SIGNATURE_ENTRY
from verifier.check import Indication
from verifier.checks.announced import STAMP
from verifier.checks.examined import (
    Examined,
    ExaminedFile,
    Modification,
    Stamp,
    UnreadableSealsError,
)
from verifier.trust.trust_list import TrustList, signer_among
from verifier.verdict import Coverage

# It logs the names of certificates with tracebacks; what we have to say stands in the checks.
for _name in ("pyhanko", "pyhanko_certvalidator"):
    logging.getLogger(_name).addHandler(logging.NullHandler())
    logging.getLogger(_name).propagate = False


Imprint = Callable[[str], bytes]

# Certificates, answers and lists of one file that are looked at, each.
_STORE_LIMIT: Final = 64
_STAMPS_LIMIT: Final = 8
_INDICATIONS: Final = {
    AdESStatus.PASSED: Indication.TOTAL_PASSED,
    AdESStatus.INDETERMINATE: Indication.INDETERMINATE,
    AdESStatus.FAILED: Indication.TOTAL_FAILED,
}
_MODIFICATIONS: Final = {
    ModificationLevel.NONE: Modification.NONE,
    ModificationLevel.LTA_UPDATES: Modification.VALIDATION_DATA,
    ModificationLevel.FORM_FILLING: Modification.FORM,
    ModificationLevel.ANNOTATIONS: Modification.ANNOTATIONS,
    ModificationLevel.OTHER: Modification.OTHER,
}
_COVERAGES: Final = {
    SignatureCoverageLevel.ENTIRE_FILE: Coverage.WHOLE_DOCUMENT,
    SignatureCoverageLevel.ENTIRE_REVISION: Coverage.EARLIER_REVISION,
}


def examine(pdf: bytes, trust: TrustList, now: datetime) -> ExaminedFile:
    """Examine every signature of a PDF; time-stamps of the whole document are only counted.

    Raises UnreadableSealsError.
    """
    try:
        reader = PdfFileReader(io.BytesIO(pdf))
        signatures = reader.embedded_signatures
        # By exclusion: a seal whose `/Type` was changed is still a seal, a broken one.
        found = [item for item in signatures if item.sig_object_type != "/DocTimeStamp"]
    except Exception as error:  # the guard: pyHanko lets out whatever a hostile file provokes
        raise UnreadableSealsError(f"got {type(error).__name__}") from error
    specification = _specification(trust)
    seals = tuple(_examine(seal, specification, now) for seal in found)
    return ExaminedFile(seals, len(signatures))


def _examine(seal: EmbeddedPdfSignature, spec: SignatureValidationSpec, now: datetime) -> Examined:
    name = "?"
    try:
        name = str(seal.field_name)
        seal.compute_integrity_info()
        timing = ValidationTimingInfo(now, now, point_in_time_validation=False)
        facts, tokens = _facts(name, seal, _validate(seal, spec, timing)), _tokens(seal)
    except Exception as error:  # noqa: BLE001 - the guard: never a pass, never a traceback
        return Examined(name, fault=type(error).__name__)
    stamps = tuple(_stamp(token, _over(seal), spec, timing) for token in tokens)
    return replace(facts, stamps=stamps, proved_later=_proved_later(seal, spec, stamps))


def _validate(
    seal: EmbeddedPdfSignature, spec: SignatureValidationSpec, timing: ValidationTimingInfo
) -> AdESBasicValidationResult[Any]:
    digest = seal.compute_digest()
    validation = ades_basic_validation(
        seal.signed_data, spec, timing_info=timing, raw_digest=digest
    )
    return asyncio.run(validation)


def _tokens(seal: EmbeddedPdfSignature) -> list[bytes]:
    """Give the time-stamp tokens over a seal (DER), whatever they are; raise ValueError."""
    rows = seal.signer_info["unsigned_attrs"]
    found = [
        value.dump()
        for row in (rows if isinstance(rows, cms.CMSAttributes) else ())
        if row["type"].dotted == STAMP
        for value in row["values"]
    ]
    if len(found) > _STAMPS_LIMIT:
        raise ValueError(f"{len(found)} time-stamps")
    return found


def examine_stamp(token: bytes, imprint: Imprint, trust: TrustList, now: datetime) -> Stamp:
    """Examine a time-stamp over something else than a seal."""
    timing = ValidationTimingInfo(now, now, point_in_time_validation=False)
    return _stamp(token, imprint, _specification(trust), timing)


def _over(seal: EmbeddedPdfSignature) -> Imprint:
    """Say by what digest a time-stamp would name a seal; asked behind the guard."""
    return lambda name: hashlib.new(name, seal.signer_info["signature"].native).digest()


def _stamp(
    token: bytes, imprint: Imprint, spec: SignatureValidationSpec, timing: ValidationTimingInfo
) -> Stamp:
    """Validate a time-stamp; `imprint` gives what it must be about, by an algorithm's name."""
    try:
        signed = cms.ContentInfo.load(token)["content"]
        validation = ades_timestamp_validation(signed, spec, imprint, timing_info=timing)
        result = asyncio.run(validation)
        status, found = result.api_status, extract_certificate_info(signed)
        return Stamp(
            indication=_INDICATIONS[result.ades_subindic.status],
            intact=bool(status and status.intact),
            valid=bool(status and status.valid),
            time=signed["encap_content_info"]["content"].parsed["gen_time"].native,
            signer=_certificate(found.signer_cert),
            carried=tuple(_certificate(item) for item in found.other_certs),
            contents=token,
        )
    except Exception as error:  # noqa: BLE001 - the guard: never a pass, never a traceback
        return Stamp(fault=type(error).__name__)


def _proved_later(
    seal: EmbeddedPdfSignature, spec: SignatureValidationSpec, stamps: tuple[Stamp, ...]
) -> bool:
    """Tell whether seal and time-stamps hold, when first stamped, by what the file carries."""
    hours = [stamp.time for stamp in stamps if stamp.time is not None]
    if not hours or len(hours) < len(stamps):
        return False
    first = min(hours)
    timing = ValidationTimingInfo(first, first, point_in_time_validation=True)
    try:
        own = replace(spec, local_knowledge=_embedded(seal.reader))
        again = [_stamp(stamp.contents, _over(seal), own, timing) for stamp in stamps]
        result = _validate(seal, own, timing)
    except Exception:  # noqa: BLE001 - the guard: no proof, never a traceback
        return False
    passed = _INDICATIONS[result.ades_subindic.status] is Indication.TOTAL_PASSED
    return passed and all(stamp.indication is Indication.TOTAL_PASSED for stamp in again)


def _embedded(reader: PdfFileReader) -> LocalKnowledge:
    """Give what the file carries to be proved (DSS); one that is out of measure is not read."""
    arrays = reader.root["/DSS"] if "/DSS" in reader.root else {}  # noqa: SIM401 - by reference
    if not arrays or any(len(arrays[name]) > _STORE_LIMIT for name in arrays):
        return LocalKnowledge()
    store = DocumentSecurityStore.read_dss(reader)
    answers = [item.get_object().read_data(DecodePurpose.OCSP_RESPONSE) for item in store.ocsps]
    lists = [item.get_object().read_data(DecodePurpose.CRL) for item in store.crls]
    return LocalKnowledge(
        known_ocsps=[
            container
            for answer in answers
            for container in OCSPContainer.load_multi(OCSPResponse.load(answer))
        ],
        known_crls=[CRLContainer(asn1_crl.CertificateList.load(item)) for item in lists],
        known_certs=list(store.load_certs()),
    )


def _facts(
    name: str, seal: EmbeddedPdfSignature, result: AdESBasicValidationResult[Any]
) -> Examined:
    # Its attributes are declared as None and filled later.
    diff, status = cast("object", seal.diff_result), result.api_status
    level, alone = ModificationLevel.OTHER, False
    if isinstance(diff, DiffResult):
        level = diff.modification_level
        alone = diff.changed_form_fields <= {
            str(item.field_name) for item in seal.reader.embedded_signatures
        }
    coverage = _COVERAGES.get(cast("Any", seal.coverage), Coverage.UNCLEAR)
    if coverage is Coverage.WHOLE_DOCUMENT:
        level = ModificationLevel.NONE
    _, length, second, behind = (int(value) for value in seal.byte_range)
    return Examined(
        field=name,
        indication=_INDICATIONS[result.ades_subindic.status],
        sub_indication=result.ades_subindic.standard_name,
        intact=bool(status and status.intact),
        valid=bool(status and status.valid),
        coverage=coverage,
        modification=_MODIFICATIONS[level],
        only_signatures_added=alone,
        sub_filter=str(seal.sig_object.get("/SubFilter", "")),
        signing_time=seal.self_reported_timestamp,
        signer=_certificate(seal.signer_cert),
        carried=tuple(_certificate(item) for item in seal.other_embedded_certs),
        gap=(length, second),
        contents=seal.pkcs7_content,
        behind=behind,
        document_id=str(seal.sig_object.get(SIGNATURE_ENTRY, "")),
    )


def _specification(trust: TrustList) -> SignatureValidationSpec:
    """Put a trust list into pyHanko's words."""
    anchors = [item for item in trust.authorities if _is_anchor(item, trust.authorities)]
    lists = [
        CRLContainer(asn1_crl.CertificateList.load(item.public_bytes(Encoding.DER)))
        for item in trust.crls
    ]
    return SignatureValidationSpec(
        cert_validation_policy=CertValidationPolicySpec(
            trust_manager=SimpleTrustManager.build(trust_roots=list(_asn1(anchors))),
            revinfo_policy=CertRevTrustPolicy(REQUIRE_REVINFO),
        ),
        revinfo_gathering_policy=RevocationInfoGatheringSpec(
            online_fetching_rule=RevinfoOnlineFetchingRule.LOCAL_ONLY
        ),
        local_knowledge=LocalKnowledge(
            known_crls=lists, known_certs=list(_asn1(trust.authorities))
        ),
        # A seal carries one or both; which one is the issuer's habit, not a fault.
        key_usage_settings=KeyUsageConstraints(
            key_usage={"digital_signature", "non_repudiation"}, match_all_key_usages=False
        ),
    )


def _is_anchor(certificate: x509.Certificate, folder: tuple[x509.Certificate, ...]) -> bool:
    issuer = signer_among(folder, certificate)
    return issuer is None or issuer == certificate


def _asn1(certificates: Iterable[x509.Certificate]) -> Iterable[asn1_x509.Certificate]:
    for item in certificates:
        yield asn1_x509.Certificate.load(item.public_bytes(Encoding.DER))


def _certificate(item: asn1_x509.Certificate) -> x509.Certificate:
    return x509.load_der_x509_certificate(item.dump())
