"""`python -m tests.stories.approve`: an administrator lets payroll's modules show, as proposed.

They may lead to this machine, where the pretend sub-system is.
"""

import django


def main() -> None:
    """By the domain's own functions, as the admin pages do."""
    django.setup()
    from accounts import audit, subsystems
    from hub.lib import clock
    from selfserve import modules, places
    from selfserve.models import Module

    now, payroll = clock.now(), subsystems.id_of(key="payroll")
    allowed = places.Allowed(hosts=["127.0.0.1"], loopback_allowed=True)
    places.allow(subsystem_id=payroll, allowed=allowed, actor=audit.HUB, now=now)
    for module in Module.objects.exclude(proposed=None):
        modules.approve(module_id=module.pk, actor=audit.HUB, now=now)


if __name__ == "__main__":
    main()
