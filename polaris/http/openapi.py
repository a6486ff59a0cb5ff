"""The OpenAPI 3.1 document of the table of operations."""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from polaris import model
from polaris.http.operations import Operation

JSON = "application/json"


def document(operations: Iterable[Operation], *, version: str) -> dict[str, Any]:
    """WebSockets are not in it: OpenAPI cannot describe them, docs/api.md does."""
    shown = [o for o in operations if not o.hidden]
    models: set[tuple[type[BaseModel], Any]] = {(model.Problem, "serialization"), (model.Event, "serialization")}
    models |= {(o.body, "validation") for o in shown if o.body}
    models |= {(o.reply, "serialization") for o in shown if o.reply}
    refs, definitions = models_json_schema(
        sorted(models, key=lambda m: (m[0].__name__, m[1])), ref_template="#/components/schemas/{model}"
    )
    schemas = definitions["$defs"]
    _each_event_by_itself(schemas)
    paths: dict[str, Any] = {}
    for o in shown:
        paths.setdefault(o.path, {})[o.method.lower()] = _operation(o, refs)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Polaris",
            "version": version,
            "description": "Coding agents as teammates: every session captured, shown to the team, spoken to.",
        },
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{"bearer": []}],
    }


def _operation(o: Operation, refs: Any) -> dict[str, Any]:
    ok: dict[str, Any] = {"description": HTTPStatus(o.status).phrase}
    if o.stream:
        ok["content"] = {"text/event-stream": {"schema": {"type": "string"}}}
    elif o.media:
        ok["content"] = {o.media: {"schema": {"type": "string"}}}
    elif o.reply:
        ok["content"] = {JSON: {"schema": refs[o.reply, "serialization"]}}
    problem = {JSON: {"schema": refs[model.Problem, "serialization"]}}
    responses = {str(o.status): ok}
    for code in o.codes():
        responses[str(code)] = {"description": HTTPStatus(code).phrase, "content": problem}
    if o.unready:
        responses["503"] = {"description": "Something lacks", "content": ok["content"]}
    found: dict[str, Any] = {"operationId": o.name, "summary": o.summary, "responses": responses}
    if parameters := [*_parameters(o.params, "path"), *_parameters(o.query, "query")]:
        found["parameters"] = parameters
    if o.body:
        schema = refs[o.body, "validation"]
        found["requestBody"] = {"required": not o.body_optional, "content": {JSON: {"schema": schema}}}
    if o.accepts:
        found["requestBody"] = {"required": True, "content": {o.accepts: {"schema": {"type": "string"}}}}
    if o.public:
        found["security"] = []
    return found


def _parameters(found: type[BaseModel] | None, where: str) -> Iterable[dict[str, Any]]:
    schema = found.model_json_schema() if found else {"properties": {}}
    for name, field in schema["properties"].items():
        required = where == "path" or name in schema.get("required", ())
        yield {"name": name, "in": where, "required": required, "schema": _without_null(field)}


def _without_null(field: dict[str, Any]) -> dict[str, Any]:
    """A query has no null: a parameter that may be left out is just left out."""
    choices = [c for c in field.get("anyOf", ()) if c != {"type": "null"}]
    if len(choices) != 1:
        return field
    kept: dict[str, Any] = choices[0]
    return {k: v for k, v in field.items() if k not in ("anyOf", "default")} | kept


def _each_event_by_itself(schemas: dict[str, Any]) -> None:
    """An event that does not fit is refused in its place and not with the request, so anything may stand there."""
    events = schemas["PushIn"]["properties"]["events"]
    events["items"] = {"anyOf": [events["items"], {}]}
