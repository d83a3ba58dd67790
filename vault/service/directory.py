"""Who receives: the signed entry of an account, and the account of a login.

Rules kept here:

- what is given is the owner's own signed statement: the server vouches for nothing;
- who asks by login is signed in or is a registered service (the caller sees to it): a stranger
  could else list the logins.
"""

from sqlmodel import Session, col, select

from storage.tables.people import Account, DirectoryEntry
from vault.service.accounts import AccountNotFoundError
from vault.service.sign_in import AccountId


def entry(session: Session, account: AccountId) -> str:
    """Give the newest signed entry of an account; raise AccountNotFoundError."""
    query = select(DirectoryEntry).where(DirectoryEntry.account == account)
    row = session.exec(query.order_by(col(DirectoryEntry.n).desc())).first()
    if row is None:
        raise AccountNotFoundError("got the identifier of no account")
    return row.signed


def account_of(session: Session, login: str) -> AccountId:
    """Give the account of a normalised login; raise AccountNotFoundError."""
    found = session.exec(select(Account.id).where(Account.login == login)).first()
    if found is None:
        raise AccountNotFoundError("got the login of no account")
    return AccountId(found)
