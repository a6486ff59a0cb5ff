"""polaris.resume_web_session: whose browser this is."""

from datetime import timedelta

import pytest
from people import secret, shift, signed_in
from story import Story, refused


def test_a_cookie_that_nobody_gave_out_is_unknown(story: Story) -> None:
    for cookie in (secret(), b"", None):
        with refused(401, "web_session_unknown"):
            story.resume_web_session(hash=cookie)


@pytest.mark.parametrize(
    "ago",
    [
        {"seen_at": -timedelta(hours=12)},
        {"seen_at": -timedelta(days=3)},
        {"created_at": -timedelta(days=7)},
        {"created_at": -timedelta(days=7), "seen_at": timedelta(minutes=1)},
    ],
)
def test_it_ends_twelve_hours_after_its_last_use_and_seven_days_after_its_begin(
    story: Story, ago: dict[str, timedelta]
) -> None:
    cookie = secret()
    session = signed_in(story, hash=cookie)
    shift(story, "web_sessions", "web_session_id", session.web_session_id, **ago)
    with refused(401, "web_session_expired"):
        story.resume_web_session(hash=cookie)


def test_each_use_moves_its_end(story: Story) -> None:
    cookie = secret()
    session = signed_in(story, hash=cookie)
    hours = -timedelta(hours=11, minutes=59)
    shift(story, "web_sessions", "web_session_id", session.web_session_id, created_at=hours, seen_at=hours)
    resumed = story.resume_web_session(hash=cookie)

    assert resumed.web_session_id == session.web_session_id
    assert resumed.expires_at >= session.expires_at


def test_but_never_beyond_seven_days(story: Story) -> None:
    cookie = secret()
    session = signed_in(story, hash=cookie)
    days = -timedelta(days=6, hours=23)
    shift(
        story,
        "web_sessions",
        "web_session_id",
        session.web_session_id,
        created_at=days,
        seen_at=-timedelta(hours=1),
    )
    resumed = story.resume_web_session(hash=cookie)

    assert resumed.expires_at == resumed.created_at + timedelta(days=7)


def test_last_use_is_written_once_a_minute_at_most(story: Story) -> None:
    cookie = secret()
    session = signed_in(story, hash=cookie)

    def seen() -> object:
        query = "select seen_at from polaris_data.web_sessions where web_session_id = %s"
        return story.rows(query, session.web_session_id)[0][0]

    first = seen()
    story.resume_web_session(hash=cookie)
    assert seen() == first

    shift(story, "web_sessions", "web_session_id", session.web_session_id, seen_at=-timedelta(minutes=2))
    story.resume_web_session(hash=cookie)
    assert seen() >= first


def test_it_shows_what_the_issuer_says_by_now(story: Story) -> None:
    cookie = secret()
    signed_in(story, "old@acme.example", subject=story.slug, hash=cookie)
    signed_in(story, "new@acme.example", subject=story.slug)

    assert story.resume_web_session(hash=cookie).email == "new@acme.example"
