"""`python -m benchmarks.peers.prepare EMPLOYEES KEY`: tables, people, their devices, a sender."""

import hashlib
import os
import sys

import django


def main(employees: int, key: str) -> None:
    """Make everything anew in an empty database."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "benchmarks.peers.settings")
    django.setup()
    from django.contrib.auth.models import User
    from django.core.management import call_command
    from fcm_django.models import FCMDevice
    from push_notifications.models import GCMDevice

    from benchmarks.peers.models import ApiKey, Category

    call_command("migrate", "auth", verbosity=0)  # before the tables that point to it
    call_command("migrate", run_syncdb=True, verbosity=0)
    ApiKey.objects.create(digest=hashlib.sha256(key.encode()).hexdigest(), name="bench")
    Category.objects.create(key="news")
    people = User.objects.bulk_create(
        [User(username=f"E{n:07d}") for n in range(employees)], batch_size=5000
    )
    # As in benchmarks.seed: three in ten have a second device.
    owners = [p for n, p in enumerate(people) for _ in range(2 if n % 10 < 3 else 1)]
    for model in (FCMDevice, GCMDevice):
        more = {"type": "android"} if model is FCMDevice else {"cloud_message_type": "FCM"}
        model.objects.bulk_create(
            [
                model(registration_id=address(n), user=owner, active=True, **more)
                for n, owner in enumerate(owners)
            ],
            batch_size=5000,
        )


def address(number: int) -> str:
    """As benchmarks.seed.address_of."""
    tail = hashlib.sha256(b"%d" % number).hexdigest() * 2
    return f"bench-{number:010d}:APA91b{tail}"


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
