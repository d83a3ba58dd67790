"""The European lists of a trust folder: `eu/lotl.xml`, `eu/lotl-signers.pem`, `eu/FR.xml`.

Rules kept here:

- each is verified again whenever the folder is read, the list of lists under the pinned
  certificates that lie beside it;
- what is granted on the day of a list is an authority that the folder believes, until the next
  update of its list or of the list of lists, whichever comes first;
- past that day the lists say nothing more of who is qualified.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from cryptography import x509

from verifier.trust.anchors import Anchors
from verifier.trust.eu_list import NationalList, Scheme, read_list_of_lists, read_national
from verifier.trust.signed_list import unreadable
from verifier.trust.trust_list import ListName, TrustListInfo

LISTS: Final = "eu/lotl.xml"
SIGNERS: Final = "eu/lotl-signers.pem"
_NATIONAL: Final = re.compile("eu/([A-Z]{2}).xml")


@dataclass(frozen=True, slots=True)
class European:
    """The list of lists, and those of the countries that were taken; `files` as they were read."""

    files: Mapping[str, bytes]
    scheme: Scheme
    countries: tuple[NationalList, ...]

    @classmethod
    def read(cls, files: Mapping[str, bytes]) -> "European":
        """Verify and read the lists among files; raise TslUnreadableError, TslSignatureError."""
        own = {name: data for name, data in files.items() if name.startswith("eu/")}
        pinned = tuple(x509.load_pem_x509_certificates(own[SIGNERS]))
        lists = read_list_of_lists(own[LISTS], Anchors(pinned))
        countries = []
        for place, data in sorted(own.items()):
            if (named := _NATIONAL.fullmatch(place)) is not None:
                pointer = lists.pointers.get(named[1])
                if pointer is None:
                    raise unreadable(f"a list of {named[1]}, which the list of lists has not")
                countries.append(read_national(data, named[1], pointer))
        return cls(own, lists.scheme, tuple(countries))

    @property
    def schemes(self) -> tuple[Scheme, ...]:
        """Give what each list says of itself."""
        return (self.scheme, *(one.scheme for one in self.countries))

    @property
    def info(self) -> TrustListInfo:
        """Give the date of the oldest, and the day when the first of them ends."""
        oldest = min(one.issued for one in self.schemes)
        ends = min(one.next_update for one in self.schemes)
        return TrustListInfo(ListName.EUROPEAN, oldest, ends)

    @property
    def accorded(self) -> dict[x509.Certificate, datetime]:
        """Give the authorities that the lists vouch for, each until when."""
        return {
            certificate: min(self.scheme.next_update, one.scheme.next_update)
            for one in self.countries
            for certificate in one.authorities
        }

    def is_qualified_seal(
        self, chain: Sequence[x509.Certificate], moment: datetime, now: datetime
    ) -> bool | None:
        """Tell whether a seal was a qualified one at a moment; None: the lists are too old."""
        ends = self.info.expires
        if ends is None or now > ends:
            return None
        return any(one.is_qualified_seal(chain, moment) for one in self.countries)
