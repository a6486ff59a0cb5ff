"""polaris.find_commit: which session made a commit, and under which prompt; and how commits get into the record."""

from typing import Any

import pytest
from story import Place, Story, event, refused

BASE, MADE, OTHER = "a" * 40, "b1c2d3e" + "4" * 33, "c" * 40


def facts(commit: str | None, branch: str = "main") -> dict[str, Any]:
    return {"repository": "github.com/acme/shop", "branch": branch} | ({"commit": commit} if commit else {})


def ran(command: str, output: str, commit: str | None, **more: Any) -> list[dict[str, Any]]:
    """A call of the shell and its answer; *commit* is HEAD behind it."""
    payload = {"tool_name": "Bash", "tool_input": {"command": command}}
    name = f"{command[:40]}{output[:40]}"
    return [
        event(f"call {name}", kind="tool.call", body=f"Bash: {command}", payload=payload, facts=facts(BASE), **more),
        event(
            f"result {name}",
            kind="tool.result",
            body=output,
            payload=payload,
            facts=facts(commit) if commit else None,
            **more,
        ),
    ]


def worked(story: Story, *results: list[dict[str, Any]], name: str = "fxm", project: str = "pj") -> Place:
    """A session with a prompt on BASE, and what was run."""
    place = story.session(name, driver=story.me, project=project)
    story.push(place, event("p1", body="Fix the login", turn="t1", facts=facts(BASE)))
    for result in results:
        story.push(place, *result, turn="t1")
    index(story, project)
    return place


def index(story: Story, project: str = "pj") -> None:
    while story.index_events(project_id=story.project_id(project)):
        pass


def found(story: Story, commit: str, **more: Any) -> list[Any]:
    rows: list[Any] = story.find_commit(**{"actor": story.me, "commit": commit, **more})
    return rows


def test_a_commit_that_git_printed_leads_to_its_session_and_its_prompt(story: Story) -> None:
    worked(story, ran("git commit -am 'Fix it'", "[main b1c2d3e] Fix it\n 1 file changed", MADE))

    (row,) = found(story, MADE)
    events = {e.client_id: e for e in story.events()}

    assert (row.commit, row.made, row.project, row.session, row.actor) == (MADE, True, "pj", "fxm", story.me)
    assert (row.repository, row.branch, row.subject) == ("github.com/acme/shop", "main", "Fix it")
    assert (row.turn, row.prompt_seq, row.prompt) == ("t1", events["p1"].seq, "Fix the login")
    assert row.seq == max(events.values(), key=lambda e: e.seq).seq


@pytest.mark.parametrize(
    "line",
    [
        "[main (root-commit) b1c2d3e] Fix it",
        "[detached HEAD b1c2d3e] Fix it",
        "[feature/login b1c2d3e4] Fix it",
        "Output: [main b1c2d3e] Fix it",
        "ok\n[main b1c2d3e] Fix it",
    ],
)
def test_every_form_of_gits_line_is_known(story: Story, line: str) -> None:
    worked(story, ran("git commit -m x", line, MADE))

    assert [(row.made, row.subject) for row in found(story, MADE)] == [(True, "Fix it")]


def test_a_script_that_commits_is_believed_where_head_says_so(story: Story) -> None:
    worked(story, ran("make release", "[main b1c2d3e] Release", MADE))

    assert found(story, MADE)[0].made


def test_a_text_that_only_looks_like_gits_line_proves_nothing(story: Story) -> None:
    worked(story, ran("cat notes.txt", "[main b1c2d3e] Fix it", BASE))

    with refused(404, "no_such_commit"):
        found(story, MADE)


def test_a_commit_that_is_not_head_any_more_keeps_its_short_name_and_is_found_by_the_full_one(story: Story) -> None:
    worked(story, ran("git commit -m x && git commit -m y", "[main b1c2d3e] x\n[main ccccccc] y", OTHER))

    assert [(row.commit, row.made, row.subject) for row in found(story, MADE)] == [("b1c2d3e", True, "x")]
    assert [(row.commit, row.made, row.subject) for row in found(story, OTHER[:9])] == [(OTHER, True, "y")]


def test_a_quiet_commit_is_known_by_what_head_was_before_it(story: Story) -> None:
    worked(story, ran("git add -A; git commit -qm x", "", MADE))

    assert [(row.commit, row.made, row.subject) for row in found(story, "b1c2")] == [(MADE, True, None)]


@pytest.mark.parametrize(
    ("command", "head"), [("git commit -qm x", BASE), ("git checkout -q other", MADE), ("git pull -q", MADE)]
)
def test_a_head_that_did_not_move_or_moved_otherwise_is_only_met(story: Story, command: str, head: str) -> None:
    worked(story, ran(command, "", head))

    assert [row.made for row in found(story, head)] == [False]


def test_a_trailer_of_the_session_itself_proves_that_it_made_the_commit(story: Story) -> None:
    shown = f"commit {MADE}\nAuthor: P\n\n    Fix it\n\n    Polaris-Session: pj/fxm\n\ncommit {OTHER}\n\n    y\n"
    foreign = f"commit {OTHER}\nAuthor: P\n\n    Else\n\n    Polaris-Session: pj/fxk\n"
    worked(story, ran("git log -2", shown, MADE), ran("git log -1", foreign, MADE))

    assert [(row.made, row.subject) for row in found(story, MADE)] == [(True, "Fix it")]
    with refused(404, "no_such_commit"):
        found(story, OTHER)


def test_who_made_it_stands_before_who_only_had_it_checked_out(story: Story) -> None:
    worked(story, ran("git status", "", MADE), name="late")
    worked(story, ran("git commit -m x", "[main b1c2d3e] x", MADE))
    worked(story, ran("git status", "", MADE), name="later")

    assert [(row.session, row.made) for row in found(story, MADE)] == [
        ("fxm", True),
        ("later", False),
        ("late", False),
    ]


def test_the_prompt_is_that_of_the_turn_whatever_came_between(story: Story) -> None:
    fxm = story.session("fxm", driver=story.me)
    story.push(fxm, event("p1", body="First", turn="t1"), event("p2", body="Second", turn="t2"))
    story.push(fxm, *ran("git commit -m x", "[main b1c2d3e] x", MADE, turn="t1"))
    index(story)

    assert [row.prompt for row in found(story, MADE)] == ["First"]


def test_the_pass_can_be_made_again_and_in_any_order(story: Story) -> None:
    worked(story, ran("git commit -m x", "[main b1c2d3e] x", MADE), ran("git status", "", MADE))
    before = found(story, MADE)
    for seqs in ([1, 2, 3, 4, 5, 6, 7, 8], [5], [4, 7], [8]):
        story.rows("select polaris_data.write_index(%s, %s, %s::bigint[])", story.org, story.project_id(), seqs)

        assert found(story, MADE) == before


def test_a_project_that_one_may_not_see_made_no_commits(story: Story) -> None:
    outsider = story.member("priya")
    worked(story, ran("git commit -m x", "[main b1c2d3e] x", MADE))
    story.set_visibility(actor=story.me, project="pj", visibility="private")

    assert found(story, MADE)
    with refused(404, "no_such_commit"):
        found(story, MADE, actor=outsider)


def test_another_organization_finds_nothing(story: Story, tell: Any) -> None:
    worked(story, ran("git commit -m x", "[main b1c2d3e] x", MADE))

    with refused(404, "no_such_commit"):
        found(tell(), MADE)


@pytest.mark.parametrize("name", ["", "abc", "HEAD", "b1c2%", "a" * 65, None])
def test_what_is_no_name_of_a_commit_is_refused(story: Story, name: str | None) -> None:
    with refused(422, "commit_is_hex"):
        found(story, name)  # type: ignore[arg-type]


def test_capital_letters_are_the_same_digits(story: Story) -> None:
    worked(story, ran("git commit -m x", "[main b1c2d3e] x", MADE))

    assert found(story, MADE.upper())


@pytest.mark.parametrize("told", [{"commit": 7}, {"commit": ["x"]}, {"branch": {}}, {"commit": "HEAD; drop"}])
def test_facts_of_a_wrong_shape_are_in_nobodys_way(story: Story, told: dict[str, Any]) -> None:
    fxm = story.session("fxm", driver=story.me)
    story.push(fxm, event("p1", facts=told), event("p2", facts=facts(MADE)))
    index(story)

    assert found(story, MADE)
