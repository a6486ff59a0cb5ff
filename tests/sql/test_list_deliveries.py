"""polaris.list_deliveries: the newest deliveries, oldest first."""

import pytest
from story import Story, refused


def test_of_a_project_and_of_one_session(story: Story) -> None:
    fxm, fxk = story.session("fxm"), story.session("fxk")
    for place, body in [(fxm, "1"), (fxk, "2"), (fxm, "3")]:
        story.advise(place, body)

    def bodies(**more: object) -> list[str]:
        return [d.body for d in story.list_deliveries(actor=None, project="pj", **more)]

    assert bodies() == ["1", "2", "3"]
    assert bodies(limit=2) == ["2", "3"]
    assert bodies(session="fxm") == ["1", "3"]
    assert bodies(session="fxm", limit=1) == ["3"]


@pytest.mark.parametrize("limit", [0, 1001, None])
def test_a_page_has_1_to_1000(story: Story, limit: int | None) -> None:
    story.project("pj")
    with refused(422, "limit_is_sane"):
        story.list_deliveries(actor=None, project="pj", limit=limit)


def test_one_that_is_not_there(story: Story, tell) -> None:
    other = tell()
    other.advise(other.session("fxm", project="theirs"))
    story.project("pj")
    with refused(404, "no_such_project"):
        story.list_deliveries(actor=None, project="theirs")
    with refused(404, "no_such_session"):
        story.list_deliveries(actor=None, project="pj", session="fxm")
