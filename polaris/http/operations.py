"""The table of operations: one row feeds the router, the reading of a request and the OpenAPI document."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import hdrs, web
from pydantic import BaseModel, TypeAdapter, ValidationError

from polaris.db import wire
from polaris.errors import NotFound, TooLarge, Unprocessable, UnsupportedMedia

BODY_BYTES = 1 << 20

Redact = Callable[[Any], Any]
PATHS = 10_000
_paths: dict[tuple[object, ...], BaseModel] = {}


@dataclass(frozen=True)
class Operation:
    """One row: where it is, what it takes, what it answers.

    The handler takes the request and, by name, ``params``, ``query`` and ``body`` as far as they are declared. It
    answers a model, JSON bytes, or a response of its own. ``raw`` leaves the reading of the body to the handler: the
    model then only describes it. ``public`` needs no token; ``hidden`` is left out of the document; ``unready`` answers
    503 in the shape of its reply; ``media`` is an answer's type when it is not JSON,
    ``accepts`` that of a body which the handler reads itself.
    """

    name: str
    method: str
    path: str
    handler: Callable[..., Awaitable[Any]]
    summary: str
    params: type[BaseModel] | None = None
    query: type[BaseModel] | None = None
    body: type[BaseModel] | None = None
    reply: type[BaseModel] | None = None
    status: int = 200
    errors: tuple[int, ...] = ()
    body_optional: bool = False
    raw: bool = False
    stream: bool = False
    public: bool = False
    hidden: bool = False
    unready: bool = False
    media: str = ""
    accepts: str = ""

    def handle(self, enter: Callable[[web.Request], Awaitable[Redact]]) -> Callable[..., Awaitable[web.StreamResponse]]:
        """The aiohttp handler; *enter* checks the credential first, and answers what takes secrets out of a body."""
        dump = TypeAdapter(self.reply).dump_json if self.reply else None
        handler, status, plain = self.handler, self.status, self.raw or not self.body

        async def run(request: web.Request) -> web.StreamResponse:
            redact = None if self.public else await enter(request)
            arguments = self.read(request)
            if not plain:
                arguments["body"] = await self.read_body(request, redact)
            result = await handler(request, **arguments)
            if isinstance(result, bytes):
                return web.Response(status=status, body=result, content_type="application/json")
            if isinstance(result, web.StreamResponse):
                return result
            assert dump is not None
            return web.Response(status=status, body=dump(result), content_type="application/json")

        return run

    def read(self, request: web.Request) -> dict[str, BaseModel]:
        """Path and query. 404 for a path that cannot name anything, 422 for a query that means nothing."""
        arguments: dict[str, BaseModel] = {}
        if self.params:
            arguments["params"] = self.read_path(request.match_info)
        query = request.query if request.query_string else {}
        if self.query:
            values = {key: request.query.getall(key) for key in query}
            try:
                arguments["query"] = self.query.model_validate(
                    {key: found[0] if len(found) == 1 else found for key, found in values.items()}
                )
            except ValidationError as error:
                raise invalid(error) from error
        elif query:
            raise Unprocessable("This takes no query.", details=sorted(set(query))[:20])
        return arguments

    def read_path(self, found: Mapping[str, str]) -> BaseModel:
        """The names in the path; those of a busy session are judged once."""
        assert self.params is not None
        key = (self.params, *found.values())
        params = _paths.get(key)
        if params is None:
            try:
                params = self.params.model_validate(dict(found))
            except ValidationError as error:
                raise NotFound from error
            if len(_paths) >= PATHS:
                _paths.clear()
            _paths[key] = params
        return params

    async def read_body(self, request: web.Request, redact: Redact | None) -> BaseModel:
        """The JSON body, redacted: 415 for another type, 400 for no JSON, 413 when too large, 422 for nonsense."""
        assert self.body is not None
        data = await read_bytes(request, BODY_BYTES)
        if not data and self.body_optional:
            return self.body()
        require_json(request)
        value = wire.loads(data)
        try:
            return self.body.model_validate_json(wire.dumps(redact(value) if redact else value))
        except ValidationError as error:
            raise invalid(error) from error

    def codes(self) -> list[int]:
        """Every error status that the operation can give, those of the reading included."""
        found = {*self.errors, 503}
        found |= set() if self.public else {401, 429}
        found |= {404} if self.params else set()
        found |= set() if self.public else {422}
        found |= {400, 413, 415} if self.body or self.accepts else set()
        return sorted(found)


def require_json(request: web.Request) -> None:
    if request.content_type != "application/json":
        raise UnsupportedMedia("Send application/json.")


async def read_bytes(request: web.Request, most: int) -> bytes:
    """The body; 413 as soon as it is known to be larger than *most*."""
    declared = request.headers.get(hdrs.CONTENT_LENGTH, "0")
    if declared.isdecimal() and int(declared) > most:
        raise too_large(most)
    data = await request.read()
    if len(data) > most:
        raise too_large(most)
    return data


def too_large(most: int) -> TooLarge:
    return TooLarge(f"A request of this kind may have {most} bytes.", hint="Send it in several pieces.")


def invalid(error: ValidationError) -> Unprocessable:
    """What pydantic found, without repeating the input."""
    details = error.errors(include_url=False, include_context=False, include_input=False)
    where = ".".join(str(part) for part in details[0]["loc"]) or "the body"
    return Unprocessable(f"{where}: {details[0]['msg']}.", details=details[:20])


def install(
    app: web.Application, operations: Iterable[Operation], enter: Callable[[web.Request], Awaitable[Redact]]
) -> None:
    """Adds the routes of the table."""
    for operation in operations:
        app.router.add_route(operation.method, operation.path, operation.handle(enter), name=operation.name)
