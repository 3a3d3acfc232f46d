"""`manage.py explain EMPLOYEE NOTIFICATION`: why somebody did not get something, link by link."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.models import Employee
from hub.lib import clock, errors
from notifications.explain import chain, facts


class Command(BaseCommand):
    help = (
        "Why an employee did not get a notification: account, audience, preferences, phones,"
        " errands, pushes, in one chain, with the answer as its last line. No content is shown."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("employee", help="employee id")
        parser.add_argument("notification", help="id of the notification")
        parser.add_argument("--json", action="store_true", help="one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        employee = Employee.objects.filter(employee_id=options["employee"]).first()
        if employee is None:
            raise CommandError("No employee has this id.")
        try:
            notification = facts.find(notification=options["notification"])
        except errors.NotFound as refusal:
            raise CommandError(refusal.detail) from refusal
        found = chain.explain(
            facts.of(employee=employee, notification=notification, now=clock.now())
        )
        if options["json"]:
            links = [
                {"code": one.code, "sentence": one.sentence, "ends": one.ends}
                for one in found.links
            ]
            self.stdout.write(json.dumps({"answer": found.answer.code, "links": links}))
            return
        for link in found.links:
            self.stdout.write(f"{'*' if link.ends else ' '} {link.code:20} {link.sentence}")
        self.stdout.write(f"{found.answer.code}: {found.answer.sentence}")
