"""`python -m hub.demo.phones --web URL --phones URL`: gives the cast phones and signs them in."""

import argparse
import sys

from hub.demo import app, company
from hub.demo.fcm import client

PHONES = (
    ("alice", "android"),
    ("bob", "android"),
    ("bob", "ios"),
    ("dana", "ios"),
    ("charlie", "android"),
)


def main(arguments: list[str] | None = None) -> int:
    """Register and sign in each phone; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m hub.demo.phones", description=__doc__)
    parser.add_argument("--web", required=True, help="where the hub is")
    parser.add_argument("--phones", required=True, help="where the pretend phones are")
    given = parser.parse_args(arguments)
    emulator = client.Emulator(given.phones)
    for name, platform in PHONES:
        label = f"{name} · {platform}"
        token = emulator.register_phone(label, platform)
        phone = app.App(web=given.web, label=label, platform=platform, push_token=token)
        phone.sign_in(name, company.PASSWORD)
        phone.activate(emulator)
        print(f"{label} is signed in, and has sent its code back")
    return 0


if __name__ == "__main__":
    sys.exit(main())
