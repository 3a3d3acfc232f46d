"""Refusals about identity: what a client is told, and what it has to do next."""

from hub.lib.errors import HubError

_CHALLENGE = {"WWW-Authenticate": "Bearer"}


class NotAuthenticated(HubError):
    """No token, an unknown one, or one of the wrong kind: sign in, or use the right key."""

    code, status, title = "not_authenticated", 401, "Sign in first"

    def __init__(self, detail: str = "The token is not known.") -> None:
        super().__init__(detail, headers=_CHALLENGE)


class TokenExpired(HubError):
    """The access token is past its life: refresh, then repeat the request."""

    code, status, title = "token_expired", 401, "The access token has expired"

    def __init__(self) -> None:
        super().__init__("Refresh the session, then send the request again.", headers=_CHALLENGE)


class SessionRevoked(HubError):
    """The session has ended for good: wipe what the app holds, then sign in. `reason` says why."""

    code, status, title = "session_revoked", 401, "The session has ended"

    def __init__(self, *, reason: str) -> None:
        super().__init__(
            "Wipe the data of this session, then sign in again.",
            data={"reason": reason, "wipe": True},
            headers=_CHALLENGE,
        )


class UpgradeRequired(HubError):
    """The app is older than the hub serves; `least` is the version to have. No session ends."""

    code, status, title = "upgrade_required", 403, "The app is too old"

    def __init__(self, *, least: str) -> None:
        super().__init__(
            f"Update the app to version {least} or later, then go on.", data={"least": least}
        )


class TooManyAttempts(HubError):
    """The tries for this name, or from this address, are used up for now, whoever used them."""

    code, status, title = "too_many_attempts", 429, "Too many tries to sign in"

    def __init__(
        self,
        *,
        retry_after_seconds: int,
        detail: str = "Wait before trying this name again.",
    ) -> None:
        super().__init__(
            detail,
            headers={"Retry-After": str(retry_after_seconds)},
        )


class NotAnEmployee(HubError):
    """The directory knows the account but gives it no employee id of its own."""

    code, status, title = "not_an_employee", 403, "The account is not an employee's"

    def __init__(self) -> None:
        super().__init__("The directory has no employee id for this account. Ask the service desk.")


class ConsentRequired(HubError):
    """The privacy notice in effect has to be accepted first. Brings `version` and `address`."""

    code, status, title = "consent_required", 403, "The privacy notice has to be accepted"

    def __init__(self, *, version: str) -> None:
        super().__init__(
            "Show the privacy notice, and send POST /api/v1/me/consents once it is accepted.",
            data={"version": version, "address": f"/api/v1/privacy-notices/{version}"},
        )


class SubsystemPaused(HubError):
    """An administrator has paused the sub-system: nothing is accepted from it for now."""

    code, status, title = "subsystem_paused", 403, "The sub-system is paused"

    def __init__(self) -> None:
        super().__init__("This sub-system is paused. Ask the administrators of the hub.")
