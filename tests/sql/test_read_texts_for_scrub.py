"""polaris.read_texts_for_scrub: the texts of a project that stand beside the record."""

from slack_talk import Talk
from story import Story, refused


def test_it_answers_advice_why_it_was_declined_and_posts(story: Story) -> None:
    talk = Talk(story)
    said = story.advise(talk.fxm, "use RS256")
    story.settle(said, "declined", talk.fxm, reason="not now")
    post = talk.one(text="a post")
    rows = story.read_texts_for_scrub(actor=story.me, project="pj")

    assert [(row.place, row.key, row.words) for row in rows] == [
        ("advice", str(said.delivery_id), "use RS256"),
        ("post", str(post.post_id), "a post"),
        ("reason", str(said.delivery_id), "not now"),
    ]
    assert {len(row.hash) for row in rows} == {32}


def test_pages_follow_each_other(story: Story) -> None:
    fxm = story.session("fxm", driver=story.me)
    for n in range(7):
        story.advise(fxm, f"advice {n}")
    found, place, key = [], "", ""
    while page := story.read_texts_for_scrub(actor=story.me, project="pj", after_place=place, after_key=key, limit=3):
        found += [row.words for row in page]
        place, key = page[-1].place, page[-1].key

    assert sorted(found) == [f"advice {n}" for n in range(7)]


def test_administrators_only(story: Story) -> None:
    story.project("pj")
    with refused(403, "admin_only"):
        story.read_texts_for_scrub(actor=story.member("krishna"), project="pj")
