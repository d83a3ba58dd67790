"""An agency of the tests' own, that signs trust lists: as the real one does, and in other ways."""

import hashlib
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree
from support.twoddoc_pki import END, NOW, START, Authority, Key, Leaf, name, usage

from sealing.twoddoc.signature import raw_signature
from verifier.trust.anchors import Anchors

TSL = "http://uri.etsi.org/02231/v2#"
DS = "http://www.w3.org/2000/09/xmldsig#"
EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
ENVELOPED = '<ds:Transform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"></ds:Transform>'
FILTER2 = (
    '<ds:Transform Algorithm="http://www.w3.org/2002/06/xmldsig-filter2">'
    '<f:XPath xmlns:f="http://www.w3.org/2002/06/xmldsig-filter2" Filter="subtract">'
    "/descendant::ds:Signature</f:XPath></ds:Transform>"
)
ISSUED = NOW - timedelta(days=3)
NEXT = NOW + timedelta(days=180)
SIGNER = "CACHET DES LISTES"
SERVICE = "http://uri.etsi.org/TrstSvc/Svctype/CA/PKC"
STATUS = "http://uri.etsi.org/TrstSvc/Svcstatus/"

_RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def certified(
    common: str,
    key: Key,
    issuer: tuple[str, Key] | None,
    *,
    authority: bool,
    valid: tuple[datetime, datetime] = (START, END),
) -> x509.Certificate:
    """Make a certificate of the agency."""
    by, by_key = issuer or (common, key)
    wanted = {"key_cert_sign": True, "crl_sign": True} if authority else {"digital_signature": True}
    return (
        x509.CertificateBuilder()
        .subject_name(name(common))
        .issuer_name(name(by))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(valid[0])
        .not_valid_after(valid[1])
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(usage(**wanted), critical=True)
        .sign(by_key, hashes.SHA256())
    )


@dataclass(frozen=True)
class Agency:
    """A root, an intermediate and the certificate that signs lists."""

    root_key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )
    middle_key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )
    key: Key = _RSA
    valid: tuple[datetime, datetime] = (START, END)
    middle_is_authority: bool = True

    @property
    def root(self) -> x509.Certificate:
        """Give the certificate that the settings pin."""
        return certified("RACINE", self.root_key, None, authority=True)

    @property
    def middle(self) -> x509.Certificate:
        """Give the intermediate."""
        issuer = ("RACINE", self.root_key)
        return certified("MILIEU", self.middle_key, issuer, authority=self.middle_is_authority)

    @property
    def certificate(self) -> x509.Certificate:
        """Give the certificate that signs lists."""
        issuer = ("MILIEU", self.middle_key)
        return certified(SIGNER, self.key, issuer, authority=False, valid=self.valid)

    @property
    def anchors(self) -> Anchors:
        """Give what a town would pin: root and intermediate, and the signer's name."""
        return Anchors((self.root, self.middle), SIGNER)

    def sign(
        self,
        content: bytes,
        *,
        transforms: str = FILTER2,
        properties: bool | str = True,
        carried: Sequence[x509.Certificate] | None = None,
        canonical: str = EXCLUSIVE,
    ) -> bytes:
        """Sign a list as the agency's tool does: whole document, then the signature's own."""
        root = etree.fromstring(content)
        own = f'<x:P xmlns:x="urn:xades" xmlns:ds="{DS}" Id="own">properties</x:P>'
        if isinstance(properties, str):
            own = properties
        references = _reference("", transforms, _digest(root))
        if properties:
            [there] = etree.fromstring(f"<all>{own}</all>").xpath("//*[@Id='own']")
            kind = ' Type="http://uri.etsi.org/01903#SignedProperties"'
            references += _reference("#own", "", _digest(there), kind)
        rsa_key = isinstance(self.key, rsa.RSAPrivateKey)
        method = f"http://www.w3.org/2001/04/xmldsig-more#{'rsa' if rsa_key else 'ecdsa'}-sha256"
        info = (
            f'<ds:SignedInfo xmlns:ds="{DS}"><ds:CanonicalizationMethod Algorithm="{canonical}">'
            f'</ds:CanonicalizationMethod><ds:SignatureMethod Algorithm="{method}">'
            f"</ds:SignatureMethod>{references}</ds:SignedInfo>"
        )
        value = b64encode(self._raw(_canonical(etree.fromstring(info)))).decode()
        shown = "".join(
            f"<ds:X509Certificate>{b64encode(one.public_bytes(Encoding.DER)).decode()}"
            "</ds:X509Certificate>"
            for one in (carried if carried is not None else [self.certificate])
        )
        holder = f"<ds:Object>{own}</ds:Object>" if properties else ""
        signature = (
            f'<ds:Signature xmlns:ds="{DS}" Id="sig">{info}<ds:SignatureValue>{value}'
            f"</ds:SignatureValue><ds:KeyInfo><ds:X509Data>{shown}</ds:X509Data></ds:KeyInfo>"
            f"{holder}</ds:Signature>"
        )
        end = content.rindex(b"</")
        return content[:end] + signature.encode() + content[end:]

    def _raw(self, data: bytes) -> bytes:
        if isinstance(self.key, rsa.RSAPrivateKey):
            return self.key.sign(data, padding.PKCS1v15(), hashes.SHA256())
        signed = self.key.sign(data, ec.ECDSA(hashes.SHA256()))
        return raw_signature(signed, self.key.public_key())


def _canonical(element: etree._Element) -> bytes:
    form = etree.tostring(element, method="c14n", exclusive=True, with_comments=False)
    return bytes(form)


def _digest(element: etree._Element) -> str:
    return b64encode(hashlib.sha256(_canonical(element)).digest()).decode()


def _reference(uri: str, transforms: str, digest: str, kind: str = "") -> str:
    return (
        f'<ds:Reference{kind} URI="{uri}"><ds:Transforms>{transforms}'
        f'<ds:Transform Algorithm="{EXCLUSIVE}"></ds:Transform></ds:Transforms>'
        '<ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"></ds:DigestMethod>'
        f"<ds:DigestValue>{digest}</ds:DigestValue></ds:Reference>"
    )


@dataclass(frozen=True)
class Listed:
    """An authority as the list tells it."""

    authority: Authority
    status: str = "inaccord"
    directory: str = ""
    ca_id: str = ""
    service: str = SERVICE

    @property
    def xml(self) -> str:
        """Give its element."""
        der = b64encode(self.authority.certificate.public_bytes(Encoding.DER)).decode()
        ca_id = self.ca_id or self.authority.ca_id
        directory = self.directory or f"http://lists.example/{ca_id}.der"
        return f"""
  <t:TrustServiceProvider><t:TSPInformation>
    <t:TSPName><t:Name xml:lang="fr">Autorité {ca_id}</t:Name></t:TSPName>
    <t:TSPTradeName><t:Name xml:lang="fr">{ca_id}</t:Name>
      <t:Name xml:lang="en">{ca_id}</t:Name></t:TSPTradeName>
    <t:TSPInformationURI><t:URI xml:lang="fr">{directory}</t:URI></t:TSPInformationURI>
  </t:TSPInformation><t:TSPServices><t:TSPService><t:ServiceInformation>
    <t:ServiceTypeIdentifier>{self.service}</t:ServiceTypeIdentifier>
    <t:ServiceDigitalIdentity><t:DigitalId><t:X509Certificate>
      {der}
    </t:X509Certificate></t:DigitalId></t:ServiceDigitalIdentity>
    <t:ServiceStatus>{STATUS}{self.status}</t:ServiceStatus>
  </t:ServiceInformation></t:TSPService></t:TSPServices></t:TrustServiceProvider>"""


def unsigned(
    listed: Sequence[Listed],
    *,
    sequence: int | str = 7,
    issued: datetime = ISSUED,
    next_update: datetime = NEXT,
) -> bytes:
    """Give a list before it is signed."""
    dates = [one.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") for one in (issued, next_update)]
    return f"""<?xml version="1.0" encoding="UTF-8" standalone="no"?>
<t:TrustServiceStatusList xmlns:t="{TSL}" xmlns:ds="{DS}" TSLTag="http://uri.etsi.org/02231/TSLTag">
  <t:SchemeInformation>
    <t:TSLVersionIdentifier>5</t:TSLVersionIdentifier>
    <t:TSLSequenceNumber>{sequence}</t:TSLSequenceNumber>
    <t:ListIssueDateTime>{dates[0]}</t:ListIssueDateTime>
    <t:NextUpdate><t:dateTime>{dates[1]}</t:dateTime></t:NextUpdate>
  </t:SchemeInformation>
  <t:TrustServiceProviderList>{"".join(one.xml for one in listed)}
  </t:TrustServiceProviderList>
</t:TrustServiceStatusList>""".encode()


def multipart(certificates: Sequence[bytes]) -> bytes:
    """Give a directory as authorities publish them (RFC 4387)."""
    parts = [
        b"--End\r\nContent-Type: application/pkix-cert\r\n\r\n" + one + b"\r\n"
        for one in certificates
    ]
    return b"".join(parts) + b"--End--\r\n"


def directory(leaves: Sequence[Leaf]) -> bytes:
    """Give the directory of some leaves."""
    return multipart([one.certificate.public_bytes(Encoding.DER) for one in leaves])
