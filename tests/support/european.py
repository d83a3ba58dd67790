"""European lists of our own: a list of lists, a country's list, a qualified certificate."""

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from support.sealers import NOW
from support.trust_lists import DS, ENVELOPED, TSL, Agency, certified

XADES = "http://uri.etsi.org/01903/v1.3.2#"
KINDS = "http://uri.etsi.org/TrstSvc/TrustedList/TSLType/"
GRANTED = "http://uri.etsi.org/TrstSvc/TrustedList/Svcstatus/granted"
WITHDRAWN = "http://uri.etsi.org/TrstSvc/TrustedList/Svcstatus/withdrawn"
CA_QC = "http://uri.etsi.org/TrstSvc/Svctype/CA/QC"
INFO = "http://uri.etsi.org/TrstSvc/TrustedList/SvcInfoExt/"
ISSUED = NOW - timedelta(days=5)
NEXT = NOW + timedelta(days=120)
GRANTED_SINCE = NOW - timedelta(days=900)
# QcCompliance, QcSSCD, QcType (eseal) of ETSI EN 319 412-5, each a QCStatement.
COMPLIANCE = bytes.fromhex("3008060604008e460101")
DEVICE = bytes.fromhex("3008060604008e460104")
SEALS = bytes.fromhex("3013060604008e46010630090607 04008e46010602".replace(" ", ""))
SIGNATURES = SEALS[:-1] + b"\x01"


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _der(certificate: x509.Certificate) -> str:
    return b64encode(certificate.public_bytes(Encoding.DER)).decode()


def _scheme(kind: str, territory: str, dates: tuple[datetime, datetime], more: str = "") -> str:
    issued, due = map(_moment, dates)
    return f"""<t:SchemeInformation><t:TSLVersionIdentifier>6</t:TSLVersionIdentifier>
  <t:TSLSequenceNumber>41</t:TSLSequenceNumber><t:TSLType>{KINDS}{kind}</t:TSLType>
  <t:SchemeInformationURI><t:URI xml:lang="en">https://eu.example</t:URI></t:SchemeInformationURI>
  <t:SchemeTerritory>{territory}</t:SchemeTerritory>{more}
  <t:ListIssueDateTime>{issued}</t:ListIssueDateTime>
  <t:NextUpdate><t:dateTime>{due}</t:dateTime></t:NextUpdate></t:SchemeInformation>"""


def _whole(content: str) -> bytes:
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<t:TrustServiceStatusList xmlns:t="{TSL}" xmlns:a="{TSL[:-1]}/additionaltypes#"
  xmlns:ds="http://www.w3.org/2000/09/xmldsig#" TSLTag="http://uri.etsi.org/19612/TSLTag">
{content}
</t:TrustServiceStatusList>""".encode()


def _signed(content: bytes, agency: Agency, certificate: x509.Certificate) -> bytes:
    """Sign a list as TS 119 612 asks: XAdES, with the digest of the signer's certificate."""
    digest = b64encode(certificate.fingerprint(hashes.SHA256())).decode()
    own = f"""<x:QualifyingProperties xmlns:x="{XADES}" xmlns:ds="{DS}" Target="#sig">
<x:SignedProperties Id="own"><x:SignedSignatureProperties>
<x:SigningTime>{_moment(ISSUED)}</x:SigningTime><x:SigningCertificateV2><x:Cert><x:CertDigest>
<ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"></ds:DigestMethod>
<ds:DigestValue>{digest}</ds:DigestValue></x:CertDigest></x:Cert></x:SigningCertificateV2>
</x:SignedSignatureProperties></x:SignedProperties></x:QualifyingProperties>"""
    return agency.sign(content, transforms=ENVELOPED, properties=own, carried=[certificate])


@dataclass(frozen=True)
class Service:
    """One service of a national list: who, which status since when, for which certificates."""

    certificate: x509.Certificate
    status: str = GRANTED
    since: datetime = GRANTED_SINCE
    kind: str = CA_QC
    purposes: Sequence[str] = ("ForeSeals",)
    before: str = ""

    @property
    def xml(self) -> str:
        """Give its element."""
        extensions = "".join(
            '<t:Extension Critical="true"><t:AdditionalServiceInformation>'
            f'<t:URI xml:lang="en">{INFO}{one}</t:URI>'
            "</t:AdditionalServiceInformation></t:Extension>"
            for one in self.purposes
        )
        body = f"""<t:ServiceTypeIdentifier>{self.kind}</t:ServiceTypeIdentifier>
 <t:ServiceName><t:Name xml:lang="en">Service</t:Name></t:ServiceName>
 <t:ServiceDigitalIdentity><t:DigitalId><t:X509Certificate>{_der(self.certificate)}
 </t:X509Certificate></t:DigitalId></t:ServiceDigitalIdentity>
 <t:ServiceStatus>%s</t:ServiceStatus><t:StatusStartingTime>%s</t:StatusStartingTime>
 <t:ServiceInformationExtensions>{extensions}</t:ServiceInformationExtensions>"""
        now = body % (self.status, _moment(self.since))
        history = ""
        if self.before:
            held = body % (self.before, _moment(GRANTED_SINCE - timedelta(days=1)))
            history = (
                f"<t:ServiceHistory><t:ServiceHistoryInstance>{held}</t:ServiceHistoryInstance>"
                "</t:ServiceHistory>"
            )
        return (
            f"<t:TSPService><t:ServiceInformation>{now}</t:ServiceInformation>{history}"
            "</t:TSPService>"
        )


@dataclass(frozen=True)
class Europe:
    """Who signs the list of lists and one country's list, and an authority of seals."""

    union: Agency = field(default_factory=Agency)
    country: Agency = field(default_factory=Agency)
    key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )

    @cached_property
    def above(self) -> x509.Certificate:
        """Give who signs the list of lists."""
        return self.union.certificate

    @cached_property
    def signer(self) -> x509.Certificate:
        """Give who signs the country's list."""
        return self.country.certificate

    @cached_property
    def authority(self) -> x509.Certificate:
        """Give the authority that certifies seals."""
        return certified("AUTORITE QUALIFIEE", self.key, None, authority=True)

    def lists(
        self,
        address: str = "http://lists.example/FR.xml",
        signers: Sequence[x509.Certificate] | None = None,
        dates: tuple[datetime, datetime] = (ISSUED, NEXT),
        kind: str = "EUlistofthelists",
    ) -> bytes:
        """Give the signed list of lists."""
        of = [self.signer] if signers is None else signers
        identities = "".join(
            "<t:ServiceDigitalIdentity><t:DigitalId><t:X509Certificate>"
            f"{_der(one)}</t:X509Certificate></t:DigitalId></t:ServiceDigitalIdentity>"
            for one in of
        )
        pointer = f"""<t:PointersToOtherTSL><t:OtherTSLPointer>
 <t:ServiceDigitalIdentities>{identities}</t:ServiceDigitalIdentities>
 <t:TSLLocation>{address}</t:TSLLocation><t:AdditionalInformation>
 <t:OtherInformation><t:SchemeTerritory>FR</t:SchemeTerritory></t:OtherInformation>
 <t:OtherInformation><a:MimeType>application/vnd.etsi.tsl+xml</a:MimeType></t:OtherInformation>
 </t:AdditionalInformation></t:OtherTSLPointer></t:PointersToOtherTSL>"""
        content = _whole(_scheme(kind, "EU", dates, pointer))
        return _signed(content, self.union, self.above)

    def national(
        self,
        services: Sequence[Service] | None = None,
        territory: str = "FR",
        dates: tuple[datetime, datetime] = (ISSUED, NEXT),
        kind: str = "EUgeneric",
    ) -> bytes:
        """Give the signed list of a country."""
        told = [Service(self.authority)] if services is None else services
        providers = f"""<t:TrustServiceProviderList><t:TrustServiceProvider><t:TSPInformation>
 <t:TSPName><t:Name xml:lang="en">P</t:Name></t:TSPName></t:TSPInformation>
 <t:TSPServices>{"".join(one.xml for one in told)}</t:TSPServices>
 </t:TrustServiceProvider></t:TrustServiceProviderList>"""
        content = _whole(_scheme(kind, territory, dates) + providers)
        return _signed(content, self.country, self.signer)

    def seal_certificate(
        self, *statements: bytes, key: ec.EllipticCurvePrivateKey | None = None
    ) -> x509.Certificate:
        """Give the certificate of a seal, with what it says of its quality."""
        own = key or ec.generate_private_key(ec.SECP256R1())
        plain = certified("VILLE", own, ("AUTORITE QUALIFIEE", self.key), authority=False)
        joined = b"".join(statements)
        value = b"\x30" + bytes([len(joined)]) + joined
        builder = (
            x509.CertificateBuilder()
            .subject_name(plain.subject)
            .issuer_name(plain.issuer)
            .public_key(own.public_key())
            .serial_number(plain.serial_number)
            .not_valid_before(NOW - timedelta(days=300))
            .not_valid_after(NOW + timedelta(days=300))
        )
        for extension in plain.extensions:
            builder = builder.add_extension(extension.value, extension.critical)
        if statements:
            told = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.5.5.7.1.3"), value)
            builder = builder.add_extension(told, critical=False)
        return builder.sign(self.key, hashes.SHA256())
