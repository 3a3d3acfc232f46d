"""The page that lists the callbacks received."""

import json
from collections.abc import Sequence
from html import escape

from hub.demo.receiver.journal import Event, Script

_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 72rem; padding: 0 1rem }
table { border-collapse: collapse; width: 100% }
th, td { text-align: left; vertical-align: top; padding: .4rem .6rem }
tr { border-bottom: 1px solid #ddd }
pre { margin: 0; white-space: pre-wrap; overflow-wrap: anywhere; font-size: 12px }
.bad { color: #a40000 } .good { color: #0a6b2d }
"""

_ROW = """<tr><td>{at}<br>{subsystem}<br><small>{id}</small></td>
<td class="{mood}">{verdict}</td><td>{status}<pre>{answer}</pre></td>
<td><pre>{payload}</pre></td></tr>"""


def render(events: Sequence[Event], *, script: Script) -> str:
    """HTML, newest event first; renews itself every three seconds, without any script."""
    rows = "\n".join(_row(event) for event in reversed(events))
    table = (
        "<table><tr><th>Received<th>Signature<th>Answered<th>Event</tr>" + rows + "</table>"
        if events
        else "<p>Nothing has arrived yet. Answer a request on a phone, and look here.</p>"
    )
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta http-equiv="refresh" content="3"><title>Pretend sub-system</title>'
        f"<style>{_STYLE}</style><h1>Pretend sub-system</h1>"
        f"<p>Callbacks of the hub. The next one is answered {script.status}, "
        f"<b>{escape(script.outcome)}</b>: “{escape(script.message)}”.</p>{table}</html>"
    )


def _row(event: Event) -> str:
    verdict = "valid" if event.verified else f"refused: {event.problem}"
    if event.repeat:
        verdict += " (seen before)"
    return _ROW.format(
        at=escape(event.received_at),
        subsystem=escape(event.subsystem),
        id=escape(event.webhook_id),
        mood="good" if event.verified else "bad",
        verdict=escape(verdict),
        status=event.status,
        answer=escape(json.dumps(event.answer, indent=1)),
        payload=escape(json.dumps(event.payload, indent=1)),
    )
