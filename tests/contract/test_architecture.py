"""Who may import whom, and where SQL may stand: read from the sources with ``ast``; no module is executed."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OURS = ("polaris", "daemon", "bridge")

LIGHT = {
    f"polaris.{name}"
    for name in (
        *(
            "addresses",
            "audit",
            "model",
            "errors",
            "settings",
            "resources",
            "log",
            "machine",
            "tokens",
            "redact",
            "secret_hints",
            "secret_judge",
            "secret_rules",
            "render",
            "tasks",
            "credentials",
            "exports",
            "export_files",
            "asking",
        ),
    )
}

# The longest prefix of a module's name decides. First what it may import of ours, then what it may not import at all.
RULES: dict[str, tuple[set[str], set[str]]] = {
    **{name: (LIGHT, {"psycopg", "aiohttp", "fire"}) for name in LIGHT},
    "polaris.command": (LIGHT, {"psycopg", "aiohttp"}),
    "polaris.db": (LIGHT | {"polaris.db"}, {"aiohttp"}),
    "polaris.http": (LIGHT | {"polaris.http", "polaris.db"}, {"fire"}),
    # The ingress and the settings of Slack live in the API's process, what they know of Slack in the bridge.
    **{
        name: (
            LIGHT
            | {
                "polaris.http",
                "polaris.db",
                "polaris.bridge.envelope",
                "polaris.bridge.seal",
                "polaris.bridge.web_api",
            },
            {"fire"},
        )
        for name in ("polaris.http.slack", "polaris.http.web.settings_slack", "polaris.http.web.slack_connect")
    },
    "polaris.login": (LIGHT, {"psycopg", "fire"}),
    "polaris.service_managers": (LIGHT, {"psycopg", "aiohttp", "fire"}),
    "polaris.service": (LIGHT | {"polaris.service_managers"}, {"psycopg", "aiohttp", "fire"}),
    "polaris.doctor": (
        LIGHT | {"polaris.install", "polaris.service", "polaris.service_managers", "polaris.db"},
        {"psycopg", "fire"},
    ),
    "polaris.install": (LIGHT | {"polaris.install"}, {"psycopg", "aiohttp", "fire"}),
    "polaris.client": (LIGHT - {"polaris.redact", "polaris.render"}, {"psycopg", "fire"}),
    # An agent waits for it: what takes time to load stays out.
    "polaris.channel": (
        {"polaris.channel", "polaris.errors", "polaris.log", "polaris.render"},
        {"psycopg", "aiohttp", "fire", "httpx2", "orjson"},
    ),
    # Of the installer only its words, in which each agent says what is put into it, and where programs are.
    "daemon": (LIGHT | {"polaris.client", "polaris.install.shapes", "polaris.install.machine"}, {"psycopg", "fire"}),
    "bridge": (LIGHT | {"polaris.db"}, {"psycopg", "fire"}),
    **{
        name: (LIGHT | {"polaris.client", "polaris.replay"}, {"psycopg"})
        for name in ("polaris.demo_stage", "polaris.replay")
    },
    "polaris.demo_slack": ({"polaris.demo_slack"}, {"psycopg", "fire"}),
    "polaris.demo_browser": (LIGHT | {"polaris.demo_stage"}, {"psycopg", "fire"}),
    "polaris.demo_workspace": (
        LIGHT | {"polaris.demo_browser", "polaris.demo_slack", "polaris.demo_stage"},
        {"psycopg", "fire"},
    ),
    "polaris.demo_story": (set(), {"psycopg", "aiohttp", "fire"}),
    **{
        name: (
            LIGHT
            | {
                "polaris.client",
                "polaris.replay",
                "polaris.demo_stage",
                "polaris.demo_story",
                "polaris.demo_workspace",
            },
            {"psycopg", "fire"},
        )
        for name in ("polaris.demo", "polaris.demo_live")
    },
}
# The command line starts the big parts by name; it may use the client and the database, but only inside functions.
COMMANDS = ("polaris.cli", "polaris.commands", "polaris.up")
COMMANDS_AT_ONCE = LIGHT | {"polaris", "polaris.command", *COMMANDS}
COMMANDS_LATER = COMMANDS_AT_ONCE | {
    *("polaris.channel", "polaris.client", "polaris.db", "polaris.login", "polaris.install"),
    *("polaris.service", "polaris.doctor", "polaris.bridge"),
}
# The one module of the daemon that speaks SQL to a service without an API in between.
DIRECT_LINK = "daemon.direct"

WRITES = re.compile(
    r"(?is)\b(insert\s+into|update\s+[\w.\"{}]+\s+set|delete\s+from|truncate|copy\s+[\w.]+\s*(\(|from))\b"
)
SQL = re.compile(
    r"(?is)\A\s*(select\s+[\w*.('\"%{]+.*(\bfrom\b|\()|insert\s+into\s|update\s+[\w.]+\s+set\s|delete\s+from\s|with\s+\w+\s+as\s*\("
    r"|(create|alter|drop)\s+(or\s+replace\s+)?(table|function|role|schema|database|index|view|trigger)\s"
    r"|(listen|notify|unlisten)\s+[\w\"*]+\s*\Z|call\s+polaris|set\s+(local\s+)?(role|search_path)\b)"
)


def modules() -> Iterator[tuple[str, Path]]:
    for top in OURS:
        for path in sorted((ROOT / top).rglob("*.py")):
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
            yield name, path


def imports(module: str, tree: ast.AST) -> Iterator[tuple[str, bool]]:
    """Every absolute import and whether it runs with the module (not in a function, not for type checkers only)."""
    inside = {
        id(node)
        for outer in ast.walk(tree)
        if isinstance(outer, (ast.FunctionDef, ast.AsyncFunctionDef))
        or (isinstance(outer, ast.If) and isinstance(outer.test, ast.Name) and outer.test.id == "TYPE_CHECKING")
        for node in ast.walk(outer)
    }
    package = module.rsplit(".", 1)[0]
    for node in ast.walk(tree):
        at_once = id(node) not in inside
        if isinstance(node, ast.Import):
            yield from ((alias.name, at_once) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                base = ".".join(filter(None, [package, base]))
            if base in ("polaris", "polaris.db", "polaris.http") or node.level:
                yield from ((f"{base}.{alias.name}", at_once) for alias in node.names)
            else:
                yield base, at_once


def below(name: str, allowed: set[str]) -> bool:
    return name in ("polaris", "polaris.__version__") or any(
        name == one or (one != "polaris" and name.startswith(f"{one}.")) for one in allowed
    )


def wrong_imports(module: str, tree: ast.AST) -> set[str]:
    if module.startswith(COMMANDS):
        allowed, forbidden = COMMANDS_AT_ONCE, {"psycopg"}
    else:
        rule = max((name for name in RULES if module == name or module.startswith(f"{name}.")), key=len, default=None)
        if rule is None:
            return set() if module == "polaris" else {"no rule for this module"}
        allowed, forbidden = RULES[rule][0] | {module.split(".")[0]} - {"polaris"}, RULES[rule][1]
    wrong = set()
    for name, at_once in imports(module, tree):
        top = name.split(".")[0]
        may = allowed
        if module.startswith(COMMANDS) and not at_once:
            may = COMMANDS_LATER
        if module == DIRECT_LINK and not at_once:
            may = allowed | {"polaris.db"}
        if top in forbidden or (top in OURS and not below(name, may)):
            wrong.add(name)
    return wrong


def texts(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Every text constant that is not a docstring; the pieces of an f-string are put together."""
    docs = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef))
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs:
            yield node.lineno, node.value
        elif isinstance(node, ast.JoinedStr):
            yield node.lineno, "".join(str(p.value) if isinstance(p, ast.Constant) else "{}" for p in node.values)


def imports_sqlite(tree: ast.AST) -> bool:
    return any(name == "sqlite3" for name, _ in imports("x.y", tree))


def sql_outside(module: str, tree: ast.AST) -> set[str]:
    if module.startswith("polaris.db") or module == "polaris.demo_story":  # in the demo's story people talk about SQL
        return set()
    if module.startswith("daemon.") and imports_sqlite(tree):
        return set()  # the daemon's own file on this machine
    return {f"line {line}: {text[:60]}" for line, text in texts(tree) if SQL.search(text)}


def table_writes(module: str, tree: ast.AST) -> set[str]:
    """Statements of Python that touch a table of the service; `polaris_meta` is the migrator's own."""
    if module.startswith("daemon.") and imports_sqlite(tree):
        return set()
    found = set()
    for line, text in texts(tree):
        touches = "polaris_data." in text or WRITES.search(text)
        if touches and not (module == "polaris.db.migrate" and "polaris_meta." in text):
            found.add(f"line {line}: {text.strip()[:60]}")
    return found


def parsed() -> list[tuple[str, ast.Module]]:
    return [(name, ast.parse(path.read_text())) for name, path in modules()]


@pytest.mark.parametrize(
    ("module", "source", "wrong"),
    [
        ("polaris.db.pool", "import psycopg\nfrom polaris import errors\nfrom polaris.db import calls", set()),
        ("polaris.db.pool", "from polaris.http import server", {"polaris.http.server"}),
        ("polaris.http.api", "from polaris.client import Client", {"polaris.client"}),
        ("polaris.http.api", "from daemon import app", {"daemon"}),
        ("polaris.channel.door", "import json\nfrom polaris import render\nfrom . import greeting", set()),
        ("polaris.channel.calls", "from polaris.client import Client\nimport aiohttp", {"polaris.client", "aiohttp"}),
        ("polaris.client", "def f():\n    import psycopg", {"psycopg"}),
        ("polaris.model", "from polaris import log", set()),
        ("polaris.render", "from polaris.db import calls", {"polaris.db.calls"}),
        ("daemon.app", "from .routes import ROUTES\nfrom polaris import client", set()),
        ("daemon.app", "from polaris.db import calls", {"polaris.db.calls"}),
        ("daemon.agents.codex", "from polaris.install.shapes import Install", set()),
        ("daemon.agents.codex", "from polaris.install.planning import plan", {"polaris.install.planning"}),
        ("polaris.install.planning", "from polaris.install import files\nfrom daemon import agents", {"daemon"}),
        ("daemon.direct", "def f():\n    from polaris.db import calls", set()),
        ("daemon.direct", "from polaris.db import calls", {"polaris.db.calls"}),
        ("daemon.app", "from bridge import worker", {"bridge"}),
        ("bridge.worker", "from polaris.http import server", {"polaris.http.server"}),
        ("polaris.cli", "from polaris.client import Client", {"polaris.client"}),
        ("polaris.cli", "def f():\n    from polaris.client import Client", set()),
        ("polaris.cli", "def f():\n    from polaris.http import server", {"polaris.http.server"}),
        ("polaris.news", "import os", {"no rule for this module"}),
    ],
)
def test_a_wrong_import_is_found(module: str, source: str, wrong: set[str]) -> None:
    assert wrong_imports(module, ast.parse(source)) == wrong


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ('x = "select * from polaris.list_projects()"', 1),
        ('x = f"select {a} from {b}"', 1),
        ('x = "Select a project from the list"', 1),  # better one message reworded than one statement missed
        ('x = "insert into t values (1)"', 1),
        ('x = "listen polaris_control"', 1),
        ('"""select * from docs"""', 0),
        ('x = "Updates the database."', 0),
        ('x = "create a session"', 0),
    ],
)
def test_sql_in_python_is_found(source: str, found: int) -> None:
    assert len(sql_outside("polaris.http.api", ast.parse(source))) == found


def test_every_module_imports_only_what_the_table_allows() -> None:
    found = {name: wrong for name, tree in parsed() if (wrong := wrong_imports(name, tree))}

    assert found == {}


def test_sql_stands_only_below_sql_and_in_the_database_package() -> None:
    found = {name: texts for name, tree in parsed() if (texts := sql_outside(name, tree))}

    assert found == {}


def test_no_python_writes_or_reads_a_table() -> None:
    found = {name: texts for name, tree in parsed() if (texts := table_writes(name, tree))}

    assert found == {}
