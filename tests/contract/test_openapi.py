"""The document, the router and the table are one."""

from __future__ import annotations

import re

import pytest
from openapi_spec_validator import validate

import polaris
from polaris import model
from polaris.db import judge
from polaris.http import openapi
from polaris.http.api import OPERATIONS
from polaris.http.server import make_app
from polaris.http.web.pages import PAGES
from polaris.settings import Settings

DOCUMENT = openapi.document(OPERATIONS, version=polaris.__version__)


def test_the_document_is_valid_openapi_3_1() -> None:
    validate(DOCUMENT)

    assert DOCUMENT["openapi"] == "3.1.0"


async def test_the_router_is_the_two_tables() -> None:
    app = make_app(Settings.from_env({}, home="/nowhere"), "postgresql://nowhere/x")
    routes = {(r.method, r.resource.canonical) for r in app.router.routes() if r.resource and r.method != "HEAD"}

    beside = {("GET", "/openapi.json"), ("GET", "/static/{version}/{name}"), ("POST", "/slack/events")}
    assert routes == {(o.method, o.path) for o in OPERATIONS} | {(p.method, p.path) for p in PAGES} | beside


def test_the_document_is_the_table_without_sockets() -> None:
    found = {(m.upper(), path) for path, methods in DOCUMENT["paths"].items() for m in methods}

    assert found == {(o.method, o.path) for o in OPERATIONS if not o.path.endswith("/ws")}


def test_names_are_unique_and_every_operation_says_what_it_does() -> None:
    names = [o.name for o in OPERATIONS]

    assert len(set(names)) == len(names)
    assert all(o.summary.endswith(".") for o in OPERATIONS)


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda o: o.name)
def test_path_parameters_are_those_of_the_path(operation: object) -> None:
    fields = set(operation.params.model_fields) if operation.params else set()  # type: ignore[attr-defined]

    assert fields == set(re.findall(r"{(\w+)}", operation.path))  # type: ignore[attr-defined]


def test_only_the_process_s_own_routes_need_no_token() -> None:
    assert {o.path for o in OPERATIONS if o.public} == {"/healthz", "/readyz", "/metrics"}


def test_the_hand_written_reading_of_events_knows_the_model_s_fields() -> None:
    schema = model.EventIn.model_json_schema()

    assert frozenset(schema["properties"]) == judge.FIELDS
    assert set(schema["required"]) == {"client_id", "kind", "epoch"}
    assert set(schema["properties"]["kind"]["enum"]) == model.PUSHED_KINDS
    assert schema["properties"]["client_id"]["maxLength"] == judge.LONGEST_CLIENT_ID
    assert schema["properties"]["epoch"]["maximum"] == judge.MOST_EPOCH
