"""polaris.get_me: who the caller is."""

from story import Story, refused


def test_a_direct_client_is_told_what_a_token_would_be(story: Story) -> None:
    with story.client("user:manu") as manu:
        me = manu.get_me()
    [(slug, key)] = story.rows("select slug, redaction_key from polaris_data.orgs where org_id = %s", story.org)

    assert (me.org_id, me.org, me.actor, me.role, me.redaction_key) == (story.org, slug, "user:manu", "admin", key)


def test_an_agents_login_is_the_agent(story: Story) -> None:
    with story.client("agent:bot") as bot:
        me = bot.get_me()

    assert (me.actor, me.role) == ("agent:bot", "agent")


def test_nobody_asks_as_somebody_else(story: Story) -> None:
    with story.client("agent:bot") as bot, refused(403, "actor_is_not_yours"):
        bot.get_me(actor="user:manu")
