"""Official lists rearranged as trees, so they stay XML: one typed error, or what was signed."""

import random
from copy import deepcopy

from lxml import etree
from support.bars import bounded
from support.budget import cases
from support.trust_lists import Agency, Listed, unsigned
from support.twoddoc_pki import Authority

from verifier.errors import VerifierError
from verifier.trust.ants_list import read_tsl

AGENCY = Agency()
LISTED = [Listed(Authority("FR77")), Listed(Authority("FR78"), status="revoked")]
GOOD = AGENCY.sign(unsigned(LISTED))


def rearranged(chance: random.Random) -> bytes:
    """Take out, double, move, rename or rewrite one to three elements of the list."""
    tree = etree.fromstring(GOOD)
    for _ in range(chance.randint(1, 3)):
        inner = list(tree.iter("*"))[1:]
        one, other = chance.choice(inner), chance.choice(inner)
        match chance.randrange(6):
            case 0:
                one.getparent().remove(one)
            case 1:
                other.append(deepcopy(one))
            case 2:
                other.addnext(deepcopy(one))
            case 3:
                one.tag = other.tag
            case 4:
                one.text = other.text
            case _:
                name = chance.choice([*one.attrib, "Id", "URI", "Algorithm"])
                one.set(name, chance.choice([*other.attrib.values(), "", "#x"]))
    return bytes(etree.tostring(tree, xml_declaration=True, encoding="UTF-8"))


def test_whatever_is_rearranged_in_a_list_nothing_false_is_read():
    honest, chance = read_tsl(GOOD, AGENCY.anchors), random.Random(7)  # noqa: S311 - what to damage
    refused, count = 0, cases(ci=500, slow=10_000)
    for _ in range(count):
        data = rearranged(chance)
        try:
            with bounded():
                found = read_tsl(data, AGENCY.anchors)
        except VerifierError:
            refused += 1
        else:
            assert found == honest, data
    assert refused > count * 0.9, "the others changed nothing: an element for its equal"
