"""Somebody at a browser: what they do and see in the companion, in their words."""

import re
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from tests.stories.hub_process import until

PATIENCE_MS = 90_000  # not a promise: a busy machine must not fail what is right
PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1380, "height": 860}

expect.set_options(timeout=PATIENCE_MS)


class Visitor:
    """One browser profile with one tab. `troubles` has what the browser complained of."""

    def __init__(self, browser: Browser, web: str, *, size: Any = DESKTOP, **profile: Any) -> None:
        profile = {"locale": "en-GB", **profile}
        self.context: BrowserContext = browser.new_context(
            base_url=web, viewport=size, has_touch=size == PHONE, **profile
        )
        self.context.set_default_timeout(PATIENCE_MS)
        self.page: Page = self.context.new_page()
        self.troubles: list[str] = []
        self.asked: set[str] = set()
        self.page.on("pageerror", lambda error: self.troubles.append(str(error)))
        self.page.on("console", self._hear)
        self.page.on("request", lambda request: self.asked.add(request.url))

    def _hear(self, message: Any) -> None:
        # Refusals of the hub are part of the stories; the browser prints each of them.
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.troubles.append(message.text)

    def open(self) -> None:
        """Go to the hub's address, as typed."""
        self.page.goto("/")

    def sign_in(self, name: str, password: str, *, keep: bool = True) -> None:
        """From the door to the inbox, past the page for those who never chose their preferences."""
        self.open()
        self.page.get_by_label("User name").fill(name)
        self.page.get_by_label("Password").fill(password)
        self.page.get_by_label("Keep me signed in here").set_checked(keep)
        self.button("Sign in").click()
        self.page.get_by_role("link", name="Later").click()
        expect(self.page.get_by_role("heading", name="Inbox", exact=True)).to_be_visible()

    def button(self, name: str) -> Locator:
        """The button of that name, of the sheet where one is open."""
        dialog = self.page.get_by_role("dialog")
        inside = dialog if dialog.count() else self.page
        return inside.get_by_role("button", name=name, exact=True)

    def row(self, text: str) -> Locator:
        """The line of the list that says this."""
        return self.page.get_by_role("link").filter(has_text=text)

    def read(self, title: str) -> None:
        """Open an item from the list."""
        self.row(title).click()
        expect(self.page.get_by_role("heading", name=title, level=1)).to_be_visible()

    def go(self, name: str) -> None:
        """Choose a place in the navigation."""
        self.page.get_by_role("navigation").get_by_role(
            "link", name=re.compile(f"^{re.escape(name)}")
        ).click()

    def answer(self, verb: str, **fields: str) -> None:
        """Press a button of the item, fill the sheet, and confirm."""
        self.button(verb).click()
        for label, value in fields.items():
            self.page.get_by_role("dialog").get_by_label(label).fill(value)
        self.button(verb).click()

    def sees(self, text: str) -> None:
        """Wait until a text is on the screen."""
        expect(
            self.page.get_by_text(text, exact=False).locator("visible=true").first
        ).to_be_visible()

    def kept(self, store: str) -> list[Any]:
        """What the browser has written down in one of the companion's stores."""
        found: list[Any] = self.page.evaluate(
            """store => new Promise((done) => {
                const asked = indexedDB.open("hub-companion");
                asked.onsuccess = () => {
                    const all = asked.result.transaction(store).objectStore(store).getAll();
                    all.onsuccess = () => { asked.result.close(); done(JSON.parse(JSON.stringify(all.result))); };
                };
            })""",
            store,
        )
        return found

    def ready_offline(self) -> None:
        """Wait until the worker serves this page."""
        self.page.evaluate("navigator.serviceWorker.ready.then(() => null)")
        until(
            "the worker has the page",
            lambda: self.page.evaluate("caches.match('/').then((found) => Boolean(found))"),
        )

    def close(self) -> None:
        """Leave; whatever the browser complained of fails the test."""
        self.context.close()
        assert self.troubles == []
