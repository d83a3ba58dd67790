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
    "account.enrolment": OUR_FAULT,
    "account.login-form": Problem(
        N_("cet identifiant ne convient pas"),
        N_("3 à 64 caractères : lettres sans accent, chiffres, . _ @ + -"),
        Exit.USAGE,
    ),
    "account.login-taken": Problem(
        N_("cet identifiant est déjà pris"), N_("choisissez-en un autre avec --name")
    ),
    "account.not-found": Problem(
        N_("ce compte n'existe pas"), N_("vérifiez l'identifiant"), Exit.NOT_FOUND
    ),
    "blob": OUR_FAULT,
    "blob.exists": Problem(
        N_("ce contenu est déjà arrivé"), N_("il n'y a rien à refaire : relancez la commande")
    ),
    "blob.mismatch": Problem(
        N_("le contenu transmis n'est pas celui qui était annoncé"),
        N_("le fichier a peut-être changé pendant l'envoi : recommencez"),
    ),
    "blob.name": OUR_FAULT,
    "blob.not-found": Problem(
        N_("ce contenu n'existe pas"),
        N_("vérifiez le coffre : coffre vault check"),
        Exit.NOT_FOUND,
    ),
    "blob.ticket": Problem(
        N_("le lien de transfert n'est plus valable"), N_("recommencez"), Exit.RETRYABLE
    ),
    "blob.unavailable": Problem(
        N_("le stockage ne répond pas ou est plein"),
        N_("réessayez dans un moment"),
        Exit.RETRYABLE,
    ),
    "configuration.database": Problem(
        N_("l'adresse de la base de données ne convient pas"),
        N_("indiquez sqlite:///CHEMIN ou postgresql://…"),
        Exit.CONFIGURATION,
    ),
    "configuration.installation-key": Problem(
        N_("la clé de l'installation ne peut servir : {path}"),
        N_("elle doit être lisible par son seul propriétaire (chmod 600) et telle qu'à l'origine"),
        Exit.CONFIGURATION,
    ),
    "database.schema": Problem(
        N_("la base de données est à la révision {got}, ce programme attend {expected}"),
        N_("lancez coffre db upgrade, ou le programme qui correspond à la base"),
        Exit.CONFIGURATION,
    ),
    "database.unavailable": Problem(
        N_("la base de données ne répond pas, est occupée ou pleine"),
        N_("réessayez dans un moment"),
        Exit.RETRYABLE,
    ),
    "directory.entry": Problem(
        N_("l'inscription à l'annuaire n'est pas valable"),
        N_("ne continuez pas : prévenez l'exploitant"),
    ),
    "document.not-found": Problem(
        N_("ce document n'existe pas"), N_("voyez coffre vault list"), Exit.NOT_FOUND
    ),
    "document.opaque-length": OUR_FAULT,
    "document.version": Problem(
        N_("une autre version de ce document est arrivée entre-temps"), N_("recommencez")
    ),
    "index.conflict": Problem(
        N_("le coffre a changé depuis un autre appareil"), N_("recommencez"), Exit.RETRYABLE
    ),
    "journal.broken": Problem(
        N_("le journal ne se tient plus à partir de la ligne {n}"),
        N_("conservez la base telle quelle et comparez-la à la dernière sauvegarde"),
    ),
    "message.malformed": Problem(
        N_("ce message signé ne se lit pas"), N_("redemandez-le à son auteur")
    ),
    "message.signature": Problem(
        N_("la signature de ce message n'est pas valable"),
        N_("ne vous y fiez pas ; redemandez-le à son auteur"),
    ),
    "message.type": Problem(
        N_("ce message signé n'est pas du genre attendu"), N_("vérifiez le fichier")
    ),
    "receipt.malformed": Problem(N_("ce reçu ne se lit pas"), N_("vérifiez le fichier")),
    "request.foreign-origin": OUR_FAULT,
    "request.length-required": OUR_FAULT,
    "request.too-large": Problem(
        N_("la demande est trop volumineuse"), N_("découpez ou allégez ce que vous envoyez")
    ),
    "serve.address": Problem(
        N_("impossible d'écouter sur {host}, port {port}"),
        N_("une autre commande l'occupe peut-être : choisissez --port"),
    ),
    "session.ended": Problem(
        N_("votre session est terminée"), N_("relancez coffre account login"), Exit.LOCKED
    ),
    "session.refused": Problem(
        N_("identifiant ou phrase secrète incorrects"),
        N_("vérifiez l'un et l'autre ; rien ne dit lequel des deux est faux"),
        Exit.BAD_PASSPHRASE,
    ),
    "session.too-many": Problem(
        N_("trop d'essais"), N_("réessayez dans {seconds} secondes"), Exit.RETRYABLE
    ),
    "share.ended": Problem(
        N_("ce partage n'existe pas ou a pris fin"), N_("demandez-en un nouveau"), Exit.NOT_FOUND
    ),
    "share.header": Problem(
        N_("ce document n'est pas chiffré comme ce coffre l'exige"),
        N_("seuls les destinataires post-quantiques (age1pq…) sont admis en ligne"),
    ),
    "share.mismatch": Problem(
        N_("ce partage ne correspond pas au contenu conservé"), N_("recommencez depuis le coffre")
    ),
    "storage.disk-full": Problem(
        N_("moins d'un dixième du disque est libre"), N_("libérez de la place")
    ),
    "upload.missing": Problem(
        N_("le contenu annoncé n'est pas arrivé"), N_("recommencez l'envoi"), Exit.RETRYABLE
    ),
    "upload.name-used": OUR_FAULT,
    "upload.not-found": Problem(
        N_("aucun contenu n'est attendu sous ce nom"), N_("recommencez l'envoi"), Exit.RETRYABLE
    ),
    "upload.quota": Problem(
        N_("le coffre est plein : {limit} documents au plus"), N_("retirez des documents")
    ),
    "upload.too-large": Problem(
        N_("ce fichier dépasse la taille permise ({limit} Mio)"),
        N_("découpez ou allégez le fichier"),
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
    "index.head": Problem(
        N_("l'index du coffre est mal formé"),
        N_("n'enregistrez rien et prévenez l'exploitant"),
    ),
    "index.head-signature": Problem(
        N_("l'index du coffre n'est pas signé par son propriétaire"),
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
