"""The accounts app."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Who may speak to the hub, through which phone, and who is meant by an audience."""

    name = "accounts"
