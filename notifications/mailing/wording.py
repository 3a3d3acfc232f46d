"""What an e-mail says, by sensitivity and language. Pure.

It crosses other people's servers and lies in a mailbox for years, so it says no more than a push
may: the sender's words only where the category is public, and never anything of restricted ones.
"""

import html
from dataclasses import dataclass

from notifications.phrases import Phrases

HIDDEN = ("New message", "Open the app to read it.")
GENERIC = {
    "notice": "You have a new message.",
    "acknowledgement": "Please confirm that you have read a message.",
    "request": "A request is waiting for your answer.",
}
WHY = {
    "show": "You get this e-mail because no phone of yours is signed in.",
    "digest": "You get this e-mail because you chose to get messages together.",
    "fallback": "You get this e-mail because you have not looked at it in the app yet.",
}
GATHERED = ("You have %(count)s new message.", "You have %(count)s new messages.")
_PAGE = """<!doctype html>
<html lang="{language}" dir="{direction}">
<head><meta charset="utf-8"><title>{subject}</title></head>
<body style="font-family:system-ui,sans-serif;line-height:1.5;max-width:36em;margin:1em auto">
<h1 style="font-size:1.2em">{title}</h1>
<p>{line}</p>
<p><a href="{link}" style="display:inline-block;padding:.6em 1.2em;background:#1f4fbf;color:#fff;\
border-radius:.4em;text-decoration:none">{open}</a></p>
<p style="color:#555;font-size:.85em">{hub}. {why}{refuse}</p>
</body></html>
"""


@dataclass(frozen=True, slots=True)
class Words:
    """An e-mail's words: one subject, and the same in text and in HTML."""

    subject: str
    text: str
    html: str


def words(
    *,
    phrases: Phrases,
    hub: str,
    sender: str,
    kind: str,
    sensitivity: str,
    title: str,
    summary: str,
    purpose: str,
    link: str,
    category: str = "",
    unsubscribe: str = "",
) -> Words:
    """The words for one person's e-mail.

    `link` leads to it in the companion. `unsubscribe` is the address by which this `category` (its
    name) is refused; empty where it can't be.
    """
    if sensitivity == "public":
        subject, headline, line = title, title, summary or phrases(GENERIC[kind])
    elif sensitivity == "internal":
        headline, line = sender, phrases(GENERIC[kind])
        subject = f"{sender}: {line}"
    else:
        subject, headline, line = phrases(HIDDEN[0]), phrases(HIDDEN[0]), phrases(HIDDEN[1])
    named = sensitivity in {"public", "internal"} and category
    refuse = phrases("Get no more of “%(category)s”", category=category) if named else ""
    refuse = refuse or phrases("Unsubscribe")
    return _laid_out(
        phrases, hub=hub, subject=subject, headline=headline, line=line, link=link,
        why=WHY[purpose], refuse=refuse, unsubscribe=unsubscribe,
    )  # fmt: skip


def digest(*, phrases: Phrases, hub: str, count: int, link: str, unsubscribe: str) -> Words:
    """The words that tell how many notices were gathered, and nothing of any of them.

    `link` leads to the inbox; at `unsubscribe` e-mail is switched off.
    """
    line = phrases.counted(*GATHERED, count=count)
    return _laid_out(
        phrases, hub=hub, subject=f"{hub}: {line}", headline=line, line=phrases(HIDDEN[1]),
        link=link, why=WHY["digest"], refuse=phrases("Unsubscribe"), unsubscribe=unsubscribe,
    )  # fmt: skip


def _laid_out(
    phrases: Phrases,
    *,
    hub: str,
    subject: str,
    headline: str,
    line: str,
    link: str,
    why: str,
    refuse: str,
    unsubscribe: str,
) -> Words:
    why = phrases(why)
    text = [headline, "", line, "", link, "", "-- ", f"{hub}. {why}"]
    if unsubscribe:
        text += [f"{refuse}: {unsubscribe}"]
    return Words(
        subject=subject,
        text="\n".join(text) + "\n",
        html=_PAGE.format(
            **{name: html.escape(value) for name, value in {
                "language": phrases.language, "direction": phrases.direction, "subject": subject,
                "title": headline, "line": line, "link": link, "open": phrases("Open"),
                "hub": hub, "why": why,
            }.items()},
            refuse=f' <a href="{html.escape(unsubscribe)}">{html.escape(refuse)}</a>'
            if unsubscribe else "",
        ),
    )  # fmt: skip
