"""From the outbox to Slack: messages are made in the order of their channel and changed until they look as they should.

A message is made in three steps: the row says that it is handed over (committed before the call), Slack is called, the
row says what became of it. Whatever ends this process in between, the next one finds which of them is open: only our
own echo, or a minute without one, lets a message be handed over again.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, Protocol

from polaris import log
from polaris.db import slack_calls
from polaris.db.slack_rows import PostRow
from polaris.errors import PolarisError
from polaris.tasks import finished, wait

from .changes import CHANNEL_ERRORS, PASSING_ERRORS, PATIENCE_SECONDS, Changes
from .format import shown_text
from .lanes import HINT, INVITE, MAKE, Lane, lanes_of, pause
from .place import Place, TokenRefused
from .web_api import Away, Limited, Refused, Unsure

LOG = log.get("bridge.poster")

PAGE = 50  # of a channel
POLL_SECONDS = 5.0  # the net under what is due at a time that only the database knows
SPACE_SECONDS = 1.0  # between two messages in a channel
UNSURE_SECONDS = 60.0  # as begin_slack_post has it
EDIT_SECONDS = 3.0  # between two looks of a running line, as change_slack_post has it
SETTLE_SECONDS = 30.0  # how long an answer is kept for a database that is away
LATE_SECONDS = 0.05  # timers end a little behind the database's clock

THREAD_ERRORS = frozenset(
    {"thread_not_found", "message_not_found", "cannot_reply_to_message", "restricted_action_thread_locked"}
)
JOINED_ERRORS = frozenset(  # nobody to be invited, or nobody who has to be
    {
        *("already_in_channel", "cant_invite_self", "cant_invite", "user_not_found", "users_not_found"),
        *("user_is_restricted", "user_is_ultra_restricted", "user_disabled", "user_team_not_in_channel"),
    }
)


class Losing(Protocol):
    """Who is told that a channel cannot be written to."""

    async def lost(self, project_id: int, error: str) -> None: ...


class Poster:
    """Sends what waits in the outbox of a workspace."""

    def __init__(self, place: Place, channels: Losing) -> None:
        self._place, self._channels = place, channels
        self._changes = Changes(place)
        self._lanes: dict[Lane, asyncio.Task[None]] = {}
        self._resting: dict[Lane, float] = {}  # until when
        self._failures: dict[Lane, int] = {}  # in a row
        self._free: dict[str, float] = {}  # when a channel takes its next message
        self._started = 0.0
        self._due_since: dict[tuple[str, int], float] = {}
        self._unthreaded: set[int] = set()  # posts whose thread Slack does not take

    async def run(self) -> None:
        """Until it is cancelled; what was handed over is settled first. Raises `Replaced` or `TokenRefused`."""
        self._started = time.monotonic()
        try:
            while True:
                self._place.posts.clear()  # before the look: what comes during it counts for the next one
                self._check()
                try:
                    posts = await self._place.read(slack_calls.list_slack_posts, PAGE)
                except PolarisError as error:
                    LOG.warning("the outbox could not be read", extra=self._about(reason=error.code))
                    self._wake_in(0.5)
                else:
                    self._changes.look(posts)
                    self._begin(posts)
                await wait(self._place.posts, POLL_SECONDS)
        finally:
            tasks = list(self._lanes.values())
            self._lanes.clear()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _check(self) -> None:
        for lane, task in list(self._lanes.items()):
            if task.done():
                del self._lanes[lane]
                task.result()

    def _begin(self, posts: list[PostRow]) -> None:
        """Starts each lane that is free with the post that has waited longest for it.

        Of the messages to be made the database names only the first one of each channel.
        """
        now = time.monotonic()
        known, self._due_since = self._due_since, {}
        found = [(lane, post) for post in posts for lane in lanes_of(post)]
        for lane, post in found:
            key = (lane.method, post.post_id)
            self._due_since[key] = known.get(key, now)
        found.sort(key=lambda f: self._due_since[f[0].method, f[1].post_id])
        soonest = POLL_SECONDS
        for lane, post in found:
            if lane in self._lanes:
                continue
            left = self._resting.get(lane, 0.0) - now
            if left <= 0:
                left = self._changes.afford(lane)
            if left > 0:
                soonest = min(soonest, left)
                continue
            self._resting.pop(lane, None)
            self._lanes[lane] = task = asyncio.create_task(self._go(lane, post), name=f"slack {lane.method}")
            task.add_done_callback(lambda _: self._place.posts.set())
        if soonest < POLL_SECONDS:
            self._wake_in(soonest)

    async def _go(self, lane: Lane, post: PostRow) -> None:
        """One post, in one lane. Raises `Replaced` or `TokenRefused`."""
        ways: dict[str, Callable[[PostRow], Awaitable[None]]] = {
            MAKE: self._make,
            HINT: self._hint,
            INVITE: self._invite,
        }
        try:
            if way := ways.get(lane.method):
                await way(post)
            else:
                await self._changes.change(lane, post)
                if post.kind == "tools":
                    self._wake_in(EDIT_SECONDS)
            self._failures.pop(lane, None)
        except PolarisError as error:
            LOG.warning("the outbox could not be written", extra=self._about(post, reason=error.code))
            self._rest(lane, 1.0)
        except Limited as limit:
            self._rest(lane, limit.seconds)
        except (Away, Unsure) as error:
            self._failures[lane] = self._failures.get(lane, 0) + 1
            LOG.warning("Slack does not answer", extra=self._about(post, method=lane.method, reason=str(error)))
            self._rest(lane, pause(self._failures[lane]))

    def _rest(self, lane: Lane, seconds: float) -> None:
        self._resting[lane] = time.monotonic() + seconds

    def _wake_in(self, seconds: float) -> None:
        asyncio.get_running_loop().call_later(seconds + LATE_SECONDS, self._place.posts.set)

    # A message

    async def _make(self, post: PostRow) -> None:
        free = self._free.get(post.channel_id or "", self._started + SPACE_SECONDS)
        await asyncio.sleep(free - time.monotonic())
        error = await finished(self._hand_over(post.post_id))
        if error is not None:
            await self._channels.lost(post.project_id, error)

    async def _hand_over(self, post_id: int) -> str | None:
        """Begin, call, settle. Answers Slack's error when it is the channel that cannot be written to."""
        rows = await self._place.write(slack_calls.begin_slack_post, post_id)
        if not rows:
            return None
        post, begun = rows[0], time.monotonic()
        try:
            ts = await self._post(post)
        except TokenRefused as refusal:
            await self._settle(post, "waiting", reason=str(refusal))
            raise
        except Refused as refusal:
            return await self._refused(post, refusal.error)
        except (Limited, Away) as error:
            await self._try_later(post, MAKE, error)
        except Unsure as error:
            LOG.warning("a message may have arrived", extra=self._about(post, reason=str(error)))
            await self._settle(post, "unsure", reason=str(error))
            self._wake_in(UNSURE_SECONDS - (time.monotonic() - begun))
        else:
            await self._settle(post, "posted", ts=ts, version=post.version)
            self._unthreaded.discard(post_id)
            if post.kind == "tools":
                self._wake_in(EDIT_SECONDS)
        finally:
            # From the answer on: whatever time the way took, Slack gets them so far apart.
            self._free[post.channel_id or ""] = time.monotonic() + SPACE_SECONDS
        return None

    async def _post(self, post: PostRow) -> str:
        answer = await self._place.call(
            MAKE,
            channel=post.channel_id,
            thread_ts=None if post.post_id in self._unthreaded else post.thread_ts,
            text=shown_text(post),
            username=post.author,
            icon_url=post.picture,
            icon_emoji=post.emoji,
            metadata={"event_type": "polaris_event", "event_payload": {"id": post.post_id}},
            unfurl_links=False,
            unfurl_media=False,
        )
        if not answer.get("ts"):
            raise Unsure("an answer without ts")
        return str(answer["ts"])

    async def _refused(self, post: PostRow, error: str) -> str | None:
        if error == "missing_scope":  # nothing can be posted any more
            await self._settle(post, "waiting", reason=error)
            raise TokenRefused(error)
        if post.thread_ts and error in THREAD_ERRORS and post.post_id not in self._unthreaded:
            self._unthreaded.add(post.post_id)
            await self._put_off(post, SPACE_SECONDS, error)
        elif error in CHANNEL_ERRORS or error.startswith("restricted_action"):
            await self._put_off(post, POLL_SECONDS, error)
            return error
        elif error in PASSING_ERRORS:
            await self._put_off(post, PATIENCE_SECONDS, error)
        else:
            await self._fail(post, error)
        return None

    # What goes beside the messages

    async def _hint(self, post: PostRow) -> None:
        """Only for one person's eyes. It has no echo, so it is never shown again on a mere doubt."""
        if post.state == "posting":
            await self._fail(post, "nobody knows whether it was shown")
        else:
            words = {"channel": post.channel_id, "user": post.recipient, "text": post.text, "thread_ts": post.thread_ts}
            await finished(self._aside(post, HINT, words))

    async def _invite(self, post: PostRow) -> None:
        if post.state == "posting":  # to invite twice does nothing: it is no repetition
            await self._settle(post, "waiting")
        await finished(self._aside(post, INVITE, {"channel": post.channel_id, "users": post.recipient}))

    async def _aside(self, post: PostRow, method: str, words: dict[str, Any]) -> None:
        """Begin, call, settle."""
        rows = await self._place.write(slack_calls.begin_slack_post, post.post_id)
        if not rows:
            return
        try:
            await self._place.call(method, **words)
        except TokenRefused as refusal:
            await self._settle(post, "waiting", reason=str(refusal))
            raise
        except Refused as refusal:
            if method == INVITE and refusal.error in JOINED_ERRORS:
                await self._settle(post, "posted", reason=refusal.error)
            else:
                await self._fail(post, refusal.error)
        except (Limited, Away) as error:
            await self._try_later(rows[0], method, error)
        except Unsure as error:
            if method == INVITE:
                await self._try_later(rows[0], method, error)
            else:
                await self._fail(post, f"nobody knows whether it was shown: {error}")
        else:
            await self._settle(post, "posted")

    # What became of it

    async def _try_later(self, post: PostRow, method: str, error: Limited | Away | Unsure) -> None:
        seconds = pause(post.attempts)
        if isinstance(error, Limited):
            seconds = error.seconds
            self._rest(Lane(method, post.channel_id or ""), seconds)  # whatever else comes to be first there
        await self._put_off(post, seconds, str(error))

    async def _put_off(self, post: PostRow, seconds: float, reason: str) -> None:
        LOG.info("a message waits", extra=self._about(post, seconds=round(seconds, 1), reason=reason))
        await self._settle(post, "waiting", reason=reason, retry_in=timedelta(seconds=seconds))
        self._wake_in(seconds)

    async def _fail(self, post: PostRow, reason: str) -> None:
        LOG.warning("a message is given up", extra=self._about(post, reason=reason))
        await self._settle(post, "failed", reason=reason)

    async def _settle(self, post: PostRow, state: str, **more: Any) -> None:
        """Writes it down, however long the database is away, for Slack's answer comes only once."""
        end = time.monotonic() + SETTLE_SECONDS
        while True:
            try:
                await self._place.write(slack_calls.settle_slack_post, post.post_id, state, **more)
                return
            except PolarisError as error:
                if error.status < 500 or time.monotonic() > end:
                    raise
                await asyncio.sleep(0.2)

    def _about(self, post: PostRow | None = None, **more: Any) -> dict[str, Any]:
        about: dict[str, Any] = {"org": self._place.workspace.org}
        if post is not None:
            about |= {"project": post.project, "post_id": post.post_id, "kind": post.kind}
        return about | more
