"""What Slack's states mean for people: pure functions over rows, for the page of settings, dashboard and floors."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from polaris.db.slack_rows import ChannelRow, FiguresRow, PersonRow, SlackRow

LEVELS = (
    ("all", "All", "prompts, answers, advice, seats; tool calls as one line in the prompt's thread"),
    ("final-only", "Final only", "answers, advice and seats"),
    ("digest", "Daily digest", "one message a day"),
    ("muted", "Muted", "nothing"),
)
# Why a workspace rests: Slack's own words, and those that Polaris itself notes.
REASONS = {
    "account_inactive": "The app was removed from the workspace, or the workspace is closed.",
    "administrator": "An administrator disconnected it.",
    "app_uninstalled": "The app was removed in Slack.",
    "invalid_auth": "Slack does not know the token any more.",
    "missing_scope": "The app has fewer permissions than Polaris needs.",
    "not_authed": "Slack does not know the token any more.",
    "token_expired": "The token has expired: token rotation has to be off in the app.",
    "token_revoked": "The token was revoked in Slack.",
    "tokens_revoked": "The token was revoked in Slack.",
}
PAUSED = ("archived", "left", "refused")
STANDINGS = {
    "guest": "guests are not heard",
    "stranger": "belongs to another workspace",
    "bot": "a bot or an app",
    "deleted": "has left the workspace",
}


def reason(text: str | None) -> str:
    """Why a workspace rests, as a sentence."""
    if not text:
        return "Slack gave no reason."
    return REASONS.get(text, f"Slack says: {text}.")


def has_bridge(workspace: SlackRow, now: datetime) -> bool:
    """Whether a bridge works for the workspace at this moment."""
    return workspace.holder is not None and workspace.lease_until is not None and workspace.lease_until > now


def lacking(workspace: SlackRow, scopes: Collection[str]) -> list[str]:
    """The permissions that the workspace did not give."""
    return sorted(set(scopes) - set(workspace.scopes))


def link(workspace: SlackRow | None, channel: ChannelRow | None) -> str:
    """The address of a channel that lives; empty where there is none."""
    if workspace is None or workspace.state != "connected" or channel is None or channel.state != "live":
        return ""
    return f"{workspace.url.rstrip('/')}/archives/{channel.channel_id}" if workspace.url else ""


@dataclass(frozen=True)
class Channel:
    """A project's channel as a line of the page: ``state`` in a word, ``look`` of its badge, ``said`` what to do."""

    row: ChannelRow
    href: str
    state: str
    look: str
    said: str

    @property
    def is_there(self) -> bool:
        """Whether there is anything to set: a channel, or one that was."""
        return self.row.channel_id is not None or self.row.state != "missing"

    @property
    def is_paused(self) -> bool:
        return self.row.shown and self.row.state in PAUSED

    @classmethod
    def of(cls, row: ChannelRow, workspace: SlackRow, has_bridge: bool = True) -> Channel:
        return cls(row, link(workspace, row), *_state(row, has_bridge))


def _state(row: ChannelRow, has_bridge: bool) -> tuple[str, str, str]:
    if not row.shown:
        return "not posted", "", "Private and archived projects never are."
    if row.state == "live":
        if row.reason == "is_private":
            return "live", "warn", "The channel is private now: posts go there, what is written there is not heard."
        if row.shared:
            told = "Shared with another workspace: people there read along."
            return "live", "warn", told + ("" if row.hears else " Nobody in it is heard until you allow it.")
        return "live", "good", ""
    if row.state == "archived":
        return "paused", "warn", "The channel is archived. Unarchive it in Slack, or have another one made."
    if row.state == "left":
        return "paused", "warn", "Somebody removed the app from the channel. It goes back only when you say so."
    if row.state == "refused":
        return "paused", "bad", f"Slack refused it: {row.reason or 'no reason'}. {_remedy(row.reason)}"
    when = "in a moment" if has_bridge else "when a bridge works"
    return "waits", "", f"It is made {when}." if row.sessions else "It is made with the first session."


def _remedy(error: str | None) -> str:
    if error == "missing_scope":
        return "Connect the workspace again."
    if error == "name_taken":
        return "Rename the channel that has the name, then try again."
    if error and error.startswith("restricted_action"):
        return "Have a workspace owner allow apps to make channels and to post, then try again."
    return "Mend it in Slack, then try again."


def speaks(person: PersonRow) -> str:
    """Why somebody is not heard; empty for who is."""
    if person.actor is not None:
        return ""
    return STANDINGS.get(person.standing, "no member, and only members are heard")


def figures(row: FiguresRow) -> list[tuple[str, str]]:
    """How the bridge does, as lines; what is nought is left out, but for the posts."""
    found = [("Posts", f"{row.posted:,} in Slack, of the last 30 days")]
    if row.waiting + row.unsure:
        found.append(("Waiting", f"{row.waiting + row.unsure:,}, the oldest for {_span(row.oldest_seconds)}"))
    if row.undone:
        found.append(("From Slack", f"{row.undone:,} not worked through yet"))
    if row.failed:
        found.append(("Failed", f"{row.failed:,} that Slack did not take"))
    if row.repeats:
        proven = f", {row.doubles:,} of them a second copy, which was deleted" if row.doubles else ""
        found.append(("Sent again", f"{row.repeats:,}, because neither answer nor echo came{proven}"))
    return found


def _span(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.0f} h"
