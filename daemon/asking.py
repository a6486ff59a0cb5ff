"""The driver's word to who asks for the seat, said in the agent session that drives."""

from __future__ import annotations

from polaris.asking import chosen
from polaris.client import Json
from polaris.errors import Conflict, Unprocessable

from .bindings import Bindings
from .connect import Connector
from .redaction import Redaction


class Answering:
    """`answer` for a request of the daemon's interface."""

    def __init__(self, bindings: Bindings, connector: Connector, redaction: Redaction) -> None:
        self._bindings, self._connector, self._redaction = bindings, connector, redaction

    async def answer(self, asked: Json) -> Json:
        """``{agent_session_id | pid, answer, who?, reason?}``: *answer* is give or decline.

        Without ``who`` it is the only one who asks. Giving is a handoff (see `connect.Connector.handoff`), and answers
        the same; declining answers ``{"project", "session", "declined"}``. Raises 404 ``not_connected``, 404
        ``nobody_asks``, 409 ``several_ask``, 409 ``not_driver``, and what the service refuses.
        """
        answer, who, reason = asked.get("answer"), asked.get("who"), asked.get("reason")
        if answer not in ("give", "decline"):
            raise Unprocessable("The answer is give or decline.", code="answer_is_known")
        if not all(text is None or isinstance(text, str) for text in (who, reason)):
            raise Unprocessable("who and reason are text.", code="who_not_valid")
        binding = self._bindings.of(self._connector.who(asked).agent_session_id)
        if binding is None or binding.role != "driver" or binding.state == "lost":
            raise Conflict("This agent session has no seat.", code="not_driver", hint="`polaris status` shows more.")
        route = self._bindings.routes[binding.route_id]
        async with self._connector.opener.client(self._connector.credential(route)) as client:
            found = await client.seat_requests(route.project, route.session)
            request = chosen(found, who, route.place)
            if answer == "decline":
                reason = self._redaction.text(route.redaction_key, reason) if reason else None
                await client.answer_seat(route.project, route.session, request["seq"], "decline", reason)
        if answer == "give":
            given = {name: asked[name] for name in ("agent_session_id", "pid", "agent") if name in asked}
            return await self._connector.handoff(given | {"to": request["actor"]}, request=request["seq"])
        return {"project": route.project, "session": route.session, "declined": request["actor"]}
