"""An export as the service makes it, page by page, and its way into another organization."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from story import Story

PARTS = ("session", "seat", "event", "delivery", "annotation")
DIGEST = hashlib.sha256(b"a manifest").digest()


def export(story: Story, project: str = "pj", limit: int = 500, **bounds: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """The head, and the lines of each part."""
    begun = story.begin_export(actor=story.me, project=project, **bounds)
    found: dict[str, list[str]] = {}
    for part in PARTS:
        numbered = part not in ("session", "seat")
        after = [begun.first_seq - 1] if numbered else []
        found[part] = []
        while rows := story.read_export(
            actor=story.me, project=project, what=part, after=after, last=begun.last_seq, limit=limit
        ):
            found[part] += [row.line for row in rows]
            after = rows[-1].key
    return json.loads(begun.head), found


def bring(story: Story, head: dict[str, Any], parts: dict[str, Any], project: str = "copy", **more: Any) -> Any:
    """The whole import, but for what *more* leaves out; answers the project."""
    same = {"actor": story.me, "project": project, "digest": DIGEST}
    story.begin_import(**same, source=head)
    for part in PARTS:
        story.import_rows(**same, what=part, rows=parts[part])
    return story.finish_import(**same)


def lived_in(story: Story) -> None:
    """Project pj: two sessions, a seat that changed hands, advice that waits, a floor message."""
    story.member("krishna")
    fxm = story.session("fxm", driver=story.me)
    story.push(fxm, *[{"client_id": f"e{n}", "body": f"line {n}", "payload": {"n": n}} for n in range(7)])
    story.release_driver(actor=story.me, **fxm)
    story.claim(fxm, "user:krishna")
    story.session("fxk", driver="user:krishna")
    story.advise(fxm)
    story.say(actor=story.me, project="pj", body="to all")
