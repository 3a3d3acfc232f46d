"""Why a directory refuses a sign-in, or does not answer.

A refusal tells only what the directory has proved: all but InvalidCredentials, AccountLocked
and DirectoryUnavailable are raised after the password was found right.
"""

from hub.lib.errors import HubError, Unavailable


class InvalidCredentials(HubError):
    """Wrong password, unknown name, or a name that cannot exist: one answer for all of them."""

    code, status, title = "invalid_credentials", 401, "User name or password is wrong"

    def __init__(self) -> None:
        super().__init__("The user name or the password is wrong.")


class AccountLocked(InvalidCredentials):
    """The directory has locked the account. It says so whether or not the password is right,
    hence to the outside this is InvalidCredentials; the class is for our own logs and counts."""


class PasswordExpired(HubError):
    """The password is right but too old."""

    code, status, title = "password_expired", 403, "The password has expired"

    def __init__(self) -> None:
        super().__init__("Change the password at a company computer, then sign in again.")


class PasswordMustChange(HubError):
    """The password is right but was set by somebody else and must be replaced first."""

    code, status, title = "password_must_change", 403, "The password must be changed"

    def __init__(self) -> None:
        super().__init__("Choose a new password at a company computer, then sign in again.")


class AccountDisabled(HubError):
    """The password is right, and the account is switched off or past its last day."""

    code, status, title = "account_disabled", 403, "The account is disabled"

    def __init__(self) -> None:
        super().__init__("This account is disabled. Ask the service desk.")


class SignInRestricted(HubError):
    """The password is right, but the account may not sign in at this hour or from here.

    Not an AccountDisabled, although clients see the same code: sessions that exist go on.
    """

    code, status, title = "account_disabled", 403, "The account may not sign in now"

    def __init__(self) -> None:
        super().__init__("This account may not sign in at this hour or from this system.")


class NotAdmitted(HubError):
    """The password is right, but the account is not in the group whose members may use the hub."""

    code, status, title = "account_disabled", 403, "The account may not use the hub"

    def __init__(self) -> None:
        super().__init__(
            "This account is not among those who may use the hub. Ask the service desk."
        )


class DirectoryUnavailable(Unavailable):
    """No domain controller gave a usable answer in time. Nobody is disabled because of it.

    `may_have_counted`: a password had been sent, so the directory may count it as a failed try.
    """

    code, title = "directory_unavailable", "The directory does not answer"

    def __init__(
        self,
        detail: str = "Sign-in is not possible just now.",
        *,
        retry_after_seconds: int = 5,
        may_have_counted: bool = False,
    ) -> None:
        self.may_have_counted = may_have_counted
        super().__init__(detail, headers={"Retry-After": str(retry_after_seconds)})
