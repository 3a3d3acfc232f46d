"""`python -m hub.demo.receiver --port N --log FILE --secrets FILE`: the pretend sub-system.

POST /callbacks/NAME   a callback for the sub-system NAME, verified by the public library
GET  /                 the page        GET /events[?id=WEBHOOK_ID]   the same as JSON
GET  /modules/NAME/KEY?hub_code=CODE   the page of a module: exchanges the code and greets
GET  /script           how the next ones are answered;  POST /script changes it, for instance
                       {"outcome": "refused", "message": "Budget is closed."}
                       {"status": 500, "times": 2}    {"delay_seconds": 20, "times": 1}

One line of JSON on standard output says when it is ready.
"""

import argparse
import sys
from pathlib import Path

from hub.demo.receiver import journal, server


def main() -> None:
    """Read the command line and serve until SIGTERM."""
    parser = argparse.ArgumentParser(
        prog="hub.demo.receiver", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("--port", type=int, default=0, help="on 127.0.0.1 (0: any free port)")
    parser.add_argument("--log", type=Path, required=True, help="every event, as JSON lines")
    parser.add_argument(
        "--secrets", type=Path, required=True,
        help='JSON: {"NAME": "whsec_…"}; read again for every callback',
    )  # fmt: skip
    parser.add_argument(
        "--hub", type=Path, default=None,
        help='JSON: {"web": "http://…", "api_keys": {"NAME": "hub_sk_…"}}; read when it is needed',
    )  # fmt: skip
    given = parser.parse_args()
    try:
        serving = server.create(
            port=given.port,
            kept=journal.Journal(given.log),
            secrets=given.secrets,
            hub=given.hub,
        )
    except OSError as error:
        parser.exit(1, f"The pretend sub-system cannot start: {error}\n")
    sys.stdout.write(server.ready_line(serving))
    sys.stdout.flush()
    serving.serve_forever()


if __name__ == "__main__":
    main()
