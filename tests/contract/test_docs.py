"""Whatever a user can meet is named in the documentation, and whatever the documentation names exists.

Files are read and modules imported; no database, no network, no process.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import polaris
from polaris import model
from polaris.errors import Exit
from polaris.http.api import OPERATIONS

HERE = Path(__file__).parents[2]
PAGES = [HERE / name for name in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md")] + sorted(
    (HERE / "docs").glob("*.md")
)
CODE = ("polaris", "daemon", "bridge")
OUTSIDE = ("/openapi.json",)  # served beside the table of operations: it describes the table

CODE_NAME = re.compile(r"[a-z][a-z0-9_]{2,62}")
# How SQL says why: fail(409, 'org_exists', …), then 'no_such_project', constraint name_is_a_slug check (…).
SQL_FAILURES = re.compile(r"polaris_data\.fail\s*\(\s*(\d{3}),\s*'(\w+)'")
SQL_CODES = re.compile(
    r"\bthen\s+'(no_such_\w+|not_driver|unknown_kind|client_id_\w+|event_too_large|facts_not_valid)'"
)
# Keys say nothing to a caller; the name of every other constraint is an answer.
SQL_CONSTRAINTS = re.compile(r"\b(?:constraint|unique index)\s+(?!\w+_pkey\b|\w+_fkey\b)(\w+)\s+(?:unique|check|on)\b")
SETTING = re.compile(r"\bPOLARIS_[A-Z][A-Z0-9_]*\b")
SPANS = re.compile(r"```.*?```|`[^`\n]+`", re.DOTALL)
LINKS = re.compile(r"\]\(([^)\s]+)\)")
PATHS = re.compile(r"(?<![\w/.~$-])((?:polaris|daemon|bridge|sql|hooks|tests|docs|bench|skills)/[\w./-]*\w)(?![\w*…])")
WORKING = re.compile(r"(?m)(?:^\$ |`|\|)\s*(?:\S+=\S+ )*polaris ((?:[a-z][\w-]*)(?: [a-z][\w-]*)*)")


@cache
def page(name: str) -> str:
    return (HERE / name).read_text(encoding="utf-8")


@cache
def everything() -> str:
    return "\n".join(one.read_text(encoding="utf-8") for one in PAGES)


@cache
def trees() -> dict[Path, ast.Module]:
    files = [file for folder in CODE for file in sorted((HERE / folder).rglob("*.py"))]
    return {file: ast.parse(file.read_text(encoding="utf-8")) for file in files}


@cache
def sql() -> dict[str, str]:
    """The SQL files without their comments, by path below ``sql``."""
    files = sorted((HERE / "sql").rglob("*.sql"))
    return {
        str(file.relative_to(HERE / "sql")): re.sub(r"(?m)--.*$", "", file.read_text(encoding="utf-8"))
        for file in files
    }


def failures_in_sql() -> dict[str, set[int]]:
    """The codes of ``fail`` and the statuses that they come with."""
    found: dict[str, set[int]] = {}
    for text in sql().values():
        for status, code in SQL_FAILURES.findall(text):
            found.setdefault(code, set()).add(int(status))
    return found


def codes_in_sql() -> set[str]:
    text = "\n".join(sql().values())
    return set(failures_in_sql()) | set(SQL_CODES.findall(text)) | set(SQL_CONSTRAINTS.findall(text))


def codes_in_python() -> set[str]:
    """Every literal that becomes a code, however it is written."""
    found = {code for tree in trees().values() for node in ast.walk(tree) for code in _codes(node)}
    # Two modules make the code out of a name.
    found |= {f"{name}_not_valid" for name in re.findall(r"_text\(asked, \"(\w+)\"", page("daemon/connect.py"))}
    found |= {f"{name}_does_not_start" for name in re.findall(r"Part\(\s*\"(\w+)\"", page("polaris/up.py"))}
    return {code for code in found if CODE_NAME.fullmatch(code)}


def _codes(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.keyword) and node.arg == "code":
        yield from _texts(node.value)
    elif isinstance(node, ast.Call) and _name(node.func) == "Refused" and node.args:
        yield from _texts(node.args[0])
    elif isinstance(node, ast.AnnAssign) and _name(node.target) == "code" and node.value:
        yield from _texts(node.value)
    elif isinstance(node, ast.Assign):
        for target in node.targets:
            if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                for one, value in zip(target.elts, node.value.elts, strict=True):
                    yield from _texts(value) if _name(one) == "code" else ()
            elif _name(target) == "code":
                yield from _texts(node.value)
            elif _name(target) == "CODES" and isinstance(node.value, ast.Dict):
                for value in node.value.values:
                    yield from _texts(value)


def _name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def _texts(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from (*_texts(node.body), *_texts(node.orelse))
    elif isinstance(node, ast.BoolOp):
        for value in node.values:
            yield from _texts(value)


def commands() -> dict[str, Any]:
    """Every command by its words, such as ``token create``."""
    from polaris import command
    from polaris.commands.together import Polaris

    root = Polaris()
    found: dict[str, Any] = {}

    def walk(group: Any, words: tuple[str, ...]) -> None:
        for name in dir(group):
            value, path = getattr(group, name), (*words, name.replace("_", "-"))
            if isinstance(value, command.Group):
                walk(value, path)
            else:
                found[" ".join(path)] = value

    walk(root, ())
    return found


def daemon_routes() -> set[tuple[str, str]]:
    text = page("daemon/routes.py") + page("daemon/delivery_routes.py")
    return {(m.upper(), p) for m, p in re.findall(r"add_(get|post)\(\"([^\"]+)\"", text)}


def public_functions() -> dict[str, str]:
    """The functions of schema polaris, and the arguments as they are written."""
    found = re.compile(r"create or replace function polaris\.(\w+)\s*\((.*?)\)\s*returns", re.DOTALL)
    return {name: arguments for text in sql().values() for name, arguments in found.findall(text)}


def words_of_clients() -> set[str]:
    """The functions that 99_grants.sql opens to direct clients."""
    listed = re.search(r"v_client text\[\] := array\[(.*?)\]", sql()["functions/99_grants.sql"], re.DOTALL)
    assert listed

    return set(re.findall(r"'(\w+)'", listed[1]))


def anchors(text: str) -> set[str]:
    """What a link may point to: headings as they are turned into anchors, and those that are written out."""
    prose = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    headings = re.findall(r"(?m)^#+\s+(.+)$", prose)
    made = {re.sub(r"[^\w -]", "", re.sub(r"[`*]", "", one)).strip().lower().replace(" ", "-") for one in headings}
    return made | set(re.findall(r"<a id=\"([^\"]+)\"", text))


def errors_told() -> dict[str, str]:
    """The codes of docs/errors.md and what stands in their second column."""
    rows = re.findall(r"(?m)^\| <a id=\"(\w+)\"></a>`(\w+)` \| ([^|]+) \|", page("docs/errors.md"))
    assert all(anchor == code for anchor, code, _ in rows)

    return {code: status.strip() for _, code, status in rows}


# Errors


def test_every_error_code_has_an_anchor_in_errors_md() -> None:
    assert sorted((codes_in_sql() | codes_in_python()) - set(errors_told())) == []


def test_every_anchor_in_errors_md_is_a_code_that_somebody_raises() -> None:
    assert sorted(set(errors_told()) - codes_in_sql() - codes_in_python()) == []


def test_errors_md_names_each_code_once() -> None:
    found = re.findall(r"<a id=\"(\w+)\"", page("docs/errors.md"))

    assert len(found) == len(set(found))


def test_the_statuses_of_errors_md_are_those_that_sql_raises() -> None:
    told = errors_told()
    wrong = {
        code: (told[code], sorted(statuses))
        for code, statuses in failures_in_sql().items()
        if not statuses <= {int(status) for status in re.findall(r"\d{3}", told.get(code, ""))}
    }

    assert wrong == {}


def test_every_exit_code_is_in_errors_md() -> None:
    told = {int(code) for code in re.findall(r"(?m)^\| (\d+) \|", page("docs/errors.md"))}

    assert told == {int(code) for code in Exit}


# Interfaces


def test_every_route_of_the_service_is_in_api_md() -> None:
    text = page("docs/api.md")
    missing = [f"{one.method} {one.path}" for one in OPERATIONS if f"`{one.method} {one.path}`" not in _routes(text)]

    assert missing == []


def test_every_route_in_api_md_exists() -> None:
    known = {f"`{one.method} {one.path}`" for one in OPERATIONS} | {f"`GET {path}`" for path in OUTSIDE}

    assert sorted(_routes(page("docs/api.md")) - known) == []


def test_every_route_of_the_daemon_is_in_machine_md_and_no_other() -> None:
    told = _routes(page("docs/machine.md"))

    assert told == {f"`{method} {path}`" for method, path in daemon_routes()}


def _routes(text: str) -> set[str]:
    return {f"`{m} {p}`" for m, p in re.findall(r"`(GET|POST|PUT|PATCH|DELETE) (/[^\s?`]*)", text)}


def test_every_command_is_in_the_docs() -> None:
    missing = [words for words in commands() if not re.search(rf"\bpolaris {re.escape(words)}\b", everything())]

    assert missing == []


def test_every_command_in_the_docs_exists() -> None:
    known = commands()
    groups = {words.split()[0] for words in known if " " in words}
    spans = "\n".join(SPANS.findall(everything()))
    named = {" ".join(words.split()[: 2 if words.split()[0] in groups else 1]) for words in WORKING.findall(spans)}

    assert sorted(named - set(known) - groups) == []


def test_every_flag_of_a_command_in_the_docs_exists() -> None:
    known = commands()
    wrong = []
    for line in re.findall(r"(?m)^\$ (?:\S+=\S+ )*polaris (.+)$", "\n".join(SPANS.findall(everything()))):
        words = next((w for w in sorted(known, key=len, reverse=True) if line == w or line.startswith(w + " ")), None)
        if words is None:
            continue
        code = known[words].__signature__ if hasattr(known[words], "__signature__") else None
        flags = {name.rstrip("_").replace("_", "-") for name in code.parameters} if code else set()
        wrong += [f"{words} --{flag}" for flag in re.findall(r"\s--(?:no-)?([a-z][\w-]*)", line) if flag not in flags]

    assert wrong == []


def test_every_function_of_the_database_is_in_database_md_and_no_other() -> None:
    told = re.findall(r"(?m)^\| `(\w+)`(?: \*\*S\*\*)? \| \w", page("docs/database.md").partition("## Functions")[2])

    assert sorted(set(public_functions()) - set(told)) == []
    assert [name for name in told if name not in public_functions() and name not in _states()] == []


def test_database_md_marks_exactly_what_the_service_alone_may_call() -> None:
    marked = set(re.findall(r"(?m)^\| `(\w+)` \*\*S\*\* \|", page("docs/database.md")))

    assert marked == set(public_functions()) - words_of_clients()


def test_the_sql_in_database_md_calls_functions_with_arguments_that_they_have() -> None:
    known = public_functions()
    wrong = []
    for block in re.findall(r"```sql\n(.*?)```", page("docs/database.md"), re.DOTALL):
        for statement in re.sub(r"(?m)--.*$", "", block).split(";"):
            for name in re.findall(r"\bpolaris\.(\w+)\s*\(", statement):
                has = set(re.findall(r"\bp_\w+", known.get(name, "")))
                wrong += [f"{name}: {one}" for one in re.findall(r"\b(p_\w+)\s*=>", statement) if one not in has]
                wrong += [] if name in known else [name]

    assert wrong == []


def test_database_md_has_the_table_of_deliveries_as_it_is() -> None:
    pairs = set(re.findall(r"\('(\w+)', '(\w+)'\)", sql()["functions/50_advice/delivery_may_become.sql"]))
    rows = re.findall(r"(?m)^\| `(\w+)` \| ((?:`\w+`(?:, )?)+) \|$", page("docs/database.md"))
    told = {(before, after) for before, afters in rows if before in _states() for after in re.findall(r"\w+", afters)}

    assert told == pairs


def _states() -> set[str]:
    return set(model.State.__args__)


def test_every_table_is_in_database_md() -> None:
    tables = {name for text in sql().values() for name in re.findall(r"create table polaris_data\.(\w+)", text)}

    assert sorted(name for name in tables if f"| `{name}` |" not in page("docs/database.md")) == []


def test_every_channel_is_in_database_md() -> None:
    text = "\n".join(sql().values())
    channels = set(re.findall(r"pg_notify\('(\w+)'", text))

    assert channels == {"polaris_project_", "polaris_control"}
    assert [name for name in channels if f"`{name}" not in page("docs/database.md")] == []


def test_every_kind_of_control_message_is_in_database_md() -> None:
    text = "\n".join(sql().values())
    kinds = set(re.findall(r"publish_control\([^,]+, '(\w+)'", text))
    told = re.search(r"(?m)^\| `polaris_control` .*$", page("docs/database.md"))

    assert told
    assert sorted(kind for kind in kinds if f"`{kind}`" not in told[0]) == []


def test_every_kind_and_state_is_in_the_glossary() -> None:
    words = {*model.Kind.__args__, *model.State.__args__}

    assert sorted(word for word in words if f"`{word}`" not in page("docs/glossary.md")) == []


def test_every_message_of_the_sockets_is_in_api_md() -> None:
    text = page("polaris/http/sockets.py")
    words = (
        set(re.findall(r"\"type\": \"(\w+)\"", text)) | set(re.findall(r"case \"(\w+)\"", text)) | {"event", "problem"}
    )

    assert sorted(word for word in words if f'"type":"{word}"' not in page("docs/api.md")) == []


def test_every_setting_is_in_machine_md() -> None:
    files = [*trees(), *(HERE / "hooks").glob("*.sh"), HERE / "docker-compose.yml"]
    read = {name for file in files for name in SETTING.findall(file.read_text(encoding="utf-8"))}

    assert sorted(name for name in read if f"| `{name}` |" not in page("docs/machine.md")) == []


def test_every_setting_in_the_docs_is_read_somewhere() -> None:
    folders = [*CODE, "hooks", "tests", "bench"]
    files = [file for folder in folders for file in (HERE / folder).rglob("*") if file.suffix in (".py", ".sh")]
    files += [HERE / "docker-compose.yml", HERE / "Makefile"]
    text = "\n".join(file.read_text(encoding="utf-8") for file in files if file != Path(__file__))

    assert sorted(set(SETTING.findall(everything())) - set(SETTING.findall(text))) == []


# Pages


@pytest.mark.parametrize("one", PAGES, ids=lambda one: str(one.relative_to(HERE)))
def test_every_link_leads_somewhere(one: Path) -> None:
    text = one.read_text(encoding="utf-8")
    broken = []
    for link in LINKS.findall(re.sub(r"```.*?```", "", text, flags=re.DOTALL)):
        place, _, anchor = link.partition("#")
        if "://" in link or link.startswith("mailto:"):
            continue
        target = (one.parent / place).resolve() if place else one
        if not target.exists() or (anchor and anchor not in anchors(target.read_text(encoding="utf-8"))):
            broken.append(link)

    assert broken == []


@pytest.mark.parametrize("one", PAGES, ids=lambda one: str(one.relative_to(HERE)))
def test_every_path_that_is_named_exists(one: Path) -> None:
    spans = "\n".join(SPANS.findall(one.read_text(encoding="utf-8")))
    placeholders = re.compile(r"NNNN|NN_|NAME|\bname\b|<")
    named = {path for path in PATHS.findall(spans) if not placeholders.search(path)}

    assert sorted(path for path in named if not (HERE / path).exists()) == []


@pytest.mark.parametrize("one", PAGES, ids=lambda one: str(one.relative_to(HERE)))
def test_every_test_that_is_named_exists(one: Path) -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", one.read_text(encoding="utf-8"))
    missing = [
        f"{file}::{name}"
        for file, name in named
        if not re.search(rf"(?m)^\s*(?:async )?def {name}\(", page(file) if (HERE / file).exists() else "")
    ]

    assert missing == []


@pytest.mark.parametrize("one", PAGES, ids=lambda one: str(one.relative_to(HERE)))
def test_every_make_target_that_is_named_exists(one: Path) -> None:
    targets = set(re.findall(r"(?m)^([a-z-]+):", page("Makefile")))
    named = set(re.findall(r"(?:`|^\$ )make ([a-z-]+)", one.read_text(encoding="utf-8"), re.MULTILINE))

    assert sorted(named - targets) == []


def test_the_readme_begins_with_the_two_commands() -> None:
    first_screen = page("README.md").splitlines()[:40]

    assert any("make demo" in line for line in first_screen)
    assert any("make test" in line for line in first_screen)


def test_the_change_log_knows_this_version() -> None:
    assert re.search(rf"(?m)^## {re.escape(polaris.__version__)}\b", page("CHANGELOG.md"))


def test_the_change_log_keeps_the_order_of_its_sections() -> None:
    order = ["Security", "Removed", "Deprecated", "Added", "Changed", "Fixed"]
    for release in re.split(r"(?m)^## ", page("CHANGELOG.md"))[1:]:
        found = re.findall(r"(?m)^### (\w+)", release)

        assert found == sorted(found, key=order.index)
