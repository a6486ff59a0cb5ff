"""polaris_data.index_files, files_of and path_below: which files tool calls name, whatever agent made them."""

import json
from pathlib import Path
from typing import Any

import pytest
from story import Story, event

FIXTURES = Path(__file__).parents[1] / "fixtures"


def named(story: Story, *payloads: Any) -> list[tuple[str, str, bool]]:
    """Path, name and whether it was written, of tool calls with these payloads."""
    fxm = story.session("fxm", driver=story.me)
    story.push(fxm, *(event(f"c{n}", kind="tool.call", payload=payload) for n, payload in enumerate(payloads)))
    while story.index_events(project_id=story.project_id()):
        pass
    rows = story.rows(
        "select path, name, written from polaris_data.touched_files where org_id = %s order by seq, path", story.org
    )
    return [(str(path), str(name), bool(written)) for path, name, written in rows]


def recorded(name: str) -> Any:
    return json.loads((FIXTURES / name).read_text())


@pytest.mark.parametrize(
    ("payload", "file"),
    [
        (recorded("claude-code/PreToolUse.Edit.json"), ("/home/dev/project/a.txt", "a.txt", True)),
        (recorded("gemini-cli/BeforeTool.write_file.json"), ("/home/dev/project/a.txt", "a.txt", True)),
        (
            {"tool_name": "NotebookEdit", "tool_input": {"notebook_path": "/w/n.ipynb"}},
            ("/w/n.ipynb", "n.ipynb", True),
        ),
        ({"tool_name": "Read", "tool_input": {"file_path": "/w/a.py"}}, ("/w/a.py", "a.py", False)),
        ({"tool_name": "read_file", "tool_input": {"absolute_path": "/w/a.py"}}, ("/w/a.py", "a.py", False)),
        (
            {"hook": "tool.execute.before", "input": {"tool": "edit"}, "output": {"args": {"filePath": "/w/a.py"}}},
            ("/w/a.py", "a.py", True),
        ),
        (
            {
                "hook": "event",
                "input": {
                    "event": {"properties": {"part": {"tool": "write", "state": {"input": {"filePath": "/w/b.py"}}}}}
                },
            },
            ("/w/b.py", "b.py", True),
        ),
        (
            {"agent_action_name": "pre_write_code", "tool_info": {"file_path": "C:\\w\\a.py"}},
            ("C:/w/a.py", "a.py", True),
        ),
        ({"agent_action_name": "pre_read_code", "tool_info": {"file_path": "/w/a.py"}}, ("/w/a.py", "a.py", False)),
        (
            {"tool_calls": [{"tool_name": "Write", "tool_input": {"file_path": "/w/a.py"}}]},
            ("/w/a.py", "a.py", True),
        ),
        (
            {"tool_name": "mcp__files__write_file", "tool_input": {"path": "/w/a.py"}},
            ("/w/a.py", "a.py", True),
        ),
        (
            {"cwd": "/w/app", "tool_name": "Edit", "tool_input": {"file_path": "./src/../lib/a.py"}},
            ("/w/app/lib/a.py", "a.py", True),
        ),
    ],
)
def test_every_agents_way_to_name_a_file_is_known(story: Story, payload: Any, file: tuple[str, str, bool]) -> None:
    assert named(story, payload) == [file]


PATCH = (
    "*** Begin Patch\n*** Update File: src/a.py\n@@\n-x\n+*** Delete File: not-this.py\n*** Add File: /w/b.py\n+y\n"
    "*** Update File: old.py\n*** Move to: new.py\n*** Delete File: gone.py\n*** End Patch\n"
)
PATCHED = [
    (f"/w/{name}", name.rpartition("/")[2], True) for name in ("b.py", "gone.py", "new.py", "old.py", "src/a.py")
]


@pytest.mark.parametrize(
    "given",
    [
        {"command": PATCH},
        {"input": PATCH},
        {"patchText": PATCH},
        PATCH,
        {"command": ["apply_patch", PATCH]},
    ],
)
def test_a_patch_names_its_files_in_lines_of_its_own(story: Story, given: Any) -> None:
    assert named(story, {"cwd": "/w", "tool_name": "apply_patch", "tool_input": given}) == PATCHED


def test_a_shell_that_applies_a_patch_names_its_files_and_one_that_prints_it_none(story: Story) -> None:
    shell = f"apply_patch <<'EOF'\n{PATCH}EOF"

    assert named(story, {"cwd": "/w", "tool_name": "Bash", "tool_input": {"command": shell}}) == PATCHED
    assert named(story, {"cwd": "/w", "tool_name": "Bash", "tool_input": {"command": f"echo '{PATCH}'"}}) == PATCHED


def test_searches_and_shells_name_no_files(story: Story) -> None:
    assert (
        named(
            story,
            {"tool_name": "Glob", "tool_input": {"path": "/w", "pattern": "*.py"}},
            {"tool_name": "Grep", "tool_input": {"path": "/w/a.py", "pattern": "x"}},
            {"tool_name": "Bash", "tool_input": {"command": "cat /w/a.py"}},
            {"tool_name": "Task", "tool_input": {"path": "/w/a.py"}},
        )
        == []
    )


@pytest.mark.parametrize(
    "payload",
    [
        None,
        1,
        "text",
        [],
        {},
        {"tool_input": None},
        {"tool_input": []},
        {"tool_name": "Edit", "tool_input": {"file_path": ""}},
        {"tool_name": "Edit", "tool_input": {"file_path": "x" * 3000}},
        {"tool_name": "Edit", "tool_input": {"command": [1, [2]]}},
        {"tool_calls": 3},
        {"input": {"event": []}},
    ],
)
def test_a_payload_that_names_no_file_gives_none(story: Story, payload: Any) -> None:
    assert story.rows("select * from polaris_data.files_of(%s::jsonb)", json.dumps(payload)) == []


def test_a_path_that_is_no_text_stands_in_nobodys_way(story: Story) -> None:
    good = {"tool_name": "Edit", "tool_input": {"file_path": "/w/a.py"}}

    assert ("/w/a.py", "a.py", True) in named(
        story, {"tool_name": ["Edit"], "tool_input": {"file_path": {"a": 1}}}, good
    )


def test_a_tool_without_a_name_is_no_reason_to_fail(story: Story) -> None:
    assert named(story, {"tool_input": {"file_path": "/w/a.py"}}) == [("/w/a.py", "a.py", False)]


def test_the_pass_can_be_made_again_and_what_was_erased_is_gone(story: Story) -> None:
    edit = {"tool_name": "Edit", "tool_input": {"file_path": "/w/a.py"}}
    before = named(story, edit, edit)
    again = "select polaris_data.write_index(%s, %s, array(select generate_series(1, 9))::bigint[])"
    story.rows(again, story.org, story.project_id())

    assert len(before) == 2 and named(story) == before

    with story.connect.owner() as owner, owner.transaction(force_rollback=True):
        owner.execute("alter table polaris_data.events disable trigger user")
        owner.execute(
            "update polaris_data.events set erased_at = now(), payload = null where org_id = %s and client_id = 'c0'",
            [story.org],
        )
        owner.execute(again.encode(), [story.org, story.project_id()])
        left = owner.execute("select count(*) from polaris_data.touched_files where org_id = %s", [story.org])
        assert left.fetchone() == (1,)
