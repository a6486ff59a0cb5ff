"""The commands put together: what `polaris --help` lists. See `polaris.command` for how words are understood."""

from __future__ import annotations

from collections.abc import Sequence

from polaris import __version__, log
from polaris.command import Group, run
from polaris.commands.accounts import Member, Token
from polaris.commands.analysts import Analyst
from polaris.commands.audit import Audit
from polaris.commands.capture import Capture
from polaris.commands.changes import Log
from polaris.commands.channel import Channel
from polaris.commands.database import Db, LoginRole, Org
from polaris.commands.doctor import Doctor
from polaris.commands.exports import Exports
from polaris.commands.floor import Floor
from polaris.commands.here import Here, literal
from polaris.commands.install import Install
from polaris.commands.keeping import Erase, Hold, Retention, Scrub
from polaris.commands.login import Login
from polaris.commands.machine import Machine
from polaris.commands.memory import Memory
from polaris.commands.projects import Project
from polaris.commands.search import Search
from polaris.commands.seat import Seat
from polaris.commands.serving import Serving
from polaris.commands.slack import Bridge, Slack
from polaris.commands.trailer import Trailer
from polaris.commands.usage import Usage


class Polaris(
    Floor,
    Here,
    Log,
    Memory,
    Search,
    Usage,
    Machine,
    Doctor,
    Install,
    Login,
    Serving,
    Bridge,
    Channel,
    Exports,
    Scrub,
    Group,
):
    """Coding agents as teammates: every session captured, shown to the team, spoken to, handed over."""

    def __init__(self) -> None:
        self.analyst = Analyst()
        self.audit = Audit()
        self.capture = Capture()
        self.db = Db()
        self.erase = Erase()
        self.hold = Hold()
        self.login_role = LoginRole()
        self.member = Member()
        self.org = Org()
        self.project = Project()
        self.retention = Retention()
        self.seat = Seat()
        self.slack = Slack()
        self.token = Token()
        self.trailer = Trailer()


def run_command(words: Sequence[str]) -> int:
    return run(Polaris(), literal(words), name="polaris", version=__version__, before=lambda: log.setup("warning"))
