"""polaris.get_audit_head: what to note down elsewhere, so that a cut tail is found."""

from people import signed_in
from story import Story, refused


def test_it_is_the_number_and_hash_of_the_last_row(story: Story) -> None:
    (first,) = story.list_audit(actor=None)
    assert story.get_audit_head(actor=story.me) == (1, first.hash)

    story.member("krishna")
    assert story.get_audit_head(actor=story.me) == (2, story.list_audit(actor=None)[-1].hash)


def test_an_empty_log_has_nothing_and_zeros(story: Story) -> None:
    assert story.get_audit_head(org=-1, actor=None) == (0, "0" * 64)


def test_only_administrators_ask(story: Story) -> None:
    story.member("krishna")
    for actor in ("user:krishna", "user:nobody", "agent:bot"):
        with refused(403, "admin_only"):
            story.get_audit_head(actor=actor)


def test_the_installations_own_is_for_who_has_the_database(story: Story) -> None:
    signed_in(story)
    with refused(403, "admin_only"):
        story.get_audit_head(org=0, actor=story.me)

    assert story.get_audit_head(org=0, actor=None).last_id > 0
