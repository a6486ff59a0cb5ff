"""What became of a day's traffic: whatever had to be in Slack is there, once, in order, and as it should look."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import psycopg
from bridge_house import House
from psycopg.rows import namedtuple_row
from traffic import CALM, Stage, post_of

MARK = re.compile(r"\bm\d{6}\b")
CALLS = re.compile(r"🔧 (\d+) call")
SEAT = re.compile(
    r"◆ (\S+)/(\S+) (made the session|archived the session|drives \(epoch (\d+)\)|left the seat|lost the seat)"
)
SEATS = {
    "session.created": "made the session",
    "driver.claimed": "drives",
    "driver.released": "left the seat",
    "driver.expired": "lost the seat",
}
SPOKEN = ("prompt", "message", "reply", "notice")


@dataclass
class Verdict:
    """The counts, and in words whatever is not as it has to be."""

    events: int = 0
    shown: int = 0  # of those of projects that kept their channel
    posts: int = 0
    lost: int = 0
    out_of_order: int = 0
    repeats: int = 0
    doubles: int = 0  # second copies that Slack took; all are deleted again
    copies_left: int = 0
    limited: int = 0  # 429 because of us
    limited_by_weather: int = 0
    advice: int = 0
    wrongly_advised: int = 0
    hints: int = 0
    longest_wait: float = 0
    least_gap: float = 0
    problems: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        rows = [(name, value) for name, value in vars(self).items() if name != "problems"]
        lines = [
            f"{name:<20} {value:>8,.2f}" if isinstance(value, float) else f"{name:<20} {value:>8,}"
            for name, value in rows
        ]
        return "\n".join(lines + self.problems[:40])


async def judge(stage: Stage) -> Verdict:
    """Looks at Slack, the record and the outbox; nothing may be under way any more."""
    verdict = Verdict(events=stage.told.events)
    for team, house in stage.houses.items():
        posts = await _rows(
            stage, "select * from polaris_data.slack_posts where org_id = %s order by post_id", house.org
        )
        for project in stage.projects:
            await _channel(stage, verdict, team, house, project, posts)
        _looks(stage, verdict, team, posts)
        rows = [await house.channel(project) for project in stage.projects if project in CALM]
        _copies(stage, verdict, team, posts, {row.project_id for row in rows})
        await _advice(stage, verdict, house)
        _hints(stage, verdict, team, house)
    _limits(stage, verdict)
    waits = await stage.sql(
        "select coalesce(max(extract(epoch from posted_at - made_at)), 0)::float8 from polaris_data.slack_posts "
        "where lane = 'channel' and state = 'posted'"
    )
    verdict.longest_wait = waits[0][0]
    return verdict


async def _channel(stage: Stage, verdict: Verdict, team: str, house: House, project: str, posts: list[Any]) -> None:
    """Whatever happened in a project stands in its channel, once, in order."""
    where = f"{house.slug}/{project}"
    events = await _rows(
        stage,
        "select e.seq, e.kind, e.actor, e.epoch, e.turn, e.body, s.name as session, e.payload ->> 'state' as state, "
        "exists (select from polaris_data.slack_advice a join polaris_data.deliveries d using (org_id, delivery_id) "
        "where a.org_id = e.org_id and a.event_id is not null and d.project_id = e.project_id and d.advice_seq = e.seq"
        ") as from_slack "
        "from polaris_data.events e join polaris_data.projects p using (org_id, project_id) "
        "left join polaris_data.sessions s using (org_id, session_id) "
        "where e.org_id = %s and p.name = %s order by e.seq",
        *(house.org, project),
    )
    answers = {post.post_id for post in posts if post.kind in ("answer", "digest")}
    channels = {call.args["channel"] for call in stage.slack.calls if call.team == team and "channel" in call.args}
    row = await house.channel(project)
    messages = [m for m in stage.slack.posts(team, str(row.channel_id)) if post_of(m) not in answers]
    assert row.channel_id in channels
    places = _places(events)
    for thread in {_thread(m) for m in messages}:
        seen = [places[name] for m in messages if _thread(m) == thread for name in _names(m) if name in places]
        for before, after in itertools.pairwise(seen):
            if before >= after:
                verdict.out_of_order += 1
                verdict.problems.append(f"{where}: event {before} stands before {after}")
    if project not in CALM:
        return
    shown = Counter(name for m in messages for name in _names(m))
    for name, seq in places.items():
        if shown[name] == 0:
            verdict.lost += 1
            verdict.problems.append(f"{where}: event {seq} ({name}) is not shown")
        elif shown[name] > 1:
            verdict.copies_left += 1
            verdict.problems.append(f"{where}: event {seq} ({name}) is shown {shown[name]} times")
    tools = [event for event in events if event.kind == "tool.call"]
    lines = [m["text"] for m in messages if CALLS.search(m["text"])]
    counted = sum(int(found[1]) for line in lines for found in [CALLS.search(line)] if found)
    if counted != len(tools):
        verdict.lost += max(0, len(tools) - counted)
        verdict.problems.append(f"{where}: {len(tools)} tool calls, {counted} shown")
    newest = {(event.session, event.turn): MARK.findall(event.body)[0] for event in tools}
    if wrong := set(newest.values()) ^ {mark for line in lines for mark in MARK.findall(line)}:
        verdict.problems.append(f"{where}: the running lines are not the newest: {sorted(wrong)[:6]}")
    lines = [line for m in messages for line in m["text"].splitlines()]
    for what, words, count in (
        ("interrupted turns", "interrupted the turn", sum(e.kind == "turn.interrupted" for e in events)),
        ("released seats", "left the seat", sum(e.kind == "driver.released" for e in events)),
        ("failures", ": failed", sum(e.kind == "delivery" and e.state == "failed" for e in events)),
    ):
        found = sum(line.startswith("◆") and words in line for line in lines)
        verdict.lost += max(0, count - found)
        verdict.shown += count
        if count != found:
            verdict.problems.append(f"{where}: {count} {what}, {found} shown")
    verdict.shown += len(places) + len(tools)


def _places(events: Iterable[Any]) -> dict[str, int]:
    """Under which name each event that stands by itself in Slack is found there, and its number."""
    places: dict[str, int] = {}
    for event in events:
        if event.kind in SPOKEN or (event.kind == "advice" and not event.from_slack):
            places[MARK.findall(event.body)[0]] = event.seq
        elif event.kind == "driver.claimed":
            places[f"{event.actor}/{event.session} drives {event.epoch}"] = event.seq
        elif event.kind == "session.created":
            places[f"{event.actor}/{event.session} made the session"] = event.seq
    return places


def _names(message: dict[str, Any]) -> Iterator[str]:
    """The names of the events in a message, in its order; a running line of tools has none."""
    text = str(message["text"])
    if CALLS.search(text):
        return
    for found in re.finditer(f"{MARK.pattern}|{SEAT.pattern}", text):
        if found[1] is None:
            yield found[0]
        else:
            yield f"{found[1]}/{found[2]} drives {found[4]}" if found[4] else f"{found[1]}/{found[2]} {found[3]}"


def _thread(message: dict[str, Any]) -> str | None:
    thread = message.get("thread_ts")
    return None if thread == message["ts"] else thread


def _looks(stage: Stage, verdict: Verdict, team: str, posts: list[Any]) -> None:
    """Every message looks as the outbox wants it: its text, its reaction; nothing is given up."""
    for post in posts:
        what = f"{team} post {post.post_id} ({post.kind} {post.key})"
        if post.state == "failed" and post.lane == "channel":
            verdict.problems.append(f"{what} is given up: {post.reason}")
        message = stage.slack.message(team, post.channel_id, post.ts) if post.ts else None
        if message is None or post.state != "posted":
            if (
                post.state == "posted"
                and post.lane == "channel"
                and post.channel_id in stage.slack.teams[team]["channels"]
            ):
                verdict.problems.append(f"{what} is not in Slack")
            continue
        live = not stage.slack.teams[team]["channels"][post.channel_id]["is_archived"]
        reactions = [name for name, users in message.get("reacted", {}).items() if stage.slack.bot_user(team) in users]
        if live and reactions != ([post.reaction] if post.reaction else []) and not post.reason:
            verdict.problems.append(f"{what} has {reactions} and should have {post.reaction}")
        if live and post.kind not in ("theirs", "tools") and message["text"] != post.text:
            verdict.problems.append(f"{what} says something else than it should")
        if post.kind != "theirs":
            verdict.posts += 1


def _copies(stage: Stage, verdict: Verdict, team: str, posts: list[Any], calm: set[int]) -> None:
    """Every second message of a post is a counted repeat, is known to be a second copy, and is gone.

    Known and gone only in *calm* projects: where it was sent away, the bridge hears nothing and takes nothing back.
    """
    taken = Counter(post_of(call.args) for call in stage.slack.called("chat.postMessage", "ok") if call.team == team)
    standing = Counter(
        post_of(m)
        for messages in stage.slack.teams[team]["messages"].values()
        for m in messages
        if m.get("bot_id") == "B" + team[1:]
    )
    for post in posts:
        copies = max(0, taken[post.post_id] - 1)
        verdict.repeats += post.repeats
        verdict.doubles += copies
        if copies > post.repeats or (copies != post.doubles and post.project_id in calm):
            verdict.problems.append(
                f"{team} post {post.post_id}: {copies} second copies, {post.repeats} repeats, {post.doubles} known"
            )
        if standing[post.post_id] > 1 and post.project_id in calm:
            verdict.copies_left += standing[post.post_id] - 1
            verdict.problems.append(f"{team} post {post.post_id} stands there {standing[post.post_id]} times")


def _limits(stage: Stage, verdict: Verdict) -> None:
    """Slack's limits were held: whoever was told 429 was told so by the weather."""
    for call in stage.slack.calls:
        if call.outcome == "429":
            if id(call.args) in stage.told.ours:
                verdict.limited_by_weather += 1
            else:
                verdict.limited += 1
                verdict.problems.append(f"429 because of us: {call.team} {call.method}")
    lanes: dict[tuple[str, str], list[float]] = {}
    for call in stage.slack.called("chat.postMessage", "ok"):
        lanes.setdefault((str(call.team), call.args["channel"]), []).append(call.at)
    gaps = [after - before for times in lanes.values() for before, after in itertools.pairwise(times)]
    verdict.least_gap = min(gaps, default=0)


async def _advice(stage: Stage, verdict: Verdict, house: House) -> None:
    """What was said to a session there became one piece of advice for it; anything else none."""
    found: Counter[tuple[str, str]] = Counter()
    ends: dict[str, set[str]] = {}
    for row in await _rows(
        stage,
        "select d.body, d.reason, s.name as session from polaris_data.deliveries d "
        "join polaris_data.sessions s using (org_id, session_id) where d.org_id = %s",
        house.org,
    ):
        mark = MARK.findall(row.body)[0]
        found[mark, row.session] += 1
        ends.setdefault(mark, set()).add(str(row.reason))
    for said in stage.told.said:
        if said.org != house.org:
            continue
        wanted = Counter({(said.mark, session): 1 for session in said.sessions if said.heard})
        if said.changed and "changed in Slack" in ends.get(said.mark, set()):
            wanted |= Counter({(said.changed, session): 1 for session in said.changed_sessions})
        got = Counter({key: count for key, count in found.items() if key[0] in (said.mark, said.changed)})
        verdict.advice += sum(got.values())
        if got != wanted:
            verdict.wrongly_advised += 1
            verdict.problems.append(f"{house.slug}: {said} became {dict(got)}")


def _hints(stage: Stage, verdict: Verdict, team: str, house: House) -> None:
    """Whoever named nobody who is there is told so, once."""
    texts = [hint["text"] for hint in stage.slack.hints(team)]
    verdict.hints += len(texts)
    for said in stage.told.said:
        if said.org == house.org and said.asked and (count := sum(said.mark in text for text in texts)) != 1:
            verdict.problems.append(f"{house.slug}: {said.mark} was hinted {count} times")


async def _rows(stage: Stage, query: str, *values: Any) -> list[Any]:
    async with await psycopg.AsyncConnection.connect(stage.owner, autocommit=True, row_factory=namedtuple_row) as conn:
        return await (await conn.execute(query.encode(), values)).fetchall()
