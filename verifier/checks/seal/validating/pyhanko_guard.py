"""pyHanko behind a guard: it reads and validates the seals, and whatever it raises stays here.

Rules kept here:

- AdES basic validation (EN 319 102-1 clause 5.3) with the authorities and lists of the trust folder
  only: nothing is fetched, the operating system's roots are not asked;
- the proofs that a file carries (DSS) count for `proved_later` and `archived_at` alone, and nothing
  else does for them: seal and time-stamps are validated again, at the hour of the first time-stamp,
  and of the oldest archive stamp that holds;
- archive stamps are followed from the newest: each that holds proves, at its own hour, all that it
  covers (EN 319 102-1 clause 5.6.3); one that does not is passed over;
- an exception of pyHanko is never a pass and never a traceback: a PDF that it cannot read becomes
  `UnreadableSealsError`, a fault while validating becomes `Examined.fault`, each by its cause
  (`faults`). Memory used up alone goes through, for whoever limits it (`child`).

Facts only: `pades.py` decides.
"""

import hashlib
import io
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise
from typing import Final

from asn1crypto import cms
from cryptography import x509
from pyhanko.pdf_utils import filters
from pyhanko.pdf_utils.crypt import pdfmac
from pyhanko.pdf_utils.metadata import xmp_xml
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature
from pyhanko.sign.validation.policy_decl import SignatureValidationSpec

from sealing.proofs.document_id import SIGNATURE_ENTRY
from verifier.check import Indication
from verifier.checks.certificate import chain_of
from verifier.checks.seal.announced import STAMP
from verifier.checks.seal.examined import (
    Answer,
    Archive,
    Examined,
    ExaminedFile,
    Stamp,
    UnreadableSealsError,
)
from verifier.checks.seal.known import ALWAYS, Known, known_of
from verifier.checks.seal.later.beside import ARCHIVE
from verifier.checks.seal.validating.faults import cause_of
from verifier.checks.seal.validating.pyhanko_words import (
    INDICATIONS,
    POLICY,
    Imprint,
    Moment,
    certificate_of,
    changes_after,
    specification,
    stamp_of,
    validated,
)
from verifier.checks.seal.validating.seal_faults import why
from verifier.checks.seal.validating.validated_once import validated_once
from verifier.trust.trust_list import Revoked, TrustList

# It logs the names of certificates with tracebacks; what we have to say stands in the checks.
for _name in ("pyhanko", "pyhanko_certvalidator"):
    logging.getLogger(_name).addHandler(logging.NullHandler())
    logging.getLogger(_name).propagate = False


# pyHanko loads these when a file first asks for them: a limited child opens no file by then.
_AT_HAND: Final = (filters, pdfmac, xmp_xml)
_STAMPS_LIMIT: Final = 8
_ARCHIVES_LIMIT: Final = 16


def examine(
    pdf: bytes, trust: TrustList, now: datetime, known: Known | None = None
) -> ExaminedFile:
    """Examine every seal of a PDF, with the archive stamps over it; raise UnreadableSealsError.

    MemoryError goes through, here and everywhere: it is nobody's answer.
    """
    own = known_of(trust, known)
    try:
        reader = PdfFileReader(io.BytesIO(pdf))
        signatures = reader.embedded_signatures
        # By exclusion: a seal whose `/Type` was changed is still a seal, a broken one.
        found = [item for item in signatures if item.sig_object_type != ARCHIVE]
        newest_first = sorted(
            (item for item in signatures if item.sig_object_type == ARCHIVE),
            key=lambda item: item.signed_revision,
            reverse=True,
        )
        unread = newest_first[_ARCHIVES_LIMIT:]
        since = unread[0].signed_revision if unread else 0
        spec = own.once("specification", ALWAYS, lambda: specification(trust))
        judge = _Judge(own, now, Moment.present(spec, now), since)
        archives = list(judge.archives(newest_first[:_ARCHIVES_LIMIT]))
        seals = tuple(judge.seal(seal, archives) for seal in found)
    except Exception as error:  # the guard: pyHanko lets out whatever a hostile file provokes
        raise UnreadableSealsError(f"got {type(error).__name__}", fault=cause_of(error)) from error
    return ExaminedFile(seals, len(signatures))


@dataclass(frozen=True, slots=True)
class _Stamped:
    """An archive stamp with its revision, and the moment that it makes of its hour if it holds."""

    archive: Archive
    revision: int
    moment: Moment


@dataclass(frozen=True, slots=True)
class _Judge:
    """Who judges the signatures of one file, by some lists, at some hour.

    `unread` is the revision of the newest archive stamp that is not looked at, 0 without any.
    """

    known: Known
    now: datetime
    present: Moment
    unread: int

    @property
    def trust(self) -> TrustList:
        """Give the lists."""
        return self.known.trust

    def archives(self, newest_first: Sequence[EmbeddedPdfSignature]) -> Iterator[_Stamped]:
        """Judge each archive stamp at the hour of the next one that holds, the last one now."""
        moment = self.present
        for item in newest_first:
            archive = self._archive(item, moment)
            if archive.holds and archive.stamp.time is not None:
                try:
                    revision = item.reader.get_historical_resolver(item.signed_revision)
                    moment = Moment.past(self.present.spec, archive.stamp.time, revision)
                except Exception as error:  # noqa: BLE001 - the guard: proofs that cannot be read prove nothing
                    cause_of(error)
                    archive = replace(archive, stamp=replace(archive.stamp, indication=None))
            yield _Stamped(archive, item.signed_revision, moment)

    def seal(self, seal: EmbeddedPdfSignature, archives: Sequence[_Stamped]) -> Examined:
        """Examine a seal: now, as its first time-stamp found it, as its archive stamps did."""
        name = "?"
        try:
            name = str(seal.field_name)
            seal.compute_integrity_info(POLICY)
            answer = validated_once(seal, self.present, self.known, self.now)
            facts, tokens = self._facts(name, seal, answer), _tokens(seal)
            over = [one for one in archives if one.revision > seal.signed_revision]
        except Exception as error:  # noqa: BLE001 - the guard: never a pass, never a traceback
            return Examined(name, fault=why(error, seal))
        stamps = tuple(stamp_of(token, _over(seal), self.present) for token in tokens)
        later = _proved_later(seal, self.present.spec, stamps)
        known = tuple(one.archive for one in over)
        more = self.unread > seal.signed_revision
        facts = replace(
            facts, stamps=stamps, proved_later=later, archives=known, archives_unread=more
        )
        held = [one for one in over if one.archive.holds]
        return self._archived(seal, facts, held[-1]) if held else facts

    def _facts(self, name: str, seal: EmbeddedPdfSignature, answer: Answer) -> Examined:
        def own() -> x509.Certificate:
            return certificate_of(seal.signer_cert)

        def others() -> tuple[x509.Certificate, ...]:
            return tuple(certificate_of(item) for item in seal.other_embedded_certs)

        once, key = self.known.once, answer.template
        coverage, modification, alone = changes_after(seal)
        _, length, second, behind = (int(value) for value in seal.byte_range)
        return Examined(
            field=name,
            indication=answer.indication,
            sub_indication=answer.sub_indication,
            intact=answer.intact,
            valid=answer.valid,
            coverage=coverage,
            modification=modification,
            only_signatures_added=alone,
            sub_filter=str(seal.sig_object.get("/SubFilter", "")),
            signing_time=seal.self_reported_timestamp,
            signer=once("signer", key, own),
            carried=once("others", key, others),
            gap=(length, second),
            contents=seal.pkcs7_content,
            behind=behind,
            document_id=str(seal.sig_object.get(SIGNATURE_ENTRY, "")),
            template=answer.template,
        )

    def _archived(self, seal: EmbeddedPdfSignature, facts: Examined, oldest: _Stamped) -> Examined:
        """Add to what was found of a seal whether it held at the hour of an archive stamp.

        Its own time-stamps are judged at that hour; it itself at that hour, or at theirs.
        """
        hour = oldest.archive.stamp.time
        stamps = tuple(
            self._past(stamp.contents, _over(seal), oldest.moment) for stamp in facts.stamps
        )
        if hour is None or not all(one.holds for one in stamps):
            return facts
        hours = {hour, *(one.time for one in stamps if one.time is not None)}
        try:
            results = [validated(seal, oldest.moment.at(each)) for each in hours]
        except Exception as error:  # noqa: BLE001 - the guard: no proof, never a traceback
            cause_of(error)
            return facts
        passed = {INDICATIONS[result.ades_subindic.status] for result in results}
        if Indication.TOTAL_PASSED not in passed:
            return facts
        return replace(facts, stamps=stamps, archived_at=hour)

    def _archive(self, item: EmbeddedPdfSignature, moment: Moment) -> Archive:
        name = "?"
        try:
            name = str(item.field_name)
            item.compute_integrity_info(POLICY)
            digest, algorithm = item.compute_digest(), item.external_md_algorithm
            coverage, modification, _ = changes_after(item)
            _, length, second, _ = (int(value) for value in item.byte_range)
            sub_filter = str(item.sig_object.get("/SubFilter", ""))
            contents = item.pkcs7_content
        except Exception as error:  # noqa: BLE001 - the guard: never a pass, never a traceback
            return Archive(name, Stamp(fault=cause_of(error)))

        def imprint(asked: str) -> bytes:
            return digest if asked == algorithm else b""

        stamp = self._past(contents, imprint, moment)
        gap = (length, second)
        return Archive(name, stamp, coverage, modification, sub_filter, gap, contents)

    def _past(self, token: bytes, imprint: Imprint, moment: Moment) -> Stamp:
        """Validate a time-stamp; one whose certificates were revoked by that moment proves nothing.

        The proofs in the file do not know what was revoked later, with an earlier date.
        """
        stamp = stamp_of(token, imprint, moment)
        if stamp.signer is None:
            return stamp
        chain = chain_of(stamp.signer, (*self.trust.authorities, *stamp.carried))
        for below, above in pairwise(chain):
            state = self.trust.revocation(below, above, self.now)
            if isinstance(state, Revoked) and state.at <= moment.timing.validation_time:
                return replace(stamp, indication=Indication.INDETERMINATE)
        return stamp


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
    return stamp_of(token, imprint, Moment.present(specification(trust), now))


def _over(seal: EmbeddedPdfSignature) -> Imprint:
    """Say by what digest a time-stamp would name a seal; asked behind the guard."""
    return lambda name: hashlib.new(name, seal.signer_info["signature"].native).digest()


def _proved_later(
    seal: EmbeddedPdfSignature, spec: SignatureValidationSpec, stamps: tuple[Stamp, ...]
) -> bool:
    """Tell whether seal and time-stamps hold, when first stamped, by what the file carries."""
    hours = [stamp.time for stamp in stamps if stamp.time is not None]
    if not hours or len(hours) < len(stamps):
        return False
    try:
        moment = Moment.past(spec, min(hours), seal.reader)
        again = [stamp_of(stamp.contents, _over(seal), moment) for stamp in stamps]
        result = validated(seal, moment)
    except Exception as error:  # noqa: BLE001 - the guard: no proof, never a traceback
        cause_of(error)
        return False
    passed = INDICATIONS[result.ades_subindic.status] is Indication.TOTAL_PASSED
    return passed and all(stamp.indication is Indication.TOTAL_PASSED for stamp in again)
