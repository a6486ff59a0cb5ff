"""What `polaris mcp` shows of its tools: the same in the models, in the door's file, and in docs/mcp.md."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from polaris.channel import greeting
from polaris.channel.door import TOOLS_FILE
from polaris.channel.tools import TOOLS

PAGE = (Path(__file__).parents[2] / "docs" / "mcp.md").read_text(encoding="utf-8")


def kind(schema: dict[str, Any], definitions: dict[str, Any]) -> str:
    """A field's type as the page tells it."""
    if "anyOf" in schema:
        return ", ".join(kind(one, definitions) for one in schema["anyOf"] if one != {"type": "null"})
    if "$ref" in schema:
        return "object"
    if "enum" in schema:
        return " or ".join(f"`{value}`" for value in schema["enum"])
    if schema["type"] == "array":
        return "list"
    least, most = schema.get("minimum"), schema.get("maximum")
    if most is not None:
        return f"{least}–{most:,}"
    if schema["type"] == "string" and "maxLength" in schema:
        return f"text, at most {schema['maxLength']:,}"
    return {"string": "text", "integer": "number", "boolean": "yes or no"}[schema["type"]]


def rows(schema: dict[str, Any], *, given: bool) -> list[str]:
    found = []
    for name, field in schema.get("properties", {}).items():
        if name == "advice":  # on every answer, told once
            continue
        default = field.get("default")
        needed = name in schema.get("required", ())
        says = "needed" if needed else (f"`{default}`" if default is not None else "")
        what = kind(field, schema.get("$defs", {}))
        told = field.get("description", "")
        found.append(f"| `{name}` | {what} | {says} | {told} |" if given else f"| `{name}` | {what} | {told} |")
    return found


@pytest.mark.parametrize("name", TOOLS)
def test_the_page_tells_every_field_as_clients_are_shown_it(name: str) -> None:
    section = PAGE.split(f"\n### `{name}`\n")[1].split("\n### ")[0].split("\n## ")[0]
    spec = TOOLS[name]
    expected = rows(spec.input_schema(), given=True) + rows(spec.output_schema(), given=False)
    shown = [line for line in section.splitlines() if line.startswith("| `")]

    assert shown == expected, "\n".join(expected)


def test_the_page_has_these_tools_and_no_others() -> None:
    assert [line[5:-1] for line in PAGE.splitlines() if line.startswith("### `")] == list(TOOLS)


def test_the_file_that_the_door_reads_is_what_the_server_would_list() -> None:
    """`polaris.channel.server.listing` writes it."""
    from polaris.channel.server import listing

    assert json.loads(TOOLS_FILE.read_text(encoding="utf-8")) == listing()


def test_what_is_advertised_is_what_is_applied() -> None:
    for tool in json.loads(TOOLS_FILE.read_text(encoding="utf-8")):
        spec = TOOLS[tool["name"]]
        assert tool["inputSchema"] == spec.takes.model_json_schema()
        assert tool["inputSchema"]["additionalProperties"] is False
        assert tool["annotations"]["readOnlyHint"] is not spec.changes


def test_nobody_outside_answers_permission_prompts() -> None:
    assert list(greeting.CAPABILITIES["experimental"]) == ["claude/channel"]
