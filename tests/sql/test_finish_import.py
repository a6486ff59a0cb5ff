"""polaris.finish_import: whole or not at all, and told for ever."""

import json
from typing import Any

import pytest
from exported import DIGEST, bring, export, lived_in
from people import noted
from story import Story, refused


@pytest.fixture
def moved(tell: Any) -> tuple[Story, Story]:
    one, two = tell(), tell()
    lived_in(one)
    return one, two


def of(story: Story) -> dict[str, Any]:
    return {"actor": story.me, "project": "copy", "digest": DIGEST}


def test_the_project_opens_and_its_record_says_where_it_is_from(moved: tuple[Story, Story]) -> None:
    one, two = moved
    head, parts = export(one)
    project = bring(two, head, parts)
    notice = two.events("copy", after=head["last_seq"])[0]

    assert (project.visibility, project.archived_at, project.last_seq) == ("org", None, head["last_seq"] + 1)
    assert (notice.kind, notice.actor, notice.speaker, notice.session) == ("notice", two.me, "polaris", None)
    assert f"as project pj of organization {one.slug} had them" in notice.body
    assert json.loads(notice.payload)["imported"] == head | {"digest": DIGEST.hex()}
    assert two.audited()[-1] == (two.me, "project.imported", "copy", head | {"digest": DIGEST.hex()})


def test_twice_is_once(moved: tuple[Story, Story]) -> None:
    one, two = moved
    bring(two, *export(one))
    before = two.told("copy")
    two.finish_import(**of(two))

    assert two.told("copy") == before
    assert len(noted(two, "project.imported")) == 1


def test_what_is_not_whole_stays_closed(moved: tuple[Story, Story]) -> None:
    one, two = moved
    head, parts = export(one)
    two.begin_import(**of(two), source=head)
    two.import_rows(**of(two), what="session", rows=parts["session"])
    two.import_rows(**of(two), what="event", rows=parts["event"][:-1])
    with refused(409, "import_is_not_whole") as refusal:
        two.finish_import(**of(two))

    assert refusal.detail == {"last_seq": head["last_seq"] - 1}
    assert two.get_project(actor=two.me, project="copy").visibility == "private"
    assert noted(two, "project.imported") == []


def test_a_foreign_event_in_the_place_of_the_last_is_found(moved: tuple[Story, Story]) -> None:
    one, two = moved
    head, parts = export(one)
    two.begin_import(**of(two), source=head)
    two.import_rows(**of(two), what="session", rows=parts["session"])
    two.import_rows(**of(two), what="event", rows=parts["event"][:-1])
    two.restore_project(actor=two.me, project="copy")
    two.say(actor=two.me, project="copy", body="in between")
    with refused(409, "import_is_not_whole"):
        two.finish_import(**of(two))


def test_a_private_or_archived_project_is_so_again(moved: tuple[Story, Story]) -> None:
    one, two = moved
    one.set_visibility(actor=one.me, project="pj", visibility="private")
    one.archive_project(actor=one.me, project="pj")
    two.member("priya")
    project = bring(two, *export(one))

    assert project.visibility == "private"
    assert project.archived_at is not None
    with refused(404, "no_such_project"):
        two.get_project(actor="user:priya", project="copy")


def test_an_empty_part_of_a_record_comes_back_too(moved: tuple[Story, Story]) -> None:
    one, two = moved
    project = bring(two, *export(one, after=10_000))

    assert project.last_seq == project.first_seq
    assert two.told("copy") == ["notice"]


def test_slack_is_not_told_again_what_was_imported(moved: tuple[Story, Story]) -> None:
    from slack_story import Workspace

    one, two = moved
    room = Workspace(two)
    bring(two, *export(one))
    room.channel("copy")

    assert two.rows(
        "select c.cursor = h.last_seq from polaris_data.slack_channels c join polaris_data.project_heads h "
        "using (org_id, project_id) where org_id = %s",
        two.org,
    ) == [(True,)]
