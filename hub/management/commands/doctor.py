"""Say what is wrong with this hub and what to do; exit code 1 if anything is bad."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from hub import doctor
from hub.doctor import Grade


class Command(BaseCommand):
    """`manage.py doctor`."""

    help = "Look at every part once: a line for each, and what to do where it is not well."
    requires_system_checks = ()  # what they say is one of the findings

    def handle(self, **_: Any) -> None:
        count = dict.fromkeys(Grade, 0)
        for one in doctor.examine():
            count[one.grade] += 1
            self.stdout.write(f"{one.grade:<8} {one.part:<13} {one.said}")
            if one.remedy:
                self.stdout.write(f"{'':<8} {'':<13} -> {one.remedy}")
        bad = count[Grade.BAD]
        result = f"doctor: {count[Grade.OK]} well, {count[Grade.WARNING]} to look after, {bad} bad"
        if bad:
            raise CommandError(result)
        self.stdout.write(result)
