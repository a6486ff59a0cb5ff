"""polaris_data.publish and publish_control: numbers only, and nowhere else."""

from typing import Any

from story import Story


def test_a_project_has_a_channel_of_its_own(story: Story, inner: Any) -> None:
    number = 2**62
    with story.listening(f"polaris_project_{number}") as heard:
        inner("publish", number, 7, 9)
        inner("publish", number - 1, 1, 1)

        assert heard() == [(f"polaris_project_{number}", '{"f":7,"l":9}')]


def test_everybody_hears_the_control_channel(story: Story, inner: Any) -> None:
    with story.listening("polaris_control") as heard:
        inner("publish_control", 7, "policy", None)

        assert heard() == [("polaris_control", '{"org":7,"kind":"policy","id":0}')]


def test_no_word_of_anybody_is_ever_notified(story: Story) -> None:
    story.project("pj")
    with story.listening(f"polaris_project_{story.project_id()}", "polaris_control") as heard:
        fxm = story.session("fxm", driver=story.me)
        story.push(fxm, {"client_id": "a", "body": "secret"})
        story.settle(story.advise(fxm, "secret"), "sent", fxm)
        story.say(actor=story.me, project="pj", body="secret")
        story.archive_project(actor=story.me, project="pj")
        notes = heard()

    assert len(notes) >= 7
    assert not [payload for _, payload in notes if "secret" in payload or len(payload) > 60]
