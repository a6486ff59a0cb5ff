"""`polaris export` and `polaris import`: folders, checksums, both formats."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow.parquet
import pytest
from api_place import Client, Place, event
from cli_run import Ran, polaris

from polaris.errors import Exit
from polaris.export_files import Reader, Writer

PAYLOAD = {"n": 1, "deep": [None, True, {"k": 'v, "w": ünïcode'}]}


class Two(NamedTuple):
    """One organization with a project in use, and another one to which it goes."""

    manu: Client
    beta: Client
    folder: Path

    async def run(self, who: Client, *words: str) -> Ran:
        return await polaris(
            *words, POLARIS_HOME=str(self.folder / "home"), POLARIS_URL=who.url, POLARIS_TOKEN=who.token
        )

    async def out(self, who: Client, project: str, name: str, *flags: str) -> Path:
        """Exports into the folder of this name."""
        place = self.folder / name
        ran = await self.run(who, "export", project, str(place), *flags)
        assert ran.code == 0, ran.err
        return place

    async def into(self, place: Path, project: str = "copy") -> Ran:
        return await self.run(self.beta, "import", str(place), "--project", project)


@pytest.fixture
async def two(place: Place, manu: Client, tmp_path: Path) -> Two:
    await manu.push(
        "pj",
        "fxm",
        *[
            event(client_id=f"e{n}", body=f"line {n}\u2028\t“{n}”", payload=PAYLOAD if n % 2 else None)
            for n in range(9)
        ],
    )
    await manu.post("/projects/pj/messages", {"body": "to all"})
    await manu.post("/projects/pj/sessions/fxm/inject", {"body": "use RS256"})
    return Two(manu, await place.org("beta"), tmp_path)


def lines(place: Path, part: str) -> list[bytes]:
    return (place / f"{part}.jsonl").read_bytes().splitlines()


async def test_a_folder_has_the_parts_and_a_manifest_that_fits_them(two: Two) -> None:
    place = await two.out(two.manu, "pj", "left")
    manifest = json.loads((place / "manifest.json").read_text())

    assert sorted(file.name for file in place.iterdir()) == [
        *("annotations.jsonl", "deliveries.jsonl", "events.jsonl", "manifest.json", "seats.jsonl", "sessions.jsonl")
    ]
    assert (manifest["polaris_export"], manifest["format"]) == (1, "jsonl")
    assert (manifest["of"]["org"], manifest["of"]["project"], manifest["of"]["first_seq"]) == ("acme", "pj", 1)
    assert manifest["of"]["last_seq"] == len(lines(place, "events")) == 13
    for file in manifest["files"]:
        assert file["rows"] == len((place / file["name"]).read_bytes().splitlines())
        assert file["bytes"] == (place / file["name"]).stat().st_size
    Reader(place)


async def test_nobody_else_on_the_machine_reads_it(two: Two) -> None:
    for flags in ([], ["--format", "parquet"]):
        place = await two.out(two.manu, "pj", f"left{len(flags)}", *flags)

        assert stat.S_IMODE(place.stat().st_mode) == 0o700
        assert {stat.S_IMODE(file.stat().st_mode) for file in place.iterdir()} == {0o600}


@pytest.mark.parametrize("format", ["jsonl", "parquet"])
async def test_what_went_through_files_is_the_same_byte_for_byte(two: Two, format: str) -> None:
    left = await two.out(two.manu, "pj", "left")
    ran = await two.into(await two.out(two.manu, "pj", "carried", "--format", format))
    back = await two.out(two.beta, "copy", "back")

    assert ran.code == 0, ran.err
    assert "#1 to #13 of acme/pj" in ran.out
    assert lines(back, "events")[:-1] == lines(left, "events")
    for part in ("sessions", "annotations"):
        assert lines(back, part) == lines(left, part)


async def test_parquet_has_types_and_is_read_by_anybody(two: Two) -> None:
    place = await two.out(two.manu, "pj", "left", "--format", "parquet")
    table = pyarrow.parquet.read_table(place / "events.parquet")
    first = table.slice(2, 1).to_pylist()[0]

    assert {name: str(kind) for name, kind in zip(table.schema.names, table.schema.types, strict=True)} == {
        **dict.fromkeys(("session", "kind", "actor", "speaker", "target", "turn", "agent"), "string"),
        **dict.fromkeys(("body", "payload", "client_id", "facts"), "string"),
        **dict.fromkeys(("occurred_at", "recorded_at", "erased_at"), "timestamp[us, tz=UTC]"),
        "seq": "int64",
        "epoch": "int64",
        "late": "bool",
    }
    assert table["seq"].to_pylist() == list(range(1, 14))
    assert (first["session"], first["actor"], first["speaker"]) == ("fxm", "user:manu", "person")
    assert json.loads(table.slice(3, 1).to_pylist()[0]["payload"]) == PAYLOAD


async def test_what_was_changed_is_refused_before_anything_is_imported(two: Two) -> None:
    for format in ("jsonl", "parquet"):
        place = await two.out(two.manu, "pj", f"left-{format}", "--format", format)
        for file in sorted(place.iterdir()):
            before = file.read_bytes()
            changed = before.replace(b"acme", b"evil") if file.name == "manifest.json" else _flipped(before)
            file.write_bytes(changed)
            if file.name == "manifest.json":  # its digest is what the audit logs name
                assert Reader(place).digest not in (await two.run(two.manu, "audit", "list")).out
            else:
                ran = await two.into(place, "evil")
                assert (ran.code, "was changed" in ran.err) == (Exit.CONFIGURATION, True), (file, ran)
            file.write_bytes(before)
        for name in (f"events.{format}", "manifest.json"):
            before = (place / name).read_bytes()
            (place / name).unlink()
            assert (await two.into(place, "evil")).code == Exit.CONFIGURATION
            (place / name).write_bytes(before)

    assert (await two.beta.call("GET", "/projects/evil"))[0] == 404


def _flipped(data: bytes) -> bytes:
    """With one bit of its middle changed; of an empty file, with something in it."""
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :] if data else b"{}\n"


async def test_a_second_run_finds_nothing_to_do(two: Two) -> None:
    place = await two.out(two.manu, "pj", "left")
    await two.into(place)
    before = await two.beta.get("/projects/copy")
    ran = await two.into(place)

    assert (ran.code, "nothing was to do" in ran.out) == (0, True)
    assert await two.beta.get("/projects/copy") == before


async def test_it_goes_on_where_it_stopped(two: Two) -> None:
    place = await two.out(two.manu, "pj", "left")
    reader = Reader(place)
    head = b'{"export":%s}\n' % reader.manifest.of.model_dump_json().encode()
    first = b"".join(
        b'{"%s":%s}\n' % (part.encode(), row) for part in ("session", "seat") for row in reader.rows(part)
    ) + b"".join(b'{"event":%s}\n' % row for row in list(reader.rows("event"))[:5])
    status, answer = await two.beta.call(
        "POST",
        f"/projects/copy/import?digest={reader.digest}",
        data=head + first,
        headers={"Content-Type": "application/x-ndjson"},
    )
    assert (status, answer["last_seq"]) == (200, 5)
    ran = await two.into(place)

    assert ran.code == 0, ran.err
    assert lines(await two.out(two.beta, "copy", "back"), "events")[:-1] == lines(place, "events")


async def test_a_folder_with_something_in_it_is_left_alone(two: Two, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "diary.txt").write_text("dear diary")
    ran = await two.run(two.manu, "export", "pj", str(tmp_path / "mine"))

    assert ran.code == Exit.CONFIGURATION
    assert [file.name for file in (tmp_path / "mine").iterdir()] == ["diary.txt"]


async def test_what_fails_leaves_no_half_an_export(two: Two, tmp_path: Path) -> None:
    ran = await two.run(two.manu, "export", "nope", str(tmp_path / "nope"))

    assert (ran.code, "There is no project nope." in ran.err) == (1, True)
    assert not (tmp_path / "nope").exists()
    ran = await two.run(two.manu, "export", "pj", str(tmp_path / "nope"), "--since", "yesterday")
    assert ran.code == Exit.USAGE
    assert not (tmp_path / "nope").exists()


async def test_a_part_of_the_record_is_imported_under_its_own_numbers(two: Two) -> None:
    place = await two.out(two.manu, "pj", "left", "--after", "6")
    ran = await two.into(place)
    page = await two.beta.get("/projects/copy/messages?after=0&limit=100")

    assert ran.code == 0, ran.err
    assert [e["seq"] for e in page["items"]] == list(range(7, 15))
    assert page["first_seq"] == 7


def test_a_large_export_is_written_in_groups(tmp_path: Path) -> None:
    row: dict[str, Any] = {
        **dict.fromkeys(("session", "target", "turn", "agent", "facts", "erased_at", "epoch")),
        "kind": "floor",
        "actor": "user:manu",
        "speaker": "person",
        "body": "x",
        "payload": {"n": 1.10},
        "late": False,
        "occurred_at": "2026-11-23T06:27:52.1+00:00",
        "recorded_at": "2026-11-23T06:27:52+00:00",
    }
    rows = [json.dumps({"seq": n, "client_id": f"c{n}"} | row).encode() for n in range(1, 12_001)]
    writer = Writer(tmp_path / "big", "parquet")
    for one in rows:
        writer.add("event", one)
    head = {
        **dict.fromkeys(("created_at", "exported_at"), "2026-11-23T06:27:52Z"),
        **dict.fromkeys(("created_by", "exported_by"), "user:manu"),
        "org": "acme",
        "project": "pj",
        "visibility": "org",
        "archived_at": None,
        "first_seq": 1,
        "last_seq": 12_000,
    }
    writer.finish(head, "a test")
    with pyarrow.parquet.ParquetFile(tmp_path / "big" / "events.parquet") as file:
        assert file.num_row_groups == 3
    read = [json.loads(one) for one in Reader(tmp_path / "big").rows("event")]

    assert [one["seq"] for one in read] == list(range(1, 12_001))
    assert read[0]["payload"] == {"n": 1.10}
    assert read[0]["occurred_at"] == "2026-11-23T06:27:52.100000+00:00"
