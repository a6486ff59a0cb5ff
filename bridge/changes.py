"""Messages that stand in Slack and should look different: edited, marked with a reaction, deleted when they are a copy.

All of it may be done again without harm, so the row is written after the call, and a process that dies in between
leaves nothing but one more call to the next one.
"""

from __future__ import annotations

from typing import Any

from polaris import log
from polaris.db import slack_calls
from polaris.db.slack_rows import PostRow
from polaris.tasks import finished

from .format import shown_text
from .lanes import DELETE, EDIT, REACT, UNREACT, Budget, Lane
from .place import Place
from .web_api import Limited, Refused

LOG = log.get("bridge.changes")

PATIENCE_SECONDS = 60.0
# What mark_slack_post can ask for.
MARKS = ("eyes", "hourglass_flowing_sand", "inbox_tray", "no_entry_sign", "raised_hand", "warning", "white_check_mark")
# The workspace moves, or somebody suspended it: it comes back by itself.
PASSING_ERRORS = frozenset(
    {"team_added_to_org", "org_login_required", "ekm_access_denied", "accesslimited", "message_limit_exceeded"}
)
CHANNEL_ERRORS = frozenset({"channel_not_found", "not_in_channel", "is_archived", "is_inactive"})


class Changes:
    """Makes messages look as their rows say, one difference at a time."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._budgets = {method: Budget() for method in (EDIT, DELETE, REACT, UNREACT)}
        # Reactions that may stand on a post without its row knowing: a process died, or an answer was cut.
        self._marked: dict[int, set[str]] | None = None

    def afford(self, lane: Lane) -> float:
        """0, or in how many seconds the next call of this lane's method is affordable."""
        budget = self._budgets.get(lane.method)
        return 0 if budget is None else budget.take()

    def look(self, posts: list[PostRow]) -> None:
        """The first look after a start: where a reaction is missing, one may stand that nobody has written down."""
        if self._marked is None:
            self._marked = {p.post_id: set(MARKS) for p in posts if p.ts and p.reaction and not p.reaction_shown}

    async def change(self, lane: Lane, post: PostRow) -> None:
        """Does what the lane is for. Raises `Limited`, `Away` or `Unsure`: to be done again; and `TokenRefused`."""
        if lane.method == EDIT:
            # Without `parse` an edited text would be read like a client's, other than a posted one.
            words = {"channel": post.channel_id, "ts": post.ts, "text": shown_text(post), "parse": "none"}
            await finished(self._step(post, EDIT, words, version=post.version))
        elif lane.method == DELETE:
            await finished(self._step(post, DELETE, {"channel": post.channel_id, "ts": post.extra_ts}, deleted=True))
        else:
            await self._react(post)

    async def _react(self, post: PostRow) -> None:
        """The old reaction goes, then the new one comes; between them the row says that there is none.

        So what a process leaves behind that dies there, or a cut answer, can only be on a message whose row has none.
        """
        marked = self._marked if self._marked is not None else {}
        for name in sorted(marked.get(post.post_id, set()) - {post.reaction}):
            if not await self._unreact(post, name):
                return
            marked[post.post_id].discard(name)
        if post.reaction_shown and not await self._unreact(post, post.reaction_shown):
            return
        if post.reaction:
            words = {"channel": post.channel_id, "timestamp": post.ts, "name": post.reaction}
            marked.setdefault(post.post_id, set()).add(post.reaction)
            if await finished(self._step(post, REACT, words, reaction=post.reaction)):
                marked.pop(post.post_id, None)

    async def _unreact(self, post: PostRow, name: str) -> bool:
        await self._budgets[UNREACT].spend()
        words = {"channel": post.channel_id, "timestamp": post.ts, "name": name}
        return await finished(self._step(post, UNREACT, words, reaction=""))

    async def _step(self, post: PostRow, method: str, words: dict[str, Any], **what: Any) -> bool:
        """A call, and the row that says so. False: the message is gone, and its row rests."""
        try:
            await self._place.call(method, **words)
        except Refused as refusal:
            error = refusal.error
            if error in PASSING_ERRORS:
                raise Limited(PATIENCE_SECONDS) from refusal
            if error not in ("already_reacted", "no_reaction"):
                # Nobody can change it, so it counts as it should be: it is not tried for ever.
                about = {"org": self._place.workspace.org, "post_id": post.post_id, "method": method}
                LOG.info("a message stays as it is", extra=about | {"reason": error})
            if method != DELETE and (error == "message_not_found" or error in CHANNEL_ERRORS):
                what = {"reason": error}
        await self._place.write(slack_calls.change_slack_post, post.post_id, **what)
        return "reason" not in what
