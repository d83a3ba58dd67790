"""A signed trust list (ETSI TS 119 612): its XML verified whole, or refused.

Rules kept here (XML Signature; TS 119 612 annex B; `verifier/DESIGN.md`, "Trust lists"):

- reading *is* verifying: what is not under the signature of a certificate that leads to a pinned
  one is never looked at, and the key that the file brings is worth nothing by itself;
- one signature, child of the root; its first reference is the whole document (`URI=""`) without
  that signature and nothing else; a second one may name its own signed properties (XAdES), no
  third; identifiers are unique: there is no place left for a second document beside the signed one;
- values are read from the bytes that were digested, parsed anew: comments are gone, and what stood
  in the signature too;
- UTF-8, no document type, entity, instruction, network; limits on size, elements and depth.

No disk, no clock: callers compare dates.
"""

import re
from base64 import b64decode
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Final, TypeAlias

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from lxml import etree
from signxml.algorithms import DigestAlgorithm, SignatureMethod
from signxml.exceptions import SignXMLException
from signxml.verifier import SignatureConfiguration, XMLVerifier

from verifier.errors import VerifierError
from verifier.trust.anchors import UNREADABLE, AnchorError, Anchors

Element: TypeAlias = Any  # lxml tells no types
_TSL: Final = "{http://uri.etsi.org/02231/v2#}"
_DS: Final = "{http://www.w3.org/2000/09/xmldsig#}"
_ENVELOPED: Final = "http://www.w3.org/2000/09/xmldsig#enveloped-signature"
_FILTER2: Final = "http://www.w3.org/2002/06/xmldsig-filter2"
_EXCLUSIVE: Final = "http://www.w3.org/2001/10/xml-exc-c14n#"
_REFERENCES: Final = 2
_PROPERTIES: Final = "http://uri.etsi.org/01903#SignedProperties"
_METHODS: Final = frozenset(
    one for one in SignatureMethod if re.fullmatch("(RSA|ECDSA)_SHA(256|384|512)", one.name)
)
_DIGESTS: Final = frozenset(DigestAlgorithm[f"SHA{bits}"] for bits in (256, 384, 512))
# What a library may say of bytes made to harm; each is an answer of ours: this list is refused.
FAULTS: Final = (
    *UNREADABLE,
    SignXMLException,
    etree.LxmlError,
    InvalidSignature,
    KeyError,
    AttributeError,
)


@dataclass(frozen=True, slots=True)
class Measure:
    """How much a list may hold: bytes, elements, levels."""

    size: int
    elements: int = 50_000
    depth: int = 40


class TslUnreadableError(VerifierError):
    """These bytes are not a trust list, or are made to harm. Details: `why`."""

    code: ClassVar[str] = "verifier.tsl-unreadable"


class TslSignatureError(VerifierError):
    """The list is not wholly signed by whom the settings trust. Details: `why`."""

    code: ClassVar[str] = "verifier.tsl-signature"


@dataclass(frozen=True, slots=True)
class SignedList:
    """A list as it was signed, and the certificates from its signer to a pinned one."""

    root: Element
    chain: tuple[x509.Certificate, ...]

    def require_signer_on(self, day: datetime) -> None:
        """Raise TslSignatureError unless the signer's certificates were valid on a day."""
        if not all(
            one.not_valid_before_utc <= day <= one.not_valid_after_utc for one in self.chain
        ):
            raise unsigned("its signer was not valid on the day of issue")

    @property
    def text(self) -> str:
        """Write the list that was signed."""
        return str(etree.tostring(self.root, encoding="unicode"))


def read_signed(data: bytes, anchors: Anchors, measure: Measure) -> SignedList:
    """Verify a list; raise TslUnreadableError or TslSignatureError."""
    root = _parsed(data, measure)
    signature = _the_signature(root)
    try:
        chain = anchors.chain(_carried(signature))
        return SignedList(_verified(root, chain[0], _references(signature)), chain)
    except AnchorError as error:
        raise unsigned(str(error)) from error
    except FAULTS as error:
        raise unsigned(f"{type(error).__name__}: {error}") from error


def _parsed(data: bytes, measure: Measure) -> Element:
    if len(data) > measure.size:
        raise unreadable(f"more than {measure.size} bytes")
    head = data[:200].partition(b"?>")[0]
    named = re.search(rb"""encoding\s*=\s*["']([^"']*)""", head)
    if b"\0" in data or (named and named[1].upper() != b"UTF-8"):
        raise unreadable("not UTF-8")
    if b"<!DOCTYPE" in data or b"<!ENTITY" in data:
        raise unreadable("a document type")
    try:
        root = etree.fromstring(data, _parser())
    except (etree.LxmlError, ValueError) as error:
        raise unreadable("not XML") from error
    _measure(root, measure)
    if root.tag != f"{_TSL}TrustServiceStatusList":
        raise unreadable("not a trust list")
    return root


def _parser() -> etree.XMLParser:
    return etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)


def _measure(root: Element, measure: Measure) -> None:
    depth = count = 0
    for event, element in etree.iterwalk(root, ("start", "end", "pi")):
        if event == "pi" or element.tag is etree.Entity:
            raise unreadable("a processing instruction or an entity")
        depth += 1 if event == "start" else -1
        count += event == "start"
        if depth > measure.depth or count > measure.elements:
            raise unreadable("too deep or too long")


def _the_signature(root: Element) -> Element:
    found = list(root.iter(f"{_DS}Signature"))
    if len(found) != 1 or found[0].getparent() is not root:
        raise unsigned(f"{len(found)} signatures, expected one below the root")
    attributes = [pair for one in root.iter(etree.Element) for pair in one.attrib.items()]
    names = [value for name, value in attributes if etree.QName(name).localname.lower() == "id"]
    if len(names) != len(set(names)):
        raise unsigned("an identifier given twice")
    return found[0]


def _references(signature: Element) -> int:
    """Check what the signature covers; give the number of its references."""
    info = signature.find(f"{_DS}SignedInfo")
    method = info.find(f"{_DS}CanonicalizationMethod").get("Algorithm")
    references = info.findall(f"{_DS}Reference")
    if method != _EXCLUSIVE or not 1 <= len(references) <= _REFERENCES:
        raise unsigned("another canonical form, or too many references")
    whole, *others = references
    first, *rest = [_transform(one) for one in whole.iter(f"{_DS}Transform")]
    if whole.get("URI") != "" or first != _ENVELOPED or rest != [_EXCLUSIVE]:
        raise unsigned("the first reference is not the whole document")
    for other in others:
        own = [one for one in signature.iter(etree.Element) if one.get("Id")]
        named = [one for one in own if "#" + one.get("Id") == other.get("URI")]
        transforms = [_transform(one) for one in other.iter(f"{_DS}Transform")]
        if not named or other.get("Type") != _PROPERTIES or transforms != [_EXCLUSIVE]:
            raise unsigned("a second reference that is not the signature's own")
    return len(references)


def _transform(element: Element) -> str:
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
        self, payload: Element, *, transforms_node: Element, signature: Element
    ) -> Element:
        for transform in transforms_node.findall(f"{_DS}Transform"):
            if transform.get("Algorithm") == _FILTER2:
                transform.set("Algorithm", _ENVELOPED)
        return super()._apply_transforms(
            payload, transforms_node=transforms_node, signature=signature
        )


def _verified(root: Element, signer: x509.Certificate, references: int) -> Element:
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
        raise unsigned("what is signed is not the list")
    return signed


def _carried(signature: Element) -> list[x509.Certificate]:
    path = f"{_DS}KeyInfo/{_DS}X509Data/{_DS}X509Certificate"
    return [certificate_in(one) for one in signature.iterfind(path)]


def certificate_in(element: Element) -> x509.Certificate:
    """Read an element that holds a certificate; raise one of FAULTS."""
    return x509.load_der_x509_certificate(
        b64decode("".join(text_in(element).split()), validate=True)
    )


def one_in(parent: Element, name: str) -> Element:
    """Give the only child of that name; raise one of FAULTS."""
    [found] = parent.findall(f"{_TSL}{name}")
    return found


def text_in(element: Element) -> str:
    """Give the text of an element that holds nothing else; raise one of FAULTS."""
    if len(element):
        raise ValueError(f"{etree.QName(element).localname} holds more than text")
    return (element.text or "").strip()


def moment_in(element: Element) -> datetime:
    """Read a date with its time zone; raise one of FAULTS."""
    moment = datetime.fromisoformat(text_in(element))
    if moment.tzinfo is None:
        raise ValueError("a date without a time zone")
    return moment


def unreadable(why: str) -> TslUnreadableError:
    """Give the error of a list that is none."""
    return TslUnreadableError(f"got {why}", why=why)


def unsigned(why: str) -> TslSignatureError:
    """Give the error of a list that is not signed as it must be."""
    return TslSignatureError(f"got {why}", why=why)
