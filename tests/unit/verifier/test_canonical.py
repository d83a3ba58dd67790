"""Whether a CMS is written in its one form: as asn1crypto writes the whole of it, and quicker."""

import random

import pytest
from asn1crypto import cms
from support.budget import cases
from support.pages import sealed, trust
from support.sealers import NOW

from sealing.der import CONTEXT_0, SEQUENCE, der, one, values
from verifier.checks.seal.canonical import BROKEN_CMS, is_canonical
from verifier.checks.seal.validating.pyhanko_guard import examine


def seal():
    """Give the CMS of a sealed letter, without its padding."""
    [found] = examine(sealed().pdf, trust(), NOW).seals
    return cms.ContentInfo.load(found.contents).dump()


def written_again(content_info):
    """Ask as asn1crypto does, all at once."""
    try:
        again = cms.ContentInfo.load(content_info, strict=True)["content"].dump(force=True)
    except BROKEN_CMS:
        return False
    return content_info.endswith(again)


def with_certificates(change):
    """Give the CMS with its certificates changed."""
    kind, wrapped = values(one(seal()).content)
    parts = values(one(wrapped.content).content)
    changed = [
        der(CONTEXT_0, *change([each.encoded for each in values(part.content)]))
        if part.tag == CONTEXT_0
        else part.encoded
        for part in parts
    ]
    return der(SEQUENCE, kind.encoded, der(CONTEXT_0, der(SEQUENCE, *changed)))


def test_the_cms_of_a_seal_is_in_its_one_form():
    assert with_certificates(list) == seal()
    assert is_canonical(seal())
    assert is_canonical(seal(), proved=True)


@pytest.mark.parametrize(
    "change",
    [
        lambda found: sorted(found, reverse=True),
        lambda found: [b"\x30\x83\x00" + each[2:] for each in found],
        lambda found: [*found, b"\x30\x80\x00\x00"],
        lambda found: [each + b"\x00\x00" for each in found],
    ],
    ids=["order", "length", "indefinite", "more behind"],
)
def test_certificates_in_another_writing_are_seen(change):
    changed = with_certificates(change)
    assert changed != seal()
    assert not is_canonical(changed)
    assert not is_canonical(changed, proved=True)


def test_one_bit_outside_the_certificates_is_seen_as_by_asn1crypto():
    dice, whole = random.Random(20261122), seal()  # noqa: S311 - bits that can be tried again
    carried = next(
        part
        for part in values(one(values(one(whole).content)[1].content).content)
        if part.tag == CONTEXT_0
    )
    start = whole.index(carried.encoded)
    outside = [*range(start), *range(start + len(carried.encoded), len(whole))]
    for place in dice.sample(outside, cases(fast=20, ci=60, slow=len(outside))):
        changed = bytearray(whole)
        changed[place] ^= 1 << dice.randrange(8)
        if is_canonical(bytes(changed)):
            assert written_again(bytes(changed)), place
