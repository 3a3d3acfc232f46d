"""The hub's keyring, read once from the settings."""

from functools import cache

from django.conf import settings

from hub.lib import crypto


@cache
def ring() -> crypto.Keyring:
    """The keyring of this process. Raises BadSetting if the keys are absent or malformed."""
    return crypto.Keyring.parse(settings.HUB_ENCRYPTION_KEYS, settings.HUB_MAC_KEY)
