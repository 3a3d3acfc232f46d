"""What one run did, and how far the hub is."""

from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Summary:
    """What a run brought. `missing` are people who should be disabled for being absent."""

    complete: bool  # everybody was read, and not only what had changed
    people: int  # read
    new: int
    changed: int
    skipped: int  # enabled, but without an employee id of their own
    disabled: int
    enabled: int
    managers: int  # changed
    groups: int  # read
    missing: int  # 0 unless stopped
    stopped: bool  # more are missing than may be within a day: none of them was disabled

    def figures(self) -> dict[str, int]:
        """All of it as numbers."""
        return {name: int(value) for name, value in asdict(self).items()}

    def __str__(self) -> str:
        stopped = f"; STOPPED: {self.missing} people are missing, none was disabled for it"
        return (
            f"{'everybody' if self.complete else 'what changed'}: {self.people} people"
            f" ({self.new} new, {self.changed} changed, {self.skipped} without an id of their own,"
            f" {self.disabled} disabled, {self.enabled} enabled again), {self.managers} managers"
            f" changed, {self.groups} groups{stopped if self.stopped else ''}"
        )
