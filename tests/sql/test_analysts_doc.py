"""docs/analysts.md: every question is run as it stands there, by an analyst, and has the answer that stands there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from analysts import VIEWS, Analyst, analyst
from story import Connect, Connection, Place, Story, event

PAGE = (Path(__file__).parents[2] / "docs" / "analysts.md").read_text(encoding="utf-8")
QUESTION = re.compile(r"(?ms)^### (\d+)\. ([^\n]+)\n+```sql\n(.*?)```\n+((?:\|[^\n]*\n)+)")
QUESTIONS = QUESTION.findall(PAGE)
DAY = "2026-03-02T09:{:02}:{:02}Z"


@pytest.fixture(scope="module")
def shop(teller: Connection, called: Any, owner: Connection, stories: Connect) -> Story:
    """Project shop: manu on auth, krishna on billing; nobody's clock decides how long anything took."""
    story = Story(teller, called, owner, stories)
    story.member("krishna")
    auth = story.session("auth", driver=story.me, project="shop")
    billing = story.session("billing", driver="user:krishna", project="shop")
    turn(story, auth, "t1", 0, "Add the auth middleware", ["Edit: src/auth.ts", "Bash: npm test"], "Done", 360)
    turn(
        story, auth, "t2", 10, "Sign tokens with RS256", ["Edit: src/sign.ts"], "Tokens are signed with RS256 now", 180
    )
    turn(story, billing, "t1", 20, "Add the invoice table", ["Bash: make migrate"], "Done", 240)
    rename = {"turn": "t3", "agent": "claude-code"}
    begun, stopped = "2026-03-03T08:00:00Z", "2026-03-03T08:01:00Z"
    story.push(auth, event("r", body="Rename everything", occurred_at=begun, **rename))
    story.push(auth, event("i", kind="turn.interrupted", occurred_at=stopped, **rename))
    advice = [
        (story.advise(auth, "use RS256", sender="user:krishna"), "answered", 4),
        (story.advise(billing, "mind the tax", sender=story.me), "seen", 8),
        (story.advise(auth, "tests are red", sender="agent:test-writer"), "expired", None),
    ]
    story.annotate(actor=story.me, project="shop", session="auth", what="decision", body="Tokens are signed with RS256")
    story.annotate(actor="user:krishna", project="shop", what="question", body="Who rotates the keys?")
    for delivery, state, seconds in advice:
        settle(owner, delivery.delivery_id, state, seconds)
    for session, agent, number, *tokens in (
        ("auth", "claude-code", "m1", 300, 500, 9000, 0, "claude-opus-4", None),
        ("auth", "claude-code", "m2", 100, 200, 2900, 0, "claude-opus-4", None),
        ("billing", "codex", "m3", 1000, 250, 3000, 0, "gpt-5-codex", "0.0315"),
    ):
        use(owner, story.org, session, agent, number, *tokens)
    owner.execute(
        """
        insert into polaris_data.commits (
          org_id, project_id, commit, session_id, seq, turn, repository, branch, subject, made, at)
        select org_id, project_id, 'c0ffee1', session_id, seq, turn, 'github.com/acme/shop', 'main',
          'Add the auth middleware', true, recorded_at
        from polaris_data.events where org_id = %s and body = 'Edit: src/auth.ts'
        """,
        [story.org],
    )
    for session, hours in (("auth", 24), ("billing", 2)):
        leave(owner, story.org, session, hours)
    return story


def turn(
    story: Story, place: Place, name: str, minute: int, prompt: str, calls: list[str], reply: str, seconds: int
) -> None:
    """Each call begins a minute after the one before; an Edit takes 30 seconds, everything else a minute."""
    told = [event(name, body=prompt, occurred_at=DAY.format(minute, 0))]
    for number, call in enumerate(calls, 1):
        begin, end = (
            (minute + number, 0),
            (minute + number, 30) if call.startswith("Edit") else (minute + number + 1, 0),
        )
        ids = (f"a:{name}:tool.call:{number}", f"a:{name}:tool.result:{number}")
        told.append(event(ids[0], kind="tool.call", body=call, occurred_at=DAY.format(*begin)))
        told.append(event(ids[1], kind="tool.result", body="ok", occurred_at=DAY.format(*end)))
    told.append(
        event(f"{name}-reply", kind="reply", body=reply, occurred_at=DAY.format(*divmod(minute * 60 + seconds, 60)))
    )
    story.push(place, *told, turn=name, agent="claude-code")


def settle(owner: Connection, delivery: Any, state: str, seconds: int | None) -> None:
    owner.execute(
        """
        update polaris_data.deliveries set state = %(state)s, seen_at = queued_at + make_interval(secs => %(seconds)s),
          answered_at = case when %(state)s = 'answered' then queued_at + interval '1 minute' end
        where delivery_id = %(delivery)s
        """,
        {"delivery": delivery, "state": state, "seconds": seconds},
    )


def use(owner: Connection, org: int, session: str, *row: Any) -> None:
    owner.execute(
        """
        insert into polaris_data.usage (
          org_id, agent, message, input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, model, cost_usd,
          project_id, session_id, seq, actor, at)
        select s.org_id, %s, %s, %s, %s, %s, %s, %s, %s, s.project_id, s.session_id, 1, s.created_by, s.created_at
        from polaris_data.sessions s where s.org_id = %s and s.name = %s
        """,
        [*row, org, session],
    )


def leave(owner: Connection, org: int, session: str, hours: int) -> None:
    """The seat was held for so long; the trigger that keeps seats as they were does not fire for a replica."""
    owner.execute("set session_replication_role = replica")
    owner.execute(
        """
        update polaris_data.seats h
        set claimed_at = '2026-03-02 09:00Z', ended_at = '2026-03-02 09:00Z'::timestamptz + make_interval(hours => %s),
          ended_how = 'released'
        from polaris_data.sessions s
        where s.org_id = %s and s.name = %s and h.org_id = s.org_id and h.session_id = s.session_id
        """,
        [hours, org, session],
    )
    owner.execute("reset session_replication_role")


@pytest.fixture
def priya(shop: Story) -> Iterator[Analyst]:
    with analyst(shop) as found:
        yield found


@pytest.mark.parametrize(("query", "table"), [found[2:] for found in QUESTIONS], ids=[found[1] for found in QUESTIONS])
def test_a_question_has_the_answer_that_stands_below_it(priya: Analyst, query: str, table: str) -> None:
    cursor = priya.connection.execute(query)
    assert cursor.description
    columns = [column.name for column in cursor.description]
    rows = [[cell(value) for value in row] for row in cursor.fetchall()]

    assert "\n".join(f"| {' | '.join(row)} |".replace("  ", " ") for row in [columns, *rows]) == "\n".join(
        line.replace("  ", " ") for line in table.strip().splitlines() if not line.startswith("|--")
    )


def cell(value: Any) -> str:
    """As psql writes it."""
    if isinstance(value, bool):
        return "t" if value else "f"
    return f"{value:g}" if isinstance(value, float) else "" if value is None else str(value)


def test_there_are_ten_questions() -> None:
    assert [int(number) for number, *_ in QUESTIONS] == list(range(1, 11))
    assert PAGE.count("\n### ") == 10
    assert all(title.endswith("?") for _, title, *_ in QUESTIONS)


def test_every_view_is_asked_something() -> None:
    asked = {view for *_, query, _ in QUESTIONS for view in re.findall(r"polaris_history\.(\w+)", query)}

    assert asked == set(VIEWS) - {"sessions"}


def test_the_page_has_the_columns_of_every_view(owner: Connection) -> None:
    found = owner.execute(
        """
        select c.relname::text, array_agg(a.attname::text order by a.attnum) from pg_class c
        join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
        where c.relnamespace = 'polaris_history'::regnamespace group by 1
        """
    ).fetchall()
    told = dict(re.findall(r"(?m)^\| `(\w+)` \| [^|]+ \| (`project`[^|]+) \|$", PAGE))

    assert {view: re.findall(r"`(\w+)`", columns) for view, columns in told.items()} == dict(found)


def test_the_statements_that_close_the_rest_do_so(shop: Story, priya: Analyst, owner: Connection) -> None:
    (block,) = re.findall(r"(?s)```sql\n(revoke temporary.*?)```", PAGE)
    ((database,),) = owner.execute("select current_database()").fetchall()
    with owner.transaction(force_rollback=True):
        owner.execute(block.replace("database polaris ", f"database {database} "))
        made = "proname in ('lo_create', 'lo_creat', 'lo_from_bytea')"
        (rights,) = owner.execute(
            f"""
            select has_database_privilege(%(login)s, current_database(), 'temporary'),
              has_database_privilege('polaris_client', current_database(), 'temporary'),
              (select bool_or(has_function_privilege(%(login)s, oid, 'execute')) from pg_proc where {made})
            """,
            {"login": priya.login},
        ).fetchall()

    assert rights == (False, True, False)
