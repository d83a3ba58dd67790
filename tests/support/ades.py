"""What pyHanko says of a seal's level, by its own validation after EN 319 102-1."""

import asyncio
import io
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from asn1crypto import crl
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation.ades import ades_with_time_validation
from pyhanko.sign.validation.dss import DocumentSecurityStore
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature
from pyhanko.sign.validation.policy_decl import (
    LocalKnowledge,
    RevinfoOnlineFetchingRule,
    RevocationInfoGatheringSpec,
    SignatureValidationSpec,
)
from pyhanko.sign.validation.settings import KeyUsageConstraints
from pyhanko_certvalidator.context import CertValidationPolicySpec
from pyhanko_certvalidator.ltv.types import ValidationTimingInfo
from pyhanko_certvalidator.policy_decl import REQUIRE_REVINFO, CertRevTrustPolicy
from pyhanko_certvalidator.registry import SimpleTrustManager
from pyhanko_certvalidator.revinfo.archival import CRLContainer
from support.authorities import asn1
from support.sealers import NOW, town


def embedded(pdf: bytes) -> EmbeddedPdfSignature:
    """Give the one seal of a file, as pyHanko reads it."""
    found: EmbeddedPdfSignature
    [found] = PdfFileReader(io.BytesIO(pdf)).embedded_regular_signatures
    found.compute_integrity_info()
    return found


def known(crls: Iterable[crl.CertificateList] = ()) -> SignatureValidationSpec:
    """Trust the demonstration's root, and know no revocation but these."""
    return SignatureValidationSpec(
        cert_validation_policy=CertValidationPolicySpec(
            trust_manager=SimpleTrustManager.build([asn1(town()[0].root.certificate)]),
            revinfo_policy=CertRevTrustPolicy(REQUIRE_REVINFO),
        ),
        revinfo_gathering_policy=RevocationInfoGatheringSpec(
            online_fetching_rule=RevinfoOnlineFetchingRule.LOCAL_ONLY
        ),
        local_knowledge=LocalKnowledge(known_crls=[CRLContainer(one) for one in crls]),
        key_usage_settings=KeyUsageConstraints(key_usage={"non_repudiation"}),
    )


def validated(pdf: bytes, spec: SignatureValidationSpec, at: datetime = NOW) -> Any:
    """Have pyHanko validate the seal with its time-stamps (ETSI EN 319 102-1)."""
    found, timing = embedded(pdf), ValidationTimingInfo(at, at, point_in_time_validation=False)
    return asyncio.run(
        ades_with_time_validation(
            found.signed_data, spec, timing_info=timing, raw_digest=found.compute_digest()
        )
    )


def store(pdf: bytes) -> DocumentSecurityStore:
    """Give the validation data that a file carries."""
    return DocumentSecurityStore.read_dss(PdfFileReader(io.BytesIO(pdf)))


def carried_lists(pdf: bytes) -> list[crl.CertificateList]:
    """Give the lists of revocations that a file carries."""
    return [crl.CertificateList.load(one.get_object().data) for one in store(pdf).crls]
