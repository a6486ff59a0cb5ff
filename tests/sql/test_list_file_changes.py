"""polaris.list_file_changes: which session and which prompt changed a file."""

from typing import Any

import pytest
from story import Place, Story, event, refused
from test_find_commit import BASE, facts, index

NUMBERS = iter(range(1, 100_000))


def call(path: str, tool: str = "Edit", turn: str = "t1") -> dict[str, Any]:
    payload = {"tool_name": tool, "tool_input": {"file_path": path}}
    name = f"c{next(NUMBERS)}"
    return event(name, kind="tool.call", body=f"{tool}: {path}", payload=payload, turn=turn, facts=facts(BASE))


def worked(story: Story, *calls: dict[str, Any], name: str = "fxm", project: str = "pj") -> Place:
    place = story.session(name, driver=story.me, project=project)
    story.push(place, event("p1", body=f"Mend {name}", turn="t1"), *calls)
    index(story, project)
    return place


def changes(story: Story, path: str | None, **more: Any) -> list[Any]:
    rows: list[Any] = story.list_file_changes(**{"actor": story.me, "project": "pj", "path": path, **more})
    return rows


def test_a_change_leads_to_its_session_and_its_prompt(story: Story) -> None:
    worked(story, call("/home/priya/shop/src/auth.py"))
    (row,) = changes(story, "src/auth.py")

    assert (row.path, row.written, row.project, row.session) == ("/home/priya/shop/src/auth.py", True, "pj", "fxm")
    assert (row.prompt, row.actor, row.call) == ("Mend fxm", story.me, "Edit: /home/priya/shop/src/auth.py")
    assert (row.repository, row.branch, row.commit) == ("github.com/acme/shop", "main", BASE)
    assert row.prompt_seq == next(e.seq for e in story.events() if e.kind == "prompt")


@pytest.mark.parametrize(
    ("path", "hits"),
    [
        ("auth.py", 2),
        ("./src/auth.py", 1),
        ("/shop/src/auth.py", 1),
        ("/src/auth.py", 0),
        ("rc/auth.py", 0),
        ("uth.py", 0),
        ("auth_py", 0),
        ("%", 0),
    ],
)
def test_a_file_is_found_by_the_end_of_its_path(story: Story, path: str, hits: int) -> None:
    worked(story, call("/shop/src/auth.py"), call("/shop/lib/auth.py"), call("/shop/src/other.py"))

    assert len(changes(story, path)) == hits


def test_reads_are_told_only_on_demand(story: Story) -> None:
    worked(story, call("/shop/a.py", "Read"))

    assert changes(story, "a.py") == []
    assert [row.written for row in changes(story, "a.py", reads=True)] == [False]


def test_the_newest_comes_first_and_pages_go_back(story: Story) -> None:
    worked(story, *(call("/shop/a.py") for _ in range(3)))
    rows = changes(story, "a.py", limit=2)

    assert [row.seq for row in rows] == sorted((row.seq for row in rows), reverse=True)
    assert len(changes(story, "a.py", limit=2, before=rows[-1].seq)) == 1


def test_without_a_project_all_are_looked_at_that_the_caller_may_see(story: Story) -> None:
    outsider = story.member("priya")
    worked(story, call("/shop/a.py"))
    worked(story, call("/shop/a.py"), name="own", project="secret")
    story.set_visibility(actor=story.me, project="secret", visibility="private")

    assert [row.project for row in changes(story, "a.py", project=None)] == ["secret", "pj"]
    assert [row.project for row in changes(story, "a.py", project=None, actor=outsider)] == ["pj"]


@pytest.mark.parametrize("path", ["", None, "src/", "/"])
def test_a_folder_or_nothing_is_refused(story: Story, path: str | None) -> None:
    story.project()

    with refused(422, "path_is_missing"):
        changes(story, path)


@pytest.mark.parametrize("limit", [0, 1001, None])
def test_a_page_has_a_sane_size(story: Story, limit: int | None) -> None:
    story.project()

    with refused(422, "limit_is_sane"):
        changes(story, "a.py", limit=limit)
