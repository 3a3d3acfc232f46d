"""The running hub of the stories."""

from tests.stories.world import a_world

__all__ = ["a_world"]
