"""The story that `coffre demo` tells: one letter's journey, each step done for real.

A step that is not built is absent. Each gives what it proved, in the person's language, and how
long it took. Nothing here is a shortcut: the same functions serve the commands.
"""

import os
from collections.abc import Iterator
from datetime import UTC, datetime

from cli.demo import keeping, own_code, pki
from cli.demo.handing import Tale
from cli.demo.judging import judge, refused, require
from cli.demo.people import CLAIRE, MARTIN, letter, lifted
from cli.demo.stage import SEALED, Chapter, Stage, Step, played
from sealing.service.codes import TwoDDocOrder
from sealing.service.letter import Letter, Sealer, seal_letter
from sealing.service.profile import Profile
from sealing.signers.port import SEAL, TWODDOC
from sealing.signers.registry import signer
from storage.language import N_
from storage.settings import Settings
from verifier.check import Indication
from verifier.reports.sentences import headline

TYPE = "00"


def papers(stage: Stage) -> Iterator[Step]:
    """Play what needs no site: certificates; sealing, verifying, forging, with either code."""
    return played(
        stage,
        (
            Chapter("pki", N_("La ville reçoit ses certificats de démonstration"), certificates),
            Chapter("seal", N_("Le service scelle une attestation de domicile"), seal),
            Chapter("verify", N_("N'importe qui la vérifie, sans réseau"), check),
            Chapter("alter", N_("Un faussaire change un seul octet"), alter),
            Chapter("lift", N_("Un autre pose le code sur une lettre à son nom"), lift),
            Chapter(
                "town-seal",
                N_("Un papier sans 2D-Doc prévu : le service le scelle avec le code de la ville"),
                own_code.seal,
            ),
            Chapter("town-verify", N_("N'importe qui le vérifie de même"), own_code.check),
            Chapter("town-alter", N_("Un faussaire change un nom dans le code"), own_code.alter),
        ),
    )


def safe(stage: Stage, server: str) -> Iterator[Step]:
    """Play what needs the site: keeping the letter, and what the server can see of it."""
    return played(
        stage,
        (
            Chapter(
                "deposit",
                N_("Claire garde l'attestation dans son coffre"),
                lambda stage: keeping.deposit(stage, server),
            ),
            Chapter(
                "look",
                N_("L'exploitant lit tout ce que garde le serveur"),
                lambda stage: keeping.look(stage, server),
            ),
        ),
    )


def consent(stage: Stage, server: str) -> Iterator[Step]:
    """Play what hands the letter over: asked, given, taken once, receipted."""
    tale = Tale(stage, server)
    return played(
        stage,
        (
            Chapter("ask", N_("La cantine demande un justificatif"), lambda _: tale.ask()),
            Chapter("give", N_("Claire remet celui de son coffre"), lambda _: tale.give()),
            Chapter("collect", N_("La cantine l'ouvre et le vérifie"), lambda _: tale.collect()),
            Chapter("again", N_("La cantine essaie une seconde fois"), lambda _: tale.again()),
        ),
    )


def certificates(stage: Stage) -> str:
    """Make the demonstration's certificates, or use those of an earlier run."""
    if (stage.pki / "coffre.toml").is_file():
        return stage.tr(N_("les certificats de la fois précédente servent encore"))
    made = pki.build(datetime.now(UTC))
    pki.write(made, stage.pki)
    count = len(made.seals) + len(made.twoddocs)
    sentence = N_("{count} signataires, une autorité d'horodatage, des listes de révocation")
    return stage.tr(sentence).format(count=count)


def seal(stage: Stage) -> str:
    """Seal the citizen's letter with a 2D-Doc of type 00."""
    now = datetime.now(UTC)
    plain = letter(CLAIRE, f"{now:%d/%m/%Y}")
    stage.write("attestation.pdf", plain)
    settings = Settings.load(stage.pki / "coffre.toml")
    codes = {TYPE: signer(settings, f"{TWODDOC}{TYPE}", now)}
    sealer = Sealer.ready(signer(settings, SEAL, now), codes)
    order = TwoDDocOrder(TYPE, CLAIRE.fields)
    sealed = seal_letter(Letter(plain, order), sealer, Profile(), now, os.urandom(10))
    path = stage.write(SEALED, sealed.pdf)
    sentence = N_("cachet PAdES et code 2D-Doc de {modules} modules, relu sur la page : {path}")
    return stage.tr(sentence).format(modules=sealed.modules, path=path)


def check(stage: Stage) -> str:
    """Verify the sealed letter."""
    verdict = judge(stage, stage.paper(SEALED).read_bytes())
    require("verify", verdict, Indication.TOTAL_PASSED)
    return stage.tr(N_("« {headline} » : cachet, code et texte disent la même chose")).format(
        headline=headline(verdict, stage.tr)
    )


def alter(stage: Stage) -> str:
    """Change one byte of the sealed letter, and see it refused."""
    data = bytearray(stage.paper(SEALED).read_bytes())
    place = data.index(b"stream") + 20
    data[place] ^= 1
    stage.write("attestation-alteree.pdf", bytes(data))
    verdict = judge(stage, bytes(data))
    require("alter", verdict, Indication.TOTAL_FAILED)
    return refused(stage, verdict)


def lift(stage: Stage) -> str:
    """Put the genuine code on a letter that says another name, and see it refused."""
    forged = lifted(
        stage.paper(SEALED).read_bytes(),
        letter(MARTIN, f"{datetime.now(UTC):%d/%m/%Y}"),
    )
    stage.write("attestation-recopiee.pdf", forged)
    verdict = judge(stage, forged)
    require("lift", verdict, Indication.TOTAL_FAILED)
    return refused(stage, verdict)
