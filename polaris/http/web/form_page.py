"""A page with forms: what all pages of settings share."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable

import psycopg
from aiohttp import web

from polaris.errors import NotFound, PolarisError
from polaris.http import problems
from polaris.http.web import site

MENDABLE = (404, 409, 422, 502)  # what whoever sent a form can do something about; everything else is a page of its own

Show = Callable[[web.Request, PolarisError | None], Awaitable[web.Response]]


class Filled(dict[str, str]):
    """What a form was filled in with; nothing where it was not."""

    def __missing__(self, name: str) -> str:
        return ""


def again(show: Show) -> Callable[[site.Handler], site.Handler]:
    """A form that failed comes back on its page, with the reason and what was filled in."""

    def decorate(handler: site.Handler) -> site.Handler:
        @functools.wraps(handler)
        async def run(request: web.Request) -> web.StreamResponse:
            try:
                return await handler(request)
            except (PolarisError, psycopg.Error) as error:
                problem = problems.known(error)
                if problem.status not in MENDABLE:
                    raise
                return await show(request, problem)

        return run

    return decorate


async def page(request: web.Request, template: str, problem: PolarisError | None, **context: object) -> web.Response:
    """A page of settings; with a *problem*, ``values`` are what the form that failed was filled in with."""
    values = Filled(await site.form(request) if problem else {})
    status = problem.status if problem else 200
    here = f"/o/{site.member(request).org}/settings"
    return site.render(
        request, f"settings/{template}", status=status, problem=problem, values=values, here=here, **context
    )


def address(request: web.Request, place: str) -> str:
    return f"/o/{site.member(request).org}/settings/{place}"


def number(request: web.Request) -> int:
    """The number in the path; 404 for what is none."""
    text = request.match_info["id"]
    if not (text.isascii() and text.isdecimal() and len(text) < 19):
        raise NotFound("There is no such page.")
    return int(text)
