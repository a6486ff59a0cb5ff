"""For the tests of what the index knows: fill it, and look for something in few words."""

from __future__ import annotations

from typing import Any

from story import Story


def fill(story: Story, project: str = "pj") -> None:
    """Lets the index catch up with a project."""
    while story.index_events(project_id=story.project_id(project)):
        pass


def found(story: Story, query: str | None, actor: str | None = None, **filters: Any) -> list[str]:
    """The snippets of what a query finds, newest first, without the marks."""
    rows = story.search_events(actor=actor or story.me, query=query, **filters)
    return [row.snippet.replace("\ue000", "").replace("\ue001", "") for row in rows]
