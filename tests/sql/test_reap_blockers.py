"""polaris.reap_blockers: a direct client cannot hold the record up."""

from datetime import timedelta

import psycopg
import pytest
from story import Place, Story, event


def test_a_clients_transaction_that_has_written_is_ended_when_it_is_old(story: Story) -> None:
    fxm = story.session("fxm", driver=story.me)
    with story.client(story.me) as client:
        pid = client.connection.info.backend_pid
        client.connection.execute("begin")
        client.push(fxm, event("a"))

        assert pid not in {row.pid for row in story.reap_blockers(older_than=timedelta(hours=1))}

        (reaped,) = story.reap_blockers(older_than=timedelta(0))

        assert (reaped.pid, reaped.login, reaped.seconds) == (pid, client.login, pytest.approx(0, abs=30))
        with pytest.raises(psycopg.OperationalError):
            client.push(fxm, event("b"))
    assert story.told() == ["session.created", "driver.claimed"]
    story.check()


def test_who_only_reads_and_who_is_the_service_is_left_alone(story: Story) -> None:
    fxm = story.session("fxm", driver=story.me)
    with story.client(story.me) as client, story.another() as service:
        with client.connection.transaction(), service.connection.transaction():
            client.read_events(project="pj")
            service.push(Place("pj", "fxm", story.me, 1), event("of-the-service"))

            assert story.reap_blockers(older_than=timedelta(0)) == []

        assert client.push(fxm, event("a"))[0].created
