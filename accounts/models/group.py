"""Groups of the directory, with their nesting as the directory has it (cycles included)."""

from django.db import models
from django.db.models.functions import Lower

from hub.lib import ids
from hub.lib.personal import Personal


class Group(models.Model):
    """A group of the directory; identity is its objectGUID. Personal data: none."""

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    object_guid = models.UUIDField(unique=True)
    name = models.CharField(max_length=256)
    seen_in_directory_at = models.DateTimeField()

    personal: dict[str, Personal] = {}
    not_personal = frozenset({"object_guid", "name"})

    class Meta:
        indexes = [
            # Audience item `group:` by name, whatever the case.
            models.Index(Lower("name"), name="group_name")
        ]

    def __str__(self) -> str:
        return self.name


class GroupMember(models.Model):
    """An employee who is a direct member of a group. Personal data: the membership."""

    group = models.ForeignKey(Group, on_delete=models.CASCADE)
    employee = models.ForeignKey("accounts.Employee", on_delete=models.CASCADE)

    personal = {"employee": Personal("audiences", "contract", "while a member")}
    not_personal = frozenset[str]()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["group", "employee"], name="group_member_once")
        ]


class GroupNesting(models.Model):
    """A group that is a direct member of another; the graph may loop. Personal data: none."""

    parent = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="nested")
    child = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="nested_in")

    personal: dict[str, Personal] = {}
    not_personal = frozenset[str]()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["parent", "child"], name="group_nesting_once")
        ]
