"""Rows of the vault's formats and cryptography: what keeps a document from opening."""

from cli.problems.problem import OUR_FAULT, Exit, Problem
from storage.language import N_

ROWS: dict[str, Problem] = {
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
    "age.key-text": Problem(
        N_("cette clé ne se lit pas"),
        N_("copiez-la en entier : un destinataire commence par age1"),
    ),
    "age.mixed-recipients": Problem(
        N_("ces destinataires ne vont pas ensemble"),
        N_("chiffrez séparément : post-quantique, forme ancienne ou phrase secrète"),
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
    "directory.entry": Problem(
        N_("l'inscription à l'annuaire n'est pas valable"),
        N_("ne continuez pas : prévenez l'exploitant"),
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
    "vault.key-length": OUR_FAULT,
    "vault.not-canonical": Problem(
        N_("une réponse du serveur est mal formée"), N_("prévenez l'exploitant")
    ),
    "vault.size": Problem(N_("cet objet n'a pas une taille possible"), N_("prévenez l'exploitant")),
    "vault.wrap": Problem(
        N_("cette partie du coffre ne s'ouvre pas"),
        N_("n'enregistrez rien et prévenez l'exploitant"),
    ),
}
