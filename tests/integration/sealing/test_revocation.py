"""Revocation asked of servers: OCSP and lists, once for a run."""

import contextlib

import pytest
from cryptography import x509
from cryptography.x509.oid import AuthorityInformationAccessOID
from support.authorities import holder, known, ocsp_responder, revocation_list
from support.foreign_server import ok, serving
from support.sealers import NOW, town
from support.tsa_server import tsa_serving

from sealing.authorities.revocation import Held, NoRevocationProofError, gather
from storage.outgoing import Outgoing


def leaf(*, ocsp=None, crl=None):
    """Make a certificate that says where it is answered."""
    extensions: list[tuple[x509.ExtensionType, bool]] = []
    if ocsp:
        place = x509.UniformResourceIdentifier(ocsp)
        row = x509.AccessDescription(AuthorityInformationAccessOID.OCSP, place)
        extensions.append((x509.AuthorityInformationAccess([row]), False))
    if crl:
        point = x509.DistributionPoint([x509.UniformResourceIdentifier(crl)], None, None, None)
        extensions.append((x509.CRLDistributionPoints([point]), False))
    return holder(*extensions).certificate


def gathered(certificate, hosts=("127.0.0.1",)):
    root = x509.load_der_x509_crl(revocation_list(town()[0].root))
    held = Held(known(), (root,))
    chain = [certificate, town()[0].intermediate.certificate]
    return gather([chain, chain], held, Outgoing(hosts, loopback=True), NOW)


def test_a_responder_is_asked_once_for_a_run():
    with tsa_serving(ocsp_responder()) as server:
        found = gathered(leaf(ocsp=server.url))
        [head] = server.heads
    assert b"content-type: application/ocsp-request" in head.lower()
    assert len(found.ocsps) == 1


def test_a_list_is_fetched_where_no_responder_answers():
    own = revocation_list(town()[0].intermediate)
    with serving() as lists, tsa_serving(ocsp_responder("unknown")) as server:
        lists.answers["/own.crl"] = ok(own)
        found = gathered(leaf(ocsp=server.url, crl=lists.url("/own.crl")))
        assert own in found.crls
        server.raw = b"HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n"
        assert own in gathered(leaf(ocsp=server.url, crl=lists.url("/own.crl"))).crls


@pytest.mark.parametrize("answer", [ok(b"garbage"), [b"HTTP/1.1 404 No\r\n\r\n"], [b""]])
def test_a_server_that_gives_nothing_of_worth_leaves_no_proof(answer):
    with serving() as lists:
        lists.answers["/own.crl"] = answer
        with pytest.raises(NoRevocationProofError):
            gathered(leaf(crl=lists.url("/own.crl")))


def test_a_host_that_the_settings_do_not_name_is_not_asked():
    with serving() as lists:
        lists.answers["/own.crl"] = ok(revocation_list(town()[0].intermediate))
        with contextlib.suppress(NoRevocationProofError):
            gathered(leaf(crl=lists.url("/own.crl")), hosts=("ca.example",))
        assert lists.asked == []
