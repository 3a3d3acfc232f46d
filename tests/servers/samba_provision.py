"""Makes the domain CORP with the cast of the tests, read as JSON from standard input.

Runs under Debian's own Python, which has Samba's modules, apart from everything of ours:
    /usr/bin/python3 -I samba_provision.py SMB.CONF < company.json
Nothing listens while this runs; the files are written directly and can be copied elsewhere.
"""

import json
import logging
import sys

import ldb
from samba.auth import system_session
from samba.dsdb import DS_DOMAIN_FUNCTION_2008_R2
from samba.param import LoadParm
from samba.provision import provision
from samba.samdb import SamDB

NORMAL, DISABLED, KEEPS_PASSWORD = 0x200, 0x2, 0x10000  # [MS-ADTS] 2.2.16
LAST_SET_AS_GIVEN = "local_oid:1.3.6.1.4.1.7165.4.3.20:0"  # Samba's own control
IN_2019 = "132000000000000000"  # 100 ns since 1601


def make(configuration, company):
    """The domain's files, where the smb.conf says."""
    provision(
        logging.getLogger("provision"),
        system_session(),
        smbconf=configuration,
        realm="CORP.EXAMPLE",
        domain="CORP",
        hostname="dc1",
        hostip="127.0.0.1",
        adminpass=company["password"],
        serverrole="active directory domain controller",
        dns_backend="NONE",
        dom_for_fun_level=DS_DOMAIN_FUNCTION_2008_R2,
        skip_sysvolacl=True,
    )
    parameters = LoadParm(configuration)
    directory = SamDB(session_info=system_session(), lp=parameters)
    directory.transaction_start()
    # Any password is allowed, and expires after 42 days unless the account keeps its own.
    change(
        directory, company["base_dn"],
        pwdProperties="0", minPwdLength="0", minPwdAge="0", pwdHistoryLength="0",
        maxPwdAge="-36288000000000", lockoutThreshold=str(company["lock_out_after"]),
        lockoutDuration="-18000000000", lockOutObservationWindow="-18000000000",
    )  # fmt: skip
    for unit in ("People", "Groups"):
        directory.add(
            {"dn": f"OU={unit},{company['base_dn']}", "objectClass": "organizationalUnit"}
        )
    directory.newuser("hub", company["password"])
    keeps = str(NORMAL | KEEPS_PASSWORD)
    for account in (company["service_dn"], company["administrator_dn"]):
        change(directory, account, userAccountControl=keeps)
    for name, facts in company["people"].items():
        person(directory, company, name, *facts)
    for name in company["groups"]:
        directory.newgroup(name, groupou="OU=Groups")
    for name, members in company["groups"].items():
        where = [company["dn"][member] for member in members]
        change(directory, company["dn"][name], member=where)
    directory.transaction_commit()


def person(directory, company, name, employee_id, display_name, department, geo, title, manager):
    given, family = display_name.split()
    directory.newuser(
        name, company["password"], useusernameascn=None,  # so that the CN is the full name
        userou="OU=People", givenname=given, surname=family,
        mailaddress=f"{name}@corp.example", department=department, jobtitle=title,
    )  # fmt: skip
    keeps = name not in (company["must_change"], company["password_expired"])
    flags = NORMAL | (KEEPS_PASSWORD if keeps else 0)
    flags |= DISABLED if name == company["disabled"] else 0
    more = {}
    if manager:
        more["manager"] = company["dn"][manager]
    if name == company["must_change"]:
        more["pwdLastSet"] = "0"
    if name == company["account_expired"]:
        more["accountExpires"] = IN_2019
    if name == company["never_at_this_hour"]:
        more["logonHours"] = b"\0" * 21
    change(
        directory, company["dn"][name], userAccountControl=str(flags), employeeID=employee_id,
        c=geo, displayName=display_name, **more,
    )  # fmt: skip
    if name == company["password_expired"]:
        change(directory, company["dn"][name], [LAST_SET_AS_GIVEN], pwdLastSet=IN_2019)


def change(directory, where, controls=(), /, **values):
    message = ldb.Message(ldb.Dn(directory, where))
    for name, value in values.items():
        message[name] = ldb.MessageElement(value, ldb.FLAG_MOD_REPLACE, name)
    directory.modify(message, list(controls))


if __name__ == "__main__":
    make(sys.argv[1], json.load(sys.stdin))
