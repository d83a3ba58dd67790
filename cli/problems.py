"""From an error to a sentence, an advice and an exit code, for the command line.

The web's twin is `vault.web.problems`; a test asks that every `code` has a row here. A sentence may
name the error's details in braces.
"""

from dataclasses import dataclass
from enum import IntEnum

from storage.errors import CoffreError
from storage.language import N_, Translator


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
    "account.enrolment": OUR_FAULT,
    "account.identity-mismatch": Problem(
        N_("le serveur montre d'autres clés que celles de votre coffre"),
        N_("n'enregistrez rien, ne partagez rien et prévenez l'exploitant"),
    ),
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
    "ciphertext-digest": Problem(
        N_("le contenu reçu n'est pas celui que la personne a signé"),
        N_("n'en utilisez rien ; le reçu de rejet l'a dit au coffre"),
    ),
    "claims-only": Problem(
        N_("cette preuve ne se remet que sous forme d'attestation"),
        N_("demandez une attestation, pas le document"),
    ),
    "client.locked": Problem(
        N_("le coffre est fermé"),
        N_("relancez coffre account login"),
        Exit.LOCKED,
    ),
    "client.signed-out": Problem(
        N_("aucun coffre n'est ouvert ici"),
        N_("lancez coffre account login --name IDENTIFIANT"),
        Exit.LOCKED,
    ),
    "client.state": Problem(
        N_("{path} est abîmé, ou d'autres que vous peuvent le lire"),
        N_(
            "rendez-le privé (chmod 600) si vous en êtes sûr ; sinon écartez-le et reconnectez-vous"
        ),
        Exit.CONFIGURATION,
    ),
    "closed-list": Problem(
        N_("cette démarche ne peut demander que ce que la loi énumère"),
        N_("retirez de la demande ce qui dépasse la liste"),
    ),
    "configuration": Problem(
        N_("la configuration ne convient pas"), N_("voyez coffre.toml"), Exit.CONFIGURATION
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
    "configuration.missing-extra": Problem(
        N_("il manque une partie facultative de Coffre : {extra}"),
        N_("installez-la : pip install 'coffre[{extra}]'"),
        Exit.CONFIGURATION,
    ),
    "configuration.production-refuses": Problem(
        N_("refusé en mode production : {what}"),
        N_("la production demande un module matériel (HSM), que cette version n'ouvre pas encore"),
        Exit.CONFIGURATION,
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
    "consent-item": Problem(
        N_("le document choisi ne répond pas à la pièce « {req} »"),
        N_("voyez coffre consent show : les documents proposés y sont"),
    ),
    "consent-item-form": Problem(
        N_("« {item} » n'est pas de la forme PIÈCE=DOCUMENT, ou la pièce vient deux fois"),
        N_("écrivez par exemple --item domicile=XW9VgHyj-T84zz2P0zyYIQ"),
        Exit.USAGE,
    ),
    "content-digest": Problem(
        N_("le document ouvert n'est pas celui que la personne a remis"),
        N_("n'en utilisez rien ; le reçu de rejet l'a dit au coffre"),
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
    "demo.folder-not-empty": Problem(
        N_("{path} contient déjà quelque chose"),
        N_("choisissez un dossier neuf ou vide : des clés ne sont jamais remplacées"),
    ),
    "demo.site": Problem(
        N_("le site n'a pas démarré"),
        N_("le port est peut-être pris : choisissez --port ; voyez {log}"),
    ),
    "demo.story": OUR_FAULT,
    "directory.entry": Problem(
        N_("l'inscription à l'annuaire n'est pas valable"),
        N_("ne continuez pas : prévenez l'exploitant"),
    ),
    "document-unreadable": Problem(
        N_("un document remis ne s'ouvre pas"), N_("faites une nouvelle demande")
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
    "document.incomplete": Problem(
        N_("documents absents ou abîmés chez le serveur ({count}) : {parts}"),
        N_("n'effacez rien et prévenez l'exploitant ; ce qui est intact reste lisible"),
        Exit.PARTIAL,
    ),
    "document.metadata": Problem(
        N_("la fiche de ce document n'est pas celle que vous avez enregistrée"),
        N_("ne vous y fiez pas et prévenez l'exploitant"),
    ),
    "document.not-found": Problem(
        N_("ce document n'existe pas"), N_("voyez coffre vault list"), Exit.NOT_FOUND
    ),
    "document.opaque-length": OUR_FAULT,
    "document.source-length": Problem(
        N_("le fichier a changé pendant sa lecture"), N_("fermez-le ailleurs, puis recommencez")
    ),
    "document.tar": Problem(
        N_("ce document n'est pas rangé comme Coffre range les siens"),
        N_("rien n'a été gardé : ne vous y fiez pas"),
    ),
    "document.unlisted": Problem(
        N_("le serveur montre un document que vous n'avez pas déposé"),
        N_("ne vous y fiez pas et prévenez l'exploitant"),
    ),
    "document.version": Problem(
        N_("une autre version de ce document est arrivée entre-temps"), N_("recommencez")
    ),
    "document.withheld": Problem(
        N_("le serveur ne montre pas un document de votre coffre"),
        N_("réessayez ; si cela dure, prévenez l'exploitant"),
    ),
    "draft-unreadable": Problem(
        N_("{path} ne contient pas un objet JSON"), N_("vérifiez le fichier")
    ),
    "export.exists": Problem(
        N_("{path} existe déjà"),
        N_("choisissez un dossier qui n'existe pas"),
    ),
    "file-key-commitment": Problem(
        N_("un document remis s'ouvre autrement que son auteur ne s'y est engagé"),
        N_("n'en utilisez rien et prévenez l'exploitant"),
    ),
    "file.exists": Problem(
        N_("{path} existe déjà"), N_("choisissez un autre nom, ou ajoutez --force")
    ),
    "file.no-folder": Problem(
        N_("le dossier {path} n'existe pas"), N_("créez-le, ou choisissez un autre nom")
    ),
    "file.terminal": Problem(
        N_("ces octets ne sont pas du texte et n'iront pas sur un terminal"),
        N_("indiquez un fichier avec -o, ou redirigez la sortie"),
        Exit.USAGE,
    ),
    "file.too-large": Problem(
        N_("{path} dépasse la taille permise ({limit} Mio)"), N_("découpez ou allégez le fichier")
    ),
    "grant-expired": Problem(
        N_("cet accord de remise a expiré"), N_("faites une nouvelle demande")
    ),
    "grant-invalid": Problem(
        N_("cet accord de remise n'est pas valable pour cette demande"),
        N_("n'en utilisez rien ; faites une nouvelle demande"),
    ),
    "grant-not-found": Problem(
        N_("cet accord de remise n'existe pas pour ce service"),
        N_("vérifiez l'identifiant"),
        Exit.NOT_FOUND,
    ),
    "grant-unknown": Problem(
        N_("vous n'avez pas donné cet accord de remise"),
        N_("voyez coffre consent list"),
        Exit.NOT_FOUND,
    ),
    "grant-used": Problem(
        N_("cet accord de remise a déjà servi : il ne sert qu'une fois"),
        N_("faites une nouvelle demande"),
    ),
    "grant-withdrawn": Problem(
        N_("la personne a retiré cet accord de remise"),
        N_("rien ne vous a été remis ; faites une nouvelle demande s'il le faut"),
    ),
    "header-digest": Problem(
        N_("la clé d'un document remis n'est pas celle que la personne a signée"),
        N_("n'en utilisez rien ; le reçu de rejet l'a dit au coffre"),
    ),
    "illegal-transition": Problem(
        N_("ce n'est pas, ou plus, possible : l'autre côté a agi avant"),
        N_("voyez où cela en est : coffre consent list"),
    ),
    "index.chain": Problem(
        N_("l'index du coffre se contredit ou ne se lit pas"),
        N_("mettez Coffre à jour ; si cela persiste, prévenez l'exploitant"),
    ),
    "index.conflict": Problem(
        N_("le coffre a changé depuis un autre appareil"), N_("recommencez"), Exit.RETRYABLE
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
    "journal.broken": Problem(
        N_("le journal ne se tient plus à partir de la ligne {n}"),
        N_("conservez la base telle quelle et comparez-la à la dernière sauvegarde"),
    ),
    "language.catalogue": OUR_FAULT,
    "legal-basis": Problem(
        N_("le fondement de la demande n'est pas celui du registre"),
        N_("reprenez celui de l'inscription"),
    ),
    "manifest-digest": Problem(
        N_("l'inventaire remis n'est pas celui que la personne a signé"),
        N_("n'en utilisez rien ; le reçu de rejet l'a dit au coffre"),
    ),
    "manifest-foreign": Problem(
        N_("l'inventaire remis est celui d'une autre remise, ou ne répond pas à la demande"),
        N_("n'en utilisez rien ; le reçu de rejet l'a dit au coffre"),
    ),
    "member-digest": Problem(
        N_("le paquet remis ne contient pas ce qu'annonce son inventaire"),
        N_("n'en utilisez rien ; le reçu de rejet l'a dit au coffre"),
    ),
    "message.malformed": Problem(
        N_("ce message signé ne se lit pas"), N_("redemandez-le à son auteur")
    ),
    "message.schema": Problem(
        N_("ce message n'a pas la forme attendue, à {where}"), N_("corrigez cet endroit")
    ),
    "message.signature": Problem(
        N_("la signature de ce message n'est pas valable"),
        N_("ne vous y fiez pas ; redemandez-le à son auteur"),
    ),
    "message.type": Problem(
        N_("ce message signé n'est pas du genre attendu"), N_("vérifiez le fichier")
    ),
    "over-asking": Problem(
        N_("la demande dépasse ce que le registre permet à ce service"),
        N_("ne demandez que ce qui est inscrit, ou faites inscrire une nouvelle version"),
    ),
    "package-digest": Problem(
        N_("le paquet reçu n'est pas celui que la personne a signé"),
        N_("n'en utilisez rien ; le reçu de rejet l'a dit au coffre"),
    ),
    "package-unreadable": Problem(
        N_("le paquet reçu ne s'ouvre pas avec l'identité de ce service"),
        N_("vérifiez que l'identité est celle de l'inscription ; faites une nouvelle demande"),
    ),
    "prompt.no-terminal": Problem(
        N_("une phrase secrète est nécessaire, et personne ne peut être interrogé"),
        N_("indiquez-la par COFFRE_PASSPHRASE ou par COFFRE_PASSPHRASE_FILE"),
        Exit.USAGE,
    ),
    "prompt.passphrases-differ": Problem(
        N_("les deux phrases sont différentes"), N_("recommencez"), Exit.BAD_PASSPHRASE
    ),
    "proof-type-unknown": Problem(
        N_("le catalogue ne connaît pas ce type de preuve"), N_("voyez les types du catalogue")
    ),
    "receipt-foreign": Problem(
        N_("ce reçu n'est pas celui de cette remise, ou n'est pas signé des deux côtés"),
        N_("ne vous y fiez pas ; redemandez-le"),
    ),
    "receipt.malformed": Problem(N_("ce reçu ne se lit pas"), N_("vérifiez le fichier")),
    "recipient-unregistered": Problem(
        N_("le destinataire de la demande n'est pas au registre"),
        N_("n'y répondez pas ; le service doit faire inscrire sa clé"),
    ),
    "register-changed": Problem(
        N_("le serveur montre une autre clé du registre, ou du coffre, que la première fois"),
        N_("ne remettez rien et prévenez l'exploitant"),
    ),
    "register-full": Problem(
        N_("trop d'inscriptions attendent l'exploitant"), N_("réessayez plus tard"), Exit.RETRYABLE
    ),
    "registration-expired": Problem(
        N_("l'inscription du service au registre n'a pas cours"),
        N_("le service doit la faire renouveler"),
    ),
    "registration-foreign": Problem(
        N_("l'inscription jointe est celle d'un autre service ou d'une autre démarche"),
        N_("n'y répondez pas"),
    ),
    "registration-missing": Problem(
        N_("le registre ne connaît pas cette inscription"),
        N_("voyez coffre register list"),
        Exit.NOT_FOUND,
    ),
    "registration-struck-off": Problem(
        N_("l'inscription du service a été radiée"),
        N_("n'y répondez pas ; le service doit s'adresser à l'exploitant"),
    ),
    "request-clock": Problem(
        N_("la demande est datée de l'avenir, ou dure trop longtemps"),
        N_("vérifiez l'heure ; une demande dure 90 jours au plus"),
    ),
    "request-closed": Problem(
        N_("cette demande n'attend plus de réponse"),
        N_("demandez au service d'en faire une nouvelle"),
    ),
    "request-expired": Problem(
        N_("le délai de cette demande est passé"), N_("demandez au service d'en faire une nouvelle")
    ),
    "request-foreign": Problem(
        N_("cette demande est pour un autre coffre, ou d'un genre qui n'est pas proposé"),
        N_("n'y répondez pas"),
    ),
    "request-not-found": Problem(
        N_("cette demande n'existe pas"), N_("vérifiez l'identifiant ou le code"), Exit.NOT_FOUND
    ),
    "request-replayed": Problem(N_("cette demande a déjà été reçue"), N_("signez-en une nouvelle")),
    "request-unanswered": Problem(
        N_("la demande n'a pas de réponse (état : {state})"),
        N_("réessayez plus tard ; l'autre voie reste ouverte à la personne"),
        Exit.RETRYABLE,
    ),
    "request-unknown": Problem(
        N_("aucune demande de ce nom ne vous est faite"),
        N_("voyez coffre consent requests"),
        Exit.NOT_FOUND,
    ),
    "request.foreign-origin": OUR_FAULT,
    "request.length-required": OUR_FAULT,
    "request.too-large": Problem(
        N_("la demande est trop volumineuse"), N_("découpez ou allégez ce que vous envoyez")
    ),
    "screen": Problem(
        N_("l'écran montré à la personne n'est pas celui de cette demande"),
        N_("n'en utilisez rien ; le reçu de rejet l'a dit au coffre"),
    ),
    "seal.page-disagrees": Problem(
        N_("la page ne dit pas ce que dit le code : {parts}"),
        N_("écrivez sur la page les valeurs du code, à l'identique : rien n'a été écrit"),
    ),
    "sealing.cms-template": OUR_FAULT,
    "sealing.mark-unreadable": Problem(
        N_("le code posé sur la page ne se relit pas : rien n'a été écrit"),
        N_("choisissez une autre place avec --at, ou une autre page avec --page"),
    ),
    "sealing.page-out-of-range": Problem(
        N_("la page {page} n'existe pas : le document en a {pages}"),
        N_("choisissez une page avec --page"),
    ),
    "sealing.pdf-certified": Problem(
        N_("ce PDF est certifié par son auteur, qui interdit toute modification"),
        N_("demandez-lui un exemplaire non certifié"),
    ),
    "sealing.pdf-encrypted": Problem(
        N_("ce PDF est protégé par un mot de passe"),
        N_("enlevez la protection avant de sceller"),
    ),
    "sealing.pdf-refused": OUR_FAULT,
    "sealing.pdf-too-large": Problem(
        N_("ce PDF dépasse {limit} Mio"), N_("découpez-le ou allégez ses images")
    ),
    "sealing.pdf-unreadable": Problem(
        N_("ce fichier n'est pas un PDF, ou il est abîmé"),
        N_("ouvrez-le dans un lecteur, puis enregistrez-le de nouveau en PDF"),
    ),
    "sealing.placement-full": Problem(
        N_("il n'y a pas de place libre pour le code sur la page {page}"),
        N_("choisissez une autre page avec --page, ou laissez un espace de 3 cm"),
    ),
    "sealing.placement-taken": Problem(
        N_("la place demandée n'est pas libre, ou sort de la page {page}"),
        N_("prenez --at auto, ou une autre place"),
    ),
    "sealing.signer": Problem(
        N_("le signataire « {name} » ne peut pas servir : clé ou certificat illisible"),
        N_("vérifiez ses fichiers dans coffre.toml"),
        Exit.CONFIGURATION,
    ),
    "sealing.signer-certificate-dates": Problem(
        N_("le certificat de « {name} » n'est valable que du {first} au {last}"),
        N_("renouvelez-le"),
        Exit.CONFIGURATION,
    ),
    "sealing.signer-certificate-use": Problem(
        N_("le certificat de « {name} » ne permet pas cet usage"),
        N_("choisissez un signataire dont l'usage convient (voyez coffre.toml)"),
        Exit.CONFIGURATION,
    ),
    "sealing.signer-chain": Problem(
        N_("la chaîne de certificats de « {name} » ne tient pas"),
        N_("mettez dans « chain » chaque autorité, de la plus proche à la plus haute"),
        Exit.CONFIGURATION,
    ),
    "sealing.signer-key-mismatch": Problem(
        N_("la clé de « {name} » n'est pas celle de son certificat"),
        N_("vérifiez « key » et « certificate » dans coffre.toml"),
        Exit.CONFIGURATION,
    ),
    "sealing.signer-key-not-allowed": Problem(
        N_("la clé de « {name} » n'est pas admise"),
        N_("utilisez RSA d'au moins 2048 bits, P-256, P-384 ou P-521"),
        Exit.CONFIGURATION,
    ),
    "sealing.signer-token": Problem(
        N_("« {name} » est sur un module matériel, que cette version ne sait pas ouvrir"),
        N_("utilisez un fichier PEM pour les essais"),
        Exit.CONFIGURATION,
    ),
    "sealing.signer-unknown": Problem(
        N_("aucun signataire pour « {name} »"),
        N_("indiquez le bon fichier avec --config, ou un nom qu'il contient"),
        Exit.CONFIGURATION,
    ),
    "sealing.symbol": Problem(
        N_("ces {size} octets ne tiennent pas dans un code"), N_("raccourcissez les valeurs")
    ),
    "serve.address": Problem(
        N_("impossible d'écouter sur {host}, port {port}"),
        N_("une autre commande l'occupe peut-être : choisissez --port"),
    ),
    "server.address": Problem(
        N_("cette adresse de serveur ne convient pas"),
        N_("indiquez https://… ; http:// n'est admis que sur cette machine"),
        Exit.CONFIGURATION,
    ),
    "server.answer": Problem(
        N_("le serveur répond autre chose que ce qui est convenu"),
        N_("vérifiez l'adresse du serveur ; si elle est bonne, prévenez l'exploitant"),
    ),
    "server.none": Problem(
        N_("aucun serveur n'est indiqué"),
        N_("ajoutez --server URL, ou COFFRE_SERVER"),
        Exit.CONFIGURATION,
    ),
    "server.refused": Problem(
        N_("le serveur refuse (réponse {status})"),
        N_("vérifiez l'adresse du serveur, ou réessayez plus tard"),
    ),
    "server.unreachable": Problem(
        N_("le serveur ne répond pas"),
        N_("vérifiez le réseau et l'adresse, puis réessayez"),
        Exit.RETRYABLE,
    ),
    "service-keys-exist": Problem(
        N_("ce dossier contient déjà les clés d'un service"),
        N_("elles ne sont jamais remplacées : choisissez un autre COFFRE_HOME"),
    ),
    "service-keys-missing": Problem(
        N_("ce dossier ne contient pas de clés de service"),
        N_("lancez coffre service key init"),
        Exit.NOT_FOUND,
    ),
    "service-not-registered": Problem(
        N_("le registre n'a pas d'inscription en cours de ce service pour cette démarche"),
        N_("coffre service register, puis l'exploitant signe"),
        Exit.NOT_FOUND,
    ),
    "service-request-unknown": Problem(
        N_("ce service n'a pas fait cette demande d'ici"),
        N_("vérifiez l'identifiant et COFFRE_HOME"),
        Exit.NOT_FOUND,
    ),
    "service-unauthenticated": Problem(
        N_("le service n'a pas prouvé son identité"),
        N_("vérifiez l'heure de cette machine, et que la clé est celle de l'inscription"),
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
    "slot.derivation-changed": Problem(
        N_("le serveur traite votre phrase secrète autrement qu'à l'ouverture du coffre"),
        N_("ne réessayez pas et prévenez l'exploitant"),
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
    "storage.disk-full": Problem(
        N_("moins d'un dixième du disque est libre"), N_("libérez de la place")
    ),
    "too-many": Problem(
        N_("trop d'essais"), N_("réessayez dans {seconds} secondes"), Exit.RETRYABLE
    ),
    "twoddoc.catalogue": OUR_FAULT,
    "twoddoc.damaged-in-transport": Problem(
        N_("ce code est incomplet : la lecture l'a abîmé"), N_("scannez-le de nouveau")
    ),
    "twoddoc.emission": Problem(
        N_("ce code 2D-Doc ne peut pas être émis : {parts}"),
        N_("corrigez ces données, puis recommencez : rien n'a été signé"),
    ),
    "twoddoc.key-not-allowed": Problem(
        N_("une clé de 2D-Doc est sur P-256, P-384 ou P-521"),
        N_("vérifiez le certificat du signataire"),
        Exit.CONFIGURATION,
    ),
    "twoddoc.malformed": Problem(
        N_("ce code est mal formé"), N_("demandez un autre exemplaire du document")
    ),
    "twoddoc.not-2ddoc": Problem(
        N_("ce n'est pas un code 2D-Doc"), N_("vérifiez ce que vous avez lu"), Exit.NOT_FOUND
    ),
    "twoddoc.signature-invalid": Problem(
        N_("la signature de ce code est fausse"),
        N_("n'acceptez pas ce document"),
        Exit.TOTAL_FAILED,
    ),
    "twoddoc.type-not-for-towns": Problem(
        N_("une ville n'émet pas de 2D-Doc de type {type} (permis : {allowed})"),
        N_("pour un autre document, le code de vérification de la ville conviendra"),
        Exit.USAGE,
    ),
    "twoddoc.unknown-form": Problem(
        N_("cette forme de 2D-Doc n'est pas lue par cette version : {form}"),
        N_("mettez Coffre à jour"),
        Exit.INDETERMINATE,
    ),
    "twoddoc.value-invalid": Problem(
        N_("une valeur n'a pas la forme attendue ({kind})"), N_("corrigez-la"), Exit.USAGE
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
    "usage.field": Problem(
        N_("la donnée « {field} » est mal écrite, en double, ou sans --twoddoc"),
        N_("écrivez --twoddoc TYPE --field DI=VALEUR, une fois par donnée"),
        Exit.USAGE,
    ),
    "usage.level": Problem(
        N_("le niveau {level} n'est pas proposé par cette version"),
        N_("prenez B-B"),
        Exit.USAGE,
    ),
    "usage.mistyped-command": Problem(
        N_("la commande « {name} » n'existe pas"), N_("vouliez-vous dire « {near} » ?"), Exit.USAGE
    ),
    "usage.moment": Problem(
        N_("« {at} » n'est pas un moment"),
        N_("écrivez une date RFC 3339, avec son fuseau : 2026-11-21T10:00:00+01:00"),
        Exit.USAGE,
    ),
    "usage.nothing-to-verify": Problem(
        N_("il n'y a rien à vérifier, ou un fichier et --raw à la fois"),
        N_("donnez un ou plusieurs fichiers, ou --raw TEXTE"),
        Exit.USAGE,
    ),
    "usage.place-without-code": Problem(
        N_("--page et --at placent le code 2D-Doc, et aucun n'est demandé"),
        N_("ajoutez --twoddoc, ou retirez --page et --at"),
        Exit.USAGE,
    ),
    "usage.place": Problem(
        N_("« {at} » n'est pas une place"), N_("écrivez auto, ou x,y en millimètres"), Exit.USAGE
    ),
    "usage.unknown-command": Problem(
        N_("la commande « {name} » n'existe pas"), N_("voyez coffre --help"), Exit.USAGE
    ),
    "vault.asset": OUR_FAULT,
    "vault.key-length": OUR_FAULT,
    "vault.not-canonical": Problem(
        N_("une réponse du serveur est mal formée"), N_("prévenez l'exploitant")
    ),
    "vault.size": Problem(N_("cet objet n'a pas une taille possible"), N_("prévenez l'exploitant")),
    "vault.town-colour": Problem(
        N_("la couleur {colour} rendrait le site illisible, ou n'est pas de la forme #rrggbb"),
        N_("choisissez-en une plus foncée : un contraste de 4,5 pour 1 est nécessaire"),
        Exit.CONFIGURATION,
    ),
    "vault.wrap": Problem(
        N_("cette partie du coffre ne s'ouvre pas"),
        N_("n'enregistrez rien et prévenez l'exploitant"),
    ),
    "verifier.file-broken": Problem(
        N_("ce fichier est coupé ou abîmé"), N_("demandez-en un nouvel exemplaire")
    ),
    "verifier.file-empty": Problem(N_("ce fichier est vide"), N_("vérifiez ce que vous déposez")),
    "verifier.file-encrypted": Problem(
        N_("ce PDF ne s'ouvre qu'avec un mot de passe"),
        N_("demandez un exemplaire sans mot de passe"),
    ),
    "verifier.file-refused": OUR_FAULT,
    "verifier.file-too-large": Problem(
        N_("ce fichier dépasse {limit} Mio"), N_("demandez un exemplaire plus léger")
    ),
    "verifier.file-unknown": Problem(
        N_("ce fichier n'est ni un PDF ni une image que Coffre lit"),
        N_("déposez un PDF, ou une image PNG, JPEG, WebP ou TIFF"),
    ),
    "verifier.no-trust": Problem(
        N_("aucun dossier de confiance n'est donné : rien ne peut être cru"),
        N_("ajoutez --trust DIR, ou « trust » dans coffre.toml"),
        Exit.CONFIGURATION,
    ),
    "verifier.nothing-checked": OUR_FAULT,
    "verifier.reading-crashed": Problem(
        N_("la lecture de ce fichier a échoué : il est abîmé, ou fait pour nuire"),
        N_("n'en concluez rien ; demandez un autre exemplaire"),
    ),
    "verifier.reading-stopped": OUR_FAULT,
    "verifier.reading-too-heavy": Problem(
        N_("la lecture de ce fichier demande trop de mémoire ({limit} Mio)"),
        N_("n'en concluez rien ; demandez un exemplaire plus simple"),
    ),
    "verifier.reading-too-long": Problem(
        N_("la lecture de ce fichier a duré plus de {seconds} secondes"),
        N_("n'en concluez rien ; demandez un exemplaire plus simple"),
    ),
    "verifier.seals-unreadable": OUR_FAULT,
    "verifier.test-trust-in-production": Problem(
        N_("{path} contient des autorités d'essai, refusées en production"),
        N_("donnez un dossier de confiance de production avec --trust"),
        Exit.CONFIGURATION,
    ),
    "verifier.too-many-objects": Problem(
        N_("ce PDF contient plus de {limit} objets"), N_("demandez un exemplaire plus simple")
    ),
    "verifier.too-many-pixels": Problem(
        N_("cette image dépasse {limit} mégapixels"), N_("scannez à 300 points par pouce")
    ),
    "verifier.trust-folder": Problem(
        N_("le dossier de confiance ne se lit pas : {path} ({why})"),
        N_("donnez un dossier de confiance avec --trust DIR"),
        Exit.CONFIGURATION,
    ),
    "withdrawal-foreign": Problem(
        N_("ce retrait n'est pas celui de cet accord de remise"), N_("vérifiez l'identifiant")
    ),
}


# The rules that an error of several parts may name.
RULES: dict[str, str] = {
    "charset": N_("contient un caractère interdit"),
    "country": N_("le pays émetteur n'est pas FR"),
    "empty-value": N_("ne doit pas être vide"),
    "forbidden-di": N_("n'est pas permise pour ce type"),
    "issue-date-forbidden": N_("ce type n'a pas de date d'émission"),
    "issue-date-missing": N_("la date d'émission manque"),
    "missing-mandatory": N_("manque"),
    "not-on-page": N_("n'est pas sur la page"),
    "perimeter": N_("le périmètre n'est pas 01"),
    "signature-date": N_("la date de signature n'est pas dans celles du certificat"),
    "too-long-value": N_("est trop longue"),
    "unknown-di": N_("n'existe pas"),
    "unknown-type": N_("ce type n'existe pas"),
    "value-invalid": N_("n'a pas la forme attendue"),
    "version": N_("la version n'est pas 04"),
}


def parts_of(error: CoffreError, tr: Translator) -> str:
    """Tell the single faults of an error, in the person's language."""
    return " ; ".join(_part(subject, rule, tr).strip() for subject, rule in error.parts)


def _part(subject: str, rule: str, tr: Translator) -> str:
    """Tell one fault: by its rule, or by the sentence of the error that it is."""
    if rule in PROBLEMS:
        return f"{subject} : {tr(PROBLEMS[rule].sentence)}"
    return f"{subject} {tr(RULES.get(rule, rule))}"


def problem_of(error: CoffreError) -> Problem:
    """Give the row of an error; an error without a row is a fault of ours."""
    return PROBLEMS.get(error.reported or error.code, OUR_FAULT)


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
