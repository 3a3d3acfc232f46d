"""Files that came with an item go to the reader's disk, and nowhere else."""

import pytest

from tests.browser.visitor import PHONE
from tests.stories.world import accepted, request_to

pytestmark = pytest.mark.servers

PDF = b"%PDF-1.7\n" + b"x" * 2_000
NAME = "Beleg Müller.pdf"
KEPT = """async () => {
  const kept = [];
  for (const name of await caches.keys())
    for (const request of await (await caches.open(name)).keys()) kept.push(request.url);
  return kept;
}"""


@pytest.mark.parametrize("sensitivity", ["internal", "restricted"])
def test_a_file_is_saved_by_its_name_and_kept_nowhere(world, visit, sensitivity):
    sent = world.http.post(
        f"{world.hub.url}/api/v1/attachments",
        params={"name": NAME},
        content=PDF,
        headers={
            "Authorization": f"Bearer {world.keys['payroll']}",
            "Content-Type": "application/pdf",
        },
    )
    body = {**request_to("alice"), "attachments": [sent.json()["id"]], "sensitivity": sensitivity}
    accepted(world.post(body))
    alice = visit(size=PHONE)
    alice.sign_in("alice", world.samba.passwords["alice"])
    alice.read(body["title"])

    with alice.page.expect_download() as saving:
        alice.button(f"Save {NAME}, PDF, 2 kB").click()

    assert saving.value.suggested_filename == NAME
    assert saving.value.path().read_bytes() == PDF
    assert saving.value.url.startswith("blob:")
    assert not [address for address in alice.asked if "hub_" in address], "a token in an address"
    assert not [address for address in alice.page.evaluate(KEPT) if "/api/" in address]
