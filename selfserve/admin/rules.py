"""What each role may do to the tables of the self-serve part; see `accounts.rights`.

An owner registers modules of their sub-system; where those may lead, and what the sub-system
itself proposes, is an administrator's to allow.
"""

from accounts import rights
from accounts.rights import ADMINISTRATOR, AUDITOR, OWNER
from selfserve.models import Module, Places, Submission

READERS = {OWNER, AUDITOR, ADMINISTRATOR}

rights.declare(
    Module,
    rows=rights.of_subsystem("subsystem"),
    view=READERS,
    change={ADMINISTRATOR},
    add={OWNER, ADMINISTRATOR},
    delete={OWNER, ADMINISTRATOR},
)
rights.declare(
    Places,
    rows=rights.of_subsystem("subsystem"),
    view=READERS,
    change={ADMINISTRATOR},
    add={ADMINISTRATOR},
)
rights.declare(
    Submission,
    rows=rights.of_both(subsystem="module__subsystem", employee="employee"),
    view=READERS,
)
