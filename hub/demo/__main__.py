"""`python -m hub.demo run | check | clean`: the hub on this machine, without anything installed."""

import argparse
import contextlib
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

from hub.demo import engines, greeting, home, ports, stack, supervisor

REFUSALS = (home.HomeError, ports.PortTaken, engines.EngineError, supervisor.ChildError)


def main(arguments: list[str] | None = None) -> int:
    """Do what the command line says; its exit code."""
    given = _parser().parse_args(arguments)
    commands = {"run": _run, "check": _check, "clean": _clean}
    try:
        return commands[given.command](given)
    except REFUSALS as refusal:
        print(f"\n{refusal}", file=sys.stderr)
        return 1
    except (supervisor.StopAsked, KeyboardInterrupt):
        return 130


def _run(given: argparse.Namespace) -> int:
    where = home.default()
    with stack.running(where, at=_ports(given), say=_say) as (watched, addresses):
        print(greeting.compose(addresses, seeded=where.seeded), flush=True)
        watched.watch()
        print()
    return 0


def _check(_given: argparse.Namespace) -> int:
    from hub.demo import check  # loads Django, which running and cleaning need not wait for

    addresses = home.read_running(home.default())
    if addresses is not None:
        print(f"The hub at {addresses['web']} is running; checking that one.", flush=True)
        return check.main(addresses)
    print("No hub is running; starting one for the check.", flush=True)
    with (
        _passing_home() as where,
        stack.running(where, at=ports.free(), say=_say) as (_, addresses),
    ):
        return check.main(addresses)


def _clean(_given: argparse.Namespace) -> int:
    where = home.default()
    home.clear(where)
    print(f"  · {where.path} is gone", flush=True)
    return 0


@contextlib.contextmanager
def _passing_home() -> Iterator[home.Home]:
    directory = Path(tempfile.mkdtemp(prefix="hub-check-"))
    # As root, PostgreSQL runs under another account and must get through; secrets are 0600.
    directory.chmod(0o711)
    where = home.Home(directory)
    kept = False
    try:
        yield where
    except REFUSALS:
        kept = True
        print(f"Its logs are kept in {where.logs}.", file=sys.stderr)
        raise
    finally:
        if not kept:
            home.clear(where)
            shutil.rmtree(directory, ignore_errors=True)


def _ports(given: argparse.Namespace) -> ports.Ports:
    if given.free_ports:
        return ports.free()
    return ports.Ports(**{f.name: getattr(given, f"{f.name}_port") for f in fields(ports.Ports)})


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m hub.demo", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run", help="start everything, until Ctrl-C")
    run.add_argument("--free-ports", action="store_true", help="take any ports that are free")
    for field in fields(ports.Ports):
        run.add_argument(f"--{field.name}-port", type=int, default=field.default, metavar="N")
    commands.add_parser("check", help="drive the running hub through its main job")
    commands.add_parser("clean", help="delete the demo's data")
    return parser


def _say(line: str) -> None:
    print(f"  · {line}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
