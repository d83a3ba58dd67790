"""pyHanko behind a guard: it reads and validates the seals, and whatever it raises stays here.

Rules kept here:

- AdES basic validation (EN 319 102-1 clause 5.3) with the authorities and lists of the trust folder
  only: nothing is fetched, the operating system's roots are not asked;
- revocation information is required for every certificate below a root;
- an exception of pyHanko is never a pass and never a traceback: a PDF that it cannot read becomes
  `UnreadableSealsError`, a fault while validating becomes `Examined.fault`;
- a trust anchor is a root of the folder, or a certificate whose issuer the folder does not have.

Facts only: `pades.py` decides.
"""

import asyncio
import io
import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar, Final, cast

from asn1crypto import crl as asn1_crl
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.ades.report import AdESStatus
from pyhanko.sign.diff_analysis import DiffResult, ModificationLevel
from pyhanko.sign.validation.ades import AdESBasicValidationResult, ades_basic_validation
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
from pyhanko_certvalidator.revinfo.archival import CRLContainer

from verifier.check import Indication
from verifier.errors import VerifierError
from verifier.trust.trust_list import TrustList, signer_among
from verifier.verdict import Coverage

# It logs the names of certificates with tracebacks; what we have to say stands in the checks.
for _name in ("pyhanko", "pyhanko_certvalidator"):
    logging.getLogger(_name).addHandler(logging.NullHandler())
    logging.getLogger(_name).propagate = False


class UnreadableSealsError(VerifierError):
    """The structure of the PDF cannot be followed to its seals."""

    code: ClassVar[str] = "verifier.seals-unreadable"


class Modification(StrEnum):
    """What was changed after the sealed revision, at worst."""

    NONE = "none"
    VALIDATION_DATA = "validation-data"
    FORM = "form"
    ANNOTATIONS = "annotations"
    OTHER = "other"


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


@dataclass(frozen=True, slots=True)
class Examined:
    """What pyHanko found of one signature. Nothing here is a verdict.

    `fault` names the class of an exception while validating; then the rest may be empty.
    `indication` and `sub_indication` are pyHanko's own answer; `gap` is the span of the file that
    the signature leaves out, `contents` the bytes of the CMS with its padding.
    """

    field: str
    fault: str | None = None
    indication: Indication | None = None
    sub_indication: str | None = None
    intact: bool = False
    valid: bool = False
    coverage: Coverage = Coverage.UNCLEAR
    modification: Modification = Modification.OTHER
    only_signatures_added: bool = False
    sub_filter: str = ""
    signing_time: datetime | None = None
    signer: x509.Certificate | None = None
    carried: tuple[x509.Certificate, ...] = ()
    gap: tuple[int, int] = (0, 0)
    contents: bytes = b""


@dataclass(frozen=True, slots=True)
class ExaminedFile:
    """Every seal of a file, and how many signatures there are with document time-stamps."""

    seals: tuple[Examined, ...]
    signatures: int


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
    return ExaminedFile(
        tuple(_examine(seal, specification, now) for seal in found), len(signatures)
    )


def _examine(seal: EmbeddedPdfSignature, spec: SignatureValidationSpec, now: datetime) -> Examined:
    name = "?"
    try:
        name = str(seal.field_name)
        seal.compute_integrity_info()
        result = asyncio.run(_validate(seal, spec, now))
        return _facts(name, seal, result)
    except Exception as error:  # noqa: BLE001 - the guard: never a pass, never a traceback
        return Examined(name, fault=type(error).__name__)


async def _validate(
    seal: EmbeddedPdfSignature, spec: SignatureValidationSpec, now: datetime
) -> AdESBasicValidationResult[Any]:
    return await ades_basic_validation(
        seal.signed_data,
        spec,
        timing_info=ValidationTimingInfo(now, now, point_in_time_validation=False),
        raw_digest=seal.compute_digest(),
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
    _, length, second, _ = (int(value) for value in seal.byte_range)
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
