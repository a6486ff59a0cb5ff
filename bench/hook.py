"""What the capture hook costs an agent: `hooks/capture.sh` over a bare bash start, for a small and a large payload.

Run: ``python bench/hook.py``. A process of its own answers as the daemon does when it has nothing to say. Bare starts
and hooks take turns, so that both meet the same machine; the median of the differences is what is told.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from polaris import resources

SIZES = {"4_kb": 4 * 1024, "50_kb": 50 * 1024}
ROUNDS = 150
BAR_MS = 3.0
SERVER = r"""
import re, socket
listening = socket.create_server(("127.0.0.1", 0), backlog=64)
print(listening.getsockname()[1], flush=True)
while True:
    connection, _ = listening.accept()
    with connection:
        data = b""
        while b"\r\n\r\n" not in data:
            data += connection.recv(262144)
        head, _, body = data.partition(b"\r\n\r\n")
        missing = int(re.search(rb"Content-Length: (\d+)", head)[1]) - len(body)
        while missing:
            missing -= len(connection.recv(262144))
        connection.sendall(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
"""


def measure(rounds: int = ROUNDS) -> dict[str, Any]:
    """``{"4_kb": {"bare_ms", "hook_ms", "over_ms", "p95_over_ms", "ratio"}, "50_kb": …, "bar_ms"}``; medians."""
    script = str(resources.path("hooks", "capture.sh"))
    with tempfile.TemporaryDirectory() as home, _daemon() as server:
        assert server.stdout
        port = server.stdout.readline().strip()
        (Path(home) / "daemon.token").write_text("t" * 43)
        # As Claude Code sets it for its hooks.
        environment = os.environ | {"CLAUDECODE": "1", "CLAUDE_PID": str(os.getpid())}
        environment |= {"POLARIS_HOME": home, "POLARIS_PORT": port}
        try:
            found = {name: _compare(script, size, rounds, environment) for name, size in SIZES.items()}
        finally:
            server.kill()
    return found | {"bar_ms": BAR_MS}


def _compare(script: str, size: int, rounds: int, environment: dict[str, str]) -> dict[str, float]:
    payload = {"session_id": "bench", "hook_event_name": "PostToolUse", "tool_response": {"stdout": ""}}
    payload["tool_response"] = {"stdout": "x y\n" * ((size - len(json.dumps(payload))) // 5)}
    body = json.dumps(payload).encode()
    bare, hook = [], []
    for _ in range(rounds):
        bare.append(_run(["bash", "-c", "true"], body, environment))
        hook.append(_run([script], body, environment))
    over = sorted(one - other for one, other in zip(hook, bare, strict=True))
    return {
        "bare_ms": round(statistics.median(bare), 2),
        "hook_ms": round(statistics.median(hook), 2),
        "over_ms": round(statistics.median(over), 2),
        "p95_over_ms": round(over[int(0.95 * len(over))], 2),
        "ratio": round(statistics.median(hook) / statistics.median(bare), 2),
    }


def _run(command: list[str], body: bytes, environment: dict[str, str]) -> float:
    start = time.perf_counter()
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment) as process:
        process.communicate(body)
    return (time.perf_counter() - start) * 1000


def _daemon() -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", SERVER], stdout=subprocess.PIPE, text=True)


if __name__ == "__main__":
    print(json.dumps(measure(), indent=2))
