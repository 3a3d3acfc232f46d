"""What the OpenAPI document says of identity and of problems; loaded with the views."""

from collections.abc import Iterable
from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse
from rest_framework import serializers

from accounts.api import bodies
from hub.lib.errors import CONTENT_TYPE


class Problem(bodies.Body):
    """RFC 9457, with a stable `code` to branch on."""

    class Flaw(bodies.Body):
        """One thing that is wrong with the body."""

        pointer = serializers.CharField(help_text="RFC 6901, into the body of the request.")
        code = serializers.CharField()
        message = serializers.CharField()

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    code = serializers.CharField(help_text="Branch on this; the list is closed.")
    request_id = serializers.CharField()
    errors = Flaw(many=True, required=False)  # type: ignore[assignment]  # DRF takes it off the class


IDEMPOTENCY_KEY = OpenApiParameter(
    name="Idempotency-Key",
    location=OpenApiParameter.HEADER,
    required=False,
    type={"type": "string", "pattern": "^[!-~]{1,255}$"},
    description="The same key with the same body does the act once and repeats its answer.",
)


def answers(good: dict[Any, Any], *, refused: Iterable[int] = (), why: str = "") -> dict[Any, Any]:
    """`responses=` of an operation: the good ones, and a problem for each status refused with."""
    problem = OpenApiResponse(Problem, description=why or "Refused; see `code`.")
    return {**good, **{(status, CONTENT_TYPE): problem for status in refused}}


class EmployeeScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """An employee's access token."""

    target_class = "accounts.api.authentication.BearerEmployee"
    name = "employee"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """A bearer token."""
        return {"type": "http", "scheme": "bearer", "bearerFormat": "hub_at_…"}


class SubsystemScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """A sub-system's API key."""

    target_class = "accounts.api.authentication.BearerSubsystem"
    name = "subsystem"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """A bearer token."""
        return {"type": "http", "scheme": "bearer", "bearerFormat": "hub_sk_… or hub_tk_…"}
