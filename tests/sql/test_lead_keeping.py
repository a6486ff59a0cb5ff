"""polaris.lead_keeping: one connection of the whole installation prunes and erases."""

from story import Story

KEY = int.from_bytes(b"keeping", "big")


def test_one_leads_until_its_connection_ends(story: Story) -> None:
    with story.another() as other:
        with story.another() as one:
            assert one.lead_keeping() is True
            assert one.lead_keeping() is True
            assert other.lead_keeping() is False
        story.rows("select 1")
        for _ in range(1000):  # its backend ends in a moment
            if other.lead_keeping():
                break
        assert other.lead_keeping() is True


def test_a_direct_client_that_squats_the_lock_is_passed_over(story: Story) -> None:
    with story.client("agent:squatter") as client, story.another() as one:
        client.connection.execute("select pg_advisory_lock(%s)", [KEY])
        assert one.lead_keeping() is True
