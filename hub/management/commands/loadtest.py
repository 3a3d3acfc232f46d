"""How much this hub carries: one line a sub-system and phase, and how the quiet one fared."""

import argparse
import dataclasses
import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from hub.loadtest import phases


def bounded(least: float, most: float) -> Any:
    """A number within these bounds."""

    def number(value: str) -> float:
        found = float(value)
        if not least <= found <= most:
            raise argparse.ArgumentTypeError(f"{value} is outside {least:g}…{most:g}")
        return found

    return number


class Command(BaseCommand):
    """`manage.py loadtest URL [--rate N] [--seconds N] [--json FILE]`."""

    help = (
        "Send with test keys to the hub at URL: everything happens but the last wire, and nobody"
        " sees anything. Its notifications go with retention."
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("url", help="of web, or of the proxy in front of it")
        parser.add_argument("--rate", type=bounded(0.5, 100), default=5.0, help="a second, at 1x")
        parser.add_argument("--seconds", type=bounded(1, 300), default=20.0, help="of each phase")
        parser.add_argument("--json", type=Path, metavar="FILE")

    def handle(self, *, url: str, rate: float, seconds: float, json: Path | None, **_: Any) -> None:
        results = []
        self.stdout.write(
            f"{'phase':<11} {'sender':<11} {'offered/s':>9} {'accepted/s':>10} {'refused':>7}"
            f" {'p50':>8} {'p95':>8} {'p99':>8} {'handed on p50':>14} {'p95':>8}   (ms)"
        )
        try:
            for one in phases.run(url, rate=rate, seconds=seconds):
                results.append(one)
                self.stdout.write(
                    f"{one.phase:<11} {one.sender:<11} {one.offered:>9} {one.accepted:>10}"
                    f" {one.refused:>7} {one.p50_ms:>8} {one.p95_ms:>8} {one.p99_ms:>8}"
                    f" {one.handed_on_p50_ms or '-':>14} {one.handed_on_p95_ms or '-':>8}"
                )
        except phases.NobodyToSendTo:
            raise CommandError("loadtest: nobody has a phone that can be reached.") from None
        quiet = {one.phase: one for one in results if one.sender == phases.NAMES[1]}
        ratio = quiet["one at 20x"].p95_ms / max(0.1, quiet["1x"].p95_ms)
        if json is not None:
            said = [dataclasses.asdict(one) for one in results]
            json.write_text(_text({"results": said, "quiet_p95_ratio": round(ratio, 2)}))
        self.stdout.write(
            f"loadtest: while the other sent 20 times as much, p95 of the quiet one was"
            f" {ratio:.2f} times its own"
        )


def _text(said: object) -> str:
    return json.dumps(said, indent=1) + "\n"
