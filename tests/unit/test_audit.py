"""The audit log is checked row by row; whatever was done to it is found and named."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from polaris import audit
from polaris.audit import Anchor, Broken, Chain
from polaris.cli import main

Row = dict[str, Any]


def log(count: int = 5, org_id: int = 7, *, before: str = audit.START, first: int = 1) -> list[Row]:
    """A log as the service writes it."""
    rows: list[Row] = []
    for number in range(first, first + count):
        row: Row = {
            "org_id": org_id,
            "audit_id": number,
            "at": f"2026-11-22T17:53:{number:02}.000120Z",
            "actor": None if number == 2 else "user:manu",
            "action": "token.issued",
            "target": f"agent:ü{number}",
            "detail": '{"token": 4, "name": "ci\\nline"}' if number % 2 else None,
            "prev_hash": before,
        }
        row["hash"] = before = audit.digest(before, audit.canonical(row))
        rows.append(row)
    return rows


def anew(rows: list[Row], at: int) -> list[Row]:
    """Every hash from row *at* on written anew: what a careful forger does."""
    before = rows[at - 1]["prev_hash"]
    for row in rows[at - 1 :]:
        row["prev_hash"] = before
        row["hash"] = before = audit.digest(before, audit.canonical(row))
    return rows


def check(rows: list[Row], *anchors: Anchor) -> Chain:
    chain = Chain(anchors)
    for row in rows:
        chain.add(row)
    chain.end()
    return chain


def broken(rows: list[Row], *anchors: Anchor) -> Broken:
    with pytest.raises(Broken) as found:
        check(rows, *anchors)
    return found.value


# The canonical form


def test_a_row_is_hashed_over_a_text_that_no_other_row_has() -> None:
    row = log(1)[0] | {"actor": "user:é", "detail": None}

    assert audit.canonical(row) == (
        "1:7\n1:1\n27:2026-11-22T17:53:01.000120Z\n7:user:é\n12:token.issued\n9:agent:ü1\n-"
    )
    assert audit.canonical(row | {"actor": "-"}) != audit.canonical(row | {"actor": None})
    assert audit.canonical(row | {"actor": "", "action": "ab"}) != audit.canonical(row | {"actor": "a", "action": "b"})


@pytest.mark.parametrize(
    "same",
    ["2026-11-22T17:53:01.000000Z", "2026-11-22T17:53:01Z", "2026-11-22T18:53:01+01:00", "2026-11-22T17:53:01.0Z"],
)
def test_a_time_is_the_same_however_it_is_written(same: str) -> None:
    row = log(1)[0]

    assert audit.canonical(row | {"at": same}).splitlines()[2] == "27:2026-11-22T17:53:01.000000Z"


# What is found


def test_a_log_as_it_was_written_is_whole() -> None:
    rows = log()
    chain = check(rows)

    assert (chain.rows, chain.head) == (5, Anchor(5, rows[-1]["hash"]))
    assert check(rows, chain.head, Anchor(3, rows[2]["hash"]), Anchor(0, audit.START)).rows == 5
    assert check([]).head == Anchor(0, audit.START)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("at", "2026-11-22T17:53:03.000121Z"),
        ("actor", "user:priya"),
        ("actor", None),
        ("action", "token.revoked"),
        ("target", "agent:x"),
        ("detail", '{"token": 5, "name": "ci\\nline"}'),
        ("detail", '{"name": "ci\\nline", "token": 4}'),
        ("detail", None),
        ("hash", "f" * 64),
        ("prev_hash", "f" * 64),
    ],
)
def test_a_changed_row_is_found_whatever_was_changed_in_it(field: str, value: Any) -> None:
    rows = log()
    rows[2][field] = value
    found = broken(rows)

    assert found.audit_id == 3
    assert "was changed" in found.reason


def test_a_changed_row_with_a_hash_that_fits_it_is_found_by_the_next_one() -> None:
    rows = log()
    rows[2]["actor"] = "user:priya"
    rows[2]["hash"] = audit.digest(rows[2]["prev_hash"], audit.canonical(rows[2]))
    found = broken(rows)

    assert (found.audit_id, "was rewritten" in found.reason) == (3, True)


def test_a_missing_row_is_found_also_when_the_others_close_up() -> None:
    rows = log()
    gap = broken(rows[:2] + rows[3:])
    closed = [row | {"audit_id": number} for number, row in enumerate(rows[:2] + rows[3:], 1)]

    assert (gap.audit_id, "is missing" in gap.reason) == (3, True)
    assert (broken(closed).audit_id, broken(closed).reason[:11]) == (3, "was changed")
    assert broken(rows[1:]).audit_id == 1


def test_a_moved_and_a_doubled_row_are_found() -> None:
    rows = log()
    swapped = [rows[0], rows[2], rows[1], *rows[3:]]
    doubled = [*rows[:3], rows[2], *rows[3:]]

    assert broken(swapped).audit_id == 2
    assert (broken(doubled).audit_id, "moved or doubled" in broken(doubled).reason) == (3, True)


def test_a_cut_tail_is_found_by_the_head() -> None:
    rows = log()
    head = check(rows).head
    found = broken(rows[:3], head)

    assert check(rows[:3]).rows == 3  # nothing in the rows themselves can tell
    assert (found.audit_id, "is missing" in found.reason) == (4, True)
    assert broken([], head).audit_id == 1


def test_a_log_that_was_rewritten_to_its_end_is_found_by_an_anchor_only() -> None:
    rows = log()
    anchor = Anchor(4, rows[3]["hash"])
    rows[1]["actor"] = "user:priya"
    forged = anew(rows, 2)
    found = broken(forged, anchor)

    assert check(forged).rows == 5
    assert (found.audit_id, "rewritten" in found.reason) == (4, True)


def test_rows_of_two_organizations_are_not_one_log() -> None:
    rows = log(2)
    other = log(3, 8, before=rows[-1]["hash"], first=3)

    assert (broken(rows + other).audit_id, broken(rows + other).reason) == (3, "is of another organization.")


@pytest.mark.parametrize(
    "row",
    [
        {},
        {"audit_id": 3},
        log(3)[2] | {"at": "yesterday"},
        log(3)[2] | {"at": "2026-11-22T17:53:03"},
        log(3)[2] | {"audit_id": "three"},
        log(3)[2] | {"actor": 7},
        log(3)[2] | {"action": "\ud800"},
    ],
)
def test_a_row_that_is_none_is_named_by_its_place(row: Row) -> None:
    found = broken([*log(2), row])

    assert (found.audit_id, "cannot be read" in found.reason) == (3, True)


def test_an_anchor_is_read_as_it_is_printed() -> None:
    anchor = Anchor(12, "ab" * 32)

    assert Anchor.read(str(anchor)) == anchor
    for wrong in ("", "12", "12:ab", "x:" + "ab" * 32, "-1:" + "ab" * 32):
        with pytest.raises(ValueError, match="an anchor is"):
            Anchor.read(wrong)


# The command on an export


def export(file: Path, rows: list[Row]) -> str:
    file.write_text("".join(audit.exported(row) + "\n" for row in rows), encoding="utf-8")
    return str(file)


def test_an_export_is_checked_without_a_service(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = log()
    file = export(tmp_path / "log.jsonl", rows)

    assert main(["audit", "verify", f"--file={file}"]) == 0
    said = capsys.readouterr().out
    assert "5 rows" in said
    assert f"Anchor: 5:{rows[-1]['hash']}" in said
    assert main(["audit", "verify", f"--file={file}", f"--expect=5:{rows[-1]['hash']}", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"whole": True, "rows": 5, "anchor": f"5:{rows[-1]['hash']}"}


def test_a_broken_export_fails_and_names_the_row(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = log()
    anchor = f"5:{rows[-1]['hash']}"
    file = export(tmp_path / "cut.jsonl", rows[:4])
    rows[3]["target"] = "agent:evil"
    monkeypatch.setattr(sys, "stdin", io.StringIO("".join(audit.exported(row) + "\n" for row in rows)))

    assert main(["audit", "verify", "--file=-", "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["audit_id"] == 4
    assert main(["audit", "verify", f"--file={file}", f"--expect={anchor}"]) == 1
    assert "Row 5 is missing" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["--file=/nowhere/log.jsonl"], 78),
        (["--file=-"], 78),
        (["--expect=nonsense", "--file=-"], 2),
        (["--file=-", "--installation"], 2),
    ],
)
def test_what_is_no_export_is_told(
    words: list[str], code: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("[1]\n"))

    assert main(["audit", "verify", *words]) == code
    assert capsys.readouterr().err
