"""Why an answer is not taken, each with what a client needs to show."""

from hub.lib.errors import HubError


class NotYoursToAnswer(HubError):
    """The person sees the request but holds no seat among its approvers."""

    code, status, title = "not_yours_to_answer", 403, "Not yours to answer"


class AlreadyDecided(HubError):
    """The request has its decision; the data say who, what and when."""

    code, status, title = "already_decided", 409, "Already decided"


class AlreadyAnswered(HubError):
    """This seat has answered this version otherwise, and the request is still open for others."""

    code, status, title = "already_answered", 409, "Already answered"


class StepOver(HubError):
    """The step in which the person sits was approved by others; the data say where it stands."""

    code, status, title = "step_over", 409, "The step is over"


class VersionChanged(HubError):
    """The content is not what the person saw; the new content is enclosed."""

    code, status, title = "version_changed", 409, "The content has changed"


class Withdrawn(HubError):
    """The sender took the request back."""

    code, status, title = "withdrawn", 409, "Withdrawn"


class Settled(HubError):
    """The matter was completed elsewhere."""

    code, status, title = "settled", 409, "Settled elsewhere"


class Expired(HubError):
    """The time to answer is over."""

    code, status, title = "expired", 409, "Expired"


class NothingToAnswer(HubError):
    """A notice takes no answer."""

    code, status, title = "nothing_to_answer", 409, "Nothing to answer"


class BulkNotAllowed(HubError):
    """The category wants each of its requests read and answered by itself."""

    code, status, title = "bulk_not_allowed", 403, "Not many at once"


class CommentRequired(HubError):
    """This answer needs a reason."""

    code, status, title = "comment_required", 422, "A comment is required"
