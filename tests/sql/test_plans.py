"""Look-ups stay look-ups: what a batch reads does not grow with the table, whatever that was when it was planned.

A cached plan from empty or unanalyzed tables takes a wrong index for as good as the right one and reads a whole session
for each event. What is counted here is scans and the index entries that they return, not time.
"""

from typing import Any

import psycopg
import pytest

EVENTS = 100
PUSH = """
select count(*) filter (where created), count(*) filter (where code is null) from polaris.push_events(
  %(org)s, array_fill('user:manu'::text, array[%(n)s::int]),
  array(select (array['a', 'b'])[1 + i %% 2] from generate_series(1, %(n)s) i),
  array_fill('s'::text, array[%(n)s::int]), array_fill(1::bigint, array[%(n)s::int]),
  array_fill('prompt'::text, array[%(n)s::int]),
  array(select %(k)s::text || '-' || i from generate_series(1, %(n)s) i),
  array_fill(null::text, array[%(n)s::int]), array_fill(null::text, array[%(n)s::int]),
  array_fill('body'::text, array[%(n)s::int]), array_fill(null::jsonb, array[%(n)s::int]),
  array_fill(null::timestamptz, array[%(n)s::int]))
"""


class Writer:
    """One connection that pushes batches, and what they read."""

    def __init__(self, url: str, org: int) -> None:
        self.connection = psycopg.connect(url, autocommit=True, prepare_threshold=1)
        self.org = org

    def batch(self, k: int) -> tuple[int, int]:
        found = self.connection.execute(PUSH, {"org": self.org, "n": EVENTS, "k": k}).fetchone()

        assert found
        return found

    def read(self, tables: str = "%") -> tuple[int, int]:
        """Scans of whole tables, and entries that index scans returned, so far."""
        self.connection.execute("select pg_stat_force_next_flush()")
        found = self.connection.execute(
            """
            select
              (select sum(seq_scan) from pg_stat_user_tables
               where schemaname = 'polaris_data' and relname like %(tables)s)::int,
              (select sum(idx_tup_read) from pg_stat_user_indexes
               where schemaname = 'polaris_data' and relname like %(tables)s)::int
            """,
            {"tables": tables},
        ).fetchone()

        assert found
        return found

    def page(self, **arguments: Any) -> int:
        names = ", ".join(f"p_{name} => %({name})s" for name in arguments)
        query = (
            f"select count(*) from polaris.read_events(p_org => {self.org}, p_project => 'a', p_limit => 10, {names})"
        )
        (count,) = self.connection.execute(query, arguments).fetchone() or (0,)
        return count


@pytest.fixture
def org(db: Any) -> int:
    """Two projects with a session each, and 50 others beside them in the same organization."""
    (number,) = db.execute("select org_id from polaris.create_org('org', null, 'manu')").fetchone()
    for project in ("a", "b", *(f"p{n}" for n in range(50))):
        db.execute("select polaris.join_session(%s, 'user:manu', %s, 's')", [number, project])
    for n in range(50):
        db.execute("select polaris.join_session(%s, 'user:manu', 'a', %s)", [number, f"s{n}"])
    return int(number)


def few(writer: Writer, batches: range) -> None:
    """Pushes, and asserts that nothing grew: a handful of index entries for an event, no scan."""
    for k in batches:
        writer.batch(k)
    scans, entries = writer.read()
    for k in batches:
        assert writer.batch(1000 + k) == (EVENTS, EVENTS)
    more_scans, more_entries = writer.read()

    assert more_scans == scans
    assert more_entries - entries < 10 * EVENTS * len(batches)


def test_a_connection_that_began_with_an_empty_table_keeps_using_the_index(database: Any, org: int, db: Any) -> None:
    writer = Writer(database.owner, org)
    with writer.connection:
        few(writer, range(1, 20))
        db.execute("analyze")
        few(writer, range(20, 30))
        db.execute("vacuum")
        few(writer, range(30, 40))

        assert db.execute("select count(*), count(distinct (project_id, seq)) from polaris_data.events").fetchone() == (
            (78 * EVENTS + 2 * 102,) * 2
        )


def test_so_does_one_that_began_when_the_table_was_full_and_never_analyzed(database: Any, org: int) -> None:
    first, second = Writer(database.owner, org), Writer(database.owner, org)
    with first.connection, second.connection:
        for k in range(100, 130):
            first.batch(k)
        few(second, range(10))


def test_so_does_one_that_began_when_everything_was_said_to_be_empty(database: Any, org: int, db: Any) -> None:
    db.execute("vacuum analyze")
    writer = Writer(database.owner, org)
    with writer.connection:
        few(writer, range(20))


def test_repeats_cost_what_new_ones_cost(database: Any, org: int) -> None:
    writer = Writer(database.owner, org)
    with writer.connection:
        for k in range(20):
            writer.batch(k)
        scans, entries = writer.read()
        for k in range(20):
            assert writer.batch(k) == (0, EVENTS)
        more_scans, more_entries = writer.read()

        assert more_scans == scans
        assert more_entries - entries < 10 * EVENTS * 20


@pytest.mark.parametrize("analyzed", [True, False])
@pytest.mark.parametrize("session", [None, "s"])
def test_a_page_of_history_reads_a_page(database: Any, org: int, db: Any, session: str | None, analyzed: bool) -> None:
    writer = Writer(database.owner, org)
    with writer.connection:
        for arguments in ({}, {"after": 0}, {"before": 10}):
            writer.page(session=session, **arguments)  # planned while there was nothing
        for k in range(30):
            writer.batch(k)
        if analyzed:
            db.execute("analyze")
        for arguments in ({}, {"after": 700}, {"before": 700}, {"after": 700, "before": 1000}):
            for _ in range(8):  # beyond the fifth a generic plan may take over
                scans, entries = writer.read("events")

                assert writer.page(session=session, **arguments) == 10
                more_scans, more_entries = writer.read("events")
                assert more_scans == scans
                assert more_entries - entries < 50, arguments


def test_a_private_project_costs_a_look_at_the_seat_more(database: Any, org: int, db: Any) -> None:
    writer = Writer(database.owner, org)
    for project in ("a", "b"):
        db.execute("select polaris.set_visibility(%s, 'user:manu', %s, 'private')", [org, project])
    with writer.connection:
        few(writer, range(20))
        db.execute("analyze")
        few(writer, range(20, 30))


FILL = """
with written as (
  insert into polaris_data.events (
    org_id, project_id, seq, session_id, epoch, kind, actor, body, client_id, late, occurred_at, recorded_at)
  select s.org_id, s.project_id, i, s.session_id, 1,
    (array['tool.call', 'tool.result', 'message', 'prompt', 'reply'])[1 + i %% 5], 'user:manu', 'body', 'filled-' || i,
    false, now(), now()
  from polaris_data.sessions s
  join polaris_data.projects p using (org_id, project_id)
  cross join generate_series(1000, 100999) i
  where s.org_id = %(org)s and p.name = 'a' and s.name = 's'
  returning org_id, project_id, seq
)
update polaris_data.project_heads h set last_seq = w.seq
from (select org_id, project_id, max(seq) as seq from written group by 1, 2) w
where h.org_id = w.org_id and h.project_id = w.project_id
"""
FIRST_SEEN = {
    "list_dashboard": "list_dashboard(%s, 'user:manu')",
    "list_recent": "list_recent(%s, 'user:manu')",
    "list_sessions": "list_sessions(%s, 'user:manu', 'a')",
}


def pages(connection: psycopg.Connection[Any], org: int, call: str) -> int:
    """How many pages of tables and indexes one call looks at, those of its inner queries among them."""
    query = f"explain (analyze, buffers, format json) select * from polaris.{call}"
    ((((top,),),),) = (connection.execute(query, [org]).fetchall(),)
    return int(top["Plan"]["Shared Hit Blocks"] + top["Plan"]["Shared Read Blocks"])


@pytest.mark.parametrize("analyzed", [True, False])
@pytest.mark.parametrize("function", FIRST_SEEN)
def test_what_a_person_sees_first_does_not_grow_with_the_record(
    database: Any, org: int, db: Any, function: str, analyzed: bool
) -> None:
    """52 projects with 102 sessions; then 100,000 events in one of them."""
    call = FIRST_SEEN[function]
    with psycopg.connect(database.owner, autocommit=True, prepare_threshold=1) as early:
        before = [pages(early, org, call) for _ in range(8)]  # planned while there was next to nothing
        db.execute(FILL, {"org": org})
        if analyzed:
            db.execute("analyze")
        with psycopg.connect(database.owner, autocommit=True, prepare_threshold=1) as late:
            for connection in (early, late):
                after = [
                    pages(connection, org, call) for _ in range(8)
                ]  # beyond the fifth a generic plan may take over

                assert max(after) < 2 * max(before) + 100, (before, after)


def test_of_many_words_only_the_page_is_read(database: Any, org: int, db: Any) -> None:
    """Large payloads lie in pages of their own: those of the words that are not on the page stay there."""
    large = """array(
      select jsonb_build_object('x', (select string_agg(md5((i * j)::text), '') from generate_series(1, 500) j))
      from generate_series(1, %(n)s) i)"""
    call = "list_recent(%s, 'user:manu', 1)"
    with psycopg.connect(database.owner, autocommit=True) as connection:
        found = []
        for payload, batches in [("array_fill(null::jsonb, array[%(n)s::int])", range(4)), (large, range(4, 8))]:
            push = PUSH.replace("array_fill(null::jsonb, array[%(n)s::int])", payload)
            for k in batches:
                connection.execute(push, {"org": org, "n": EVENTS, "k": k})
            pages(connection, org, call)
            found.append(pages(connection, org, call))

        assert found[1] < found[0] + 100, found


def test_a_page_of_the_audit_log_reads_a_page(database: Any, org: int, db: Any) -> None:
    writer = Writer(database.owner, org)
    page = "select count(*) from polaris.list_audit(%s, 'user:manu', %s, 10)"
    with writer.connection:
        writer.connection.execute(page, [org, 0])  # planned while there was next to nothing
        writer.connection.execute(
            "select count(polaris.note_export(o.org_id, null, 'x')) from polaris_data.orgs o, generate_series(1, 3000)"
        )
        db.execute("analyze")
        for after in (0, 1500, 2980):
            for _ in range(8):
                scans, entries = writer.read("audit")

                assert writer.connection.execute(page, [org, after]).fetchone() == (10,)
                more_scans, more_entries = writer.read("audit")
                assert more_scans == scans
                assert more_entries - entries < 50, after


@pytest.mark.parametrize("statistics", ["none", "of empty tables", "of full tables"])
def test_the_pass_behind_the_ingest_reads_what_it_indexes(database: Any, org: int, db: Any, statistics: str) -> None:
    """Each table made from the record looks its events up; none of them reads the project to find its hundred."""
    if statistics == "of empty tables":
        db.execute("vacuum analyze")
    writer = Writer(database.owner, org)
    (project,) = db.execute("select project_id from polaris_data.projects where name = 'a'").fetchone()
    step = "select polaris.index_events(%(org)s, %(project)s, 50)"
    names = {"org": org, "project": project}
    with writer.connection:
        for k in range(60):
            writer.batch(k)
            if k == 30 and statistics == "of full tables":
                db.execute("analyze")
            if k < 20:
                writer.connection.execute(step, names)  # planned while there was next to nothing
        for _ in range(2):  # the second time everything is there already
            scans, entries = writer.read()
            for _ in range(20):
                assert writer.connection.execute(step, names).fetchone() == (50,)
            more_scans, more_entries = writer.read()

            assert more_scans == scans
            assert more_entries - entries < 20 * 50 * 20
            writer.connection.execute("select polaris.reset_index()")
            for _ in range(20):
                writer.connection.execute(step, names)
