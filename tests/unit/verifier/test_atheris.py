"""Lists and pictures: bytes guided by coverage, in the slow tier and where atheris is installed."""

from cryptography.hazmat.primitives.serialization import Encoding
from support.coverage_guided import fuzz, needs_atheris
from support.damaged_pictures import pictures
from support.trust_lists import Agency, Listed, unsigned
from support.twoddoc_pki import Authority

RUNS = 10_000


@needs_atheris
def test_no_list_found_by_coverage_is_believed_but_the_one_that_was_signed(tmp_path):
    agency = Agency()
    honest = agency.sign(unsigned([Listed(Authority("FR77")), Listed(Authority("FR78"))]))
    pinned = [one.public_bytes(Encoding.PEM) for one in agency.anchors.certificates]
    (tmp_path / "honest.xml").write_bytes(honest)
    (tmp_path / "anchors.pem").write_bytes(b"".join(pinned))
    seeds = [honest, b"<x/>", b"<!DOCTYPE x [<!ENTITY e 'e'>]><x>&e;</x>"]
    fuzz("trust_list", seeds, tmp_path, runs=RUNS, longest=2 * len(honest))


@needs_atheris
def test_no_picture_found_by_coverage_leaves_anything_but_pixels_or_one_typed_error(tmp_path):
    fuzz("picture", pictures().values(), tmp_path, runs=RUNS, longest=4_096)
