"""polaris.invite: an address is invited; the hash of its link is kept."""

import json
from datetime import timedelta

import psycopg
import pytest
from people import joined, noted, secret
from story import Row, Story, refused


def invited(story: Story, email: str | None = "krishna@acme.example", **more: object) -> Row:
    return story.invite(**{"actor": story.me, "email": email, "role": "member", "hash": secret()} | more)


def test_an_administrator_invites_an_address_for_seven_days(story: Story) -> None:
    row = invited(story, role="admin")

    assert (row.email, row.role, row.handle, row.invited_by) == ("krishna@acme.example", "admin", None, story.me)
    assert row.expires_at - row.created_at == timedelta(days=7)
    assert (row.accepted_at, row.accepted_by, row.revoked_at) == (None, None, None)


def test_the_link_is_nowhere_to_be_read(story: Story) -> None:
    link = secret()
    row = invited(story, hash=link)

    assert link not in tuple(row)
    assert link.hex() not in repr(story.list_audit(actor=None))


def test_the_log_says_who_invited_whom_as_what(story: Story) -> None:
    row = invited(story)

    assert noted(story)[-1] == (story.me, "invite.created", "krishna@acme.example")
    assert json.loads(story.list_audit(actor=None)[-1].detail) == {
        "invite": row.invite_id,
        "role": "member",
        "handle": None,
    }


def test_the_service_itself_may(story: Story) -> None:
    assert invited(story, actor=None).invited_by == "polaris"


@pytest.mark.parametrize("actor", ["user:krishna", "user:nobody", "agent:bot", "slack:guest"])
def test_nobody_else_may(story: Story, actor: str) -> None:
    story.member("krishna")
    with refused(403, "admin_only"):
        invited(story, actor=actor)


def test_an_address_is_kept_as_people_compare_it(story: Story) -> None:
    assert invited(story, "  Krishna.R+x@ACME.Example ").email == "krishna.r+x@acme.example"


@pytest.mark.parametrize(
    "email",
    [
        None,
        "",
        "krishna",
        "@acme.example",
        "krishna@",
        "a@b@c.example",
        "kri shna@acme.example",
        "krishna@acme.example\nBcc: all@acme.example",
        "krishna@acme.example\r",
        "Krishna <krishna@acme.example>",
        "krishna@acme.example,priya@acme.example",
        'krishna"@acme.example',
        "k" * 65 + "@acme.example",
        "k@" + "a" * 190,
    ],
)
def test_it_is_one_address(story: Story, email: str | None) -> None:
    with refused(422, "email_is_an_address"):
        invited(story, email)


@pytest.mark.parametrize("role", ["owner", "", None])
def test_a_role_is_admin_or_member(story: Story, role: str | None) -> None:
    with refused(422, "role_is_known"):
        invited(story, role=role)


@pytest.mark.parametrize("time", [None, timedelta(0), timedelta(seconds=59), timedelta(days=31), timedelta(days=-1)])
def test_it_is_good_for_a_sane_time(story: Story, time: timedelta | None) -> None:
    with refused(422, "expiry_is_sane"):
        invited(story, expires_in=time)


def test_an_address_may_be_invited_again(story: Story) -> None:
    first, second = invited(story), invited(story)

    assert first.invite_id != second.invite_id


def test_a_link_is_kept_as_its_sha256_and_once(story: Story) -> None:
    with pytest.raises(psycopg.errors.CheckViolation, match="invite_hash_is_sha256"):
        invited(story, hash=b"the link itself")
    link = secret()
    invited(story, hash=link)
    with pytest.raises(psycopg.errors.UniqueViolation, match="invite_exists"):
        invited(story, hash=link)


def test_with_a_handle_it_is_for_the_account_of_a_local_member(story: Story) -> None:
    story.member("krishna")

    assert invited(story, handle="krishna").handle == "krishna"


def test_that_member_must_be_there(story: Story, tell) -> None:
    tell().member("krishna")
    with refused(404, "no_such_member"):
        invited(story, handle="krishna")
    story.member("krishna")
    story.remove_member(actor=story.me, handle="krishna")
    with refused(404, "no_such_member"):
        invited(story, handle="krishna")


def test_and_must_not_sign_in_by_itself_already(story: Story) -> None:
    joined(story, "krishna")
    with refused(409, "member_has_signed_in"):
        invited(story, handle="krishna")


def test_the_account_of_the_last_administrator_is_not_given_away_as_a_members(story: Story) -> None:
    with refused(409, "last_admin"):
        invited(story, handle="manu", role="member")
    assert invited(story, handle="manu", role="admin")
    story.member("priya", "admin")

    assert invited(story, handle="manu", role="member")
