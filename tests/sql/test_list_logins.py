"""polaris.list_logins: the Postgres logins of an organization."""

from story import Story


def test_it_lists_the_organizations_own_by_name_revoked_ones_too(story: Story, tell) -> None:
    tell().register_login(actor="agent:bot", login=f"{story.slug}-foreign")
    for name in ("b", "a"):
        story.register_login(actor="agent:bot", login=f"{story.slug}-{name}")
    story.revoke_login(login=f"{story.slug}-b")
    listed = [(row.login, row.actor, row.revoked_at is None) for row in story.list_logins()]

    assert listed == [(f"{story.slug}-a", "agent:bot", True), (f"{story.slug}-b", "agent:bot", False)]
