"""What runs until it is stopped: the service, the daemon, and all of it together."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from importlib import import_module
from pathlib import Path

from polaris import log, render
from polaris.command import Group, server
from polaris.commands import base
from polaris.commands.database import bring_up_to_date
from polaris.errors import Exit
from polaris.settings import DEFAULT_API_PORT, Settings

PARENT_SECONDS = 0.5


class Serving(Group):
    """Commands that serve."""

    @server
    async def serve(self, *, host: str = "127.0.0.1", port: int = DEFAULT_API_PORT, log: str | None = None) -> None:
        """Runs the service (the API) alone, on POLARIS_DATABASE_URL or the embedded Postgres.

        Prints `ready URL` once it answers. The embedded database is brought up to date; any other has to be already
        (`polaris db migrate`), because the service's login may not change it. Sign-in and mail come from the settings
        POLARIS_OIDC_CLIENT_ID and POLARIS_SMTP_URL, and their neighbours in docs/machine.md.

        --host  the address to listen on
        --port  0 takes any free one
        --log   writes the log to this file (rotated) instead of stderr
        """
        settings = begin(log)
        settings.check_local_sign_in(host)
        api = import_module("polaris.http.server")
        if settings.database_url:
            await api.serve(settings, host=host, port=port, database_url=settings.database_url, ready=say_ready)
            return
        with base.database(settings) as urls:
            await base.in_thread(bring_up_to_date, settings, urls)
            await api.serve(settings, host=host, port=port, database_url=urls.service, ready=say_ready)

    @server
    async def daemon(self, *, port: int | None = None, log: str | None = None) -> None:
        """Runs the daemon of this machine: coding agents' hooks talk to it, and it talks to the service.

        Prints `ready URL` once it answers.

        --port  instead of POLARIS_PORT (4321); 0 takes any free one
        --log   writes the log to this file (rotated) instead of stderr
        """
        settings = begin(log)
        daemon = import_module("polaris.daemon.app")
        await daemon.serve(settings, port=port, ready=lambda at: say_ready(f"http://127.0.0.1:{at}"))

    @server
    async def up(
        self,
        *,
        home: str | None = None,
        port: int = DEFAULT_API_PORT,
        local_sign_in: bool = False,
        demo: bool = False,
        temporary: bool = False,
    ) -> None:
        """Runs all of Polaris on this machine: Postgres, migrations, service, daemon; until Ctrl-C or SIGTERM.

        Makes an organization `local` whose administrator is you, and signs you in. Prints `ready URL`, the service's,
        once everything answers.

        --home           instead of POLARIS_HOME (~/.polaris)
        --port           of the service; 0 takes any free one
        --local-sign-in  whoever opens the web on this machine signs in by choosing a name, without a password
        --demo           plays a project `demo` on recorded input, and its agent answers your advice
        --temporary      removes the database at the end
        """
        settings = base.settings(home=home)
        if local_sign_in:
            settings = settings.replace(local_sign_in=True)
        log.setup(settings.log_level)

        def ready(url: str, owner: str) -> None:
            say_ready(url)
            for line in _next_steps(settings, url, owner, demo):
                print(line, file=sys.stderr, flush=True)

        together = import_module("polaris.up")
        await together.up(settings, port=port, temporary=temporary, demo=demo, ready=ready)

    @server
    async def demo(self, *, live: bool = False, log: str | None = None) -> int:
        """Plays a whole story on real recorded input in a temporary home, prints it, and leaves nothing behind.

        --live  plays it in project `demo` of this home's `polaris up`, at the pace of people, and answers advice
                until it is stopped; this is what `polaris up --demo` runs
        --log   with --live: writes the log to this file (rotated) instead of stderr
        """
        if live:
            settings = begin(log)
            player = import_module("polaris.demo_live")
            with base.alone(settings.home / "demo.lock", f"The demo plays already for {settings.home}."):
                await base.until_told(player.play(settings, ready=say_ready))
            return Exit.OK
        story = import_module("polaris.demo")
        code: int = await story.run(colour=render.colour_wanted(sys.stdout))
        return code


def begin(file: str | None) -> Settings:
    """What every serving command does first: settings, the log in *file* or on stderr, and an eye on the parent."""
    settings = base.settings()
    log.setup(settings.log_level, file=Path(file).absolute() if file else None)
    if settings.parent:
        threading.Thread(target=_end_with, args=[settings.parent], daemon=True, name="parent").start()
    return settings


def say_ready(url: str) -> None:
    """A program that started this one waits for the line."""
    print(f"ready {url}", flush=True)


def _next_steps(settings: Settings, url: str, owner: str, demo: bool) -> list[str]:
    """What a person does after `polaris up`; for stderr, because programs read stdout."""
    if settings.local_sign_in:
        lines = [f"Open {url} and sign in as {owner}. No password: local sign-in is on, for this machine alone."]
    elif settings.oidc_client_id:
        lines = [f"Open {settings.public_url or url} and sign in."]
    else:
        lines = ["Nobody can sign in on the web: add --local-sign-in, or set POLARIS_OIDC_CLIENT_ID."]
    if demo:
        lines.append("Project demo plays now. Advise its session fxm, there or here: its agent answers.")
        lines.append('  polaris inject demo fxm "Use RS256"')
    return [*lines, "Ctrl-C stops everything."]


def _end_with(parent: int) -> None:
    """Ends this process when *parent*, which looks after it, was killed: nothing stays behind alone."""
    # No portable system call tells of a parent's end (prctl is Linux's), so this thread looks.
    while os.getppid() == parent:
        time.sleep(PARENT_SECONDS)
    os.kill(os.getpid(), signal.SIGTERM)
