"""POST /auth/logout: this session ends."""

import contextlib

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import sessions
from accounts.api.views import EmployeeView, answers
from hub.lib import clock, errors


class Logout(EmployeeView):
    """No body."""

    needs_acceptance = False

    @extend_schema(
        operation_id="logout",
        tags=["Mobile API: session"],
        summary="End this session",
        request=None,
        responses=answers({204: None}, refused=[401, 403, 429]),
    )
    def post(self, request: Request) -> Response:
        """End this session; its push address is forgotten with it."""
        with contextlib.suppress(errors.NotFound):  # ended meanwhile: just what was asked for
            sessions.logout(session=self.session, now=clock.now())
        return Response(status=204)
