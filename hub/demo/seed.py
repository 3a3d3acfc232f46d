"""`python -m hub.demo.seed`: the demo company's people, sub-systems, keys and administrator.

Safe to run at every start: what is there already stays, keys are issued once.
"""

import json
import os
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import django

# key -> name, and its categories: key, name, sensitivity
SUBSYSTEMS = {
    "payroll": (
        "Payroll",
        [("payslip", "Payslip", "restricted"), ("news", "Payroll news", "public")],
    ),
    "expenses": (
        "Expenses",
        [
            ("expense.approval", "Expense approval", "internal"),
            ("notice", "Expense notice", "internal"),
        ],
    ),
    "it-tickets": (
        "IT tickets",
        [("access.request", "Access request", "internal"), ("outage", "Outage", "public")],
    ),
}
NOTICE = "2026-1"
NOTICE_TEXTS = {
    "en": (
        "Privacy notice",
        "The hub brings you what the company's systems have to tell you, and takes your answers"
        " back. For that it keeps your name, employee id, mail address, department and place as"
        " the directory has them, which phones you are signed in on, and when you read and answered"
        " what.\n\nPushes go through Google's Firebase and Apple; what they say depends on how"
        " sensitive a notification is. Mail carries a pointer, never confidential words.\n\n"
        "You may ask for a copy of your data, have them corrected or deleted, and complain.",
    ),
    "de": (
        "Datenschutzhinweise",
        "Der Hub bringt Ihnen, was die Systeme des Unternehmens mitzuteilen haben, und nimmt Ihre"
        " Antworten mit zurück. Dazu speichert er Namen, Personalnummer, E-Mail-Adresse, Abteilung"
        " und Ort aus dem Verzeichnis, auf welchen Geräten Sie angemeldet sind und wann Sie was"
        " gelesen und beantwortet haben.\n\nPush-Nachrichten gehen über Firebase von Google und"
        " über Apple; was darin steht, hängt von der Vertraulichkeit ab. E-Mails verweisen nur.\n\n"
        "Sie können eine Kopie Ihrer Daten verlangen, sie berichtigen oder löschen lassen und sich"
        " beschweren.",
    ),
}
OPTIONAL = {"news", "outage"}  # categories that people may refuse
ADMIN = {"user_name": "admin", "password": "Demo-admin-1"}


def main() -> int:
    """Seed the database the settings name; the exit code."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hub.settings")
    django.setup()
    from accounts import sync
    from accounts.directory import choose, local
    from accounts.models import Employee
    from hub.demo import company, modules
    from hub.lib import clock

    now = clock.now()
    people = Path(os.environ["LOCAL_DIRECTORY_FILE"])
    if not people.exists():
        local.write(
            path=people,
            accounts=company.accounts(),
            groups=company.groups(),
            hash_iterations=1000,
        )
    if not Employee.objects.exists():
        summary = sync.run(directory=choose.configured(), now=now)
        if summary is not None:
            print(f"{summary.people} people and {summary.groups} groups from the directory")
    demo = Path(os.environ["DEMO_FILE"])
    if not demo.exists():
        secrets, content = make(now=now, receiver=os.environ["DEMO_RECEIVER_URL"])
        _write(Path(os.environ["DEMO_CALLBACK_SECRETS_FILE"]), secrets)
        _write(demo, content)
    follow_receiver(os.environ["DEMO_RECEIVER_URL"])
    publish_privacy_notice(now=now)
    modules.offer(receiver=os.environ["DEMO_RECEIVER_URL"], now=now)
    return 0


def make(*, now: datetime, receiver: str) -> tuple[dict[str, str], dict[str, Any]]:
    """Sub-systems with categories, keys and secrets, and the administrator.

    Returns the callback secrets by sub-system, and what `make run` prints.
    """
    from accounts import audit, subsystems
    from accounts.models import Staff, Subsystem
    from hub.demo import company
    from notifications.models import Category

    secrets, keys = {}, {}
    for key, (name, categories) in SUBSYSTEMS.items():
        subsystem = Subsystem.objects.filter(key=key).first() or subsystems.create(
            key=key, name=name, callback_url=f"{receiver}/callbacks/{key}", actor=audit.HUB, now=now
        )
        for category, title, sensitivity in categories:
            Category.objects.get_or_create(
                subsystem=subsystem,
                key=category,
                defaults={
                    "name": title,
                    "sensitivity": sensitivity,
                    "essential": category not in OPTIONAL,
                },
            )
        issued = subsystems.issue_key(
            subsystem=subsystem, mode="live", name="demo", expires_at=None, actor=audit.HUB, now=now
        )
        keys[key] = issued.text
        secrets[key] = subsystems.add_callback_secret(
            subsystem_id=subsystem.id, actor=audit.HUB, now=now
        )
    if not Staff.objects.filter(username=ADMIN["user_name"]).exists():
        Staff.objects.create_superuser(ADMIN["user_name"], password=ADMIN["password"])
    content = {
        "api_key": keys["expenses"],
        "api_keys": keys,
        "logins": [
            {"user_name": login.user_name, "password": company.PASSWORD, "who": login.who}
            for login in company.CAST
        ],
        "admin": ADMIN,
        "employee_ids": {login.user_name: login.employee_id for login in company.CAST},
        "first_notification": {
            "category": "expense.approval",
            "kind": "request",
            "reference": "EXP-2291",
            "title": "Expense report EXP-2291",
            "summary": "Taxi and hotel, Bengaluru",
            "audience": {"any": [{"employees": ["E1002", "E1000"]}]},
        },
    }
    return secrets, content


def publish_privacy_notice(*, now: datetime) -> None:
    """Let a first notice be in effect, which names who outside gets data."""
    from accounts import audit
    from accounts.privacy import notices

    if notices.published():
        return
    notices.draft(
        version=NOTICE, material=True, recipients=notices.RECIPIENTS, actor=audit.HUB, now=now
    )
    for language, (title, text) in NOTICE_TEXTS.items():
        notices.write(
            version=NOTICE, language=language, title=title, text=text, actor=audit.HUB, now=now
        )
    notices.publish(version=NOTICE, effective_at=now, actor=audit.HUB, now=now)


def follow_receiver(receiver: str) -> None:
    """Let the callbacks go where this start's pretend sub-system listens."""
    from accounts.models import Subsystem

    for key in SUBSYSTEMS:
        Subsystem.objects.filter(key=key).update(
            callback_url=f"{receiver}/callbacks/{key}", callback_loopback_allowed=True
        )


def _write(path: Path, content: object) -> None:
    """Replace a file that holds secrets, readable by its owner only."""
    path.touch(mode=0o600)
    path.write_text(json.dumps(content, indent=1), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
