"""Fills a stopped Samba domain controller with people and groups, straight into its files.

Runs under Debian's own Python, which has Samba's modules, apart from everything of ours:
    /usr/bin/python3 -I samba_fill.py SMB.CONF BASE_DN PEOPLE GROUPS
"""

import sys
import time

from samba.auth import system_session
from samba.param import LoadParm
from samba.samdb import SamDB

NO_PASSWORD_NEEDED = 0x220  # NORMAL_ACCOUNT | PASSWD_NOTREQD, [MS-ADTS] 2.2.16
MEMBERS = 40  # of a group
AT_ONCE = 500  # of a transaction


def fill(configuration, base, people, groups):
    """Everybody, then the groups with their members; prints how many a second."""
    directory = SamDB(session_info=system_session(), lp=LoadParm(configuration))
    started = time.monotonic()
    for first in range(0, people, AT_ONCE):
        directory.transaction_start()
        for number in range(first, min(first + AT_ONCE, people)):
            directory.add(person(base, number))
        directory.transaction_commit()
    for first in range(0, groups, AT_ONCE):
        directory.transaction_start()
        for number in range(first, min(first + AT_ONCE, groups)):
            directory.add(group(base, number, people))
        directory.transaction_commit()
    print(f"{(people + groups) / (time.monotonic() - started):.0f} entries a second")


def person(base, number):
    """One account as it is read later."""
    return {
        "dn": f"CN=User {number},OU=People,{base}",
        "objectClass": "user",
        "sAMAccountName": f"bench{number}",
        "employeeID": f"B{number:07d}",
        "mail": f"bench{number}@corp.example",
        "displayName": f"User Number {number}",
        "department": f"Department {number % 50}",
        "c": ("DE", "IN", "US", "BR")[number % 4],
        "title": "Engineer",
        "userAccountControl": str(NO_PASSWORD_NEEDED),
        **({"manager": f"CN=User {number // 10},OU=People,{base}"} if number else {}),
    }


def group(base, number, people):
    """One group; every tenth holds the one before it as well."""
    first = number * MEMBERS
    members = [f"CN=User {(first + n) % people},OU=People,{base}" for n in range(MEMBERS)]
    if number % 10 == 9:
        members.append(f"CN=Bench Group {number - 1},OU=Groups,{base}")
    return {
        "dn": f"CN=Bench Group {number},OU=Groups,{base}",
        "objectClass": "group",
        "sAMAccountName": f"Bench Group {number}",
        "member": members,
    }


if __name__ == "__main__":
    fill(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
