"""The hook scripts as an agent runs them: real bash, and for the daemon a socket that does what a daemon should not.

The time limits here are generous; what they cost is measured in ``bench/hook.py``.
"""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import stat
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from polaris import resources

CAPTURE = resources.path("hooks", "capture.sh")
STATUSLINE = resources.path("hooks", "statusline.sh")
FIXTURES = Path(__file__).parents[1] / "fixtures" / "claude-code"
# The scripts promise one second; the rest is for a busy machine.
MOST_SECONDS = 2.5
OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
NOTHING = b"HTTP/1.1 204 No Content\r\n\r\n"
STOP = (FIXTURES / "Stop.json").read_bytes()
SESSION = json.loads(STOP)["session_id"]
HOST_VARIABLES = re.compile(r"CLAUDE|CURSOR|DEVIN|GEMINI|CHISEL|POLARIS|BASH_ENV")


@dataclass
class Ran:
    seconds: float
    code: int
    out: bytes
    err: bytes


class Daemon:
    """Listens and does with each connection what *behave* says; keeps what it was sent."""

    def __init__(self, behave: Callable[[socket.socket], None] | bytes) -> None:
        self.requests: list[bytes] = []
        self._behave = behave
        self._stopped = threading.Event()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        return int(self._socket.getsockname()[1])

    @property
    def headers(self) -> dict[str, str]:
        lines = self.requests[-1].partition(b"\r\n\r\n")[0].decode().split("\r\n")[1:]
        return dict(line.split(": ", 1) for line in lines)

    @property
    def body(self) -> bytes:
        return self.requests[-1].partition(b"\r\n\r\n")[2]

    def close(self) -> None:
        self._stopped.set()
        # An accept that waits is not ended by close alone.
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(5)

    def _serve(self) -> None:
        while not self._stopped.is_set():
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with connection, suppress(OSError):
                if callable(self._behave):
                    self._behave(connection)
                else:
                    self.requests.append(whole_request(connection))
                    connection.sendall(self._behave)


def whole_request(connection: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        data += connection.recv(65_536)
    head, _, body = data.partition(b"\r\n\r\n")
    length = int(re.search(rb"Content-Length: (\d+)", head + b"\r\nContent-Length: 0")[1])
    while len(body) < length:
        body += connection.recv(65_536)
    return head + b"\r\n\r\n" + body


@pytest.fixture
def daemon() -> Iterator[Callable[..., Daemon]]:
    started: list[Daemon] = []

    def start(behave: Callable[[socket.socket], None] | bytes = NOTHING) -> Daemon:
        started.append(Daemon(behave))
        return started[-1]

    yield start
    for one in started:
        one.close()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home whose daemon has marked the session of `STOP` as bound."""
    (tmp_path / "bound").mkdir(mode=0o700)
    (tmp_path / "bound" / SESSION).touch()
    (tmp_path / "daemon.token").write_text("the-token")
    return tmp_path


@pytest.fixture
def dead() -> int:
    """A port where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as opened:
        return int(opened.getsockname()[1])


def run(
    home: Path,
    port: int,
    body: bytes = STOP,
    *,
    script: Path = CAPTURE,
    command: list[str] | None = None,
    keep_open: bool = False,
    stdin: socket.socket | None = None,
    **environment: str,
) -> Ran:
    clean = {name: value for name, value in os.environ.items() if not HOST_VARIABLES.match(name)}
    clean |= {"POLARIS_HOME": str(home), "POLARIS_PORT": str(port)} | environment
    start = time.monotonic()
    process = subprocess.Popen(
        command or ["sh", "-c", str(script)],
        stdin=stdin or subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=clean,
        start_new_session=True,
    )
    try:
        if process.stdin:
            with suppress(BrokenPipeError):
                process.stdin.write(body)
                process.stdin.flush()
                if not keep_open:
                    process.stdin.close()
        # Not communicate: that would close stdin.
        out, err = process.stdout.read(), process.stderr.read()
        code = process.wait(10)
    finally:
        for pipe in (process.stdin, process.stdout, process.stderr):
            with suppress(BrokenPipeError):
                if pipe:
                    pipe.close()
    return Ran(time.monotonic() - start, code, out, err)


def spooled(home: Path) -> list[Path]:
    folder = home / "spool"
    return sorted(folder.iterdir()) if folder.exists() else []


def spools_once(home: Path, port: int) -> None:
    """A hook that was left hanging keeps its payload; on a very busy machine its second may be too short for that."""
    for _ in range(3):
        harmless(run(home, port))
        if spooled(home):
            break

    assert len(spooled(home)) == 1


def harmless(ran: Ran) -> None:
    assert (ran.code, ran.out, ran.err) == (0, b"", b"")
    assert ran.seconds < MOST_SECONDS


def hang(connection: socket.socket) -> None:
    connection.settimeout(20)
    while connection.recv(65_536):
        pass


def deaf(connection: socket.socket) -> None:
    """Accepts and reads nothing, so that a large payload does not fit into the buffers."""
    connection.settimeout(5)
    time.sleep(2)


def drip(answer: bytes) -> Callable[[socket.socket], None]:
    def behave(connection: socket.socket) -> None:
        whole_request(connection)
        for number in range(len(answer)):
            connection.sendall(answer[number : number + 1])
            time.sleep(0.05)

    return behave


class TestCapture:
    def test_the_payload_reaches_the_daemon_as_it_came_with_everything_in_the_headers(self, home, daemon) -> None:
        listening = daemon()
        before = time.time()
        harmless(run(home, listening.port, CLAUDECODE="1", CLAUDE_PID="4711"))
        headers = listening.headers

        assert listening.body == STOP.strip()
        assert listening.requests[0].startswith(b"POST /events HTTP/1.1\r\n")
        assert headers["Host"] == f"127.0.0.1:{listening.port}"
        assert headers["Content-Type"] == "application/json"
        assert headers["X-Polaris-Token"] == "the-token"
        assert headers["X-Polaris-Agent"] == "claude-code"
        assert headers["X-Polaris-Pid"] == "4711"
        assert re.fullmatch(r"[0-9a-z-]{10,100}", headers["X-Polaris-Capture"])
        assert before - 1 <= float(headers["X-Polaris-At"]) <= time.time()
        assert spooled(home) == []

    @pytest.mark.parametrize("file", sorted(FIXTURES.glob("[A-Z]*.json")), ids=lambda file: file.stem)
    def test_every_recorded_payload_arrives_whole(self, home, daemon, file: Path) -> None:
        listening = daemon()
        for _ in range(5):  # on a machine that is busy enough the hook gives up, as it should
            harmless(run(home, listening.port, file.read_bytes()))
            if listening.requests:
                break

        assert json.loads(listening.body) == json.loads(file.read_bytes())

    def test_bytes_are_counted_not_characters(self, home, daemon) -> None:
        listening = daemon()
        body = json.dumps({"session_id": SESSION, "prompt": "● ü 👍 " * 3000}, ensure_ascii=False).encode()
        harmless(run(home, listening.port, body))

        assert listening.body == body
        assert listening.headers["Content-Length"] == str(len(body))

    def test_every_capture_has_an_id_of_its_own(self, home, daemon) -> None:
        listening = daemon()
        for _ in range(5):
            run(home, listening.port)

        assert len({re.search(rb"X-Polaris-Capture: (\S+)", request)[1] for request in listening.requests}) == 5

    def test_the_answer_is_printed_and_nothing_else(self, home, daemon) -> None:
        answer = b'{"hookSpecificOutput": {"hookEventName": "Stop", "additionalContext": "Advice \xe2\x97\x8f\\n x"}}'
        ran = run(home, daemon(OK % (len(answer), answer)).port)

        assert (ran.code, ran.out, ran.err) == (0, answer, b"")
        assert spooled(home) == []

    @pytest.mark.parametrize(
        "answer",
        [NOTHING, OK % (0, b""), OK % (9, b"<html></>"), OK % (500, b'{"cut": "off'), b"HTTP/1.1 200 OK\r\n\r\n{}"],
        ids=["204", "empty", "no object", "cut off", "no length"],
    )
    def test_an_answer_that_is_no_whole_object_is_not_printed(self, home, daemon, answer: bytes) -> None:
        harmless(run(home, daemon(answer).port))

        assert spooled(home) == []

    def test_a_large_answer_is_printed_whole(self, home, daemon) -> None:
        answer = json.dumps({"text": "x" * 12_000}).encode()

        assert run(home, daemon(OK % (len(answer), answer)).port).out == answer

    def test_stdin_may_be_a_socket_as_some_agents_have_it(self, home, daemon) -> None:
        listening = daemon()
        ours, theirs = socket.socketpair()
        with ours, theirs:
            ours.sendall(STOP)
            ours.shutdown(socket.SHUT_WR)
            harmless(run(home, listening.port, stdin=theirs))

        assert json.loads(listening.body) == json.loads(STOP)

    def test_it_runs_the_same_without_a_shell_in_front_of_it(self, home, daemon) -> None:
        listening = daemon()
        harmless(run(home, listening.port, command=[str(CAPTURE)]))
        harmless(run(home, listening.port, command=["dash", "-c", f"'{CAPTURE}'"]))

        assert len(listening.requests) == 2

    def test_the_users_shell_settings_do_not_get_in_the_way(self, home, daemon, tmp_path: Path) -> None:
        listening = daemon()
        (tmp_path / "env").write_text("echo noise; sleep 5")
        more = {"BASH_ENV": str(tmp_path / "env"), "BASH_FUNC_read%%": "() { echo noise; }", "LC_ALL": "C.UTF-8"}
        harmless(run(home, listening.port, **more))

        assert listening.body == STOP.strip()

    def test_without_claude_codes_variable_the_pid_is_the_first_parent_that_is_no_shell(self, home, daemon) -> None:
        listening = daemon()
        run(home, listening.port, command=["sh", "-c", f"true; {CAPTURE}; true"])

        assert listening.headers["X-Polaris-Pid"] == str(os.getpid())

    @pytest.mark.parametrize(
        ("environment", "body", "agent"),
        [
            ({}, b"{}", "claude-code"),
            ({"CURSOR_VERSION": "2.1"}, b"{}", "cursor"),
            ({"CLAUDECODE": "1", "CURSOR_VERSION": "2.1"}, b'{"conversation_id":"x"}', "cursor"),
            ({"CLAUDECODE": "1", "CURSOR_VERSION": "2.1"}, b'{"session_id":"x"}', "claude-code"),
            ({}, b'{"hook_event_name":"stop","cursor_version":"2.1"}', "cursor"),
            ({"CLAUDECODE": "1", "DEVIN_PROJECT_DIR": "/x"}, b"{}", "devin"),
            ({"CHISEL_SESSION_DB": "/x"}, b"{}", "devin"),
            ({"GEMINI_SESSION_ID": "x", "CLAUDE_PROJECT_DIR": "/x"}, b"{}", "gemini-cli"),
            ({"GEMINI_SESSION_ID": "x", "CLAUDECODE": "1"}, b'{"timestamp":"2026-11-22T17:44:00Z"}', "gemini-cli"),
            ({"GEMINI_SESSION_ID": "x", "CLAUDECODE": "1"}, b'{"session_id":"x"}', "claude-code"),
            ({}, b'{"session_id":"x","turn_id":"y"}', "codex"),
            ({}, b'{"agent_action_name":"post_run_command"}', "windsurf"),
            ({"CLAUDECODE": "1"}, b'{"tool_input":{"cursor_version":1}}', "claude-code"),
            ({"CLAUDE_PROJECT_DIR": "/x"}, b"{}", "claude-code"),
        ],
    )
    def test_the_host_is_found_out_at_run_time(self, home, daemon, environment, body: bytes, agent: str) -> None:
        listening = daemon()
        for command in ([str(CAPTURE)], [str(CAPTURE), "claude-code"]):
            run(home, listening.port, body, command=command, **environment)

            assert listening.headers["X-Polaris-Agent"] == agent

    def test_a_name_as_argument_says_whose_hook_it_is(self, home, daemon) -> None:
        listening = daemon()
        run(home, listening.port, command=[str(CAPTURE), "codex"], CLAUDECODE="1", GEMINI_SESSION_ID="x")

        assert listening.headers["X-Polaris-Agent"] == "codex"

    def test_a_name_that_is_none_is_not_sent(self, home, daemon) -> None:
        listening = daemon()
        run(home, listening.port, command=[str(CAPTURE), "x\r\nX-Polaris-Token: y"])

        assert listening.headers["X-Polaris-Agent"] == "claude-code"

    def test_an_agent_in_claude_codes_shell_is_not_taken_for_its_process(self, home, daemon) -> None:
        listening = daemon()
        run(home, listening.port, command=[str(CAPTURE), "gemini-cli"], CLAUDECODE="1", CLAUDE_PID="4711")

        assert listening.headers["X-Polaris-Pid"] == str(os.getpid())

    @pytest.mark.parametrize("port", ["", "0", "x"])
    @pytest.mark.parametrize("about", ['{"port": %d, "pid": 12}', '{"pid": 12, "port":%d}\n', '{\n  "port": %d\n}'])
    def test_without_a_port_in_the_environment_it_is_the_running_daemons(
        self, home, daemon, about: str, port: str
    ) -> None:
        listening = daemon()
        (home / "daemon.json").write_text(about % listening.port)
        harmless(run(home, 0, POLARIS_PORT=port))

        assert len(listening.requests) == 1

    @pytest.mark.parametrize("about", ["", "{}", '{"port": "x"}', '{"pid": 12}', '{"port": 99999999}', "\0\0"])
    def test_a_daemon_file_of_any_shape_does_no_harm(self, home, about: str) -> None:
        (home / "daemon.json").write_text(about)
        ran = run(home, 0, POLARIS_PORT="")

        assert (ran.code, ran.err) == (0, b"")

    def test_the_token_is_in_no_command_line(self, home, daemon) -> None:
        seen: list[str] = []

        def look(connection: socket.socket) -> None:
            whole_request(connection)
            for process in Path("/proc").glob("[0-9]*"):
                with suppress(OSError):
                    seen.append((process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace"))
            connection.sendall(NOTHING)

        for more in ({}, {"POLARIS_HOOK_CURL": "1"}):
            run(home, daemon(look).port, **more)

        assert any("capture.sh" in line for line in seen)
        assert not any("the-token" in line for line in seen)


class TestCaptureWithoutADaemon:
    def test_what_nobody_takes_is_spooled_with_its_head(self, home, dead) -> None:
        harmless(run(home, dead, CLAUDECODE="1", CLAUDE_PID="4711"))
        (file,) = spooled(home)
        head, _, body = file.read_bytes().partition(b"\n")
        told = json.loads(head)

        assert body == STOP.strip()
        assert told == {"capture": file.stem, "agent": "claude-code", "pid": 4711, "at": told["at"]}
        assert abs(told["at"] - time.time()) < 60

    @pytest.mark.parametrize(
        ("agent", "name"),
        [("cursor", "conversation_id"), ("windsurf", "trajectory_id"), ("codex", "session_id")],
    )
    def test_every_agents_own_name_of_a_session_is_known(self, home, dead, agent: str, name: str) -> None:
        body = json.dumps({"other_id": "x", name: SESSION}).encode()
        harmless(run(home, dead, body, command=[str(CAPTURE), agent]))
        harmless(run(home, dead, body.replace(SESSION.encode(), b"not-bound"), command=[str(CAPTURE), agent]))

        assert [json.loads(file.read_bytes().partition(b"\n")[0])["agent"] for file in spooled(home)] == [agent]

    def test_folder_and_file_are_the_users_own(self, home, dead) -> None:
        old = os.umask(0)
        try:
            run(home, dead)
        finally:
            os.umask(old)

        assert stat.S_IMODE((home / "spool").stat().st_mode) == 0o700
        assert [stat.S_IMODE(file.stat().st_mode) for file in spooled(home)] == [0o600]

    def test_variables_of_the_environment_with_the_scripts_names_change_nothing(self, home, dead) -> None:
        names = (
            "below",
            "body",
            "agent",
            "token",
            "length",
            "answer",
            "line",
            "pid",
            "capture",
            "now",
            "file",
            "limit",
        )
        harmless(run(home, dead, command=["env", *(f"{name}=7" for name in names), str(CAPTURE)]))

        assert len(spooled(home)) == 1

    def test_a_session_that_is_not_bound_leaves_nothing(self, home, dead) -> None:
        (home / "bound" / SESSION).unlink()
        harmless(run(home, dead))

        assert not (home / "spool").exists()

    @pytest.mark.parametrize("session", ["..", ".", "../bound/x", "a/b", "", "x" * 129, "a b", "$(touch oops)", "`x`"])
    def test_a_session_id_that_is_no_file_name_leaves_nothing(self, home, dead, session: str) -> None:
        harmless(run(home, dead, json.dumps({"session_id": session}).encode()))

        assert spooled(home) == []

    @pytest.mark.parametrize("body", [b"", b"\n", b"nonsense", STOP[:-5], b'"text"', b"[" + STOP + b"]"])
    def test_what_is_no_whole_object_is_not_spooled(self, home, dead, body: bytes) -> None:
        harmless(run(home, dead, body))

        assert spooled(home) == []

    @pytest.mark.parametrize("token", [None, "", "with\r\nHeader: injected", "line\n"])
    def test_a_token_file_of_any_shape_does_no_harm(self, home, daemon, token: str | None) -> None:
        (home / "daemon.token").unlink()
        if token is not None:
            (home / "daemon.token").write_text(token)
        listening = daemon()
        harmless(run(home, listening.port))

        assert "Header" not in listening.headers
        assert listening.headers["X-Polaris-Token"] in ("", "line")

    @pytest.mark.parametrize("status", [b"500 X", b"404 Not Found", b"401 Unauthorized", b"507 Full", b"302 Found"])
    def test_a_refusal_is_spooled_and_not_printed(self, home, daemon, status: bytes) -> None:
        harmless(run(home, daemon(b"HTTP/1.1 " + status + b'\r\nContent-Length: 7\r\n\r\n{"a":1}').port))

        assert len(spooled(home)) == 1

    @pytest.mark.parametrize("garbage", [b"", b"\0\xff\r\n\r\n", b"SSH-2.0-OpenSSH\r\n", b"HTTP/1.1", b"\n" * 5000])
    def test_garbage_is_spooled_and_not_printed(self, home, daemon, garbage: bytes) -> None:
        harmless(run(home, daemon(garbage).port))

        assert len(spooled(home)) == 1

    def test_a_daemon_that_hangs_costs_a_second_at_most(self, home, daemon) -> None:
        spools_once(home, daemon(hang).port)

    def test_a_payload_that_fills_the_buffers_of_a_deaf_daemon_costs_a_second_at_most(self, home, daemon) -> None:
        body = json.dumps({"session_id": SESSION, "text": "x" * 9_000_000}).encode()

        harmless(run(home, daemon(deaf).port, body))

    def test_a_full_backlog_costs_a_second_at_most(self, home) -> None:
        waiting: list[socket.socket] = []
        with socket.socket() as full:
            full.bind(("127.0.0.1", 0))
            full.listen(0)
            for _ in range(4):
                one = socket.socket()
                one.setblocking(False)
                one.connect_ex(full.getsockname())
                waiting.append(one)
            spools_once(home, full.getsockname()[1])
            for one in waiting:
                one.close()

    def test_a_status_that_comes_drop_by_drop_is_spooled_in_time(self, home, daemon) -> None:
        spools_once(home, daemon(drip(OK % (2, b"{}"))).port)

    def test_a_body_that_comes_drop_by_drop_was_taken_and_is_not_printed(self, home, daemon) -> None:
        def behave(connection: socket.socket) -> None:
            whole_request(connection)
            connection.sendall(OK % (90, b'{"a": '))
            connection.settimeout(20)
            connection.recv(1)

        harmless(run(home, daemon(behave).port))

        assert spooled(home) == []

    def test_a_stdin_that_nobody_closes_costs_a_second_at_most(self, home, daemon) -> None:
        harmless(run(home, daemon().port, STOP[:-20], keep_open=True))
        harmless(run(home, daemon().port, b"", keep_open=True))

        assert spooled(home) == []

    def test_nothing_is_left_running(self, home, daemon) -> None:
        run(home, daemon(hang).port)
        run(home, daemon().port, b"", keep_open=True)
        deadline = time.monotonic() + 5
        while left := [line for line in processes() if str(CAPTURE) in line]:
            assert time.monotonic() < deadline, left
            time.sleep(0.05)

    def test_a_spool_folder_of_somebody_else_or_behind_a_link_is_not_used(self, home, dead, tmp_path: Path) -> None:
        (tmp_path / "elsewhere").mkdir()
        (home / "spool").symlink_to(tmp_path / "elsewhere")
        harmless(run(home, dead))

        assert list((tmp_path / "elsewhere").iterdir()) == []

    def test_a_home_that_cannot_be_written_does_no_harm(self, home, dead) -> None:
        (home / "spool").touch()
        harmless(run(home, dead))
        harmless(run(Path("/nonexistent"), dead))

    def test_a_reader_that_has_gone_does_no_harm(self, home, daemon) -> None:
        answer = json.dumps({"text": "x" * 90_000}).encode()
        port = daemon(OK % (len(answer), answer)).port
        process = subprocess.Popen(
            [str(CAPTURE)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=os.environ | {"POLARIS_HOME": str(home), "POLARIS_PORT": str(port)},
            preexec_fn=lambda: signal.signal(signal.SIGPIPE, signal.SIG_DFL),
        )
        process.stdout.close()
        process.communicate(STOP, timeout=10)

        assert process.returncode == 0


class TestCurl:
    def test_it_does_the_same_where_bash_has_no_network(self, home, daemon) -> None:
        answer = b'{"hookSpecificOutput": {}}'
        listening = daemon(OK % (len(answer), answer))
        ran = run(home, listening.port, POLARIS_HOOK_CURL="1", CLAUDECODE="1", CLAUDE_PID="4711")

        assert (ran.code, ran.out, ran.err) == (0, answer, b"")
        assert listening.body == STOP.strip()
        assert listening.headers["X-Polaris-Token"] == "the-token"
        assert listening.headers["X-Polaris-Pid"] == "4711"
        assert spooled(home) == []

    def test_it_spools_what_a_dead_or_hanging_daemon_did_not_take(self, home, daemon, dead) -> None:
        harmless(run(home, dead, POLARIS_HOOK_CURL="1"))
        harmless(run(home, daemon(hang).port, POLARIS_HOOK_CURL="1"))

        assert len(spooled(home)) == 2


class TestStatusLine:
    INPUT = (FIXTURES / "statusline.after-turns.json").read_bytes()
    SESSION = json.loads(INPUT)["session_id"]

    def status(self, line: str, *, ascii_only: bool = True) -> bytes:
        told = {"connected": True, "project": "pj", "session": "fxm", "actor": "user:manu", "line": line}
        body = json.dumps(told, ensure_ascii=ascii_only).encode()
        return OK % (len(body), body)

    @pytest.mark.parametrize("ascii_only", [True, False])
    def test_it_prints_the_daemons_line(self, home, daemon, ascii_only: bool) -> None:
        line = 'polaris: pj/fxm (user:manu) ● connected "a\\b" é'
        listening = daemon(self.status(line, ascii_only=ascii_only))
        ran = run(home, listening.port, self.INPUT, script=STATUSLINE)

        assert (ran.code, ran.out.decode(), ran.err) == (0, f"{line}\n", b"")
        assert listening.requests[0].startswith(f"GET /status/{self.SESSION} HTTP/1.1\r\n".encode())
        assert listening.headers["X-Polaris-Token"] == "the-token"

    def test_what_could_steer_a_terminal_is_blanked(self, home, daemon) -> None:
        ran = run(home, daemon(self.status("a\x1b[31m\nb\tc\u0007")).port, self.INPUT, script=STATUSLINE)

        assert ran.out == b"a [31m b c \n"

    @pytest.mark.parametrize("bound", [True, False])
    def test_without_a_daemon_it_says_what_it_knows(self, home, dead, bound: bool) -> None:
        if bound:
            (home / "bound" / self.SESSION).touch()
        ran = run(home, dead, self.INPUT, script=STATUSLINE)

        assert ran.out.decode() == ("polaris: ○ offline\n" if bound else "polaris: not connected\n")
        assert (ran.code, ran.err) == (0, b"")

    @pytest.mark.parametrize(
        "behave", [hang, b"HTTP/1.1 500 X\r\n\r\n", b"nonsense", OK % (2, b"{}"), drip(OK % (2, b"{}"))]
    )
    def test_whatever_the_daemon_does_there_is_a_line_within_a_second(self, home, daemon, behave) -> None:
        ran = run(home, daemon(behave).port, self.INPUT, script=STATUSLINE)

        assert (ran.code, ran.out, ran.err) == (0, b"polaris: not connected\n", b"")
        assert ran.seconds < MOST_SECONDS

    @pytest.mark.parametrize("keep_open", [True, False])
    @pytest.mark.parametrize("body", [b"", b"nonsense", b'{"session_id":"../x"}'])
    def test_without_a_session_it_is_not_connected(self, home, daemon, body: bytes, keep_open: bool) -> None:
        ran = run(home, daemon().port, body, script=STATUSLINE, keep_open=keep_open)

        assert (ran.code, ran.out) == (0, b"polaris: not connected\n")
        assert ran.seconds < MOST_SECONDS


class TestWrappedStatusLine:
    """The status line that the user had before."""

    INPUT = TestStatusLine.INPUT
    OURS = "polaris: not connected"

    def wrapped(self, home: Path, command: str, **environment: str) -> Ran:
        (home / "statusline.command").write_text(command)
        return run(home, 1, self.INPUT, script=STATUSLINE, **environment)

    def test_theirs_stands_behind_ours_and_has_the_same_input(self, home) -> None:
        ran = self.wrapped(home, "cat >/dev/null; printf 'main ✓ \\033[32m3\\033[0m\\nsecond line\\n'")

        assert ran.out.decode() == f"{self.OURS} │ main ✓ \x1b[32m3\x1b[0m\nsecond line\n"
        assert (ran.code, ran.err) == (0, b"")

    def test_theirs_runs_with_the_users_own_environment(self, home) -> None:
        told = home / "told"
        command = f'cat >"{told}"; echo "$PATH $LC_ALL $HOME"'
        ran = self.wrapped(home, command, PATH=f"/mine:{os.environ['PATH']}", LC_ALL="C.UTF-8", HOME="/my home")

        assert json.loads(told.read_bytes()) == json.loads(self.INPUT)
        assert ran.out.decode() == f"{self.OURS} │ /mine:{os.environ['PATH']} C.UTF-8 /my home\n"

    def test_claude_code_asks_every_second_and_theirs_runs_less_often(self, home) -> None:
        for _ in range(4):
            ran = self.wrapped(home, f'echo x >>"{home}/count"; echo theirs')

            assert ran.out.decode() == f"{self.OURS} │ theirs\n"
        # Every third second, and the machine may be busy.
        assert len((home / "count").read_text().split()) < 4

    def test_one_that_takes_long_does_not_hold_ours_and_is_shown_when_it_is_ready(self, home) -> None:
        command = f'while [ ! -e "{home}/go" ]; do sleep 0.02; done; echo x >>"{home}/count"; echo slow'
        first = self.wrapped(home, command)
        again = self.wrapped(home, command)
        (home / "go").touch()
        deadline = time.monotonic() + 10
        while list((home / "statusline.shown").glob("*.runs")) and time.monotonic() < deadline:
            time.sleep(0.02)
        last = self.wrapped(home, command)

        assert first.out.decode() == again.out.decode() == f"{self.OURS}\n"
        assert max(first.seconds, again.seconds) < MOST_SECONDS
        assert last.out.decode() == f"{self.OURS} │ slow\n"

    @pytest.mark.parametrize("command", ["exit 3", "echo oops >&2", "nonexistent-program", "kill -9 $$", ""])
    def test_one_that_prints_nothing_leaves_ours_alone(self, home, command: str) -> None:
        ran = self.wrapped(home, command)

        assert (ran.code, ran.out.decode(), ran.err) == (0, f"{self.OURS}\n", b"")

    def test_what_it_printed_is_kept_for_this_user_alone(self, home) -> None:
        self.wrapped(home, "echo theirs")

        assert stat.S_IMODE((home / "statusline.shown").stat().st_mode) == 0o700


def processes() -> list[str]:
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            found.append((process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace"))
        except OSError:
            continue
    return found
