"""Writes a record of any size into a database, the same for the same seed: what a team of agents leaves in half a year.

``python bench/generate.py URL ORG_ID EVENTS``, as the owner. Projects and sessions of very different sizes, turns with
a prompt, tool calls, their results and a reply; words as often as in a language (Zipf), identifiers in every style,
paths, commands, commit ids that occur once. It copies rows into the tables instead of pushing them, so that a million
takes a minute or two; the indexer fills its own tables afterwards.
"""

from __future__ import annotations

import itertools
import json
import random
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg

SEED = 6
DAYS = 180
PROJECTS, SESSIONS = 20, 15  # sessions of each project
LONG_SESSION = 50_000  # events of the session that a brief is asked of; a twentieth of the record at most
PEOPLE = ("manu", "krishna", "priya", "lee", "sam", "ada", "noor", "ivan")
SYLLABLES = ("re", "fresh", "to", "ken", "au", "th", "se", "ssion", "ca", "che", "in", "dex", "lo", "gin", "par", "ser")
SYLLABLES += ("wri", "ter", "le", "ase", "ma", "p", "que", "ue", "hand", "er", "sto", "re", "con", "fig", "li", "mit")
CHUNKS, CHUNK_WORDS, WORDS = 40_000, 12, 30_000
COLUMNS = ("org_id", "project_id", "seq", "session_id", "epoch", "kind", "actor", "turn", "agent", "body", "payload")
COLUMNS += ("client_id", "late", "occurred_at", "recorded_at")


@dataclass
class Session:
    project: Project
    session_id: int
    driver: str


@dataclass
class Project:
    project_id: int
    name: str
    seq: int = 0
    sessions: list[Session] = field(default_factory=list)


class Language:
    """Words, identifiers and paths; common ones are common."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        made = {"".join(chance.choices(SYLLABLES, k=chance.randint(1, 4))) for _ in range(WORDS * 2)}
        self.words = sorted(made)[:WORDS]
        chance.shuffle(self.words)
        weights = [1 / (rank + 2.7) for rank in range(len(self.words))]
        names = [self._name() for _ in range(4000)]
        self.paths = [f"src/{self.word()}/{self.word()}_{self.word()}.py" for _ in range(3000)]
        flow = chance.choices(self.words, weights, k=CHUNKS * CHUNK_WORDS)
        self.chunks = []
        for n in range(CHUNKS):
            words = flow[n * CHUNK_WORDS : (n + 1) * CHUNK_WORDS]
            words[chance.randrange(CHUNK_WORDS)] = names[int(chance.paretovariate(0.7)) % len(names)]
            self.chunks.append(" ".join(words))

    def word(self) -> str:
        return self.chance.choice(self.words)

    def _name(self) -> str:
        parts = [self.word() for _ in range(self.chance.randint(2, 3))]
        return self.chance.choice(["_".join(parts), parts[0] + "".join(p.title() for p in parts[1:]), "-".join(parts)])

    def text(self, least: int, most: int) -> str:
        """So many chunks of twelve words, and one word that stands nowhere else."""
        chunks = self.chance.choices(self.chunks, k=self.chance.randint(least, most))
        return ". ".join(chunks) + f" {self.chance.getrandbits(28):07x}."

    def path(self) -> str:
        return self.paths[int(self.chance.paretovariate(0.5)) % len(self.paths)]


def fill(url: str, org_id: int, events: int, *, seed: int = SEED) -> dict[str, Any]:
    """Adds *events* to the organization; answers where the long session is and how long it took."""
    chance = random.Random(seed)
    language = Language(chance)
    begun = time.perf_counter()
    with psycopg.connect(url) as conn:
        projects = _places(conn, org_id, chance)
        long = projects[0].sessions[0]
        conn.execute("set local synchronous_commit = off")
        with (
            conn.cursor() as cursor,
            cursor.copy(f"copy polaris_data.events ({', '.join(COLUMNS)}) from stdin") as copy,
        ):
            for row in itertools.islice(_events(org_id, events, projects, language, chance), events):
                copy.write_row(row)
        for project in projects:
            conn.execute(
                "update polaris_data.project_heads set last_seq = %s where org_id = %s and project_id = %s",
                [project.seq, org_id, project.project_id],
            )
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute("vacuum analyze polaris_data.events")
        conn.execute("vacuum analyze polaris_data.project_heads")
    return {
        "events": events,
        "seconds": round(time.perf_counter() - begun, 1),
        "projects": [project.name for project in projects],
        "long_project": long.project.name,
        "long_session": "s-0",
    }


def _places(conn: psycopg.Connection[Any], org_id: int, chance: random.Random) -> list[Project]:
    """People, projects, sessions, and the seats under whose first epoch everything is written."""
    at = datetime.now(UTC) - timedelta(days=DAYS + 1)
    found = []
    for n in range(PROJECTS):
        name = f"bench-{n}"
        ((number,),) = conn.execute(
            "insert into polaris_data.projects (org_id, name, created_by, created_at) values (%s, %s, %s, %s)"
            " returning project_id",
            [org_id, name, "user:manu", at],
        ).fetchall()
        conn.execute("insert into polaris_data.project_heads (org_id, project_id) values (%s, %s)", [org_id, number])
        project = Project(number, name)
        for s in range(SESSIONS):
            driver = f"user:{chance.choice(PEOPLE)}"
            ((session,),) = conn.execute(
                "insert into polaris_data.sessions (org_id, project_id, name, created_by, created_at)"
                " values (%s, %s, %s, %s, %s) returning session_id",
                [org_id, number, f"s-{s}", driver, at],
            ).fetchall()
            conn.execute(
                "insert into polaris_data.seats (org_id, session_id, epoch, driver, claimed_at, ended_at, ended_how)"
                " values (%s, %s, 1, %s, %s, %s, 'released')",
                [org_id, session, driver, at, at + timedelta(days=DAYS + 1)],
            )
            conn.execute(
                "update polaris_data.sessions set epoch = 1 where org_id = %s and session_id = %s", [org_id, session]
            )
            project.sessions.append(Session(project, session, driver))
        found.append(project)
    return found


def _events(
    org_id: int, events: int, projects: list[Project], language: Language, chance: random.Random
) -> Iterator[tuple[Any, ...]]:
    """The rows, in the order of time: turn after turn, each in one session."""
    at = datetime.now(UTC) - timedelta(days=DAYS)
    step = timedelta(days=DAYS) / events
    all_sessions = [session for project in projects for session in project.sessions]
    weights = [1 / (1 + n) for n in range(len(all_sessions))]
    chance.shuffle(weights)
    weights[0] = sum(weights[1:]) * min(LONG_SESSION / events, 0.05) * 1.05
    for number in itertools.count():
        (session,) = chance.choices(all_sessions, weights)
        turn = f"t{number}"
        for kind, body, payload in _turn(language, chance):
            project = session.project
            project.seq += 1
            at += step
            yield (
                *(org_id, project.project_id, project.seq, session.session_id, 1, kind, session.driver, turn),
                *("claude-code", body, json.dumps(payload) if payload else None, f"g{project.seq}", False, at, at),
            )


def _turn(language: Language, chance: random.Random) -> Iterator[tuple[str, str, Any]]:
    yield "prompt", language.text(1, 4), None
    for _ in range(chance.randint(1, 6)):
        if chance.random() < 0.2:
            yield "message", language.text(1, 3), None
        path = language.path()
        if chance.random() < 0.5:
            command = f"npm run {language.word()} -- {path}"
            call = {"tool_name": "Bash", "tool_input": {"command": command}}
            yield "tool.call", f"Bash: {command}", call
            output = language.text(1, 12)
            yield "tool.result", output, call | {"tool_response": {"stdout": output, "stderr": ""}}
        else:
            new = language.text(1, 4)
            call = {"tool_name": "Edit", "tool_input": {"file_path": f"/home/me/shop/{path}", "new_string": new}}
            yield "tool.call", f"Edit: {path}", call
            yield "tool.result", f"+{new}", call | {"tool_response": {"filePath": path}}
    yield "reply", language.text(2, 10), None


def main() -> int:
    url, org_id, events = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    print(json.dumps(fill(url, org_id, events)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
