"""polaris.list_checkouts: where the work of each session stands in git."""

from story import Story, event
from test_find_commit import MADE, OTHER, facts, index, ran, worked


def test_a_checkout_is_what_the_newest_event_said(story: Story) -> None:
    fxm = worked(story, ran("git switch -c fix", "", MADE))
    story.push(fxm, event("p2", body="no word of git"), event("p3", facts=facts(OTHER, "fix")))
    story.session("fxk", driver=story.me)
    index(story)
    seq = max(e.seq for e in story.events() if e.client_id == "p3")

    assert [tuple(row) for row in story.list_checkouts(actor=story.me, project="pj")] == [
        ("fxm", "github.com/acme/shop", "fix", OTHER, seq)
    ]


def test_the_newest_event_of_a_session_counts_whatever_order_the_pass_takes(story: Story) -> None:
    worked(story, ran("git commit -m x", "[main b1c2d3e] x", MADE))
    for seqs in ([3, 4], [5], [3]):
        story.rows("select polaris_data.write_index(%s, %s, %s::bigint[])", story.org, story.project_id(), seqs)

    assert [row.commit for row in story.list_checkouts(actor=story.me, project="pj")] == [MADE]


def test_an_older_event_that_is_looked_at_again_does_not_turn_a_checkout_back(story: Story) -> None:
    worked(story, ran("git commit -m x", "[main b1c2d3e] x", MADE))
    story.rows("select polaris_data.write_index(%s, %s, '{3}')", story.org, story.project_id())

    assert [row.commit for row in story.list_checkouts(actor=story.me, project="pj")] == [MADE]


def test_a_branch_without_a_commit_is_shown_too(story: Story) -> None:
    fxm = story.session("fxm", driver=story.me)
    story.push(fxm, event("p1", facts=facts(None)))
    index(story)

    assert [(row.branch, row.commit) for row in story.list_checkouts(actor=story.me, project="pj")] == [("main", None)]
