"""polaris.get_delivery: what became of a piece of advice."""

import uuid

from story import Story, refused


def test_anybody_who_sees_the_project_sees_it(story: Story) -> None:
    advice = story.advise(story.session("fxm"))
    seen = story.get_delivery(actor="agent:bot", project="pj", delivery=advice.delivery_id)

    assert seen == advice[1:]


def test_one_that_is_not_there(story: Story, tell) -> None:
    advice = story.advise(story.session("fxm"))
    story.project("other")
    foreign = tell()
    foreign.project("pj")
    for call, project, delivery in [
        (story, "pj", uuid.uuid4()),
        (story, "pj", None),
        (story, "other", advice.delivery_id),
        (foreign, "pj", advice.delivery_id),
    ]:
        with refused(404, "no_such_delivery"):
            call.get_delivery(actor=None, project=project, delivery=delivery)
    with refused(404, "no_such_project"):
        story.get_delivery(actor=None, project="nope", delivery=advice.delivery_id)
