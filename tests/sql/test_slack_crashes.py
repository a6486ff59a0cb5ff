"""A bridge that dies at every step, answers that are cut, echoes that are late, twice or bare: a post is one message.

Slack is a list here. What is asked at the end is what DESIGN section 10 promises: nothing lost, the order of the
channel kept, a second copy only where no proof came in time, and each of them found, counted and deleted.
"""

import random
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from slack_talk import Talk, post, ts
from story import Row, Story

POSTS = 25


@dataclass
class Message:
    """One message as Slack has it."""

    ts: str
    post_id: int
    text: str
    echoes: int
    bare: bool
    deleted: bool = False


@dataclass
class World:
    """Slack, and the bridge that dice let die."""

    talk: Talk
    dice: random.Random
    bare: float
    messages: list[Message] = field(default_factory=list)

    def chance(self, of: float) -> bool:
        return self.dice.random() < of

    def call(self, row: Row) -> str:
        """Slack makes the message, and shows it to us once or twice, by and by; a bare echo tells its text alone.

        A running line may say something else by then: only its number finds it, and its echoes are never bare here.
        """
        bare = row.kind != "tools" and self.chance(self.bare)
        self.messages.append(Message(ts(), row.post_id, row.text, self.dice.choice([1, 1, 2]), bare))
        return self.messages[-1].ts

    def make(self, row: Row) -> None:
        begun = self.talk.begin(row)
        if not begun or self.chance(0.1):
            return  # not now; or it dies before the call
        (sent,) = begun
        if self.chance(0.1):
            self.talk.settle(sent, "waiting", retry_in=timedelta(seconds=5))  # 429
            return
        made = self.call(sent) if self.chance(0.8) else None
        if made and self.chance(0.3):
            self.echo(self.messages[-1])  # faster than the answer
        if self.chance(0.2):
            return  # it dies, whatever Slack did
        if made and self.chance(0.7):
            self.talk.settle(sent, "posted", ts=made, version=sent.version)
        else:
            self.talk.settle(sent, "unsure")  # the answer was cut

    def change(self, row: Row) -> None:
        (message,) = (m for m in self.messages if m.ts == (row.extra_ts or row.ts))
        if row.extra_ts:
            message.deleted = True
        else:
            message.text = row.text
        if self.chance(0.7):  # else it dies, and does it once more
            self.talk.change_slack_post(post_id=row.post_id, version=row.version, deleted=bool(row.extra_ts))

    def echo(self, message: Message) -> None:
        message.echoes -= 1
        if message.bare:
            self.talk.echo(None, message.ts, text=message.text)
        else:
            self.talk.echo_slack_post(channel=self.talk.room_id, ts=message.ts, post_id=message.post_id)

    def work(self) -> None:
        if self.chance(0.1):
            self.talk.run_out()
            self.talk.lease(f"bridge-{self.dice.random()}")
        for row in self.talk.list_slack_posts():
            if row.ts is None:
                self.make(row)
            else:
                self.change(row)
        for message in self.messages:
            if message.echoes > 0 and self.chance(0.4):
                self.echo(message)
        self.talk.later(timedelta(seconds=self.dice.choice([1, 5, 60])))


@pytest.mark.parametrize("bare", [0.0, 0.5])
@pytest.mark.parametrize("seed", range(4))
def test_whatever_happens_to_the_bridge_each_post_is_one_message_and_in_order(
    story: Story, seed: int, bare: float
) -> None:
    talk = Talk(story)
    world = World(talk, random.Random(seed), bare)
    for n in range(POSTS):
        talk.put(
            post(f"e:{n}", f"text {n}"), *([post("tools:1", f"line {n}", kind="tools", calls=1)] if n % 5 == 0 else [])
        )
        world.work()
    for _ in range(1000):
        if not talk.list_slack_posts() and all(m.echoes <= 0 for m in world.messages) and not _waiting(talk):
            break
        world.work()

    told = [row for row in talk.posts() if not row.key.startswith("copy:")]
    kept = [message for message in world.messages if not message.deleted]
    assert {row.state for row in told} == {"posted"}
    assert [(row.post_id, row.ts, row.text) for row in told] == [(m.post_id, m.ts, m.text) for m in kept]
    doubles = sum(row.doubles for row in told)
    assert doubles == len(world.messages) - len(told)
    assert doubles <= sum(row.repeats for row in told)
    (figures,) = talk.get_slack_figures()
    assert (figures.posted, figures.doubles, figures.waiting, figures.unsure) == (len(told), doubles, 0, 0)


def _waiting(talk: Talk) -> bool:
    return any(row.state in ("waiting", "posting", "unsure") for row in talk.posts())
