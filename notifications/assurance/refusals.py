"""Why an answer that has to be signed is not taken."""

from typing import Any

from hub.lib.errors import HubError

# What is wrong with a proof, and what a person can do about it.
REASONS = {
    "malformed": "The proof is not a signed statement of the form that the hub reads.",
    "signature": "The proof is not signed by the key that this session registered.",
    "notification": "The proof was signed for another request.",
    "device": "The proof was signed on another device.",
    "verb": "The proof was signed for another answer.",
    "answer": "The proof was signed for another comment or other inputs.",
    "on_behalf_of": "The proof was signed in the name of somebody else.",
    "time": "The time in the proof is too far from the hub's: set the phone's clock.",
    "nonce": "The nonce was not handed out for this answer. Read the item again and sign anew.",
    "nonce_expired": "The nonce is too old. Read the item again and sign anew.",
    "nonce_used": "The proof was used before. Read the item again and sign anew.",
}


class StepUpRequired(HubError):
    """This answer is only taken signed; the data say what is missing."""

    code, status, title = "step_up_required", 403, "A signed answer is required"

    def __init__(self, *, needed: str) -> None:
        sentences = {
            "key": "This answer has to be signed, and this session registered no key. Sign in "
            "again with an app that does.",
            "proof": "This answer has to be signed on your phone. Read the item and sign.",
        }
        super().__init__(sentences[needed], data={"needed": needed})


class ProofInvalid(HubError):
    """There is a proof, and it does not prove this answer; the data say why."""

    code, status, title = "proof_invalid", 422, "The proof is not valid"

    def __init__(self, reason: str, *, detail: str = "") -> None:
        data: dict[str, Any] = {"reason": reason}
        super().__init__(detail or REASONS[reason], data=data)
