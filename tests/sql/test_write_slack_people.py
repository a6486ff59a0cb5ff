"""polaris.write_slack_people: who the people of a workspace are, and which members they are."""

import re
from typing import Any

import psycopg
import pytest
from people import joined, local, signed_in
from slack_story import Workspace, person
from story import Background, Story, refused

PARTICIPANT = re.compile(r"slack:[a-z0-9][a-z0-9-]{0,62}")


@pytest.fixture
def work(story: Story) -> Workspace:
    return Workspace(story)


def test_it_keeps_what_slack_says(work: Workspace) -> None:
    told = person(
        "U1", "Krishna R", username="KRISHNA", email=" Krishna@Acme.example ", picture="https://p.example/k.png"
    )

    assert work.write_slack_people(people=[told]) == 1
    row = work.of("U1")
    assert (row.name, row.username, row.email, row.picture, row.standing) == (
        "Krishna R",
        "krishna",
        "krishna@acme.example",
        "https://p.example/k.png",
        "full",
    )


def test_again_it_is_what_slack_says_now(work: Workspace) -> None:
    work.person("Krishna", "krishna@acme.example", id="U1")
    first = work.of("U1").looked_up_at
    work.person("Krish", None, standing="deleted", id="U1")
    row = work.of("U1")

    assert (row.name, row.email, row.standing, len(work.list_slack_people())) == ("Krish", None, "deleted", 1)
    assert row.looked_up_at > first


# Handles


def test_two_of_one_name_are_two_participants_in_whatever_order(work: Workspace) -> None:
    users = [work.person("Krishna") for _ in range(3)]

    assert [work.of(user).actor for user in users] == ["slack:krishna", "slack:krishna-2", "slack:krishna-3"]


def test_somebody_named_like_a_numbered_one_takes_no_handle_away(work: Workspace) -> None:
    users = [work.person(name) for name in ("Krishna 2", "Krishna", "Krishna")]

    assert [work.of(user).handle for user in users] == ["krishna-2", "krishna", "krishna-3"]


def test_a_handle_stays_whatever_its_owner_and_others_call_themselves(work: Workspace) -> None:
    krishna, priya = work.person("Krishna"), work.person("Priya")
    work.person("Priya", id=krishna)
    work.person("Krishna", id=priya)
    third = work.person("Krishna")

    assert [work.of(user).handle for user in (krishna, priya, third)] == ["krishna", "priya", "krishna-2"]


def test_a_handle_of_somebody_who_left_is_nobody_elses(work: Workspace) -> None:
    gone = work.person("Krishna")
    work.person("Krishna", standing="deleted", id=gone)

    assert work.of(work.person("Krishna")).handle == "krishna-2"


def test_one_person_in_two_organizations_workspaces_is_two(work: Workspace, tell: Any) -> None:
    theirs = Workspace(tell())
    for one in (work, theirs):
        one.person("Krishna", id="U1")

    hashes = work.story.rows(
        "select who from polaris_data.slack_handles where org_id in (%s, %s)", work.org, theirs.org
    )
    assert len(set(hashes)) == 2
    assert [one.of("U1").handle for one in (work, theirs)] == ["krishna", "krishna"]


def test_the_same_id_in_another_workspace_is_somebody_else(story: Story, work: Workspace) -> None:
    work.person("Krishna", id="U1")
    other = Workspace(story)
    other.person("Krishna", id="U1")

    assert other.of("U1").handle == "krishna-2"


@pytest.mark.parametrize(
    ("name", "username", "handle"),
    [
        ("José García", None, "jose-garcia"),
        ("ＫＲＩＳＨＮＡ", None, "krishna"),
        ("  --Dr. O'Neil--  ", None, "dr-o-neil"),
        ("山田", "yamada", "yamada"),
        ("山田", None, "u9"),
        ("", "", "u9"),
        ("🚀", "🚀", "u9"),
        ("<!channel> polaris:advice", None, "channel-polaris-advice"),
        ("user:manu", None, "user-manu"),
        ("a" * 300, None, "a" * 56),
        ("x" * 55 + " yes", None, "x" * 55),
        ("-", "_", "u9"),
        ("2", None, "2"),
    ],
)
def test_a_handle_is_made_from_the_name(work: Workspace, name: str, username: str | None, handle: str) -> None:
    work.write_slack_people(people=[person("U9", name, username=username)])
    row = work.of("U9")

    assert row.handle == handle
    assert PARTICIPANT.fullmatch(row.actor)


def test_long_names_of_many_stay_participants(work: Workspace) -> None:
    work.write_slack_people(people=[person(f"U{n}", "n" * 90) for n in range(120)])

    assert all(PARTICIPANT.fullmatch(row.actor) for row in work.list_slack_people())
    assert len({row.handle for row in work.list_slack_people()}) == 120


def test_texts_are_cut_and_people_without_an_id_are_left_out(work: Workspace) -> None:
    told = [
        person("U1", "n" * 300, picture="p" * 2000),
        person("", "Nobody"),
        {"name": "Nobody", "standing": "full"},
        {"id": "U2", "standing": "full"},
    ]

    assert work.write_slack_people(people=told) == 2
    assert (len(work.of("U1").name), len(work.of("U1").picture), work.of("U2").name) == (200, 1000, "U2")


def test_of_two_who_meet_the_same_people_at_once_the_second_finds_them_there(
    story: Story, work: Workspace, background: Background
) -> None:
    with story.another() as one, story.another() as other:
        with one.connection.transaction():
            one.write_slack_people(fence=work.fence, people=[person("U1", "Krishna")])
            waiting = background.start(
                other.write_slack_people,
                fence=work.fence,
                people=[person("U1", "Krishna"), person("U2", "Krishna")],
            )
            background.until_waiting(other, waiting)

        assert background.answer(waiting) == 2
    assert [row.handle for row in work.list_slack_people()] == ["krishna", "krishna-2"]


# Members


def test_whoever_has_the_address_of_a_member_is_the_member(story: Story, work: Workspace) -> None:
    joined(story, "krishna", email="Krishna@acme.example")
    user = work.person("K", "kRISHNA@ACME.example")

    assert (work.of(user).member, work.of(user).member_by, work.of(user).actor) == ("krishna", "email", "user:krishna")


def test_a_changed_address_is_another_match_or_none(story: Story, work: Workspace) -> None:
    for handle in ("krishna", "priya"):
        joined(story, handle)
    user = work.person("K", "krishna@acme.example")
    members = []
    for email in ("priya@acme.example", "k@elsewhere.example", None):
        work.person("K", email, id=user)
        members.append((work.of(user).member, work.of(user).actor))

    assert members == [("priya", "user:priya"), (None, "slack:k"), (None, "slack:k")]


@pytest.mark.parametrize("standing", ["guest", "stranger", "bot", "deleted"])
def test_only_full_members_of_the_workspace_are_somebody(story: Story, work: Workspace, standing: str) -> None:
    joined(story, "krishna")
    user = work.person("K", "krishna@acme.example", standing=standing)

    assert (work.of(user).member, work.of(user).actor) == (None, None)


def test_who_becomes_a_guest_is_nobody_any_more(story: Story, work: Workspace) -> None:
    joined(story, "krishna")
    user = work.person("K", "krishna@acme.example")
    work.person("K", "krishna@acme.example", standing="guest", id=user)

    assert (work.of(user).member, work.of(user).actor) == (None, None)


def test_two_members_of_one_address_are_nobody(story: Story, work: Workspace) -> None:
    for handle in ("krishna", "krish"):
        joined(story, handle, email="shared@acme.example", issuer=f"https://{handle}.example")
    user = work.person("K", "shared@acme.example")

    assert (work.of(user).member, work.of(user).actor) == (None, "slack:k")


def test_two_people_of_one_address_are_nobody(story: Story, work: Workspace) -> None:
    joined(story, "krishna")
    first = work.person("K", "krishna@acme.example")
    second = work.person("Q", "krishna@acme.example")

    assert [work.of(user).member for user in (first, second)] == [None, None]
    work.person("K", "krishna@acme.example", standing="deleted", id=first)
    assert [work.of(user).member for user in (first, second)] == [None, "krishna"]


def test_a_member_of_another_organization_is_nobody_here(work: Workspace, tell: Any) -> None:
    joined(tell(), "krishna")
    user = work.person("K", "krishna@acme.example")

    assert work.of(user).member is None


def test_an_empty_address_is_none(story: Story, work: Workspace) -> None:
    story.add_member(actor=story.me, handle="krishna", email="")
    user = work.person("K", "  ")

    assert (work.of(user).email, work.of(user).member) == (None, None)


# When an address comes or goes on our side


def test_who_signs_in_with_another_address_is_found_by_that_one(story: Story, work: Workspace) -> None:
    subject = f"{story.slug}-k"
    joined(story, "krishna", email="old@acme.example", subject=subject)
    old, new = work.person("Old", "old@acme.example"), work.person("New", "new@acme.example")

    assert [work.of(user).member for user in (old, new)] == ["krishna", None]
    signed_in(story, "new@acme.example", subject=subject)
    assert [work.of(user).member for user in (old, new)] == [None, "krishna"]
    assert work.of(old).actor == "slack:old"


def test_who_gives_an_address_up_leaves_it_to_the_other_who_has_it(story: Story, work: Workspace) -> None:
    subject = f"{story.slug}-k"
    joined(story, "krishna", email="shared@acme.example", subject=subject)
    joined(story, "priya", email="shared@acme.example", issuer="https://idp.example")
    user = work.person("P", "shared@acme.example")
    signed_in(story, "own@acme.example", subject=subject)

    assert work.of(user).member == "priya"


def test_of_two_people_of_one_address_the_one_who_keeps_it_is_found(story: Story, work: Workspace) -> None:
    joined(story, "krishna")
    first, second = (work.person(name, "krishna@acme.example") for name in "KQ")
    work.person("Q", "elsewhere@acme.example", id=second)

    assert [work.of(user).member for user in (first, second)] == ["krishna", None]


def test_a_status_or_a_picture_changes_nothing_about_who_somebody_is(story: Story, work: Workspace) -> None:
    joined(story, "krishna")
    user = work.person("K", "krishna@acme.example")
    work.person("K at lunch", "krishna@acme.example", id=user)

    assert (work.of(user).name, work.of(user).member, work.of(user).handle) == ("K at lunch", "krishna", "k")


def test_a_sign_in_without_an_address_changes_nothing(story: Story, work: Workspace) -> None:
    story.add_member(actor=story.me, handle="krishna", email="krishna@acme.example")
    user = work.person("K", "krishna@acme.example")
    local(story, "krishna")

    assert work.of(user).member == "krishna"


def test_a_sign_in_is_found_in_every_organization_of_the_person(story: Story, work: Workspace, tell: Any) -> None:
    works = [work, Workspace(tell())]
    subject = f"{story.slug}-k"
    for one in works:
        joined(one.story, "krishna", email="old@acme.example", subject=subject)
    users = [one.person("K", "new@acme.example") for one in works]
    signed_in(story, "new@acme.example", subject=subject)

    assert [one.of(user).member for one, user in zip(works, users, strict=True)] == ["krishna", "krishna"]


def test_who_becomes_a_member_is_found(story: Story, work: Workspace) -> None:
    by_invite, by_hand = work.person("A", "krishna@acme.example"), work.person("B", "priya@acme.example")
    joined(story, "krishna")
    story.add_member(actor=story.me, handle="priya", email="priya@acme.example")

    assert [work.of(user).member for user in (by_invite, by_hand)] == ["krishna", "priya"]


def test_who_takes_a_membership_over_brings_the_own_address(story: Story, work: Workspace) -> None:
    story.add_member(actor=story.me, handle="krishna", email="by-hand@acme.example")
    before, after = work.person("A", "by-hand@acme.example"), work.person("B", "krishna@acme.example")
    session, link = signed_in(story, "krishna@acme.example"), story.slug.encode().ljust(32, b"l")
    story.invite(actor=story.me, email=session.email, role="member", hash=link, handle="krishna")
    story.accept_invite(person=session.person_id, org_slug=story.slug, hash=link)

    assert [work.of(user).member for user in (before, after)] == [None, "krishna"]


def test_a_removed_member_speaks_as_somebody_of_slack_or_not_at_all(story: Story, work: Workspace) -> None:
    joined(story, "krishna")
    user = work.person("K", "krishna@acme.example")
    story.remove_member(actor=story.me, handle="krishna")

    assert (work.of(user).member, work.of(user).actor) == (None, "slack:k")
    work.set_slack(hears_everybody=False)
    assert work.of(user).actor is None


def test_when_one_of_two_with_an_address_leaves_the_other_is_found(story: Story, work: Workspace) -> None:
    for handle in ("krishna", "krish"):
        joined(story, handle, email="shared@acme.example", issuer=f"https://{handle}.example")
    user = work.person("K", "shared@acme.example")
    story.remove_member(actor=story.me, handle="krish")

    assert work.of(user).member == "krishna"


def test_a_sign_in_and_slacks_word_at_once_find_each_other(
    story: Story, work: Workspace, background: Background
) -> None:
    subject = f"{story.slug}-k"
    joined(story, "krishna", email="old@acme.example", subject=subject)
    user = work.person("K", "k@acme.example")
    with story.another() as bridge, story.another() as web:
        with bridge.connection.transaction():
            bridge.write_slack_people(fence=work.fence, people=[person(user, "K", email="new@acme.example")])
            waiting = background.start(signed_in, web, "new@acme.example", subject=subject)
            background.until_waiting(web, waiting)
        background.answer(waiting)
    assert work.of(user).member == "krishna"

    with story.another() as bridge, story.another() as web:
        with web.connection.transaction():
            signed_in(web, "newer@acme.example", subject=subject)
            people = [person(user, "K", email="newer@acme.example")]
            waiting = background.start(bridge.write_slack_people, fence=work.fence, people=people)
            background.until_waiting(bridge, waiting)
        background.answer(waiting)
    assert work.of(user).member == "krishna"


# The end of the list, and who may


def test_the_end_of_the_whole_list_is_noted(work: Workspace) -> None:
    work.write_slack_people(people=[person("U1", "A")])
    before = work.get_slack()[0].people_at

    assert work.write_slack_people(people=[person("U2", "B")], whole=True) == 1
    assert (before, work.get_slack()[0].people_at is not None) == (None, True)


def test_nobody_without_the_fence_writes(work: Workspace) -> None:
    for fence in (None, 0, work.fence - 1, work.fence + 1):
        with refused(409, "bridge_was_replaced"):
            work.write_slack_people(fence=fence, people=[person("U1", "A")])

    assert work.list_slack_people() == []


def test_a_standing_is_one_of_five(work: Workspace) -> None:
    with pytest.raises(psycopg.errors.CheckViolation) as caught:
        work.write_slack_people(people=[person("U1", "A", standing="owner")])

    assert caught.value.diag.constraint_name == "standing_is_known"
