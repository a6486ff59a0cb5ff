"""The views of polaris_history: what is promised of each of them, read from the catalog and from the files."""

from __future__ import annotations

import re
from typing import Any

import sql_codes
from analysts import VIEWS, analyst
from story import Connection, Story, event
from test_conventions import VIEWS as FILES

TABLES = {"annotations", "commits", "deliveries", "events", "projects", "seats", "sessions", "usage"}


def test_there_is_a_file_for_each_and_a_view_for_each_file(owner: Connection) -> None:
    found = owner.execute(
        "select relname from pg_class where relnamespace = 'polaris_history'::regnamespace"
    ).fetchall()

    assert {name for (name,) in found} == set(VIEWS)
    assert set(FILES) == {"80_history/00_views_anew.sql"} | {f"80_history/{name}.sql" for name in VIEWS}
    for name in VIEWS:
        text = FILES[f"80_history/{name}.sql"]
        assert text.startswith("-- ")
        assert f"create view polaris_history.{name} with (security_invoker = true, security_barrier = true) as" in text


def test_each_asks_with_the_rights_of_whoever_asks_behind_a_barrier(owner: Connection) -> None:
    options = owner.execute(
        """
        select relname, reloptions, pg_get_userbyid(relowner) from pg_class
        where relnamespace = 'polaris_history'::regnamespace
        """
    ).fetchall()

    for name, given, owned_by in options:
        assert set(given) == {"security_invoker=true", "security_barrier=true"}, name
        assert owned_by == "polaris_owner"


def test_every_view_and_column_is_explained(owner: Connection) -> None:
    unexplained = owner.execute(
        """
        select c.relname, a.attname from pg_class c join pg_attribute a on a.attrelid = c.oid
        where c.relnamespace = 'polaris_history'::regnamespace and a.attnum >= 0
          and coalesce(col_description(c.oid, a.attnum), '') !~ '\\.$'
        """
    ).fetchall()

    assert unexplained == []


def test_the_words_that_a_column_may_have_are_in_its_comment(owner: Connection) -> None:
    for table, constraint, view, column in (
        ("events", "kind_is_known", "events", "kind"),
        ("seats", "seat_end_is_known", "seats", "ended_how"),
        ("deliveries", "state_is_known", "deliveries", "state"),
        ("deliveries", "sender_class_is_known", "deliveries", "sender_class"),
        ("annotations", "annotation_is_known", "annotations", "what"),
    ):
        ((check, comment),) = owner.execute(
            """
            select pg_get_constraintdef(k.oid), col_description(v.oid, a.attnum)
            from pg_constraint k, pg_class v join pg_attribute a on a.attrelid = v.oid
            where k.conrelid = %s::regclass and k.conname = %s and v.oid = %s::regclass and a.attname = %s
            """,
            [f"polaris_data.{table}", constraint, f"polaris_history.{view}", column],
        ).fetchall()
        words = set(re.findall(r"'([\w.]+)'", check))

        assert len(words) > 2
        assert words <= set(re.findall(r"[a-z]+(?:\.[a-z]+)?", comment)), (view, column)


def test_a_column_that_analysts_may_read_is_one_that_a_view_reads(owner: Connection) -> None:
    # Otherwise a grant stayed when a column went.
    more = owner.execute(
        """
        select c.relname, a.attname from pg_class c
        join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
        where c.relnamespace = 'polaris_data'::regnamespace and c.relkind = 'r'
          and has_column_privilege('polaris_analyst', c.oid, a.attnum, 'select')
          and not exists (
            select from pg_depend d join pg_rewrite r on r.oid = d.objid and d.classid = 'pg_rewrite'::regclass
            join pg_class v on v.oid = r.ev_class and v.relnamespace = 'polaris_history'::regnamespace
            where d.refobjid = c.oid and d.refobjsubid = a.attnum)
        """
    ).fetchall()

    assert more == []


def test_every_table_below_has_its_policy(owner: Connection) -> None:
    policies = owner.execute(
        "select tablename, roles, cmd, qual from pg_policies where schemaname = 'polaris_data'"
    ).fetchall()
    read = owner.execute(
        """
        select relname, relrowsecurity, relforcerowsecurity from pg_class
        where relnamespace = 'polaris_data'::regnamespace and relkind = 'r'
          and has_any_column_privilege('polaris_analyst', oid, 'select')
        """
    ).fetchall()

    assert {name for name, *_ in read} == {table for table, *_ in policies} == TABLES
    assert {(on, forced) for _, on, forced in read} == {(True, False)}
    for table, roles, command, condition in policies:
        assert (roles, command) == (["polaris_analyst"], "SELECT"), table
        # Once a query, and not once a row.
        assert "org_id = ( SELECT polaris_history.own_org()" in condition, table


def test_every_join_keeps_to_one_organization() -> None:
    for name in VIEWS:
        body = sql_codes.functions()[f"80_history/{name}.sql"].split("comment on", 1)[0]
        joins = re.findall(r"join polaris_data\.\w+ (\w+)\s+on \1\.org_id = \w\.org_id and \1\.(\w+) = ", body)

        assert len(joins) == body.count("join polaris_data."), name


def test_the_look_up_runs_once_a_query(story: Story) -> None:
    fxm = story.session("fxm", driver=story.me)
    story.push(fxm, *(event(f"e{n}") for n in range(100)))
    with analyst(story) as eve:
        ((plan,),) = eve.ask("explain (analyze, format json, timing off) select body from polaris_history.events")
    asked = [node for node in nodes(plan[0]["Plan"]) if node.get("Parent Relationship") == "InitPlan"]

    assert len(asked) > 1
    assert {node["Actual Loops"] for node in asked} <= {0, 1}
    assert "own_org" not in str([node.get("Filter", "") for node in nodes(plan[0]["Plan"])])


def test_a_session_is_found_without_reading_the_others(story: Story) -> None:
    fxm = story.session("fxm", driver=story.me)
    for n in range(20):
        place = story.session(f"s{n}", driver=story.me)
        story.push(place, *(event(f"e{n}") for n in range(50)))
    story.push(fxm, event("mine"))
    story.owner.execute("analyze polaris_data.events; analyze polaris_data.sessions; analyze polaris_data.projects")
    with analyst(story) as eve:
        # Of so few rows the planner may well read all; it has to be able not to.
        for way in ("seqscan", "hashjoin", "mergejoin", "material"):
            eve.connection.execute(f"set enable_{way} = off")
        plan = eve.ask(
            """
            explain (analyze, format json, timing off)
            select body from polaris_history.events where project = 'pj' and session = 'fxm'
            """
        )
    read = [node for node in nodes(plan[0][0][0]["Plan"]) if node.get("Relation Name") == "events"]

    assert [node["Node Type"] for node in read if "Scan" in node["Node Type"]] != ["Seq Scan"]
    assert sum(node["Actual Rows"] * node["Actual Loops"] for node in read) < 10


def nodes(plan: dict[str, Any]) -> list[dict[str, Any]]:
    return [plan, *(found for part in plan.get("Plans", []) for found in nodes(part))]


def test_a_turn_is_one_row(story: Story) -> None:
    fxm = story.session("fxm", driver=story.me)
    story.push(
        fxm,
        event("p", body="Add auth"),
        event("cc:s:tool.call:t1", kind="tool.call", body="Bash: npm test"),
        event("cc:s:tool.result:t1", kind="tool.result", body="ok"),
        event("r", kind="reply", body="Done"),
        turn="t",
    )
    story.push(fxm, event("q", body="And now?", turn="u"), event("i", kind="turn.interrupted", turn="u"))
    with analyst(story) as eve:
        turns = eve.ask(
            """
            select session, driver, agent, prompt, reply, tool_calls, events, interrupted, late, last_seq - first_seq
            from polaris_history.turns order by first_seq
            """
        )
        calls = eve.ask("select tool, asked, result, result_seq - seq from polaris_history.tool_calls")

    assert turns == [
        ("fxm", "user:manu", "claude-code", "Add auth", "Done", 1, 4, False, False, 3),
        ("fxm", "user:manu", "claude-code", "And now?", None, 0, 2, True, False, 1),
    ]
    assert calls == [("Bash", "npm test", "ok", 1)]


def test_a_seat_knows_how_long(story: Story) -> None:
    fxm = story.session("fxm", driver=story.me)
    story.release_driver(actor=story.me, project="pj", session="fxm")
    story.claim(fxm, story.me)
    with analyst(story) as eve:
        seats = eve.ask("select epoch, driver, ended_how, seconds >= 0 from polaris_history.seats order by epoch")
        (session,) = eve.ask("select seat, driver, epoch, private from polaris_history.sessions")

    assert seats == [(1, "user:manu", "released", True), (2, "user:manu", None, True)]
    assert session == ("held", "user:manu", 2, False)
