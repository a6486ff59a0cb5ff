"""A private project does not exist for those who are not on its list: whatever they call, and however they call it.

What is called comes from the catalog. A function that is new is tried by itself, as soon as its arguments are in
ARGUMENTS; one that takes a project and needs no gate says so in UNGATED, with the reason.
"""

import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any, NamedTuple

import psycopg
import pytest
import sql_codes
from slack_story import Workspace
from story import EVENT, Caller, Connection, Place, Story, event, refused

HIDDEN, ABSENT, OPEN = "hidden-pj", "absent-pj", "open-pj"
DRIVER, BODY, EDITED = "agent:the-mole", "the hidden words", "the hidden rewording"
# What an outsider must not read anywhere.
SECRETS = (HIDDEN, "inner-session", DRIVER, "hidden words", "hidden rewording", "the-insider")

# By these a function names a project or something in it.
NAMES = {"p_project", "p_projects", "p_project_id", "p_delivery"}
UNGATED = {
    "begin_import": "makes a project, for administrators, who see each: others are refused before that",
    "finish_slack_event": "a bridge under its lease; nothing is posted for a project that is private",
    "index_events": "the service only: who may see what was indexed is asked when it is read",
    "prune_project": "the keeper's: it deletes what is too old, whoever may see it",
    "list_heads": "the service only: numbers of projects whose watchers it has checked",
    "read_project_events": "the service only: the relay has checked its subscribers",
    "write_slack_channel": "a bridge under its lease; a channel's row says nothing of the project",
    "write_slack_posts": "a bridge under its lease; takes nothing for a project that is private",
}
# What a name that is not there would make: these are held against another function's answer.
INSTEAD = {"join_session": "get_session"}

ARGUMENTS: dict[str, Any] = {
    "p_about": 1,
    "p_after": 0,
    "p_answer": "give",
    "p_again": None,
    "p_after_key": "",
    "p_after_place": "",
    "p_bodies": [""],
    "p_agent": "claude-code",
    "p_before": 1000,
    "p_body": "the caller's own words",
    "p_by": ["agent:anybody"],
    "p_characters": 100,
    "p_client_id": "mine",
    "p_decision": "send",
    "p_epoch": 1,
    "p_expires_in": "1 hour",
    "p_facts": None,
    "p_for": "user:outsider",
    "p_hash": b"h" * 32,
    "p_digest": b"d" * 32,
    "p_source": {"first_seq": 1, "last_seq": 1},
    "p_rows": [],
    "p_last": 100,
    "p_hashes": [b"h" * 32],
    "p_hears": None,
    "p_keep_days": 7,
    "p_keys": ["1"],
    "p_kind": ["prompt"],
    "p_lease_seconds": 60,
    "p_level": "muted",
    "p_limit": 10,
    "p_member": "agent:extra",
    "p_members": None,
    "p_name": "name",
    "p_open": True,
    "p_path": "hook",
    "p_note": "please",
    "p_payload": {"k": "v"},
    "p_payload_bytes": 1000,
    "p_payloads": [None],
    "p_places": ["post"],
    "p_policy": "mute",
    "p_project_id": None,
    "p_query": "hidden words",
    "p_file": None,
    "p_before_at": None,
    "p_before_project": None,
    "p_before_seq": None,
    "p_reads": True,
    "p_reason": "because",
    "p_request": 3,
    "p_sender_class": "human",
    "p_seq": 1,
    "p_seqs": [1],
    "p_session": "inner-session",
    "p_shown": "plr_pat_ab",
    "p_since": "drove",
    "p_sliding": True,
    "p_state": "sent",
    "p_to": "user:listed",
    "p_until": None,
    "p_users": None,
    "p_visibility": "private",
    "p_what": "decision",
}
# Where a batch takes arrays: one element each.
BATCHES = {
    "heartbeat": {"p_session": ["inner-session"], "p_epoch": [1]},
    "push_events": {
        f"p_{name}": [value]
        for name, value in (EVENT | {"session": "inner-session", "epoch": 1, "client_id": "mine"}).items()
    },
}
# Where a function means something of its own by a name; no twist fits it.
OWN: dict[str, dict[str, Any]] = {
    "search_events": {"p_since": None},
    "get_usage": {"p_by": "day", "p_since": None},
    "begin_export": {"p_since": None},
    "read_export": {"p_after": [0], "p_what": "event"},
    "import_rows": {"p_what": "session"},
}
# Tried in place of the value above, one at a time: a check that comes before the gate would answer something else.
TWISTS: dict[str, list[Any]] = {
    "p_answer": ["nope", "withdraw"],
    "p_note": ["x" * 2000],
    "p_request": [None, -1],
    "p_again": [True],
    "p_body": [None, "", "x" * 70_000],
    "p_client_id": ["", "polaris:x", "captured"],
    "p_decision": ["nope", "dismiss"],
    "p_epoch": [None, 0, 2],
    "p_hears": [True],
    "p_kind": ["nope"],
    "p_level": ["nope", None],
    "p_limit": [0],
    "p_member": ["nobody", DRIVER, "user:outsider"],
    "p_policy": ["nope", None],
    "p_query": [None, "???"],
    "p_sender_class": ["nope"],
    "p_seq": [None, -1],
    "p_since": ["nope", "1"],
    "p_session": [None, "no-such", "Not A Slug"],
    "p_state": ["nope", "failed"],
    "p_to": ["nobody", "user:outsider", None],
    "p_visibility": ["nope", "org"],
    "p_what": ["nope", None],
}


class Answer(NamedTuple):
    """Rows, or a refusal: all that a caller learns, with the names of what it asked for taken out."""

    rows: str
    refusal: tuple[str | None, ...] = ()


def gated() -> list[str]:
    """The functions that name a project or something in it, by the files; the catalog is held against them below."""
    return sorted(name for name, arguments in sql_codes.called().items() if NAMES & arguments and name not in UNGATED)


class Outsider(NamedTuple):
    """A member of the organization who is not on the list, and how it calls: the service names it, a login is it."""

    caller: Caller
    actor: str | None


class Scene:
    """A private project with everything in it, and an open one."""

    def __init__(self, story: Story) -> None:
        self.story = story
        story.member("the-insider")
        story.create_project(actor="user:the-insider", name=HIDDEN, visibility="private")
        story.project(OPEN)
        story.member("outsider")
        for listed in (DRIVER, "agent:listed", story.member("listed")):
            story.add_project_member(actor="user:the-insider", project=HIDDEN, member=listed)
        inner = story.session("inner-session", driver=DRIVER, project=HIDDEN)
        story.push(inner, event("captured", body=BODY, payload={"words": BODY}))
        story.set_policy(actor=DRIVER, project=HIDDEN, session="inner-session", sender_class="human", policy="suggest")
        self.delivery: uuid.UUID = story.advise(inner, BODY, sender="user:listed").delivery_id
        Workspace(story).channel(HIDDEN)

    def ask(self, caller: Caller, function: str, twist: dict[str, Any], actor: str | None, hidden: bool) -> Answer:
        """What a function says about the private project, or about one that is not there."""
        project = HIDDEN if hidden else ABSENT
        delivery = self.delivery if hidden else uuid.uuid4()
        arrays = BATCHES.get(function, {})
        values: dict[str, Any] = {
            "p_org": caller.org,
            "p_actor": [actor] if arrays and actor else actor,
            "p_project": [project] if arrays else project,
            "p_delivery": delivery,
        }
        values = ARGUMENTS | values | OWN.get(function, {}) | arrays | twist
        try:
            found = caller.call(function, **{p[2:]: values[p] for p in caller.signatures[function]})
        except psycopg.Error as error:
            said = error.diag
            parts = (error.sqlstate, said.constraint_name, said.message_primary, said.message_hint, said.message_detail)
            return Answer("", tuple(part and self._plain(part, project, delivery) for part in parts))
        return Answer(self._plain(repr(found), project, delivery))

    @staticmethod
    def _plain(text: str, project: str, delivery: uuid.UUID) -> str:
        return text.replace(project, "PROJECT").replace(str(delivery), "DELIVERY")

    def contents(self) -> list[Any]:
        """Everything that is kept of the private project, and of who may do what."""
        ids = {"org": self.story.org, "project": self.story.project_id(HIDDEN)}
        of_project = ("projects", "project_heads", "project_members", "sessions", "events", "deliveries", "read_marks")
        wheres = dict.fromkeys((*of_project, "policies", "slack_channels"), "and project_id = %(project)s")
        wheres |= dict.fromkeys(("seats", "tokens", "audit"), "")
        return [
            self.story.owner.execute(
                f"select t.* from polaris_data.{table} t where org_id = %(org)s {where} order by 1, 2, 3", ids
            ).fetchall()
            for table, where in wheres.items()
        ]


def twists(function: str, arguments: set[str]) -> list[dict[str, Any]]:
    batch = BATCHES.get(function, {})
    found: list[dict[str, Any]] = [{}]
    for name in sorted((arguments & TWISTS.keys()) - OWN.get(function, {}).keys()):
        found += [{name: [value] if name in batch else value} for value in TWISTS[name]]
    return found


@pytest.fixture
def scene(story: Story) -> Scene:
    return Scene(story)


@pytest.fixture(params=["as the service", "with a Postgres login"])
def outsider(request: pytest.FixtureRequest, story: Story, scene: Scene) -> Iterator[Outsider]:
    """Asks through the service, and directly; does not wait for locks."""
    with ExitStack() as stack:
        if request.param == "as the service":
            outsider = Outsider(stack.enter_context(story.another()), "user:outsider")
        else:
            outsider = Outsider(stack.enter_context(story.client("user:outsider")), None)
        outsider.caller.connection.execute("set lock_timeout = '1s'")
        yield outsider


def test_the_catalog_has_nothing_that_is_not_tried(called: dict[str, dict[str, str]]) -> None:
    assert {name for name, arguments in called.items() if NAMES & arguments.keys()} == set(gated()) | UNGATED.keys()
    unknown = {a for name in gated() for a in called[name]} - ARGUMENTS.keys() - NAMES - {"p_org", "p_actor"}
    assert unknown - {a for batch in BATCHES.values() for a in batch} == set()


@pytest.mark.parametrize("function", gated())
def test_to_an_outsider_it_is_as_a_project_that_does_not_exist(scene: Scene, outsider: Outsider, function: str) -> None:
    caller, actor = outsider
    before = scene.contents()
    with scene.story.connect.owner() as holder, holder.transaction():
        hold(holder, scene)
        for twist in twists(function, set(caller.signatures[function])):
            if function in INSTEAD and twist not in ({}, {"p_session": "no-such"}):
                continue
            hidden = scene.ask(caller, function, twist, actor, hidden=True)
            absent = scene.ask(caller, INSTEAD.get(function, function), twist, actor, hidden=False)
            unsaid = [secret for secret in SECRETS if secret not in repr((ARGUMENTS, twist))]

            assert hidden == absent, twist
            assert not any(secret in repr(hidden) for secret in unsaid), twist

    assert scene.contents() == before


def hold(holder: Connection, scene: Scene) -> None:
    """Locks every row of the private project: an outsider who had to wait would learn that somebody is at work."""
    number = scene.story.project_id(HIDDEN)
    for table in ("projects", "project_heads", "sessions", "deliveries"):
        locked = holder.execute(
            f"select from polaris_data.{table} where org_id = %s and project_id = %s for update",
            [scene.story.org, number],
        ).fetchall()

        assert locked


@pytest.mark.parametrize("function", ["get_delivery", "decide_delivery"])
def test_its_advice_is_not_found_through_a_project_that_is_open(
    scene: Scene, outsider: Outsider, function: str
) -> None:
    caller, actor = outsider
    hidden, absent = (scene.ask(caller, function, {"p_project": OPEN}, actor, there) for there in (True, False))

    assert hidden == absent
    assert "no_such_delivery" in hidden.refusal


@pytest.mark.parametrize("function", gated())
def test_its_administrators_and_those_on_its_list_find_it(story: Story, scene: Scene, function: str) -> None:
    for actor in (story.me, "user:the-insider", "user:listed", "agent:listed", DRIVER):
        twist = {"p_for": actor} if "p_for" in story.signatures[function] else {}
        hidden = scene.ask(story, function, twist, actor, hidden=True)
        absent = scene.ask(story, function, twist, actor, hidden=False)

        if function not in INSTEAD and not (function == "issue_token" and actor.startswith("agent:")):
            assert hidden != absent, actor
        assert not {"no_such_project", "no_such_delivery"} & set(hidden.refusal), (actor, hidden)
        assert "no_such_project" not in hidden.rows, actor


def reads_on_behalf() -> list[str]:
    """What reads for an actor and names no project: lists over everything."""
    return sorted(
        name
        for name, arguments in sql_codes.called().items()
        if name.startswith(("list_", "get_", "read_", "search_")) and "p_actor" in arguments and not NAMES & arguments
    )


@pytest.mark.parametrize("function", reads_on_behalf())
def test_no_list_shows_it_to_an_outsider(scene: Scene, outsider: Outsider, function: str) -> None:
    shown = scene.ask(outsider.caller, function, {}, outsider.actor, hidden=True)

    # Who is a member of the organization is no secret of the project's.
    secrets = [secret for secret in SECRETS if not (function == "list_members" and secret == "the-insider")]
    assert not any(secret in repr(shown) for secret in (*secrets, "PROJECT")), shown


@pytest.mark.parametrize("actor", ["user:manu", "user:the-insider", "user:listed", "agent:listed", DRIVER, None])
@pytest.mark.usefixtures("scene")
def test_the_lists_show_it_to_those_who_may_see_it(story: Story, actor: str | None) -> None:
    assert [p.name for p in story.list_projects(actor=actor)] == [HIDDEN, OPEN]
    assert [p.name for p in story.list_dashboard(actor=actor)] == [HIDDEN, OPEN]
    assert BODY in [e.body for e in story.list_recent(actor=actor)]


@pytest.mark.usefixtures("scene")
def test_its_name_is_taken_and_that_is_all(story: Story) -> None:
    # Names are one space in the organization; whoever wants this one learns no more.
    for make in (
        lambda: story.create_project(actor="user:outsider", name=HIDDEN),
        lambda: story.create_project(actor="user:outsider", name=HIDDEN, visibility="private"),
    ):
        with refused(409, "project_exists") as why:
            make()

        assert (why.message, why.detail) == (f"There is a project {HIDDEN} already.", None)


def test_an_organization_next_door_sees_nothing_either(scene: Scene, tell: Any) -> None:
    other = tell()
    for function in ("get_project", "read_events", "list_sessions", "claim_driver"):
        assert "no_such_project" in scene.ask(other, function, {}, other.me, hidden=True).refusal


def test_a_driver_who_was_taken_off_the_list_is_an_outsider_whose_last_words_are_still_taken(
    story: Story, scene: Scene
) -> None:
    """What it captured before is not lost, as everywhere: under its epoch, marked late. It learns no more than that."""
    inner = Place(HIDDEN, "inner-session", DRIVER, 1)
    story.remove_project_member(actor=story.me, project=HIDDEN, member=DRIVER)
    offline, later, elsewhere = story.push(
        inner, event("offline"), event("later", epoch=2), event("elsewhere", session="no-such")
    )

    assert (offline.created, offline.late) == (True, True)
    assert (later.code, elsewhere.code) == ("no_such_project", "no_such_project")
    (beat,) = story.heartbeat(actor=[DRIVER], project=[HIDDEN], session=["inner-session"], epoch=[1])
    assert (beat.held, beat.driver, beat.epoch, beat.lease_until) == (False, None, None, None)
    for function in ("get_session", "read_advice", "settle_delivery", "decide_delivery", "claim_driver", "inject"):
        answer = scene.ask(story, function, {}, DRIVER, hidden=True)

        assert {"no_such_project", "no_such_delivery"} & set(answer.refusal), function


@pytest.mark.usefixtures("scene")
def test_an_administrator_who_is_one_no_longer_sees_and_drives_it_no_longer(story: Story) -> None:
    boss = story.member("boss", role="admin")
    driven = story.session("driven", driver=boss, project=HIDDEN)
    apart = story.session("apart", driver=boss, project=OPEN)
    story.set_role(actor=story.me, handle="boss", role="member")
    beats = story.heartbeat(
        actor=[boss] * 2, project=[HIDDEN, OPEN], session=["driven", "apart"], epoch=[driven.epoch, apart.epoch]
    )

    assert [(beat.held, beat.driver) for beat in beats] == [(False, None), (True, boss)]
    assert story.get_session(actor=None, **driven).driver is None
    with refused(404, "no_such_project"):
        story.get_project(actor=boss, project=HIDDEN)
    story.check(HIDDEN)


@pytest.mark.usefixtures("scene")
def test_an_administrator_who_is_on_the_list_stays(story: Story) -> None:
    boss = story.member("boss", role="admin")
    story.add_project_member(actor=story.me, project=HIDDEN, member=boss)
    driven = story.session("driven", driver=boss, project=HIDDEN)
    story.set_role(actor=story.me, handle="boss", role="member")

    assert story.get_session(actor=boss, **driven).driver == boss


@pytest.mark.usefixtures("scene")
def test_nobody_becomes_an_agent_on_the_list_by_being_the_first_to_ask_for_its_token(story: Story) -> None:
    # The first one to issue a token for an agent's name runs that agent.
    token = {"for": "agent:listed", "name": "x", "shown": "plr_agt_ab"}
    with refused(403, "not_your_token"):
        story.issue_token(actor="user:outsider", hash=uuid.uuid4().bytes * 2, **token)

    assert story.issue_token(actor="user:listed", hash=uuid.uuid4().bytes * 2, **token).actor == "agent:listed"


@pytest.mark.usefixtures("scene")
def test_who_ran_an_agent_before_it_was_listed_runs_it_still(story: Story) -> None:
    token = {"for": "agent:theirs", "name": "x", "shown": "plr_agt_ab"}
    story.issue_token(actor="user:outsider", hash=uuid.uuid4().bytes * 2, **token)
    story.add_project_member(actor=story.me, project=HIDDEN, member="agent:theirs")

    assert story.issue_token(actor="user:outsider", hash=uuid.uuid4().bytes * 2, **token).actor == "agent:theirs"
