"""Briefs, answers about a project, and annotations, over HTTP."""

from __future__ import annotations

from api_place import Client, Place, event


async def test_a_brief_names_its_events_and_says_since_when(manu: Client) -> None:
    (first,) = await manu.push("pj", "fxm", event(body="Build the login"))
    whole = await manu.get("/projects/pj/sessions/fxm/brief")
    since = await manu.get(f"/projects/pj/sessions/fxm/brief?since={first['seq']}")

    assert f"#{first['seq']} user:manu first asked: Build the login" in whole["text"]
    assert whole["since"] is None
    assert (since["since"], "Build the login" in since["text"]) == (first["seq"], False)


async def test_what_somebody_did_is_told_of_that_one(manu: Client, place: Place) -> None:
    priya = await place.client("user:priya")
    await manu.push("pj", "fxm", event(body="Build the login"))
    await priya.post("/projects/pj/sessions/fxk/join")
    await priya.push("pj", "fxk", event(body="Speed up the export"))
    told = await manu.get("/projects/pj/context?by=user:priya")
    everything = await manu.get("/projects/pj/context")

    assert told["text"].startswith("user:priya in pj\n")
    assert "Speed up the export" in told["text"]
    assert "Build the login" not in told["text"]
    assert "Build the login" in everything["text"]
    assert everything["last_seq"] == told["last_seq"]


async def test_a_question_is_asked_listed_and_answered_once(manu: Client, place: Place) -> None:
    priya = await place.client("user:priya")
    said = {"what": "question", "body": "Which key?", "session": "fxm", "client_id": "q1"}
    asked = await manu.post("/projects/pj/annotations", said)
    again = await manu.post("/projects/pj/annotations", said)
    opened = await priya.get("/projects/pj/annotations?open=true&kind=question")
    done = await priya.post(f"/projects/pj/annotations/{asked['seq']}/close", {"body": "RS256"})
    refused = await manu.call("POST", f"/projects/pj/annotations/{asked['seq']}/close")

    assert (asked["created"], again["created"], again["seq"]) == (True, False, asked["seq"])
    assert [row["body"] for row in opened["items"]] == ["Which key?"]
    assert (done["changed"], done["closed_by"], done["closed_body"]) == (True, "user:priya", "RS256")
    assert (refused[0], refused[1]["code"]) == (409, "annotation_is_closed")
    assert (await manu.get("/projects/pj/annotations?open=true"))["items"] == []


async def test_an_event_is_starred_without_words_and_nothing_else_is(manu: Client) -> None:
    (first,) = await manu.push("pj", "fxm", event(body="Build the login"))
    star = await manu.post("/projects/pj/annotations", {"what": "star", "about": first["seq"]})
    empty = await manu.call("POST", "/projects/pj/annotations", json={"what": "decision", "about": first["seq"]})
    nothing = await manu.call("POST", "/projects/pj/annotations", json={"what": "star", "about": 10_000})

    assert (star["session"], star["about_body"]) == ("fxm", "Build the login")
    assert (empty[0], empty[1]["code"]) == (422, "body_is_there")
    assert (nothing[0], nothing[1]["code"]) == (404, "no_such_event")


async def test_secrets_are_taken_out_before_anything_is_kept(manu: Client) -> None:
    secret = "ghp_" + "a1B2" * 9
    made = await manu.post("/projects/pj/annotations", {"what": "question", "body": f"is {secret} right?"})
    done = await manu.post(f"/projects/pj/annotations/{made['seq']}/close", {"body": f"no, {secret}"})

    assert secret not in f"{made} {done}"
    assert "[REDACTED:" in made["body"]
    assert "[REDACTED:" in done["closed_body"]


async def test_what_makes_no_sense_is_refused(manu: Client) -> None:
    for path in (
        "context?since=monday",
        "context?by=krishna",
        "sessions/fxm/brief?since=-1",
        "annotations?kind=prompt",
    ):
        status, problem = await manu.call("GET", f"/projects/pj/{path}")
        assert (status, problem["code"]) == (422, "not_valid"), (path, problem)
