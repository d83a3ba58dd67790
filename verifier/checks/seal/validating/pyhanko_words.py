"""Our values in pyHanko's words, and back: trust lists, moments, proofs, certificates, stamps.

Rules kept here:

- a trust anchor is a root of the folder, or a certificate whose issuer the folder does not have;
- nothing is fetched, and revocation is required for every certificate below a root;
- the proofs of a file are those of one of its revisions, within limits: one that is out of measure
  is not read.

A stamp that pyHanko fails on is a `Stamp` with a fault; what it raises elsewhere goes through, to
the guard (`pyhanko_guard`).
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, Self, TypeAlias, cast

from asn1crypto import cms
from asn1crypto import crl as asn1_crl
from asn1crypto import x509 as asn1_x509
from asn1crypto.ocsp import OCSPResponse
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.pdf_utils.decode_limits import DecodePurpose
from pyhanko.pdf_utils.reader import HistoricalResolver
from pyhanko.pdf_utils.rw_common import PdfHandler
from pyhanko.sign.ades.report import AdESStatus
from pyhanko.sign.diff_analysis import (
    DEFAULT_DIFF_POLICY,
    CatalogModificationRule,
    DiffResult,
    DocInfoRule,
    DSSCompareRule,
    MetadataUpdateRule,
    ModificationLevel,
    ObjectStreamRule,
    StandardDiffPolicy,
    XrefStreamRule,
)
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
from pyhanko.sign.validation.utils import CMSAlgorithmUsagePolicy
from pyhanko_certvalidator.context import CertValidationPolicySpec
from pyhanko_certvalidator.ltv.types import ValidationTimingInfo
from pyhanko_certvalidator.policy_decl import (
    REQUIRE_REVINFO,
    CertRevTrustPolicy,
    DisallowWeakAlgorithmsPolicy,
)
from pyhanko_certvalidator.registry import SimpleTrustManager
from pyhanko_certvalidator.revinfo.archival import CRLContainer, OCSPContainer

from verifier.check import Indication
from verifier.checks.seal.examined import Answer, Modification, Stamp
from verifier.checks.seal.later.beside import beside
from verifier.checks.seal.later.fields import Dictionary, reference_of
from verifier.checks.seal.later.words import Description
from verifier.checks.seal.validating.faults import cause_of
from verifier.checks.seal.validating.no_wait import finished
from verifier.trust.trust_list import TrustList, signer_among
from verifier.verdict import Coverage

# Certificates, answers and lists of one file that are looked at, each.
_STORE_LIMIT: Final = 64
# ETSI TS 119 312: digests of 256 bits and more; pyHanko itself leaves SHA-224.
_WEAK: Final = frozenset({"md2", "md5", "sha1", "sha224"})
_ALGORITHMS: Final = DisallowWeakAlgorithmsPolicy(_WEAK)  # type: ignore[no-untyped-call]
INDICATIONS: Final = {
    AdESStatus.PASSED: Indication.TOTAL_PASSED,
    AdESStatus.INDETERMINATE: Indication.INDETERMINATE,
    AdESStatus.FAILED: Indication.TOTAL_FAILED,
}
# pyHanko's own rules, but for its look at XMP: it calls a file changed whose XMP it cannot parse,
# though nobody touched it. We compare XMP ourselves.
POLICY: Final = StandardDiffPolicy(
    [
        CatalogModificationRule(),
        *(
            rule.as_qualified(ModificationLevel.LTA_UPDATES)
            for rule in (
                DocInfoRule(),
                XrefStreamRule(),
                ObjectStreamRule(),
                DSSCompareRule(),
                MetadataUpdateRule(check_xml_syntax=False),
            )
        ),
    ],
    DEFAULT_DIFF_POLICY.form_rule,
)
_MODIFICATIONS: Final = {
    ModificationLevel.NONE: Modification.NONE,
    ModificationLevel.LTA_UPDATES: Modification.VALIDATION_DATA,
    ModificationLevel.FORM_FILLING: Modification.FORM,
    ModificationLevel.ANNOTATIONS: Modification.ANNOTATIONS,
    ModificationLevel.OTHER: Modification.OTHER,
}
# What may pass, if what we find ourselves agrees.
_HARMLESS: Final = {Modification.NONE, Modification.VALIDATION_DATA, Modification.FORM}
_COVERAGES: Final = {
    SignatureCoverageLevel.ENTIRE_FILE: Coverage.WHOLE_DOCUMENT,
    SignatureCoverageLevel.ENTIRE_REVISION: Coverage.EARLIER_REVISION,
}
# What must have been stamped, by an algorithm's name.
Imprint: TypeAlias = Callable[[str], bytes]


@dataclass(frozen=True, slots=True)
class Moment:
    """When something is judged, and by what: roots, lists, proofs."""

    spec: SignatureValidationSpec
    timing: ValidationTimingInfo

    @classmethod
    def present(cls, spec: SignatureValidationSpec, now: datetime) -> Self:
        """Judge now."""
        return cls(spec, ValidationTimingInfo(now, now, point_in_time_validation=False))

    @classmethod
    def past(cls, spec: SignatureValidationSpec, at: datetime, revision: PdfHandler) -> Self:
        """Judge as one would have at an hour, by the proofs of a revision and nothing else."""
        own = replace(spec, local_knowledge=embedded(revision))
        return cls(own, ValidationTimingInfo(at, at, point_in_time_validation=True))

    def at(self, hour: datetime) -> Self:
        """Judge at another hour of the past, by the same proofs."""
        return replace(self, timing=ValidationTimingInfo(hour, hour, point_in_time_validation=True))


def validated(seal: EmbeddedPdfSignature, moment: Moment) -> AdESBasicValidationResult[Any]:
    """Validate a seal at a moment; whatever pyHanko raises goes through."""
    digest = seal.compute_digest()
    validation = ades_basic_validation(
        seal.signed_data, moment.spec, timing_info=moment.timing, raw_digest=digest
    )
    return finished(validation)


def answer_of(result: AdESBasicValidationResult[Any]) -> Answer:
    """Give pyHanko's result in our values."""
    status, told = result.api_status, result.ades_subindic
    return Answer(
        INDICATIONS[told.status],
        told.standard_name,
        intact=bool(status and status.intact),
        valid=bool(status and status.valid),
    )


def stamp_of(token: bytes, imprint: Imprint, moment: Moment) -> Stamp:
    """Validate a time-stamp; `imprint` gives what it must be about, by an algorithm's name."""
    try:
        signed = cms.ContentInfo.load(token)["content"]
        validation = ades_timestamp_validation(
            signed, moment.spec, imprint, timing_info=moment.timing
        )
        result = finished(validation)
        status, found = result.api_status, extract_certificate_info(signed)
        return Stamp(
            indication=INDICATIONS[result.ades_subindic.status],
            intact=bool(status and status.intact),
            valid=bool(status and status.valid),
            time=signed["encap_content_info"]["content"].parsed["gen_time"].native,
            signer=certificate_of(found.signer_cert),
            carried=tuple(certificate_of(item) for item in found.other_certs),
            contents=cms.ContentInfo.load(token).dump(),
        )
    except Exception as error:  # noqa: BLE001 - the guard: never a pass, never a traceback
        return Stamp(fault=cause_of(error))


def specification(trust: TrustList) -> SignatureValidationSpec:
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
            algorithm_usage_policy=_ALGORITHMS,
        ),
        signature_algorithm_policy=CMSAlgorithmUsagePolicy.lift_policy(_ALGORITHMS),
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


def certificate_of(item: asn1_x509.Certificate) -> x509.Certificate:
    """Give a certificate in our library's form; raise ValueError."""
    return x509.load_der_x509_certificate(item.dump())


def embedded(reader: PdfHandler) -> LocalKnowledge:
    """Give what a revision carries to be proved (DSS)."""
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


def changes_after(item: EmbeddedPdfSignature) -> tuple[Coverage, Modification, bool]:
    """Give what a signature covers, what was changed after it, whether fields of others alone."""
    # Its attributes are declared as None and filled later.
    diff = cast("object", item.diff_result)
    coverage = _COVERAGES.get(cast("Any", item.coverage), Coverage.UNCLEAR)
    if coverage is Coverage.WHOLE_DOCUMENT:
        return coverage, Modification.NONE, False
    if not isinstance(diff, DiffResult):
        return coverage, Modification.OTHER, False
    found = _MODIFICATIONS[diff.modification_level]
    limit = item.docmdp_level
    # A certified file may forbid even another signature.
    alone = (limit is None or diff.modification_level.value <= limit.value) and (
        diff.changed_form_fields <= {str(one.field_name) for one in item.reader.embedded_signatures}
    )
    return coverage, (beside(item, found, _description) if found in _HARMLESS else found), alone


def _description(revision: HistoricalResolver, trailer: Dictionary) -> Description:
    info, root = None, revision.root
    if "/Info" in trailer:
        place = trailer.raw_get("/Info")
        # The trailer's references lead to the last revision, whatever the trailer.
        is_reference = reference_of(place) is not None
        held = revision(place.reference) if is_reference else place
        info = {key: held.raw_get(key) for key in held}
    if "/Metadata" not in root:
        return Description(info, None)
    # By reference: pyHanko gives `root["/Metadata"]` in a form that older revisions do not have.
    stream = root.raw_get("/Metadata").get_object()
    return Description(info, stream.read_data(DecodePurpose.XMP_METADATA))
