"""A disk that fills up while applications bring letters: 507, nothing half kept, then all is well.

The disk is filled to each of its last blocks and names in turn, so that each write of a request is
the one that finds no room.
"""

import os
from uuid import uuid4

import pytest
from support.disks import again, small_disk
from support.seal_desk import PAGE, Desk

TOLD = {"office.no-room", "database.full"}
ROOMY = 10_000


@pytest.fixture(params=["letter", "mailing", "archive"])
def asked(request):
    return request.param


def sweep(desk, ask, disk, narrow):
    """Ask with ever a little more room, until there is enough; give how often there was not."""
    for left in range(200):
        repeated, before, rows = str(uuid4()), sorted(desk.files()), desk.count()
        narrow(left)
        answer = getattr(desk, ask)(repeated)
        again(disk, size="64m", nr_inodes=ROOMY)
        if answer.status_code == 202:
            return left
        assert answer.status_code == 507, answer.text
        assert answer.json()["code"] in TOLD
        assert answer.headers["content-type"] == "application/problem+json"
        assert sorted(desk.files()) == before
        assert desk.count() == rows
        assert getattr(desk, ask)(repeated).status_code == 202
    pytest.fail("the sweep did not come to its end")


def test_a_disk_without_a_name_left_is_told_and_the_same_request_again_is_taken(tmp_path, asked):
    with small_disk(tmp_path / "sealing", "64m,nr_inodes=10000"):
        desk, disk = Desk(tmp_path), tmp_path / "sealing"

        def narrow(left):
            told = os.statvfs(disk)
            again(disk, nr_inodes=told.f_files - told.f_ffree + left)

        assert sweep(desk, asked, disk, narrow) > 1


@pytest.mark.parametrize("of", ["letters", "all"])
def test_a_disk_without_a_block_left_is_told_and_the_same_request_again_is_taken(
    tmp_path, asked, of
):
    """`all`: the database is on it too."""
    disk = tmp_path / "sealing" if of == "letters" else tmp_path / "data"
    with small_disk(disk, "64m,nr_inodes=10000"):
        desk = Desk(tmp_path if of == "letters" else disk)
        (disk / "ballast").write_bytes(b"x")  # a size of nought is no limit

        def narrow(left):
            told = os.statvfs(disk)
            again(disk, size=(told.f_blocks - told.f_bavail + left) * PAGE)

        assert sweep(desk, asked, disk, narrow) > 1
