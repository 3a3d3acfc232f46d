"""Modules stay small enough to be read in one go."""

from tests.architecture.test_imports import ROOT, sources

LIMIT = 300
# One list of all settings, grouped, is read by looking for a name: two files would hide half.
OF_SETTINGS = 500


def test_no_module_is_longer_than_the_hard_limit():
    long = {
        str(path.relative_to(ROOT)): lines
        for path in sources()
        if (lines := len(path.read_text(encoding="utf-8").splitlines()))
        > (OF_SETTINGS if path == ROOT / "hub" / "settings.py" else LIMIT)
    }

    assert long == {}
