"""polaris.rekey_slack: a token that was sealed again takes the place of the old one."""

from typing import Any

from slack_story import TOKEN, Workspace, connect
from story import Story


def sealed(work: Workspace) -> tuple[bytes, str]:
    (row,) = (row for row in work.list_slack_workspaces() if row.org_id == work.org)
    return bytes(row.token), row.token_key


def test_the_token_is_replaced_with_the_name_of_its_key(story: Story) -> None:
    work = Workspace(story)

    assert work.rekey_slack(old=TOKEN, token=b"again", token_key="ffff0000") is True
    assert sealed(work) == (b"again", "ffff0000")


def test_the_bridge_goes_on(story: Story) -> None:
    work = Workspace(story)
    work.rekey_slack(old=TOKEN, token=b"again", token_key="ffff0000")

    assert work.write_slack_people(people=[]) == 0
    assert work.lease() == work.fence


def test_one_that_was_replaced_meanwhile_stays(story: Story) -> None:
    work = Workspace(story)
    connect(story, work.team, token=b"newer")

    assert work.rekey_slack(old=TOKEN, token=b"again", token_key="ffff0000") is False
    assert sealed(work)[0] == b"newer"


def test_a_refused_one_is_sealed_again_too(story: Story) -> None:
    work = Workspace(story)
    work.refuse_slack(reason="token_revoked")

    assert work.rekey_slack(old=TOKEN, token=b"again", token_key="ffff0000") is True


def test_one_that_is_gone_does_not_come_back(story: Story, tell: Any) -> None:
    work, theirs = Workspace(story), Workspace(tell())
    work.disconnect_slack(reason="bye")

    assert work.rekey_slack(old=TOKEN, token=b"again", token_key="ffff0000") is False
    assert sealed(theirs)[0] == TOKEN
