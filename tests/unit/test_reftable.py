"""daemon.reftable: the form of refs in newer versions of git; the tables were written by dulwich 1.2.21."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from git_repositories import repository
from hypothesis import given
from hypothesis import strategies as st

from polaris.daemon.git import Checkouts
from polaris.daemon.reftable import Tables

# HEAD stands for refs/heads/main, which is ab…; refs/heads/mainly is cd….
FIRST = base64.b64decode(
    "UkVGVAEAEAAAAAAAAAAAAQAAAAAAAAADcgAAegAjSEVBRAAPcmVmcy9oZWFkcy9tYWluAHlyZWZzL2hlYWRzL21haW4Bq6urq6ur"
    "q6urq6urq6urq6urq6sPEWx5As3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3NAAAcAAAzAAJSRUZUAQAQAAAAAAAAAAABAAAAAAAAAAMAAAAA"
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAveHQiQ=="
)
# refs/heads/main is ef….
SECOND = base64.b64decode(
    "UkVGVAEAEAAAAAAAAAAAAQAAAAAAAAABcgAARwB5cmVmcy9oZWFkcy9tYWluAO/v7+/v7+/v7+/v7+/v7+/v7+/vAAAcAAFSRUZU"
    "AQAQAAAAAAAAAAABAAAAAAAAAAEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAtr/3ig=="
)
MAIN = "refs/heads/main"


def stack(folder: Path, **tables: bytes) -> Tables:
    place = folder / "reftable"
    place.mkdir(parents=True, exist_ok=True)
    for name, data in tables.items():
        (place / f"{name}.ref").write_bytes(data)
    (place / "tables.list").write_text("".join(f"{name}.ref\n" for name in tables))
    return Tables(str(folder), str(folder))


def number(value: int) -> bytes:
    return bytes([value]) if value < 128 else bytes([0x80 | ((value >> 7) - 1), value & 127])


def record(name: str, kind: int, value: bytes) -> bytes:
    return number(0) + number(len(name) << 3 | kind) + name.encode() + number(0) + value


def table(*blocks: list[bytes], size: int = 0) -> bytes:
    """A table whose every record is a place where a reader may begin; with *size* its blocks are padded."""
    data = b"REFT\x01" + size.to_bytes(3, "big") + bytes(16)
    for records in blocks:
        start = len(data) if data[24:] else 0
        body, begins = b"", []
        for one in records:
            begins.append((len(data) if start == 0 else 0) + 4 + len(body))
            body += one
        body += b"".join(begin.to_bytes(3, "big") for begin in begins) + len(begins).to_bytes(2, "big")
        data += b"r" + (len(data) - start + 4 + len(body)).to_bytes(3, "big") + body
        data += bytes(-len(data) % size if size else 0)
    return data + b"g" + bytes(70)


def test_head_leads_to_its_branch_and_its_commit(tmp_path: Path) -> None:
    assert stack(tmp_path, a=FIRST).head() == (MAIN, "ab" * 20)


def test_a_newer_table_counts_more(tmp_path: Path) -> None:
    assert stack(tmp_path, a=FIRST, b=SECOND).head() == (MAIN, "ef" * 20)


def test_a_ref_that_was_deleted_is_not_looked_for_in_older_tables(tmp_path: Path) -> None:
    assert stack(tmp_path, a=FIRST, b=table([record(MAIN, 0, b"")])).head() == (MAIN, None)


def test_a_detached_head_is_a_commit_of_its_own(tmp_path: Path) -> None:
    assert stack(tmp_path, a=table([record("HEAD", 1, bytes([7]) * 20)])).head() == (None, "07" * 20)


@pytest.mark.parametrize("size", [0, 128, 4096])
def test_the_right_one_of_many_blocks_is_read(tmp_path: Path, size: int) -> None:
    head = record("HEAD", 3, number(len("refs/heads/b1")) + b"refs/heads/b1")
    blocks = [[head]] + [[record(f"refs/heads/b{n}", 2, bytes([n]) * 40)] for n in range(5)]

    assert stack(tmp_path, a=table(*blocks, size=size)).head() == ("refs/heads/b1", "01" * 20)


def test_a_worktree_has_its_own_head_and_the_refs_of_all(tmp_path: Path) -> None:
    stack(tmp_path / "common", a=FIRST)
    side = record("HEAD", 3, number(len("refs/heads/mainly")) + b"refs/heads/mainly")
    stack(tmp_path / "own", a=table([side]))

    assert Tables(str(tmp_path / "own"), str(tmp_path / "common")).head() == ("refs/heads/mainly", "cd" * 20)


def test_a_repository_of_that_form_is_read(tmp_path: Path) -> None:
    shop = repository(tmp_path / "shop")
    (shop / ".git/HEAD").write_text("ref: refs/heads/.invalid\n")
    stack(shop / ".git", a=FIRST)

    assert Checkouts().facts(str(shop)) == {
        "repository": "github.com/acme/shop",
        "branch": "main",
        "commit": "ab" * 20,
    }


def test_a_list_that_names_other_places_is_not_followed(tmp_path: Path) -> None:
    tables = stack(tmp_path, a=FIRST)
    (tmp_path / "outside").write_bytes(FIRST)
    (tmp_path / "reftable/tables.list").write_text("../outside\n")

    assert tables.head() == (None, None)


@given(st.integers(0, len(FIRST) - 1), st.binary(max_size=8))
def test_a_damaged_table_never_makes_it_fail(
    tmp_path_factory: pytest.TempPathFactory, place: int, bytes_: bytes
) -> None:
    folder = tmp_path_factory.mktemp("damaged")

    stack(folder, a=FIRST[:place] + bytes_ + FIRST[place + len(bytes_) :]).head()
    stack(folder, a=FIRST[:place]).head()
