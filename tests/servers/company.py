"""Who is in the directory of the tests: the fixed cast, its groups, its passwords."""

from typing import Final

BASE_DN: Final = "DC=corp,DC=example"
SERVICE_DN: Final = f"CN=hub,CN=Users,{BASE_DN}"
ADMINISTRATOR_DN: Final = f"CN=Administrator,CN=Users,{BASE_DN}"
PASSWORD: Final = "Correct horse battery staple 1"  # everybody's
LOCK_OUT_AFTER: Final = 10  # failed tries, by the domain's own rule

# user name: (employee id, display name, department, geo, title, manager)
PEOPLE: Final = {
    "dana": ("E1000", "Dana Diaz", "Finance", "DE", "Head of Finance", None),
    "alice": ("E1001", "Alice Abel", "Finance", "DE", "Accountant", "dana"),
    "bob": ("E1002", "Bob Brown", "Finance", "IN", "Controller", "dana"),
    "charlie": ("E1003", "Charlie Chen", "IT", "US", "Engineer", None),
    "erin": ("E1005", "Erin Evans", "HR", "DE", "Recruiter", None),
    "frank": ("E1006", "Frank Fischer", "HR", "IN", "Recruiter", None),
    "grace": ("E1007", "Grace Gupta", "IT", "IN", "Analyst", None),
    "harry": ("E1008", "Harry Hill", "IT", "US", "Analyst", None),
    "ivan": ("E1009", "Ivan Ivanov", "HR", "US", "Recruiter", None),
    "judy": ("E1010", "Judy Jones", "IT", "DE", "Night watch", None),
}
DISABLED: Final = "erin"
MUST_CHANGE: Final = "frank"
PASSWORD_EXPIRED: Final = "grace"
ACCOUNT_EXPIRED: Final = "ivan"
NEVER_AT_THIS_HOUR: Final = "judy"
# harry is for tests that lock an account

GROUPS: Final = {  # name: people and groups directly inside
    "All Staff": ["alice", "Finance Approvers"],
    "Finance Approvers": ["bob", "Finance Managers"],
    "Finance Managers": ["dana"],
    "Loop A": ["alice", "Loop B"],
    "Loop B": ["charlie", "Loop A"],
}


def dn(name: str) -> str:
    """Where a person or group of the cast stands in the directory."""
    if name in GROUPS:
        return f"CN={name},OU=Groups,{BASE_DN}"
    return f"CN={PEOPLE[name][1]},OU=People,{BASE_DN}"
