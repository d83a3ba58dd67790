"""The 2D-Doc trust list of the French agency (ANTS): read it, or refuse it.

Rules kept here (ETSI TS 119 612; XML Signature; `verifier/DESIGN.md`, "Trust lists"):

- reading *is* verifying: what is not under the signature of a certificate that leads to a pinned
  one is never looked at, and the key that the file brings is worth nothing by itself;
- one signature, child of the root; its first reference is the whole document (`URI=""`) without
  that signature and nothing else; a second one may name its own signed properties (XAdES), no
  third; identifiers are unique: there is no place left for a second document beside the signed one;
- values are read from the bytes that were digested, parsed anew: comments are gone, and what stood
  in the signature too;
- UTF-8, no document type, entity, instruction, network; limits on size, elements and depth;
- only authorities of kind CA/PKC count; `inaccord` is accorded, any other status is withdrawn;
- the signer's certificates must be valid on the day the list was issued.

No disk, no clock: callers compare dates.
"""

import re
from base64 import b64decode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Final, TypeAlias

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.x509.oid import NameOID
from lxml import etree
from signxml.algorithms import DigestAlgorithm, SignatureMethod
from signxml.exceptions import SignXMLException
from signxml.verifier import SignatureConfiguration, XMLVerifier

from verifier.errors import VerifierError
from verifier.trust.anchors import UNREADABLE, AnchorError, Anchors
from verifier.trust.trust_list import subject_name

_Element: TypeAlias = Any  # lxml tells no types
SIZE_LIMIT: Final = 2 * 1024 * 1024
ELEMENTS_LIMIT: Final = 50_000
DEPTH_LIMIT: Final = 40
_TSL: Final = "{http://uri.etsi.org/02231/v2#}"
_DS: Final = "{http://www.w3.org/2000/09/xmldsig#}"
_ENVELOPED: Final = "http://www.w3.org/2000/09/xmldsig#enveloped-signature"
_FILTER2: Final = "http://www.w3.org/2002/06/xmldsig-filter2"
_EXCLUSIVE: Final = "http://www.w3.org/2001/10/xml-exc-c14n#"
_PROPERTIES: Final = "http://uri.etsi.org/01903#SignedProperties"
_CA: Final = "http://uri.etsi.org/TrstSvc/Svctype/CA/PKC"
_ACCORDED: Final = "http://uri.etsi.org/TrstSvc/Svcstatus/inaccord"
_CA_ID: Final = re.compile("[A-Z]{2}[0-9A-Z]{2}")
_REFERENCES: Final = 2
_METHODS: Final = frozenset(
    one for one in SignatureMethod if re.fullmatch("(RSA|ECDSA)_SHA(256|384|512)", one.name)
)
_DIGESTS: Final = frozenset(DigestAlgorithm[f"SHA{bits}"] for bits in (256, 384, 512))
# What a library may say of bytes made to harm; each is an answer of ours: this list is refused.
_FAULTS: Final = (
    *UNREADABLE,
    SignXMLException,
    etree.LxmlError,
    InvalidSignature,
    KeyError,
    AttributeError,
)


class TslUnreadableError(VerifierError):
    """These bytes are not a trust list, or are made to harm. Details: `why`."""

    code: ClassVar[str] = "verifier.tsl-unreadable"


class TslSignatureError(VerifierError):
    """The list is not wholly signed by whom the settings trust. Details: `why`."""

    code: ClassVar[str] = "verifier.tsl-signature"


@dataclass(frozen=True, slots=True)
class ListedAuthority:
    """A 2D-Doc authority, in accord or withdrawn. `directory`: where it says that it publishes."""

    ca_id: str
    certificates: tuple[x509.Certificate, ...]
    withdrawn: bool
    directory: str | None


@dataclass(frozen=True, slots=True)
class AntsList:
    """A list that was verified; one authority for each identifier."""

    sequence: int
    issued: datetime
    next_update: datetime
    authorities: tuple[ListedAuthority, ...]


def read_tsl(data: bytes, anchors: Anchors) -> AntsList:
    """Verify and read a list; raise TslUnreadableError or TslSignatureError."""
    root = _parsed(data)
    signature = _the_signature(root)
    try:
        chain = anchors.chain(_carried(signature))
        signed = _verified(root, chain[0], _references(signature))
    except AnchorError as error:
        raise _unsigned(str(error)) from error
    except _FAULTS as error:
        raise _unsigned(f"{type(error).__name__}: {error}") from error
    try:
        found = _list(signed)
    except _FAULTS as error:
        raise _unreadable(f"{type(error).__name__}: {error}") from error
    day = found.issued
    if not all(one.not_valid_before_utc <= day <= one.not_valid_after_utc for one in chain):
        raise _unsigned("its signer was not valid on the day of issue")
    return found


def _parsed(data: bytes) -> _Element:
    if len(data) > SIZE_LIMIT:
        raise _unreadable(f"more than {SIZE_LIMIT} bytes")
    head = data[:200].partition(b"?>")[0]
    named = re.search(rb"""encoding\s*=\s*["']([^"']*)""", head)
    if b"\0" in data or (named and named[1].upper() != b"UTF-8"):
        raise _unreadable("not UTF-8")
    if b"<!DOCTYPE" in data or b"<!ENTITY" in data:
        raise _unreadable("a document type")
    try:
        root = etree.fromstring(data, _parser())
    except (etree.LxmlError, ValueError) as error:
        raise _unreadable("not XML") from error
    _measure(root)
    if root.tag != f"{_TSL}TrustServiceStatusList":
        raise _unreadable("not a trust list")
    return root


def _parser() -> etree.XMLParser:
    return etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)


def _measure(root: _Element) -> None:
    depth = count = 0
    for event, element in etree.iterwalk(root, ("start", "end", "pi")):
        if event == "pi" or element.tag is etree.Entity:
            raise _unreadable("a processing instruction or an entity")
        depth += 1 if event == "start" else -1
        count += event == "start"
        if depth > DEPTH_LIMIT or count > ELEMENTS_LIMIT:
            raise _unreadable("too deep or too long")


def _the_signature(root: _Element) -> _Element:
    found = list(root.iter(f"{_DS}Signature"))
    if len(found) != 1 or found[0].getparent() is not root:
        raise _unsigned(f"{len(found)} signatures, expected one below the root")
    attributes = [pair for one in root.iter(etree.Element) for pair in one.attrib.items()]
    names = [value for name, value in attributes if etree.QName(name).localname.lower() == "id"]
    if len(names) != len(set(names)):
        raise _unsigned("an identifier given twice")
    return found[0]


def _references(signature: _Element) -> int:
    """Check what the signature covers; give the number of its references."""
    info = signature.find(f"{_DS}SignedInfo")
    method = info.find(f"{_DS}CanonicalizationMethod").get("Algorithm")
    references = info.findall(f"{_DS}Reference")
    if method != _EXCLUSIVE or not 1 <= len(references) <= _REFERENCES:
        raise _unsigned("another canonical form, or too many references")
    whole, *others = references
    first, *rest = [_transform(one) for one in whole.iter(f"{_DS}Transform")]
    if whole.get("URI") != "" or first != _ENVELOPED or rest != [_EXCLUSIVE]:
        raise _unsigned("the first reference is not the whole document")
    for other in others:
        own = [one for one in signature.iter(etree.Element) if one.get("Id")]
        named = [one for one in own if "#" + one.get("Id") == other.get("URI")]
        transforms = [_transform(one) for one in other.iter(f"{_DS}Transform")]
        if not named or other.get("Type") != _PROPERTIES or transforms != [_EXCLUSIVE]:
            raise _unsigned("a second reference that is not the signature's own")
    return len(references)


def _transform(element: _Element) -> str:
    """Name a transform; the filter that takes every signature away is the enveloped one here."""
    algorithm = str(element.get("Algorithm"))
    if algorithm != _FILTER2:
        return algorithm if len(element) == 0 else "?"
    [path] = element
    taken = (path.tag, path.get("Filter"), (path.text or "").strip(), path.nsmap.get("ds"))
    expected = (f"{{{_FILTER2}}}XPath", "subtract", "/descendant::ds:Signature", _DS[1:-1])
    return _ENVELOPED if taken == expected else "?"


class _Verifier(XMLVerifier):
    """Signxml, taught the one filter that these lists use; `_transform` has checked its words."""

    def _apply_transforms(
        self, payload: _Element, *, transforms_node: _Element, signature: _Element
    ) -> _Element:
        for transform in transforms_node.findall(f"{_DS}Transform"):
            if transform.get("Algorithm") == _FILTER2:
                transform.set("Algorithm", _ENVELOPED)
        return super()._apply_transforms(
            payload, transforms_node=transforms_node, signature=signature
        )


def _verified(root: _Element, signer: x509.Certificate, references: int) -> _Element:
    """Verify the signature; give the signed document, parsed from the bytes that were digested."""
    config = SignatureConfiguration(
        location="./",
        expect_references=references,
        signature_methods=_METHODS,
        digest_algorithms=_DIGESTS,
        # Its dates are compared with the list's own, once these are proved.
        verification_time=signer.not_valid_before_utc,
    )
    result = _Verifier().verify(root, x509_cert=signer, parser=_parser(), expect_config=config)
    whole = result[0] if isinstance(result, list) else result
    signed = etree.fromstring(whole.signed_data, _parser())
    if signed.tag != root.tag or signed.find(f".//{_DS}Signature") is not None:
        raise _unsigned("what is signed is not the list")
    return signed


def _carried(signature: _Element) -> list[x509.Certificate]:
    path = f"{_DS}KeyInfo/{_DS}X509Data/{_DS}X509Certificate"
    return [_certificate(one) for one in signature.iterfind(path)]


def _certificate(element: _Element) -> x509.Certificate:
    return x509.load_der_x509_certificate(b64decode("".join(_text(element).split()), validate=True))


def _list(root: _Element) -> AntsList:
    scheme = _one(root, "SchemeInformation")
    sequence = int(_text(_one(scheme, "TSLSequenceNumber")))
    issued = _moment(_one(scheme, "ListIssueDateTime"))
    next_update = _moment(_one(_one(scheme, "NextUpdate"), "dateTime"))
    if sequence < 1 or next_update <= issued:
        raise ValueError("a sequence or dates that cannot be")
    providers = _one(root, "TrustServiceProviderList").findall(f"{_TSL}TrustServiceProvider")
    authorities = tuple(one for provider in providers for one in _authority(provider))
    if len({one.ca_id for one in authorities}) != len(authorities) or not authorities:
        raise ValueError("an authority given twice, or none")
    return AntsList(sequence, issued, next_update, authorities)


def _authority(provider: _Element) -> Iterator[ListedAuthority]:
    info = _one(provider, "TSPInformation")
    names = {_text(one) for one in _one(info, "TSPTradeName").findall(f"{_TSL}Name")}
    every = _one(provider, "TSPServices").findall(f"{_TSL}TSPService/{_TSL}ServiceInformation")
    services = [one for one in every if _text(_one(one, "ServiceTypeIdentifier")) == _CA]
    if not services:
        return
    [ca_id] = names
    if _CA_ID.fullmatch(ca_id) is None:
        raise ValueError(f"an authority named {ca_id!r}")
    accorded = [one for one in services if _text(_one(one, "ServiceStatus")) == _ACCORDED]
    certificates = [one for service in accorded or services for one in _identity(service)]
    if {subject_name(one, NameOID.COMMON_NAME) for one in certificates} != {ca_id}:
        raise ValueError(f"no certificate of {ca_id}, or one of another name")
    addresses = info.findall(f"{_TSL}TSPInformationURI/{_TSL}URI")
    directory = next((_text(one) for one in addresses), None)
    yield ListedAuthority(ca_id, tuple(certificates), not accorded, directory)


def _identity(service: _Element) -> Sequence[x509.Certificate]:
    path = f"{_TSL}ServiceDigitalIdentity/{_TSL}DigitalId/{_TSL}X509Certificate"
    return [_certificate(one) for one in service.iterfind(path)]


def _one(parent: _Element, name: str) -> _Element:
    [found] = parent.findall(f"{_TSL}{name}")
    return found


def _text(element: _Element) -> str:
    if len(element):
        raise ValueError(f"{etree.QName(element).localname} holds more than text")
    return (element.text or "").strip()


def _moment(element: _Element) -> datetime:
    moment = datetime.fromisoformat(_text(element))
    if moment.tzinfo is None:
        raise ValueError("a date without a time zone")
    return moment


def _unreadable(why: str) -> TslUnreadableError:
    return TslUnreadableError(f"got {why}", why=why)


def _unsigned(why: str) -> TslSignatureError:
    return TslSignatureError(f"got {why}", why=why)
