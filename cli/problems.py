"""From an error to a sentence, an advice and an exit code, for the command line.

The web's twin is `vault.web.problems`; a test asks that every `code` has a row here. A sentence may
name the error's details in braces.
"""

from dataclasses import dataclass
from enum import IntEnum

from storage.errors import CoffreError
from storage.language import N_


class Exit(IntEnum):
    """Exit codes of the command line; scripts rely on them."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    PARTIAL = 3
    TOTAL_FAILED = 4
    RETRYABLE = 5
    INDETERMINATE = 6
    NOT_FOUND = 10
    LOCKED = 11
    BAD_PASSPHRASE = 12
    CONFIGURATION = 13
    INTERRUPTED = 130


@dataclass(frozen=True, slots=True)
class Problem:
    """What a person is told when a command stops."""

    sentence: str
    advice: str
    exit: Exit = Exit.FAILED


OUR_FAULT = Problem(
    N_("une faute de Coffre, pas de votre document"),
    N_("relancez avec --debug et transmettez ce qui s'affiche à l'exploitant"),
)

PROBLEMS: dict[str, Problem] = {
    "account.bundle": Problem(
        N_("l'identité de ce coffre ne s'ouvre pas"),
        N_("n'enregistrez rien et prévenez l'exploitant"),
    ),
    "account.identity-mismatch": Problem(
        N_("le serveur montre d'autres clés que celles de votre coffre"),
        N_("n'enregistrez rien, ne partagez rien et prévenez l'exploitant"),
    ),
    "account.weak-passphrase": Problem(
        N_("cette phrase secrète est trop facile à deviner"),
        N_("prenez au moins {least} caractères variés ; plusieurs mots sans rapport conviennent"),
        Exit.BAD_PASSPHRASE,
    ),
    "age.armor": Problem(
        N_("ce texte n'est pas un fichier age lisible"),
        N_("le fichier a été modifié ou coupé : demandez-en une nouvelle copie"),
    ),
    "age.bad-passphrase": Problem(
        N_("la phrase secrète n'ouvre pas ce fichier"),
        N_("vérifiez les majuscules, les espaces et la langue du clavier"),
        Exit.BAD_PASSPHRASE,
    ),
    "age.file-key-commitment": Problem(
        N_("ce fichier ne s'ouvre pas avec la clé sous laquelle il a été déposé"),
        N_("ne vous fiez pas à ce document et prévenez l'exploitant"),
    ),
    "age.header": Problem(
        N_("ce n'est pas un fichier age, ou son en-tête est abîmé"),
        N_("vérifiez le nom du fichier, ou demandez-en une nouvelle copie"),
    ),
    "age.header-mac": Problem(
        N_("l'en-tête de ce fichier a été modifié"),
        N_("n'utilisez pas ce fichier : demandez-en une nouvelle copie"),
    ),
    "age.key-file": Problem(
        N_("{path}, ligne {line} : ce n'est pas une clé attendue ici"),
        N_("une clé par ligne ; une ligne qui commence par # est une remarque"),
    ),
    "age.key-file-empty": Problem(
        N_("{path} ne contient aucune clé"), N_("indiquez le fichier qui contient vos clés")
    ),
    "age.key-text": Problem(
        N_("cette clé ne se lit pas"),
        N_("copiez-la en entier : un destinataire commence par age1"),
    ),
    "age.mixed-recipients": Problem(
        N_("ces destinataires ne vont pas ensemble"),
        N_("chiffrez séparément : post-quantique, forme ancienne ou phrase secrète"),
        Exit.USAGE,
    ),
    "age.no-identity": Problem(
        N_("ce fichier s'ouvre avec une identité, et aucune n'est indiquée"),
        N_("ajoutez -i et le fichier de votre identité"),
        Exit.USAGE,
    ),
    "age.no-match": Problem(
        N_("ce fichier n'a pas été chiffré pour cette identité"),
        N_("essayez une autre identité, ou demandez à l'expéditeur pour qui il a chiffré"),
    ),
    "age.no-recipient": Problem(
        N_("aucun destinataire n'est indiqué"),
        N_("ajoutez -r et un destinataire, -R et un fichier, ou -p pour une phrase secrète"),
        Exit.USAGE,
    ),
    "age.passphrase-empty": Problem(
        N_("la phrase secrète est vide"), N_("choisissez au moins cinq mots"), Exit.BAD_PASSPHRASE
    ),
    "age.payload": Problem(
        N_("le contenu de ce fichier est abîmé ou coupé"),
        N_("rien n'a été gardé : demandez une nouvelle copie du fichier"),
    ),
    "age.stanza-refused": Problem(
        N_("ce fichier est protégé d'une manière qui n'est pas admise ici"),
        N_("demandez qu'il soit chiffré pour un destinataire post-quantique"),
    ),
    "configuration": Problem(
        N_("la configuration ne convient pas"), N_("voyez coffre.toml"), Exit.CONFIGURATION
    ),
    "configuration.unknown-key": Problem(
        N_("{path} contient « {key} », que rien ne lit"),
        N_("corrigez le nom ou retirez cette ligne"),
        Exit.CONFIGURATION,
    ),
    "configuration.unreadable": Problem(
        N_("la configuration ne se lit pas : {path} {key}"),
        N_("vérifiez que le fichier existe et que la valeur a la bonne forme"),
        Exit.CONFIGURATION,
    ),
    "configuration.production-refuses": Problem(
        N_("refusé en mode production : {what}"),
        N_("cet élément sert aux essais ; en production, utilisez de vrais certificats et un HSM"),
        Exit.CONFIGURATION,
    ),
    "configuration.missing-extra": Problem(
        N_("il manque une partie facultative de Coffre : {extra}"),
        N_("installez-la : pip install 'coffre[{extra}]'"),
        Exit.CONFIGURATION,
    ),
    "demo.folder-not-empty": Problem(
        N_("{path} contient déjà quelque chose"),
        N_("choisissez un dossier neuf ou vide : des clés ne sont jamais remplacées"),
    ),
    "document.ciphertext-digest": Problem(
        N_("le serveur a donné un autre objet que celui que vous avez déposé"),
        N_("rien n'a été gardé : prévenez l'exploitant"),
    ),
    "document.content-digest": Problem(
        N_("le contenu n'est pas celui qui était annoncé"),
        N_("rien n'a été gardé : ne vous fiez pas à ce document"),
    ),
    "document.header-digest": Problem(
        N_("le serveur a donné une autre clé que celle de ce document"),
        N_("rien n'a été gardé : prévenez l'exploitant"),
    ),
    "document.metadata": Problem(
        N_("la fiche de ce document n'est pas celle que vous avez enregistrée"),
        N_("ne vous y fiez pas et prévenez l'exploitant"),
    ),
    "document.source-length": Problem(
        N_("le fichier a changé pendant sa lecture"), N_("fermez-le ailleurs, puis recommencez")
    ),
    "document.tar": Problem(
        N_("ce document n'est pas rangé comme Coffre range les siens"),
        N_("rien n'a été gardé : ne vous y fiez pas"),
    ),
    "file.exists": Problem(
        N_("{path} existe déjà"), N_("choisissez un autre nom, ou ajoutez --force")
    ),
    "file.terminal": Problem(
        N_("ces octets ne sont pas du texte et n'iront pas sur un terminal"),
        N_("indiquez un fichier avec -o, ou redirigez la sortie"),
        Exit.USAGE,
    ),
    "file.too-large": Problem(
        N_("{path} dépasse la taille permise ({limit} Mio)"), N_("découpez ou allégez le fichier")
    ),
    "index.chain": Problem(
        N_("l'index du coffre se contredit ou ne se lit pas"),
        N_("mettez Coffre à jour ; si cela persiste, prévenez l'exploitant"),
    ),
    "index.fork": Problem(
        N_("le serveur montre un autre historique que celui déjà vu"),
        N_("n'enregistrez rien, comparez avec un autre appareil et prévenez l'exploitant"),
    ),
    "index.head": Problem(
        N_("l'index du coffre est mal formé"),
        N_("n'enregistrez rien et prévenez l'exploitant"),
    ),
    "index.head-signature": Problem(
        N_("l'index du coffre n'est pas signé par son propriétaire"),
        N_("n'enregistrez rien et prévenez l'exploitant"),
    ),
    "index.rollback": Problem(
        N_("le serveur montre un état ancien du coffre"),
        N_("n'enregistrez rien, comparez avec un autre appareil et prévenez l'exploitant"),
    ),
    "index.slot-unlisted": Problem(
        N_("cette serrure n'a pas été posée par le propriétaire du coffre"),
        N_("n'enregistrez rien et prévenez l'exploitant"),
    ),
    "language.catalogue": OUR_FAULT,
    "prompt.no-terminal": Problem(
        N_("une phrase secrète est nécessaire, et personne ne peut être interrogé"),
        N_("indiquez-la par COFFRE_PASSPHRASE ou par COFFRE_PASSPHRASE_FILE"),
        Exit.USAGE,
    ),
    "prompt.passphrases-differ": Problem(
        N_("les deux phrases sont différentes"), N_("recommencez"), Exit.BAD_PASSPHRASE
    ),
    "slot.kdf-refused": Problem(
        N_("le serveur propose une protection de la phrase secrète qui n'est pas admise"),
        N_("n'entrez pas votre phrase ici et prévenez l'exploitant"),
    ),
    "slot.malformed": Problem(
        N_("une serrure du coffre est mal formée"), N_("prévenez l'exploitant")
    ),
    "slot.not-opened": Problem(
        N_("la phrase secrète n'ouvre pas ce coffre"),
        N_("vérifiez les majuscules, les espaces et la langue du clavier"),
        Exit.BAD_PASSPHRASE,
    ),
    "usage.mistyped-command": Problem(
        N_("la commande « {name} » n'existe pas"), N_("vouliez-vous dire « {near} » ?"), Exit.USAGE
    ),
    "usage.unknown-command": Problem(
        N_("la commande « {name} » n'existe pas"), N_("voyez coffre --help"), Exit.USAGE
    ),
    "vault.key-length": OUR_FAULT,
    "vault.not-canonical": Problem(
        N_("une réponse du serveur est mal formée"), N_("prévenez l'exploitant")
    ),
    "vault.wrap": Problem(
        N_("cette partie du coffre ne s'ouvre pas"),
        N_("n'enregistrez rien et prévenez l'exploitant"),
    ),
    "vault.size": Problem(N_("cet objet n'a pas une taille possible"), N_("prévenez l'exploitant")),
}


def problem_of(error: CoffreError) -> Problem:
    """Give the row of an error; an error without a row is a fault of ours."""
    return PROBLEMS.get(error.code, OUR_FAULT)


def problem_of_system(error: OSError) -> tuple[Problem, dict[str, str]]:
    """Give the row of a refusal by the operating system, and its details."""
    details = {"path": str(error.filename or ""), "why": error.strerror or type(error).__name__}
    match error:
        case FileNotFoundError():
            sentence, code = N_("{path} n'existe pas"), Exit.NOT_FOUND
        case IsADirectoryError():
            sentence, code = N_("{path} est un dossier, pas un fichier"), Exit.FAILED
        case PermissionError():
            sentence, code = N_("{path} ne peut être ni lu ni écrit : droits"), Exit.FAILED
        case _:
            sentence, code = N_("{path} : {why}"), Exit.FAILED
    return Problem(sentence, N_("vérifiez le nom, les droits et la place libre"), code), details
