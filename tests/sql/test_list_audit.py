"""polaris.list_audit: a page of the audit log, exactly as it was hashed; and what the log promises."""

import hashlib
import itertools
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC
from random import Random
from typing import Any

import psycopg
import pytest
from people import noted, secret, signed_in
from story import Background, Caller, Row, Story, refused

from polaris import audit

NOTHING = "0" * 64


def hashed(org: int, row: Row) -> str:
    """The hash that a row should have after the one that it names, from the rule as it is written down."""
    at = row.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    fields = [str(org), str(row.audit_id), at, row.actor, row.action, row.target, row.detail]
    lines = ["-" if field is None else f"{len(field.encode())}:{field}" for field in fields]
    return hashlib.sha256(bytes.fromhex(row.prev_hash) + "\n".join(lines).encode()).hexdigest()


def whole(caller: Caller, org: int) -> list[Row]:
    """The log of an organization, after every row of it was checked."""
    rows: list[Row] = caller.list_audit(org=org, actor=None, limit=1000)

    assert [row.audit_id for row in rows] == list(range(1, len(rows) + 1))
    assert [row.prev_hash for row in rows] == [NOTHING, *(row.hash for row in rows)][: len(rows)]
    assert [row.hash for row in rows] == [hashed(org, row) for row in rows]
    assert [row.at for row in rows] == sorted(row.at for row in rows)
    return rows


@pytest.fixture
def two(story: Story) -> Iterator[tuple[Caller, Caller]]:
    with story.another() as one, story.another() as other:
        yield one, other


def test_an_organizations_log_begins_with_its_making(story: Story) -> None:
    (first,) = story.list_audit(actor=story.me)

    assert first[:1] + first[2:7] == (1, story.me, "org.created", story.slug, None, NOTHING)


def test_every_hash_can_be_made_again_by_who_has_only_the_rows(story: Story) -> None:
    story.member("krishna")
    story.set_role(actor=story.me, handle="krishna", role="admin")
    story.note_export(
        actor="user:krishna", what="audit", detail={"größe": "3 €", "none": None, "n": 1.50, "text": "a\nb"}
    )
    story.note_export(actor=None, what="", detail=None)
    story.note_export(actor="user:krishna", what="two\nlines: 5:hello\n-", detail={})
    rows = whole(story, story.org)

    assert len(rows) == 6
    assert json.loads(rows[3].detail) == {"größe": "3 €", "none": None, "n": 1.5, "text": "a\nb"}


def test_the_settings_of_whoever_writes_change_nothing(story: Story) -> None:
    with story.another() as other:
        for zone, style in (("Asia/Kathmandu", "German, DMY"), ("America/St_Johns", "SQL, MDY"), ("UTC", "ISO")):
            other.connection.execute(f"set timezone = '{zone}'")
            other.connection.execute(f"set datestyle = '{style}'")
            other.note_export(actor=story.me, what=zone)
    whole(story, story.org)


def test_the_checker_that_ships_says_so_too(story: Story) -> None:
    story.member("krishna")
    chain = audit.Chain()
    for row in story.list_audit(actor=None):
        chain.add(row._asdict() | {"org_id": story.org})
    chain.end()

    assert chain.head == tuple(story.get_audit_head(actor=None))


def test_it_is_read_in_pages(story: Story) -> None:
    for handle in ("a", "b", "c"):
        story.member(handle)
    pages = [story.list_audit(actor=story.me, after=after, limit=2) for after in (None, 0, 2, 4)]

    assert [[row.audit_id for row in page] for page in pages] == [[1, 2], [1, 2], [3, 4], []]


@pytest.mark.parametrize("limit", [0, -1, 1001, None])
def test_a_page_has_a_sane_size(story: Story, limit: int | None) -> None:
    with refused(422, "limit_is_sane"):
        story.list_audit(actor=story.me, limit=limit)


def test_only_administrators_read_it(story: Story, tell) -> None:
    story.member("krishna")
    for actor in ("user:krishna", "user:nobody", "agent:bot", "slack:guest"):
        with refused(403, "admin_only"):
            story.list_audit(actor=actor)
    other = tell()
    other.member("priya", "admin")
    with refused(403, "admin_only"):
        story.list_audit(actor="user:priya")


def test_the_installations_own_log_is_for_who_has_the_database(story: Story) -> None:
    signed_in(story)
    with refused(403, "admin_only"):
        story.list_audit(org=0, actor=story.me)

    assert story.list_audit(org=0, actor=None)


@pytest.mark.parametrize(
    "statement",
    [
        "update polaris_data.audit set actor = 'user:somebody-else' where org_id = {org}",
        "update polaris_data.audit set detail = detail where false",
        "delete from polaris_data.audit where org_id = {org} and audit_id = 1",
        "truncate polaris_data.audit",
        "truncate polaris_data.orgs, polaris_data.audit cascade",
        "insert into polaris_data.audit select * from polaris_data.audit where org_id = {org} "
        "on conflict (org_id, audit_id) do update set actor = null",
        "merge into polaris_data.audit a using polaris_data.orgs o on a.org_id = o.org_id when matched then delete",
    ],
)
@pytest.mark.parametrize("role", ["polaris_owner", "postgres"])
def test_nobody_rewrites_it_not_even_the_owner(story: Story, statement: str, role: str) -> None:
    before = whole(story, story.org)
    with story.owner.transaction(force_rollback=True):
        story.owner.execute(f"set local role {role}")
        with pytest.raises(psycopg.Error) as caught, story.owner.transaction():
            story.owner.execute(statement.format(org=story.org))

    assert caught.value.diag.constraint_name == "audit_is_append_only"
    assert whole(story, story.org) == before


def test_what_is_rolled_back_was_never_noted(story: Story, two: tuple[Caller, Caller]) -> None:
    one, _ = two
    before = whole(story, story.org)
    with one.connection.transaction(force_rollback=True):
        one.add_member(actor=story.me, handle="krishna")
    story.member("priya")

    assert noted(story)[len(before) :] == [(story.me, "member.added", "user:priya")]
    whole(story, story.org)


def test_of_two_writers_the_second_waits_and_goes_on_from_the_first(
    story: Story, two: tuple[Caller, Caller], background: Background
) -> None:
    one, other = two
    with one.connection.transaction():
        one.note_export(actor=story.me, what="one")
        one.note_export(actor=story.me, what="two")
        waiting = background.start(other.note_export, actor=story.me, what="three")
        background.until_waiting(other, waiting)

    assert background.answer(waiting) == 4
    assert [row.target for row in whole(story, story.org)] == [story.slug, "one", "two", "three"]


def test_of_the_very_first_two_rows_of_a_log_one_waits_as_well(
    story: Story, two: tuple[Caller, Caller], background: Background
) -> None:
    # An organization of before there was a log has no head yet.
    one, other = two
    (new,) = story.rows(
        """
        insert into polaris_data.orgs (slug, name, redaction_key) values (%s, 'Old', sha256('')) returning org_id
        """,
        f"{story.slug}-old",
    )[0]
    with one.connection.transaction():
        one.note_export(org=new, actor=None, what="one")
        waiting = background.start(other.note_export, org=new, actor=None, what="two")
        background.until_waiting(other, waiting)

    assert background.answer(waiting) == 2
    assert [row.target for row in whole(story, new)] == ["one", "two"]


def test_another_organizations_writer_does_not_wait(
    story: Story, tell, two: tuple[Caller, Caller], background: Background
) -> None:
    one, other = two
    elsewhere = tell()
    with one.connection.transaction():
        one.note_export(actor=story.me, what="one")

        assert background.answer(background.start(other.note_export, org=elsewhere.org, actor=None, what="two")) == 2


def test_many_writers_leave_one_unbroken_chain(story: Story, background: Background) -> None:
    with ExitStack() as stack:
        callers = [stack.enter_context(story.another()) for _ in range(8)]
        start = threading.Barrier(len(callers))

        def write(n: int) -> list[int]:
            start.wait(20)
            return [callers[n].note_export(actor=None, what=f"{n}-{k}") for k in range(25)]

        numbers = [background.answer(f) for f in [background.start(write, n) for n in range(len(callers))]]
    rows = whole(story, story.org)

    assert sorted(itertools.chain(*numbers)) == list(range(2, 202))
    for n, mine in enumerate(numbers):
        assert [rows[number - 1].target for number in mine] == [f"{n}-{k}" for k in range(25)]


def test_whoever_notes_something_holds_up_no_push_into_the_record(
    story: Story, two: tuple[Caller, Caller], background: Background
) -> None:
    # The head of the log is the last lock of all: nothing that waits for it is waited for by a writer of events.
    one, other = two
    fxm = story.session("fxm", driver=story.me)
    with one.connection.transaction():
        one.add_member(actor=story.me, handle="krishna")
        (pushed,) = background.answer(background.start(other.push, fxm, {"client_id": "a"}))

    assert pushed.created


def test_members_sessions_and_the_log_at_once_end_without_a_deadlock(story: Story, background: Background) -> None:
    story.member("priya", "admin")
    for name in ("a", "b"):
        story.session(name)
    people, places = ("manu", "priya", "krishna"), ("a", "b")
    acts: list[Callable[[Caller, Random], Any]] = [
        lambda one, pick: signed_in(one, None, issuer="local", subject=f"{story.org}:{pick.choice(people)}"),
        lambda one, pick: one.add_member(actor=None, handle=f"new-{pick.random()}"[:12].replace(".", "-")),
        lambda one, pick: one.set_role(actor=None, handle=pick.choice(people), role=pick.choice(("admin", "member"))),
        lambda one, pick: one.remove_member(actor=None, handle="krishna"),
        lambda one, pick: one.claim_driver(actor="agent:one", project="pj", session=pick.choice(places)),
        lambda one, pick: one.release_driver(actor="agent:one", project="pj", session=pick.choice(places)),
        lambda one, pick: one.inject(actor=story.me, project="pj", session=pick.choice(places), body="x"),
        lambda one, pick: one.issue_token(
            **{"actor": None, "for": story.me}, name="x", hash=secret(), shown="x", expires_in="1 day"
        ),
        lambda one, pick: one.invite(actor=None, email="new@acme.example", role="member", hash=secret()),
    ]
    story.member("krishna")
    with ExitStack() as stack:
        callers = [stack.enter_context(story.another()) for _ in range(8)]
        start = threading.Barrier(len(callers))

        def act(n: int) -> list[str]:
            pick, said = Random(n), []
            start.wait(20)
            for _ in range(25):
                try:
                    pick.choice(acts)(callers[n], pick)
                except psycopg.Error as error:
                    said.append(error.sqlstate or str(error))
            return said

        refusals = [background.answer(f) for f in [background.start(act, n) for n in range(len(callers))]]

    assert {state[:3] for said in refusals for state in said} <= {"PL4"}
    assert len(whole(story, story.org)) > 50
    story.check()
