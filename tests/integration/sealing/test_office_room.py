"""Single letters on a disk that is full: told as such, and sealed once there is room."""

import json
import os

from support.disks import small_disk
from support.letters import letter
from support.seal_api import now

from cli.bureau import Line
from cli.office import _Desk, _letters
from sealing.service import api_keys, commissions
from sealing.service.api_keys import Terms
from sealing.service.commissions import Asked, Kind, State
from storage.database import transaction


def taken(bureau):
    """Take a letter on."""
    identifier = commissions.new_id()
    bureau.room.letter(identifier).write_bytes(letter())
    with transaction(bureau.engine) as session:
        key = api_keys.add(session, Terms("etat-civil"), now()).key
        asked = Asked(Kind.LETTER, identifier, b"", json.dumps({}), "B-B", 1, 1)
        return commissions.take(session, key, identifier, asked, now())


def standing(bureau, found):
    """Give how a letter stands."""
    current = bureau.get(found.id)
    return current.state, current.outcome.error


def test_whichever_write_finds_no_room_the_letter_failed_and_asked_again_is_sealed(bureau):
    line = Line(os.pipe()[0], os.open(os.devnull, os.O_WRONLY))
    out, failed = bureau.room.letters_out, 0
    with small_disk(out, "2m"), _letters(bureau) as letters:
        desk = _Desk(bureau, line, letters)
        for left in range(40):
            found, room = taken(bureau), os.statvfs(out)
            ballast = out / ".ballast"
            ballast.write_bytes(bytes((room.f_bavail - left) * room.f_bsize))
            desk._seal(found, again=False)
            ballast.unlink()
            if standing(bureau, found) == (State.SEALED, None):
                break
            failed += 1
            assert standing(bureau, found) == (State.FAILED, "office.no-room")
            assert bureau.room.letter(found.id).exists()
            with transaction(bureau.engine) as session:
                found = commissions.take_up(session, found.id)
            desk._seal(found, again=False)
            assert standing(bureau, found) == (State.SEALED, None)
    assert failed > 1
