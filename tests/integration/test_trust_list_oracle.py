"""The agency's list before a foreign program: xmlsec1 says the same of its signature as we do."""

import pytest
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from support.tools import need, run
from support.trust_lists import ENVELOPED, FILTER2, Agency, Listed, unsigned
from support.twoddoc_pki import Authority

from verifier.errors import VerifierError
from verifier.trust.anchors import Anchors
from verifier.trust.ants_list import read_tsl

AGENCY = Agency()
SIGNER = AGENCY.certificate
PLAIN = unsigned([Listed(Authority("FR77"))])
TEMPLATE = """<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:SignedInfo>
<ds:CanonicalizationMethod Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/>
<ds:SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"/>
<ds:Reference URI=""><ds:Transforms>{transforms}
<ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/></ds:Transforms>
<ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/><ds:DigestValue/>
</ds:Reference></ds:SignedInfo><ds:SignatureValue/><ds:KeyInfo><ds:X509Data>
<ds:X509Certificate/></ds:X509Data></ds:KeyInfo></ds:Signature>"""


def ours(data: bytes) -> bool:
    """Tell whether we believe a list, its signer being pinned."""
    try:
        read_tsl(data, Anchors((SIGNER,)))
    except VerifierError:
        return False
    return True


@pytest.fixture
def theirs(tmp_path):
    """Ask xmlsec1, with the same key."""
    program = need("xmlsec1")
    (tmp_path / "signer.pem").write_bytes(SIGNER.public_bytes(Encoding.PEM))

    def believes(data: bytes) -> bool:
        (tmp_path / "list.xml").write_bytes(data)
        key = ("--pubkey-cert-pem", str(tmp_path / "signer.pem"))
        properties = ("--id-attr:Id", "P", "--id-attr:Id", "urn:xades:P")
        return (
            run(program, "--verify", *key, *properties, str(tmp_path / "list.xml")).returncode == 0
        )

    return believes


@pytest.mark.parametrize("transforms", [ENVELOPED, FILTER2], ids=["enveloped", "filter"])
@pytest.mark.parametrize("properties", [True, False])
def test_both_believe_what_the_agency_signs_and_nothing_changed(theirs, transforms, properties):
    signed = AGENCY.sign(PLAIN, transforms=transforms, properties=properties, carried=[SIGNER])
    assert theirs(signed)
    assert ours(signed)
    for old, new in [(b"FR77", b"FR79"), (b">7<", b">8<"), (b"inaccord", b"revoked")]:
        changed = signed.replace(old, new, 1)
        assert not theirs(changed)
        assert not ours(changed)


@pytest.mark.parametrize("transforms", [ENVELOPED, FILTER2], ids=["enveloped", "filter"])
def test_we_believe_what_xmlsec1_signs(tmp_path, transforms):
    program = need("xmlsec1")
    key = AGENCY.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "key.pem").write_bytes(key)
    (tmp_path / "signer.pem").write_bytes(SIGNER.public_bytes(Encoding.PEM))
    end = PLAIN.rindex(b"</")
    template = TEMPLATE.format(transforms=transforms).encode()
    (tmp_path / "template.xml").write_bytes(PLAIN[:end] + template + PLAIN[end:])
    pair = f"{tmp_path / 'key.pem'},{tmp_path / 'signer.pem'}"
    out = tmp_path / "signed.xml"
    done = run(
        program,
        "--sign",
        "--privkey-pem",
        pair,
        "--output",
        str(out),
        str(tmp_path / "template.xml"),
    )
    assert done.returncode == 0, done.stderr
    assert ours(out.read_bytes())
    assert not ours(out.read_bytes().replace(b"FR77", b"FR79", 1))
