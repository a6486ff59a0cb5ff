"""polaris.take_slack_install: what was kept is given out once, for ten minutes, to the browser that began it."""

from datetime import timedelta

import psycopg
import pytest
from people import secret, shift
from story import Background, Story, refused

BROWSER = 7


def begun(story: Story, actor: str | None = None) -> bytes:
    state = secret()
    story.begin_slack_install(actor=actor or story.me, web_session=BROWSER, state_hash=state)
    return state


def test_it_says_who_began_it_for_which_organization_once(story: Story) -> None:
    state = begun(story)

    assert tuple(story.take_slack_install(state_hash=state, web_session=BROWSER)) == (story.org, story.slug, story.me)
    with refused(404, "slack_install_unknown"):
        story.take_slack_install(state_hash=state, web_session=BROWSER)


def test_another_browser_gets_nothing_and_takes_nothing_away(story: Story) -> None:
    # An administrator who is led to a link of somebody else's must not connect that one's workspace.
    state = begun(story)
    for browser in (BROWSER + 1, None):
        with refused(404, "slack_install_unknown"):
            story.take_slack_install(state_hash=state, web_session=browser)

    assert story.take_slack_install(state_hash=state, web_session=BROWSER).actor == story.me


@pytest.mark.parametrize("state", [b"", b"h" * 32, None])
def test_a_state_that_nobody_began_is_unknown(story: Story, state: bytes | None) -> None:
    with refused(404, "slack_install_unknown"):
        story.take_slack_install(state_hash=state, web_session=BROWSER)


def test_after_ten_minutes_it_is_over(story: Story) -> None:
    late, in_time = begun(story), begun(story)
    shift(story, "slack_installs", "state_hash", late, created_at=-timedelta(minutes=10))
    shift(story, "slack_installs", "state_hash", in_time, created_at=-timedelta(minutes=9, seconds=30))
    with refused(404, "slack_install_unknown"):
        story.take_slack_install(state_hash=late, web_session=BROWSER)

    assert story.take_slack_install(state_hash=in_time, web_session=BROWSER).org_id == story.org


def test_who_is_no_administrator_any_more_gets_nothing(story: Story) -> None:
    boss = story.member("boss", role="admin")
    state = begun(story, boss)
    story.set_role(actor=story.me, handle="boss", role="member")
    with refused(403, "admin_only"):
        story.take_slack_install(state_hash=state, web_session=BROWSER)


def test_who_left_gets_nothing(story: Story) -> None:
    boss = story.member("boss", role="admin")
    state = begun(story, boss)
    story.remove_member(actor=story.me, handle="boss")
    with refused(403, "admin_only"):
        story.take_slack_install(state_hash=state, web_session=BROWSER)


def test_of_two_answers_at_once_one_is_taken(story: Story, background: Background) -> None:
    state = begun(story)
    with story.another() as one, story.another() as other:
        with one.connection.transaction():
            one.take_slack_install(state_hash=state, web_session=BROWSER)
            waiting = background.start(other.take_slack_install, state_hash=state, web_session=BROWSER)
            background.until_waiting(other, waiting)
        refusal = background.failure(waiting)

    assert isinstance(refusal, psycopg.Error)
    assert refusal.diag.constraint_name == "slack_install_unknown"
