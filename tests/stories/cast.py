"""`python -m tests.stories.cast URL`: the stories' sub-systems; keys and secrets as JSON.

The people come from the directory. `payroll` sends, `rosters` must see nothing of it.
"""

import json
import sys

import django


def main(receiver: str) -> None:
    """Make them through the domain's own functions, as the admin pages do."""
    django.setup()
    from accounts import audit, subsystems
    from accounts.models import Subsystem
    from hub.lib import clock
    from notifications.models import Category

    made: dict[str, dict[str, str]] = {"keys": {}, "callback_secrets": {}}
    now = clock.now()
    for key in ("payroll", "rosters"):
        subsystem = subsystems.create(
            key=key, name=key.capitalize(), callback_url=f"{receiver}/callbacks/{key}",
            actor=audit.HUB, now=now,
        )  # fmt: skip
        Subsystem.objects.filter(pk=subsystem.pk).update(callback_loopback_allowed=True)
        for category in ("approval", "news"):
            Category.objects.create(subsystem=subsystem, key=category, name=category.capitalize())
        issued = subsystems.issue_key(
            subsystem=subsystem, mode="live", name="", expires_at=None, actor=audit.HUB, now=now
        )
        made["keys"][key] = issued.text
        made["callback_secrets"][key] = subsystems.add_callback_secret(
            subsystem_id=subsystem.pk, actor=audit.HUB, now=now
        )
    json.dump(made, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1])
