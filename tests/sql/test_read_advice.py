"""polaris.read_advice: what waits for the driver, as its agent is shown it."""

from story import Place, Story, refused


def test_it_is_what_was_queued_and_what_is_on_its_way_oldest_first(story: Story) -> None:
    fxm = story.session("fxm", driver=story.me)
    bodies = ["one", "two", "three", "four"]
    queued, sent, seen, declined = [story.advise(fxm, body, sender="agent:reviewer") for body in bodies]
    story.settle(sent, "sent", fxm)
    story.settle(seen, "seen", fxm)
    story.settle(declined, "declined", fxm)
    waiting = story.read_advice(actor=story.me, epoch=1, **fxm)

    assert [(w.delivery_id, w.state, w.body) for w in waiting] == [
        (queued.delivery_id, "queued", "one"),
        (sent.delivery_id, "sent", "two"),
    ]


def test_the_text_has_provenance_and_the_marker(story: Story) -> None:
    fxm = story.session("fxm", driver=story.me)
    advice = story.advise(fxm, "use RS256", sender="agent:reviewer")
    (waiting,) = story.read_advice(actor=story.me, epoch=1, **fxm)

    assert waiting.marker == f"polaris:advice:{advice.delivery_id}"
    assert waiting.text == (
        "Advice from agent:reviewer (coding agent, same organization) for session pj/fxm, "
        f"sent {advice.queued_at:%Y-%m-%dT%H:%MZ}:\n> use RS256\n({waiting.marker})"
    )


def test_another_sessions_advice_is_not_among_it(story: Story) -> None:
    fxm, fxk = story.session("fxm", driver=story.me), story.session("fxk", driver=story.me)
    story.advise(fxk)

    assert story.read_advice(actor=story.me, epoch=1, **fxm) == []


def test_only_who_holds_the_seat_under_this_epoch_reads_it(story: Story) -> None:
    old = story.session("fxm", driver="user:manu")
    story.release_driver(actor="user:manu", **old)
    new = story.claim(old, "agent:bot")
    story.advise(new)
    for actor, epoch in [("user:manu", 1), ("user:manu", 2), ("agent:bot", 1), ("agent:bot", None), (None, 2)]:
        with refused(403, "not_driver") as why:
            story.read_advice(actor=actor, epoch=epoch, **new)

        assert why.detail == {"driver": "agent:bot", "epoch": 2}

    assert len(story.read_advice(actor="agent:bot", epoch=2, **new)) == 1


def test_an_open_seat_has_no_reader_not_even_the_service(story: Story) -> None:
    fxm = story.session("fxm")
    story.advise(fxm)
    for actor in (story.me, None):
        with refused(403, "not_driver"):
            story.read_advice(actor=actor, epoch=0, **fxm)


def test_advice_that_waited_too_long_is_not_shown_any_more(story: Story) -> None:
    fxm = story.session("fxm", driver=story.me)
    story.grow_old(story.advise(fxm))

    assert story.read_advice(actor=story.me, epoch=1, **fxm) == []


def test_one_that_is_not_there(story: Story, tell) -> None:
    theirs = tell().session("fxm", driver="user:manu", project="theirs")
    story.project("pj")
    with refused(404, "no_such_project"):
        story.read_advice(actor="user:manu", epoch=1, **theirs)
    with refused(404, "no_such_session"):
        story.read_advice(actor="user:manu", epoch=1, **Place("pj", "fxm"))
