"""polaris.note_refused_sign_in: a sign-in that was refused, in the log of the installation."""

import json

from people import noted
from story import Story


def test_the_installation_notes_it_and_no_organization(story: Story) -> None:
    before = noted(story)
    number = story.note_refused_sign_in(reason="nonce_differs", detail={"issuer": "https://idp.example"})
    (row,) = story.list_audit(org=0, actor=None, after=number - 1, limit=1)

    assert (row.audit_id, row.actor, row.action, row.target) == (number, None, "sign_in.refused", "nonce_differs")
    assert json.loads(row.detail) == {"issuer": "https://idp.example"}
    assert noted(story) == before


def test_a_long_reason_is_cut(story: Story) -> None:
    number = story.note_refused_sign_in(reason="x" * 1000)
    (row,) = story.list_audit(org=0, actor=None, after=number - 1, limit=1)

    assert (row.target, row.detail) == ("x" * 200, None)
