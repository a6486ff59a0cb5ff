"""Slack's look-ups stay look-ups: what a bridge asks for costs the same with ten and with ten thousand posts that wait.

As in test_plans.py, what is counted is scans and the index entries that they return, on connections that planned while
there was nothing and on ones that planned when the tables were full, analyzed or not.
"""

import json
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

MANY = 10_000
TEAM, APP = "T0", "A0"
CONNECT = "select polaris.connect_slack(%s, 'user:manu', 'T0', 'A0', 'Acme', null, 'UBOT', 'BBOT', '{}', 'x', 'k')"
# Project p0 has 10,000 posts that wait and 10,000 that rest; the channel that p1 had has 10,000 that look wrong.
POSTS = """
insert into polaris_data.slack_posts (
  org_id, project_id, lane, key, kind, text, version, shown, state, channel_id, ts, made_at, due_at)
select p.org_id, p.project_id, x.lane, x.name || i, x.kind, 'text', x.version, 1, x.state,
  case x.name when 'old' then 'C-old' else 'C-' || p.name end,
  case x.state when 'posted' then '16' || lpad(i::text, 8, '0') || '.' || left(x.name, 1) end,
  now(), now() - interval '1 minute'
from (values
  ('wait', 'p0', 'channel', 'text', 1, 'waiting'), ('rest', 'p0', 'channel', 'text', 1, 'posted'),
  ('old', 'p1', 'channel', 'text', 2, 'posted'), ('theirs', 'p0', 'side', 'theirs', 1, 'posted')
) as x (name, project, lane, kind, version, state)
join polaris_data.projects p on p.org_id = %(org)s and p.name = x.project
cross join generate_series(1, %(many)s) i
"""
INBOX = """
insert into polaris_data.slack_inbox (
  org_id, event_id, kind, lane, channel_id, ts, user_id, sessions, body, received_at, due_at, done_at)
select %(org)s, x.name || i, 'message', x.lane, x.lane, '17' || lpad(i::text, 8, '0') || x.name, 'U1', '{s}', 'body',
  now(), now(), x.done_at
from (values ('a', 'C-p0', null), ('b', 'C-p2', null), ('c', 'C-p0', now())) as x (name, lane, done_at)
cross join generate_series(1, %(many)s) i
"""
PEOPLE = """
insert into polaris_data.slack_people (org_id, user_id, handle, username, name, standing, looked_up_at)
select %(org)s, 'UX' || i, 'x' || i, 'x' || i, 'X', 'full', now() from generate_series(1, %(many)s) i
"""


class Bridge:
    """One connection that asks as a bridge does, and what that reads."""

    def __init__(self, url: str, org: int, fence: int) -> None:
        self.connection = psycopg.connect(url, autocommit=True, prepare_threshold=1)
        self.org, self.fence, self.number = org, fence, 0

    def ask(self, call: str, *values: Any) -> list[tuple[Any, ...]]:
        return self.connection.execute(f"select * from polaris.{call}", values).fetchall()

    def read(self) -> tuple[int, int]:
        """Scans of whole large tables, and entries that scans of their indexes returned, so far."""
        self.connection.execute("select pg_stat_force_next_flush()")
        found = self.connection.execute(
            """
            select
              (select sum(seq_tup_read) from pg_stat_user_tables
               where relname in ('slack_posts', 'slack_inbox', 'slack_people', 'slack_advice'))::int,
              (select sum(idx_tup_read) from pg_stat_user_indexes where relname like 'slack%')::int
            """
        ).fetchone()

        assert found
        return found

    def everything(self) -> dict[str, int]:
        """Each thing that a bridge asks for all day, once: how many rows and index entries it read."""
        self.number += 1
        n = f"{self.connection.info.backend_pid}-{self.number}"
        project = self.ask("get_project(%s, null, 'p2')", self.org)[0][0]
        cursor, head = self.connection.execute(
            "select c.cursor, h.last_seq from polaris_data.slack_channels c "
            "join polaris_data.project_heads h using (org_id, project_id) where c.project_id = %s",
            [project],
        ).fetchone() or (0, 0)
        posts = json.dumps([{"key": f"turn:{n}", "kind": "text", "text": "text"}])
        message = "take_slack_event('T0', 'A0', %s, 'message', 'C-p0', %s, null, 'U1', '{s}', '{UX7}', true, 'x', 'x')"
        steps = {
            "list_slack_posts": lambda: self.ask("list_slack_posts(%s)", self.org),
            "list_slack_inbox": lambda: self.ask("list_slack_inbox(%s)", self.org),
            "write_slack_posts": lambda: self.ask(
                "write_slack_posts(%s, %s, %s, %s, %s, %s)", self.org, self.fence, project, cursor, head, posts
            ),
            "take_slack_event": lambda: self.ask(message, f"Ev{n}", f"18.{n}"),
            "edit": lambda: self.ask("take_slack_event('T0', 'A0', %s, 'edit', 'C-p0', '19.1')", f"Ed{n}"),
            "echo_slack_post": lambda: self.ask("echo_slack_post('T0', 'A0', 'C-p0', %s, null, 'x')", f"20.{n}"),
            "begin_slack_post": lambda: self.ask("begin_slack_post(%s, %s, %s)", self.org, self.fence, 2**40),
            "finish_slack_event": lambda: self.ask(
                "finish_slack_event(%s, %s, %s, 'done')", self.org, self.fence, f"Ev{n}"
            ),
        }
        told = {}
        for name, step in steps.items():
            before = self.read()
            step()
            told[name] = sum(self.read()) - sum(before)
        return told


@pytest.fixture
def org(db: Any) -> int:
    """Five projects with a live channel each."""
    (number,) = db.execute("select org_id from polaris.create_org('org', null, 'manu')").fetchone()
    db.execute(CONNECT, [number])
    fence = db.execute("select polaris.lease_slack(%s, 'bridge', 60)", [number]).fetchone()[0]
    for project in ("p0", "p1", "p2", "p3", "p4"):
        db.execute("select polaris.join_session(%s, 'user:manu', %s, 's')", [number, project])
        db.execute(
            "select polaris.write_slack_channel(%(org)s, %(fence)s, p.project_id, 'C-' || p.name, p.name, 'live') "
            "from polaris_data.projects p where p.org_id = %(org)s and p.name = %(project)s",
            {"org": number, "fence": fence, "project": project},
        )
    person = json.dumps([{"id": "U1", "name": "Krishna", "standing": "full"}])
    db.execute("select polaris.write_slack_people(%s, %s, %s)", [number, fence, person])
    return int(number)


@pytest.fixture
def bridges(database: Any, db: Any, org: int) -> Iterator[Any]:
    (fence,) = db.execute("select fence from polaris_data.slack_workspaces").fetchone()
    made = []

    def another() -> Bridge:
        made.append(Bridge(database.owner, org, fence))
        return made[-1]

    yield another
    for bridge in made:
        bridge.connection.close()


FEW = 200


@pytest.mark.parametrize("analyzed", [True, False])
def test_ten_thousand_posts_that_wait_cost_what_a_few_cost(bridges: Any, db: Any, org: int, analyzed: bool) -> None:
    early = bridges()
    for _ in range(8):  # planned while there was next to nothing
        early.everything()
    for fill in (POSTS, INBOX, PEOPLE):
        db.execute(fill, {"org": org, "many": MANY})
    if analyzed:
        db.execute("analyze")  # as autovacuum does soon, and what was planned before is planned again
    for bridge in [early, bridges()] if analyzed else [bridges()]:
        for _ in range(8):  # beyond the fifth a generic plan may take over
            told = bridge.everything()

            assert {name: count for name, count in told.items() if count > FEW} == {}


def test_of_ten_thousand_messages_that_look_wrong_a_page_is_read(bridges: Any, db: Any, org: int) -> None:
    bridge = bridges()
    for _ in range(8):
        bridge.everything()
    db.execute(POSTS, {"org": org, "many": MANY})
    db.execute(
        """
        update polaris_data.slack_posts set version = 2, due_at = due_at - post_id * interval '1 second'
        where state = 'posted'
        """
    )
    db.execute("vacuum analyze")
    before = bridge.read()
    rows = bridge.ask("list_slack_posts(%s, 50)", org)

    assert len(rows) == 51
    assert sum(bridge.read()) - sum(before) < 5 * FEW


@pytest.mark.parametrize("analyzed", [True, False])
def test_who_advises_is_counted_by_their_own_advice(bridges: Any, db: Any, org: int, analyzed: bool) -> None:
    db.execute(POSTS, {"org": org, "many": MANY})
    db.execute(
        """
        insert into polaris_data.slack_advice (org_id, delivery_id, post_id, user_id, at)
        select org_id, gen_random_uuid(), post_id, 'UX' || post_id, now() from polaris_data.slack_posts
        where kind = 'theirs'
        """
    )
    if analyzed:
        db.execute("analyze")
    bridge = bridges()
    message = "take_slack_event('T0', 'A0', %s, 'message', 'C-p3', %s, null, 'U1', '{s}', '{}', true, 'x', 'x')"
    for n in range(8):
        bridge.ask(message, f"Ev{n}", f"18.{n}")
        before = bridge.read()
        bridge.ask("advise_from_slack(%s, %s, %s, '{s}', 'use RS256')", org, bridge.fence, f"Ev{n}")

        assert sum(bridge.read()) - sum(before) < FEW
        before = bridge.read()
        bridge.ask("edit_slack_advice(%s, %s, %s, '{s}', 'use ES256')", org, bridge.fence, f"Ev{n}")

        assert sum(bridge.read()) - sum(before) < FEW
