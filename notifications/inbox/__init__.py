"""What an employee sees: the list by keyset, one item with the truth about it, capped counts.

page, item, counts     questions; every one takes the reader, so that no stranger's copy is in reach
mark, mark_up_to       engagement times; what waits for oneself can't be archived
snooze                 put off what can't be dismissed; it comes back by itself
"""

from notifications.inbox.copies import LIVE, copies, has
from notifications.inbox.counting import CategoryCount, Counts, counts, counts_by_category
from notifications.inbox.items import Item, card, item, items, offered
from notifications.inbox.listing import STATES, Page, page
from notifications.inbox.marking import mark, mark_up_to
from notifications.inbox.snoozing import NothingToSnooze, snooze

__all__ = [
    "LIVE",
    "STATES",
    "CategoryCount",
    "Counts",
    "Item",
    "NothingToSnooze",
    "Page",
    "card",
    "copies",
    "counts",
    "counts_by_category",
    "has",
    "item",
    "items",
    "mark",
    "mark_up_to",
    "offered",
    "page",
    "snooze",
]
