"""polaris.write_login_code: an authorization code of polaris login in a browser is kept by its hash."""

from datetime import timedelta
from typing import Any

import psycopg
import pytest
from people import local, secret, shift
from story import Story, refused


def test_it_is_kept_for_a_member_of_the_organization_alone(story: Story, tell: Any) -> None:
    person = local(story).person_id
    code = {"challenge": "c", "redirect_uri": "http://127.0.0.1:1/callback", "machine": "m"}
    with refused(404, "no_such_member"):
        story.write_login_code(hash=secret(), person=person, org=tell().org, **code)
    story.member("priya", "admin")
    story.remove_member(actor="user:priya", handle="manu")
    with refused(404, "no_such_member"):
        story.write_login_code(hash=secret(), person=person, **code)

    assert story.rows("select from polaris_data.login_codes where person_id = %s", person) == []


def test_a_long_name_of_a_machine_is_cut_so_that_the_token_can_be_named_after_it(story: Story) -> None:
    person, code = local(story).person_id, secret()
    story.write_login_code(
        hash=code, person=person, challenge="c", redirect_uri="http://127.0.0.1:1/callback", machine="m" * 300
    )
    given = story.exchange_login_code(
        hash=code,
        challenge="c",
        redirect_uri="http://127.0.0.1:1/callback",
        token_hash=secret(),
        token_shown="plr_u_x",
    )

    assert given.error is None
    assert [t.name for t in story.list_tokens(actor=None)] == ["polaris login on " + "m" * 80]


def test_those_that_nobody_came_for_are_swept(story: Story) -> None:
    person = local(story).person_id
    old, young = secret(), secret()
    for code, seconds in ((old, 61), (young, 30)):
        story.write_login_code(hash=code, person=person, challenge="c", redirect_uri="u", machine="m")
        shift(story, "login_codes", "hash", code, created_at=-timedelta(seconds=seconds))
    story.write_login_code(hash=secret(), person=person, challenge="c", redirect_uri="u", machine="m")

    assert story.rows("select hash from polaris_data.login_codes where hash = any (%s)", [old, young]) == [(young,)]


def test_a_code_is_made_once(story: Story) -> None:
    person, code = local(story).person_id, secret()
    story.write_login_code(hash=code, person=person, challenge="c", redirect_uri="u", machine="m")
    with pytest.raises(psycopg.errors.UniqueViolation):
        story.write_login_code(hash=code, person=person, challenge="other", redirect_uri="u", machine="m")
