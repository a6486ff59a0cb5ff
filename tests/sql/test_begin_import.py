"""polaris.begin_import: a project that nobody else sees or writes into yet."""

import hashlib
from typing import Any

import pytest
from exported import DIGEST, export, lived_in
from story import Story, refused


def test_the_project_is_private_and_archived_until_it_is_complete(story: Story) -> None:
    lived_in(story)
    head, _ = export(story, after=3)
    begun = story.begin_import(actor=story.me, project="copy", digest=DIGEST, source=head)
    project = story.get_project(actor=story.me, project="copy")

    assert (begun.last_seq, begun.done) == (3, False)
    assert (project.visibility, project.archived_at is None, project.created_by) == ("private", False, story.me)
    assert (project.first_seq, project.last_seq) == (4, 3)
    with refused(404, "no_such_project"):
        story.get_project(actor="user:krishna", project="copy")
    with refused(409, "project_is_archived"):
        story.say(actor=story.me, project="copy", body="too early")
    with refused(409, "project_is_archived"):
        story.join_session(actor=story.me, project="copy", session="mine")


def test_twice_is_once(story: Story) -> None:
    lived_in(story)
    head, _ = export(story)
    for _ in range(2):
        begun = story.begin_import(actor=story.me, project="copy", digest=DIGEST, source=head)

    assert (begun.last_seq, begun.done) == (0, False)
    assert [p.name for p in story.list_projects()] == ["copy", "pj"]


def test_a_name_that_is_taken_stays_whose_it_is(story: Story) -> None:
    lived_in(story)
    head, _ = export(story)
    with refused(409, "project_exists"):
        story.begin_import(actor=story.me, project="pj", digest=DIGEST, source=head)
    story.begin_import(actor=story.me, project="copy", digest=DIGEST, source=head)
    with refused(409, "import_is_another"):
        story.begin_import(actor=story.me, project="copy", digest=hashlib.sha256(b"b").digest(), source=head)


def test_it_is_for_administrators(story: Story) -> None:
    lived_in(story)
    head, _ = export(story)
    with refused(403, "admin_only"):
        story.begin_import(actor="user:krishna", project="copy", digest=DIGEST, source=head)
    with refused(422, "actor_is_a_participant"):
        story.begin_import(actor=None, project="copy", digest=DIGEST, source=head)
    with refused(422, "name_is_a_slug"):
        story.begin_import(actor=story.me, project="No Slug", digest=DIGEST, source=head)


@pytest.mark.parametrize("numbers", [{"first_seq": 0}, {"first_seq": 9, "last_seq": 7}, {"last_seq": None}])
def test_numbers_that_cannot_be_are_refused(story: Story, numbers: dict[str, Any]) -> None:
    lived_in(story)
    head, _ = export(story)
    with refused(422, "import_not_valid"):
        story.begin_import(actor=story.me, project="copy", digest=DIGEST, source=head | numbers)
