"""`python -m hub.demo.fcm --dir DIR`: start it; one line of JSON says when it is ready."""

import argparse
from pathlib import Path

from hub.demo.fcm import server


def main() -> None:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(prog="hub.demo.fcm", description=__doc__)
    parser.add_argument("--dir", type=Path, required=True, help="certificates, key and phones")
    parser.add_argument("--port", type=int, default=0, help="TLS (0: any free port)")
    parser.add_argument("--http-port", type=int, default=0, help="the page (0: any free port)")
    parser.add_argument("--log", type=Path, help="append every message to this file, as JSON lines")
    parser.add_argument("--fast", action="store_true", help="no trays, no stored messages")
    parser.add_argument(
        "--with-parent", action="store_true", help="stop when standard input is closed"
    )
    given = parser.parse_args()
    options = server.Options(
        directory=given.dir, port=given.port, http_port=given.http_port, log=given.log,
        fast=given.fast, with_parent=given.with_parent,
    )  # fmt: skip
    try:
        server.run(options)
    except OSError as error:
        parser.exit(1, f"The FCM emulator cannot start: {error}\n")


if __name__ == "__main__":
    main()
