"""Names and passwords: which ones can exist, and when two names are the same."""

import re

# sAMAccountName and userPrincipalName without the characters that Windows forbids in them and
# without those that mean something in a DN, a filter or a log line. At most 256 characters.
_NAME = re.compile(r"[\w][\w.\-'!#$%&^{}~ @]{0,255}")


def name_is_possible(user_name: str) -> bool:
    """Whether a directory could know this name at all. Escape it all the same."""
    return (
        _NAME.fullmatch(user_name) is not None
        and user_name == user_name.strip()
        and user_name.isprintable()
    )


def name_key(user_name: str) -> str:
    """The one spelling under which tries for a name are counted; equal for equal names.

    Only case is folded. A directory may think more names equal than this (Active Directory
    ignores accents), so an adapter must refuse a find whose key is not the one asked for:
    otherwise each spelling would have its own budget of tries against one account.
    """
    return user_name.casefold()


def password_is_possible(password: str) -> bool:
    """Whether this may be tried at all: not empty, no NUL, encodable as UTF-8.

    RFC 4513, section 5.1.2: a simple bind with an empty password *succeeds*, as nobody. Some
    servers cut at a NUL, which would make "right\\0anything" right, and "\\0" empty.
    """
    if not password or "\0" in password:
        return False
    try:
        password.encode("utf-8")
    except UnicodeEncodeError:  # a lone surrogate
        return False
    return True
