"""`coffre`: the table of commands, and the one place where an exception becomes words.

A command is imported when it is called and not before: `coffre --help` stays quick, and
`coffre serve` never has the opening half of the vault in memory.
"""

import os
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any, TextIO

import typer
from typer._click.exceptions import NoArgsIsHelpError, UsageError
from typer.main import get_command

from cli.help import Command, Group, usage_error
from cli.output import Output, plain
from cli.problems.problem import OUR_FAULT, Exit
from cli.problems.table import parts_of, problem_of, problem_of_system
from storage.errors import CoffreError
from storage.language import N_, preferred

SUMMARY = N_(
    "Coffre : le coffre numérique et les documents scellés d'une ville.\n"
    "Sceller, vérifier, conserver, remettre une seule fois."
)

# One row per file of cli/commands, in the order of the help page.
COMMANDS: dict[str, str] = {
    "demo": N_("Raconter toute l'histoire, sur de vraies pièces."),
    "serve": N_("Servir le coffre : le site et son interface."),
    "account": N_("Ouvrir un compte, se connecter, se déconnecter."),
    "vault": N_("Déposer, lister, reprendre et emporter les documents du coffre."),
    "consent": N_("Répondre aux demandes de justificatifs : remettre, refuser, retirer."),
    "service": N_("Demander des justificatifs et prendre ce qui est remis : côté service."),
    "register": N_("Tenir le registre : ce que chaque service peut demander."),
    "seal": N_("Sceller un PDF, avec ou sans code 2D-Doc."),
    "batch": N_("Sceller un envoi entier, à partir d'une liste."),
    "renew": N_("Prolonger la preuve des documents scellés : horodatages d'archivage."),
    "apikey": N_("Tenir les clés des applications qui font sceller par l'API."),
    "office": N_("Sceller ce que les applications demandent (lancé par coffre serve)."),
    "twoddoc": N_("Émettre un code 2D-Doc, en lire un, lister les types."),
    "status": N_("Retirer ou remplacer un document scellé, publier la liste des retraits."),
    "verify": N_("Vérifier un document scellé, un scan ou un code."),
    "trust": N_("Tenir les listes de confiance : prendre, montrer, ajouter."),
    "age": N_("Chiffrer et déchiffrer des fichiers age."),
    "pki": N_("Fabriquer les certificats de démonstration."),
    "db": N_("Tenir la base de données à jour."),
    "bench": N_("Mesurer la vitesse, contre la limite et d'autres programmes."),
    "version": N_("Dire la version."),
}


class House(Group):
    """The table of commands, each loaded when it is called."""

    def __init__(self) -> None:
        """List the commands without importing one."""
        stubs = {name: Command(name, short_help=text) for name, text in COMMANDS.items()}
        super().__init__(name="coffre", help=SUMMARY, commands=dict(stubs), no_args_is_help=True)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ANN401, ARG002 - as in Typer
        """Import a command's file and give the command."""
        if cmd_name not in COMMANDS:
            return None
        command = get_command(import_module(f"cli.commands.{cmd_name}").app)
        command.name = cmd_name
        return command


def app() -> None:
    """Run the command line of this process."""
    sys.exit(run(sys.argv[1:], os.environ, sys.stdout, sys.stderr))


def run(args: Sequence[str], environ: Mapping[str, str], stdout: TextIO, stderr: TextIO) -> int:
    """Run one command; give its exit code. No exception leaves but SystemExit."""
    output = Output(preferred(environ), stdout, stderr)
    debug = "--debug" in args
    try:
        code = House().main(
            args=[item for item in args if item != "--debug"],
            prog_name="coffre",
            standalone_mode=False,
            obj=output,
        )
    except Exception as error:
        if debug:
            raise
        return explain(error, output)
    return code if isinstance(code, int) else Exit.DONE


def explain(error: Exception, output: Output, *, about: str = "") -> int:
    """Say what went wrong, `about` which file, and what to do next; give the exit code."""
    details: Mapping[str, str | int] = {}
    match error:
        case NoArgsIsHelpError():
            output.show(error.format_message())
            return Exit.DONE
        case UsageError():
            output.error(*usage_error(error, output.tr))
            return Exit.USAGE
        case typer.Abort():
            return Exit.INTERRUPTED
        case CoffreError():
            problem = problem_of(error)
            details = {**error.details, "parts": parts_of(error, output.tr)}
        case OSError():
            problem, details = problem_of_system(error)
        case _:
            problem = OUR_FAULT
    details = defaultdict(lambda: "?", details)
    sentence = output.tr(problem.sentence).format_map(details)
    if about and not ("{path}" in problem.sentence and details["path"] == about):
        sentence = f"{plain(about)} : {sentence}"
    output.error(sentence, output.tr(problem.advice).format_map(details))
    return problem.exit
