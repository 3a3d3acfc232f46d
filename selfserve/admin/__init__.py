"""The admin of the self-serve part: modules, where they may lead, what was handed in."""

from selfserve.admin import modules, places, rules, submissions

__all__ = ["modules", "places", "rules", "submissions"]
