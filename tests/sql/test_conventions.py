"""The rules that the schema keeps, read from the catalog and from the files. Part of ``make check``."""

import re
from pathlib import Path
from typing import Any

import pytest
import sql_codes

SCHEMAS = ("polaris", "polaris_data", "polaris_history")

# Keys that do not begin with org_id, and why. Everything else can live on the shard of its organization.
GLOBAL = {
    "orgs": "the directory of organizations itself: found by slug before any organization is known",
    "people": "a person is in several organizations, and is found by who vouches for it",
    "tokens": "a bearer token is found by its hash before any organization is known",
    "logins": "a Postgres login is found by session_user before any organization is known",
    "web_sessions": "a browser is found by its cookie, and its person may be in several organizations",
    "sign_ins": "whoever signs in belongs to nobody yet",
    "login_codes": "a code is found by its hash before any organization is known",
    "device_logins": "a machine that signs in belongs to nobody yet",
    "domains": "a proven domain belongs to one organization of all",
    "slack_workspaces": "what Slack tells names a workspace and no organization, and a workspace belongs to one of all",
    "slack_installs": "an installation is found by its state when the browser comes back",
}
GLOBAL_FOREIGN_KEYS = {
    f"{table}_person_fkey": "points into the global directory of people"
    for table in ("members", "web_sessions", "login_codes", "device_logins")
}

# What a direct client may call. The others trust what they are told, and are for the service.
CLIENT = {
    "add_project_member",
    "annotate",
    "answer_seat_request",
    "archive_project",
    "archive_session",
    "ask_seat",
    "brief",
    "claim_driver",
    "close_annotation",
    "context",
    "create_project",
    "create_session",
    "decide_delivery",
    "expire_deliveries",
    "expire_leases",
    "find_commit",
    "find_events",
    "expire_seat_requests",
    "get_delivery",
    "get_me",
    "get_project",
    "get_read_mark",
    "get_session",
    "get_usage",
    "heartbeat",
    "inject",
    "join_session",
    "list_all_policies",
    "list_annotations",
    "list_checkouts",
    "list_commits",
    "list_dashboard",
    "list_deliveries",
    "list_file_changes",
    "list_members",
    "list_policies",
    "list_project_members",
    "list_projects",
    "list_recent",
    "list_seat_requests",
    "list_seats",
    "list_sessions",
    "mark_read",
    "push_events",
    "read_advice",
    "read_entries",
    "read_events",
    "release_driver",
    "remove_project_member",
    "restore_project",
    "say",
    "search_events",
    "set_policy",
    "set_visibility",
    "settle_delivery",
    "take_over_seat",
}

# The views of analysts are made by files of their own, which test_analysts_views.py looks at.
VIEWS = {
    name: text
    for name, text in sql_codes.functions().items()
    if name.startswith("80_history/") and ("create view" in text or name.startswith("80_history/00_"))
}
FILES = {name: text for name, text in sql_codes.functions().items() if not name.startswith("99_") and name not in VIEWS}
# What an analyst's query runs of the inner functions, through a view.
ANALYSTS_CALL = {"speaker_of"}
FUNCTION = re.compile(r"(?m)^create or replace function (polaris|polaris_data|polaris_history)\.(\w+) ?\(")
VOLATILE = re.compile(r"\b(clock_timestamp|now|gen_random_uuid|random|nextval|statement_timestamp|timeofday)\s*\(")


def code(text: str) -> str:
    """A file without its comments and without the insides of its texts."""
    return re.sub(r"'(?:[^']|'')*'", "''", re.sub(r"--[^\n]*", "", text))


def rows(owner: Any, query: str, *values: Any) -> list[Any]:
    return owner.execute(query, values or None).fetchall()


@pytest.fixture(scope="session")
def routines(owner: Any) -> list[Any]:
    found = rows(
        owner,
        """
        select pronamespace::regnamespace::text, proname, prosecdef, proconfig, obj_description(oid, 'pg_proc'),
          proargnames[1:pronargs], provolatile, prosrc, prorettype = 'trigger'::regtype, proowner::regrole::text
        from pg_proc where pronamespace::regnamespace::text in ('polaris', 'polaris_data', 'polaris_history')
        """,
    )

    assert len(found) > 70
    return found


def test_every_function_that_may_be_called_runs_as_its_owner_and_no_inner_one_does(routines: list[Any]) -> None:
    inner = "polaris_data"

    assert {name for schema, name, definer, *_ in routines if definer is not (schema != inner)} == set()


def test_every_function_fixes_its_path(routines: list[Any]) -> None:
    assert {
        name for _, name, _, config, *_ in routines if "search_path=pg_catalog, pg_temp" not in (config or [])
    } == set()


def test_every_function_belongs_to_the_owner_role(routines: list[Any]) -> None:
    assert {owner for *_, owner in routines} == {"polaris_owner"}


def test_every_function_table_and_schema_has_a_comment(owner: Any, routines: list[Any]) -> None:
    assert {name for _, name, _, _, comment, *_ in routines if not comment} == set()
    assert (
        rows(
            owner,
            """
            select relname from pg_class
            where relnamespace::regnamespace::text = any (%s) and relkind in ('r', 'v', 'm', 'p')
              and obj_description(oid, 'pg_class') is null
            """,
            list(SCHEMAS),
        )
        == []
    )
    assert (
        rows(
            owner,
            """
            select nspname from pg_namespace where nspname = any (%s) and obj_description(oid, 'pg_namespace') is null
            """,
            list(SCHEMAS),
        )
        == []
    )


def test_every_argument_is_named_p(routines: list[Any]) -> None:
    wrong = {(name, a) for _, name, _, _, _, arguments, *_ in routines for a in arguments or [] if a[:2] != "p_"}

    assert wrong == set()


def test_no_function_has_two_signatures(routines: list[Any]) -> None:
    names = [(schema, name) for schema, name, *_ in routines]

    assert len(names) == len(set(names))


def test_readers_say_that_they_only_read(routines: list[Any]) -> None:
    readers = ("get_", "list_", "read_", "find_", "show_", "search_")
    wrong = {name for _, name, _, _, _, _, volatile, *_ in routines if name.startswith(readers) and volatile == "v"}

    assert wrong == set()


def test_a_file_has_one_function_of_its_name_and_its_contract_comes_first() -> None:
    for name, text in FILES.items():
        ((schema, function),) = FUNCTION.findall(text)
        head = text[: text.index("create or replace function")]

        assert head, name
        assert all(line.startswith("--") for line in head.splitlines()), name
        assert Path(name).stem == function
        assert f"comment on function {schema}.{function} is " in text, name


def test_every_function_has_a_file(routines: list[Any]) -> None:
    written = {FUNCTION.findall(text)[0] for text in FILES.values()}

    assert {(schema, name) for schema, name, *_ in routines} == written


def test_the_contract_names_every_way_to_fail() -> None:
    unnamed = {}
    for name, text in FILES.items():
        head, body = text.split("create or replace function", 1)
        if missing := {c for c in sql_codes.raised(body) if not re.search(rf"\b{c}\b", head)}:
            unnamed[name] = missing

    assert unnamed == {}


def test_functions_that_may_be_called_have_a_test_file_each() -> None:
    tests = {path.name for path in Path(__file__).parent.glob("test_*.py")}
    missing = {
        function
        for text in FILES.values()
        for schema, function in FUNCTION.findall(text)
        if schema == "polaris" and f"test_{function}.py" not in tests
    }

    assert missing == set()


def test_every_key_begins_with_the_organization(owner: Any) -> None:
    keys = rows(
        owner,
        """
        select i.indrelid::regclass::text, i.indexrelid::regclass::text, a.attname
        from pg_index i
        join pg_class c on c.oid = i.indrelid
        join pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[0]
        where c.relnamespace = 'polaris_data'::regnamespace and i.indisunique and c.relkind in ('r', 'p')
        """,
    )

    assert len(keys) > 15
    wrong = {(table, key) for table, key, first in keys if first != "org_id"}
    assert {table.removeprefix("polaris_data.") for table, _ in wrong} <= GLOBAL.keys()


def test_every_table_has_a_primary_key_and_an_organization(owner: Any) -> None:
    tables = rows(
        owner,
        """
        select c.relname,
          exists (select from pg_index i where i.indrelid = c.oid and i.indisprimary),
          exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'org_id' and a.attnotnull)
        from pg_class c where c.relnamespace = 'polaris_data'::regnamespace and c.relkind in ('r', 'p')
        """,
    )

    assert {name for name, key, _ in tables if not key} == set()
    assert {name for name, _, org in tables if not org} <= GLOBAL.keys()


def test_every_foreign_key_begins_with_the_organization_and_is_indexed(owner: Any) -> None:
    keys = rows(
        owner,
        """
        select k.conname,
          (select a.attname from pg_attribute a where a.attrelid = k.conrelid and a.attnum = k.conkey[1]),
          exists (
            select from pg_index i
            where i.indrelid = k.conrelid and i.indpred is null
              and (i.indkey::smallint[])[0:cardinality(k.conkey) - 1] @> k.conkey)
        from pg_constraint k
        where k.contype = 'f' and k.connamespace = 'polaris_data'::regnamespace
        """,
    )

    assert len(keys) > 5
    assert {name for name, first, _ in keys if first != "org_id"} == GLOBAL_FOREIGN_KEYS.keys()
    assert {name for name, _, indexed in keys if not indexed} == set()


def test_constraints_are_sentences(owner: Any) -> None:
    names = rows(
        owner,
        """
        select conname, contype::text from pg_constraint
        where connamespace = 'polaris_data'::regnamespace and contype in ('c', 'u', 'p', 'f', 'x')
        """,
    )
    shape = {
        "c": re.compile(r"[a-z0-9_]+_(is|has|are|needs)_[a-z0-9_]+"),
        "u": re.compile(r"[a-z0-9_]+(_(is|has|are)_[a-z0-9_]+|_exists)"),
        "p": re.compile(r"[a-z_]+_pkey"),
        "f": re.compile(r"[a-z_]+_fkey"),
    }

    assert {(name, kind) for name, kind in names if not shape[kind].fullmatch(name)} == set()


def test_nobody_but_publish_notifies() -> None:
    speakers = {
        name for name, text in FILES.items() if re.search(r"(?i)\bpg_notify\b|\bnotify\s+\w+\s*[;,]", code(text))
    }

    assert speakers == {"00_foundation/publish.sql", "00_foundation/publish_control.sql"}


def test_only_the_writer_of_events_publishes_them() -> None:
    assert {name for name, text in FILES.items() if "polaris_data.publish(" in code(text)} == {
        "40_events/write_events.sql"
    }


def test_no_trigger_publishes_or_writes_events() -> None:
    for name, text in FILES.items():
        if re.search(r"returns trigger", text):
            assert not re.search(r"publish|write_event|pg_notify", code(text)), name
            assert Path(name).stem.startswith("tg_"), name


def test_only_one_function_writes_events_and_moves_counters() -> None:
    writers = re.compile(r"insert into polaris_data\.events\b|update polaris_data\.project_heads\b")

    assert {name for name, text in FILES.items() if writers.search(code(text))} == {"40_events/write_events.sql"}


def test_the_head_of_the_audit_log_is_the_last_lock() -> None:
    # Everybody who notes something waits there. Whoever holds it must need nothing that such a one may hold.
    locks = re.compile(
        r"(?i)\binsert into\b|\bupdate polaris_data\b|\bdelete from\b|\bfor (?:no key )?update\b"
        r"|polaris_data\.(?:write_(?!audit)\w+|end_\w+|lock_\w+|move_\w+|requeue_\w+|take_\w+|require_other_\w+)\("
    )
    writers = {name: code(text) for name, text in FILES.items() if "write_audit.sql" not in name}
    after = {
        name: locks.findall(body[noted.end() :])
        for name, body in writers.items()
        if (noted := re.search(r"polaris_data\.write_(audit|token)\(", body))
    }

    assert len(after) > 20
    assert {name: found for name, found in after.items() if found and "write_token.sql" not in name} == {}


def test_no_update_contains_a_volatile_function() -> None:
    # Citus refuses them on distributed tables: the clock goes into a variable first.
    for name, text in FILES.items():
        for statement in code(text).split(";"):
            for update in re.findall(r"(?is)\bupdate\s+polaris_data\.\w+.*?\bset\b.*", statement):
                assert not VOLATILE.search(update), name


def test_every_name_is_qualified(owner: Any) -> None:
    ours = {
        relation
        for (relation,) in rows(
            owner,
            """
            select relname from pg_class
            where relnamespace = 'polaris_data'::regnamespace and relkind in ('r', 'c')
            """,
        )
    }
    functions = {FUNCTION.findall(text)[0][1] for text in FILES.values()}
    for name, text in FILES.items():
        body = code(text)
        tables = re.findall(r"(?i)\b(?:from|join|update|into|only)\s+(?!polaris)([a-z_]+)\b(?!\s*\()", body)
        calls = re.findall(r"(?<![.\w])([a-z_]+)\s*\(", body)

        assert ours.isdisjoint(tables), name
        assert functions.isdisjoint(calls), name


def test_every_table_is_read_for_one_organization() -> None:
    reads = re.compile(
        r"(?i)\b(?:from|join|update)\s+polaris_data\.(\w+)\b(?!\s*\()"
        r"(?:\s+(?:as\s+)?(?!where|set|on|order|left|join|for)(\w+))?"
    )
    for name, text in FILES.items():
        body = code(text)
        for table, alias in reads.findall(body):
            if table in GLOBAL:
                continue
            one = rf"\b{alias}\.org_id\b" if alias else r"\borg_id\s*=\s*(p_org|v_me\.org_id)"

            assert re.search(one, body), (name, table)


def test_the_service_may_call_everything_and_touch_nothing(owner: Any) -> None:
    assert (
        rows(
            owner,
            """
        select proname from pg_proc
        where pronamespace = 'polaris'::regnamespace and not has_function_privilege('polaris_service', oid, 'execute')
        """,
        )
        == []
    )
    for role in ("polaris_service", "polaris_client", "polaris_analyst"):
        # Analysts read columns of tables through the views, and only behind a policy: test_analysts_views.py.
        kinds = "insert, update, references" if role == "polaris_analyst" else "select, insert, update, references"
        assert (
            rows(
                owner,
                f"""
            select relname from pg_class
            where relnamespace = 'polaris_data'::regnamespace and relkind in ('r', 'v', 'p') and (
              has_table_privilege('{role}', oid, 'select, insert, update, delete, truncate, references, trigger')
              or has_any_column_privilege('{role}', oid, '{kinds}'))
            """,
            )
            == []
        )
        called = rows(
            owner,
            f"""
            select proname from pg_proc
            where pronamespace = 'polaris_data'::regnamespace and has_function_privilege('{role}', oid, 'execute')
            """,
        )
        assert {name for (name,) in called} == (ANALYSTS_CALL if role == "polaris_analyst" else set())
        assert rows(owner, f"select has_schema_privilege('{role}', 'polaris_data', 'usage, create')") == [(False,)]
        assert rows(owner, f"select has_schema_privilege('{role}', 'polaris', 'create')") == [(False,)]
        assert rows(owner, f"select has_schema_privilege('{role}', 'polaris_history', 'create')") == [(False,)]


def test_a_direct_client_may_call_what_a_participant_does_for_itself(owner: Any) -> None:
    granted = rows(
        owner,
        """
        select proname from pg_proc
        where pronamespace = 'polaris'::regnamespace and has_function_privilege('polaris_client', oid, 'execute')
        """,
    )

    assert {name for (name,) in granted} == CLIENT


def test_the_public_may_do_nothing(owner: Any) -> None:
    owner.execute("create role nobody_at_all")
    try:
        assert (
            rows(
                owner,
                """
            select proname from pg_proc
            where pronamespace::regnamespace::text in ('polaris', 'polaris_data', 'polaris_history')
              and has_function_privilege('nobody_at_all', oid, 'execute')
            """,
            )
            == []
        )
        assert (
            rows(
                owner,
                """
            select relname from pg_class
            where relnamespace::regnamespace::text in ('polaris', 'polaris_data', 'polaris_history')
              and relkind in ('r', 'v', 'p') and has_table_privilege('nobody_at_all', oid, 'select')
            """,
            )
            == []
        )
        for schema in SCHEMAS:
            assert rows(owner, f"select has_schema_privilege('nobody_at_all', '{schema}', 'usage')") == [(False,)]
    finally:
        owner.execute("drop role nobody_at_all")


def test_what_is_made_later_is_not_public_either(owner: Any) -> None:
    with owner.transaction(force_rollback=True):
        owner.execute("set local role polaris_owner")
        owner.execute("create function polaris.made_later() returns int language sql as 'select 1'")
        granted = rows(
            owner,
            """
            select proacl::text from pg_proc where oid = 'polaris.made_later'::regproc
            """,
        )

    assert granted == [("{polaris_owner=X/polaris_owner}",)]


def test_nobody_who_logs_in_is_the_owner(owner: Any) -> None:
    assert rows(
        owner, "select rolcanlogin, rolsuper, rolcreaterole, rolbypassrls from pg_roles where rolname = 'polaris_owner'"
    ) == [(False, False, False, False)]
    assert (
        rows(
            owner,
            """
        select r.rolname from pg_roles r
        where r.rolname in ('polaris_service', 'polaris_client', 'polaris_analyst')
          and (r.rolcanlogin or pg_has_role(r.rolname, 'polaris_owner', 'member'))
        """,
        )
        == []
    )


def test_the_codes_are_names(owner: Any) -> None:
    codes = sql_codes.codes()

    assert len(codes) > 50
    assert {c for c in codes if not re.fullmatch(r"[a-z][a-z0-9_]{3,40}", c)} == set()
    assert {
        "seat_is_held",
        "not_driver",
        "token_unknown",
        "client_id_taken",
        "event_too_large",
        "no_such_session",
    } <= codes


def test_the_codes_of_pushed_events_are_those_of_the_contract() -> None:
    assert sql_codes.pushed() == {
        "no_such_project",
        "no_such_session",
        "not_driver",
        "unknown_kind",
        "client_id_not_valid",
        "client_id_taken",
        "event_too_large",
        "facts_not_valid",
    }
