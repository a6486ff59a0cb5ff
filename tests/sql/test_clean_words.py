"""polaris_data.clean_words: what a direct client writes, wherever, loses the secrets that a prefix gives away."""

from typing import Any

from story import Client, Place, Story, event

TOKEN = "ghp_" + "a1B2" * 9
WORDS = f"run with {TOKEN}"
# The functions in which a direct client writes words, and the arguments that are such; each is tried below.
WRITTEN = {"body", "note", "reason", "payload", "facts"}
TRIED = {
    *("annotate", "answer_seat_request", "ask_seat", "close_annotation", "decide_delivery", "inject", "push_events"),
    *("say", "settle_delivery", "take_over_seat"),
}


def words_anywhere(story: Story, pattern: str) -> list[str]:
    """The tables of the organization in which the pattern stands."""
    tables = story.rows(
        """
        select table_name from information_schema.columns where table_schema = 'polaris_data' and column_name = 'org_id'
        """
    )
    return [
        table
        for (table,) in tables
        if story.rows(f"select from polaris_data.{table} t where org_id = %s and t::text ~ %s", story.org, pattern)
    ]


def test_every_function_that_takes_words_of_a_direct_client_is_tried(story: Story) -> None:
    callable_by_clients = {
        name
        for (name,) in story.rows(
            """
            select proname from pg_proc where pronamespace = 'polaris'::regnamespace
              and has_function_privilege('polaris_client', oid, 'execute')
            """
        )
    }
    takes = {name for name, arguments in story.signatures.items() if {f"p_{word}" for word in WRITTEN} & set(arguments)}

    assert takes & callable_by_clients == TRIED


def test_what_a_direct_client_writes_is_kept_without_its_secrets(story: Story) -> None:
    story.member("krishna", role="admin")
    story.member("priya")
    story.join_session(actor="user:priya", project="pj", session="fxm")
    deep: dict[str, Any] = {"env": [f"X\n{TOKEN}\n"], TOKEN: 1}
    with story.client("user:krishna") as krishna:
        krishna.join_session(actor=None, project="pj", session="fxk")
        krishna.set_policy(actor=None, project="pj", session="fxk", sender_class="agent", policy="suggest")
        say_everything(story, krishna, deep)

    assert words_anywhere(story, TOKEN) == []
    assert {"events", "deliveries", "audit"} <= set(words_anywhere(story, "REDACTED:github"))


def say_everything(story: Story, krishna: Client, deep: dict[str, Any]) -> None:
    me = {"actor": None, "project": "pj"}
    fxk = Place("pj", "fxk", None, 1)
    pushed = krishna.push(
        fxk,
        event(f"id {TOKEN}", body=WORDS, payload=deep, facts={"branch": TOKEN}, turn=f"turn {TOKEN}"),
        event("plain"),
    )
    assert [row.created for row in pushed] == [True, True]
    assert pushed[0].client_id == f"id {TOKEN}"
    assert not krishna.push(fxk, event(f"id {TOKEN}", body=WORDS))[0].created
    krishna.say(**me, body=WORDS, payload=deep)
    marked = krishna.annotate(**me, what="question", body=WORDS)
    krishna.close_annotation(**me, seq=marked.seq, body=WORDS)
    told = krishna.inject(**me, session="fxk", body=WORDS)
    krishna.settle_delivery(
        actor=None, delivery=told.delivery_id, state="failed", reason=WORDS, path=f"p {TOKEN}", epoch=1
    )
    story.add_member(actor=story.me, handle="bot-owner", role="member")
    for decision in ("send", "dismiss"):
        held = story.inject(actor="agent:bot", project="pj", session="fxk", body="held")
        krishna.decide_delivery(**me, delivery=held.delivery_id, decision=decision, body=WORDS, reason=WORDS)
    krishna.ask_seat(**me, session="fxm", note=WORDS)
    asked = story.ask_seat(actor="user:priya", project="pj", session="fxk", note="please")
    krishna.answer_seat_request(**me, session="fxk", request=asked.seq, answer="decline", reason=WORDS)
    krishna.take_over_seat(**me, session="fxm", epoch=1, reason=WORDS)
