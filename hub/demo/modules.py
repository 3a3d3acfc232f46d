"""The demo company's modules: a page that greets who opens it, a form to apply for leave."""

from datetime import datetime

SUBSYSTEM = "payroll"
PAGE, FORM = "payslips", "leave"


def offer(*, receiver: str, now: datetime) -> None:
    """Let payroll have both, the page at this start's pretend sub-system."""
    from accounts import audit, subsystems
    from notifications.models import Category
    from selfserve import modules, places
    from selfserve.definition import Definition

    subsystem_id = subsystems.id_of(key=SUBSYSTEM)
    allowed = places.Allowed(hosts=["127.0.0.1"], loopback_allowed=True)
    if places.of(subsystem_id=subsystem_id) != allowed:
        places.allow(subsystem_id=subsystem_id, allowed=allowed, actor=audit.HUB, now=now)
    Category.objects.get_or_create(
        subsystem_id=subsystem_id, key="leave", defaults={"name": "Leave"}
    )
    everybody = {"any": [{"everybody": True}]}
    page = Definition(
        names={"en": "My payslips", "de": "Meine Abrechnungen"},
        descriptions={"en": "What was paid, month by month.", "de": "Was gezahlt wurde."},
        icon="money",
        audience=everybody,
        address=f"{receiver}/modules/{SUBSYSTEM}/{PAGE}",
        code_in="query",
        claims=["employee_id", "display_name"],
    )
    form = Definition(
        names={"en": "Apply for leave", "de": "Urlaub beantragen"},
        descriptions={"en": "Days off, with a reply here.", "de": "Freie Tage, Antwort hier."},
        icon="calendar",
        audience=everybody,
        form={"inputs": INPUTS},
    )
    for key, wanted in ((PAGE, page), (FORM, form)):
        modules.register(
            subsystem_id=subsystem_id, key=key, wanted=wanted, actor=audit.HUB, now=now
        )


INPUTS = [
    {
        "name": "first_day", "label": "First day", "labels": {"de": "Erster Tag"},
        "type": "date", "required": True,
    },
    {
        "name": "days", "label": "Working days", "labels": {"de": "Arbeitstage"},
        "type": "number", "required": True, "min": 0.5, "max": 30,
    },
    {
        "name": "kind", "label": "Kind", "labels": {"de": "Art"}, "type": "select",
        "required": True, "options": ["holiday", "parental", "unpaid"],
    },
    {
        "name": "note", "label": "A paper about it", "labels": {"de": "Ein Beleg dazu"},
        "type": "file", "required": False,
    },
]  # fmt: skip
