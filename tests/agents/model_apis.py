"""The dialects of the model APIs that the coding agents speak, as far as they need them.

| request | API | spoken by |
|---|---|---|
| `POST /v1/messages`, `/v1/messages/count_tokens` | Anthropic Messages | Claude Code |
| `POST /v1/responses` | OpenAI Responses | Codex |
| `POST /v1/chat/completions` | OpenAI Chat Completions | OpenCode |
| `POST /v1beta/models/M:generateContent`, `:streamGenerateContent`, `:countTokens` | Gemini | Gemini CLI |

What is said comes from `stub_llm`.
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from stub_llm import Stub, Turn

Json = dict[str, Any]
# Claude Code asks for titles and topics with fewer tools than a turn ever has.
FEWEST_TOOLS = 3


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    stub: ClassVar[Stub]

    def log_message(self, *_: object) -> None:
        pass

    def do_HEAD(self) -> None:
        self._json({})

    def do_GET(self) -> None:
        if not self.path.startswith("/v1/models"):
            return self._json({}, 404)
        model = {"id": "stub-model", "object": "model", "type": "model", "display_name": "Stub"}
        return self._json({"object": "list", "data": [model], "has_more": False})

    def do_POST(self) -> None:
        path, body = self.path.split("?")[0], self._body()
        try:
            match path:
                case "/v1/messages":
                    self._anthropic(body)
                case "/v1/messages/count_tokens":
                    self._json({"input_tokens": _length(body)})
                case "/v1/responses" | "/responses":
                    self._responses(body)
                case "/v1/chat/completions":
                    self._chat(body)
                case _ if path.startswith("/v1beta/models/"):
                    self._gemini(body, path)
                case _:
                    self._json({}, 404)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True  # the agent was interrupted

    # Anthropic Messages

    def _anthropic(self, body: Json) -> None:
        # The output of a tool is no text of the user: it chooses no script.
        messages = [(one["role"], _text(one["content"])) for one in body.get("messages", [])]
        turn = self._turn("anthropic", messages, body, aside=len(body.get("tools") or []) < FEWEST_TOOLS)
        if turn is None:
            return None
        blocks: list[Json] = [{"type": "text", "text": turn.text}] if turn.text else []
        blocks += [
            {"type": "tool_use", "id": f"toolu_stub{_short(16)}", "name": call.name, "input": call.input}
            for call in turn.calls
        ]
        stop = "tool_use" if turn.calls else "end_turn"
        usage = {"cache_creation_input_tokens": 0, "cache_read_input_tokens": 0, "output_tokens": 20}
        usage["input_tokens"] = _length(body)
        message = {"id": f"msg_stub{_short(20)}", "type": "message", "role": "assistant", "model": body.get("model")}
        message["stop_sequence"] = None
        if not body.get("stream"):
            return self._json(message | {"content": blocks, "stop_reason": stop, "usage": usage})

        def event(kind: str, **fields: Any) -> None:
            self._event({"type": kind} | fields, kind)

        self._open()
        event("message_start", message=message | {"content": [], "stop_reason": None, "usage": usage})
        for index, block in enumerate(blocks):
            if block["type"] == "text":
                event("content_block_start", index=index, content_block={"type": "text", "text": ""})
                for part in _pieces(turn):
                    event("content_block_delta", index=index, delta={"type": "text_delta", "text": part})
            else:
                event("content_block_start", index=index, content_block=block | {"input": {}})
                told = {"type": "input_json_delta", "partial_json": json.dumps(block["input"])}
                event("content_block_delta", index=index, delta=told)
            event("content_block_stop", index=index)
        event("message_delta", delta={"stop_reason": stop, "stop_sequence": None}, usage={"output_tokens": 20})
        event("message_stop")
        return self._close()

    # OpenAI Responses

    def _responses(self, body: Json) -> None:
        about = json.loads(self.headers.get("x-codex-turn-metadata") or "{}")
        aside = not body.get("tools") or about.get("thread_source") == "thread_title"
        turn = self._turn("responses", _said_in_responses(body), body, aside=aside)
        if turn is None:
            return
        answer: Json = {"id": f"resp_stub{_short(16)}", "object": "response", "created_at": int(time.time())}
        answer |= {"model": body.get("model"), "output": [], "status": "in_progress"}
        number, output = 0, list[Json]()

        def event(kind: str, **fields: Any) -> None:
            nonlocal number
            self._event({"type": kind, "sequence_number": number} | fields, kind)
            number += 1

        self._open()
        event("response.created", response=answer)
        if turn.text:
            item: Json = {"type": "message", "id": f"msg_stub{_short()}", "role": "assistant", "status": "completed"}
            item["content"] = [{"type": "output_text", "text": turn.text, "annotations": []}]
            place = {"item_id": item["id"], "output_index": 0, "content_index": 0}
            event("response.output_item.added", output_index=0, item=item | {"content": [], "status": "in_progress"})
            empty = {"type": "output_text", "text": "", "annotations": []}
            event("response.content_part.added", **place, part=empty)
            for part in _pieces(turn):
                event("response.output_text.delta", **place, delta=part)
            event("response.output_text.done", **place, text=turn.text)
            event("response.output_item.done", output_index=0, item=item)
            output.append(item)
        for call in turn.calls:
            name = f"call_stub{_short()}"
            item = {"type": "function_call", "id": f"fc_{name}", "call_id": name, "name": call.name}
            item |= {"arguments": json.dumps(call.input), "status": "completed"}
            item |= {"namespace": call.namespace} if call.namespace else {}
            event("response.output_item.added", output_index=len(output), item=item)
            event("response.output_item.done", output_index=len(output), item=item)
            output.append(item)
        usage: Json = {"input_tokens": 100, "output_tokens": 20, "total_tokens": 120}
        usage |= {"input_tokens_details": {"cached_tokens": 0}, "output_tokens_details": {"reasoning_tokens": 0}}
        event("response.completed", response=answer | {"status": "completed", "output": output, "usage": usage})
        self._close()

    # OpenAI Chat Completions

    def _chat(self, body: Json) -> None:
        spoken = [one for one in body["messages"] if one["role"] in ("user", "assistant")]
        messages = [(one["role"], _text(one.get("content"))) for one in spoken]
        turn = self._turn("chat", messages, body, aside=not body.get("tools"))
        if turn is None:
            return None
        calls: list[Json] = []
        for index, call in enumerate(turn.calls):
            told = {"name": call.name, "arguments": json.dumps(call.input)}
            calls.append({"index": index, "id": f"call_stub{_short()}", "type": "function", "function": told})
        end = "tool_calls" if calls else "stop"
        usage = {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120}
        answer: Json = {"id": f"chatcmpl-stub{_short()}", "created": int(time.time()), "model": body.get("model")}
        if not body.get("stream"):
            said = {"role": "assistant", "content": turn.text} | ({"tool_calls": calls} if calls else {})
            choice = {"index": 0, "message": said, "finish_reason": end}
            return self._json(answer | {"object": "chat.completion", "choices": [choice], "usage": usage})

        def chunk(delta: Json, end: str | None = None, **more: Any) -> None:
            choice = {"index": 0, "delta": delta, "finish_reason": end}
            self._event(answer | {"object": "chat.completion.chunk", "choices": [choice]} | more)

        self._open()
        chunk({"role": "assistant", "content": ""})
        for part in _pieces(turn):
            chunk({"content": part})
        for told in calls:
            chunk({"tool_calls": [told]})
        chunk({}, end, usage=usage)
        self._event("[DONE]")
        return self._close()

    # Gemini

    def _gemini(self, body: Json, path: str) -> None:
        if path.endswith(":countTokens"):
            return self._json({"totalTokens": _length(body)})
        messages = [
            ("assistant" if one.get("role") == "model" else "user", _text(one.get("parts")))
            for one in body.get("contents", [])
        ]
        turn = self._turn("gemini", messages, body, aside=not body.get("tools"))
        if turn is None:
            return None
        # The dialect has no half texts that the CLI would show: a turn that stalls stalls whole.
        parts: list[Json] = [{"text": "".join(_pieces(turn))}] if turn.text else []
        parts += [{"functionCall": {"name": one.name, "args": one.input, "id": f"fc{_short(8)}"}} for one in turn.calls]
        candidate = {"content": {"role": "model", "parts": parts}, "finishReason": "STOP", "index": 0}
        usage = {"promptTokenCount": 100, "candidatesTokenCount": 20, "totalTokenCount": 120}
        answer = {"candidates": [candidate], "usageMetadata": usage, "modelVersion": "stub", "responseId": _short(32)}
        if ":streamGenerateContent" not in path:
            return self._json(answer)
        self._open()
        self._event(answer)
        return self._close()

    # Plumbing

    def _turn(self, api: str, messages: list[tuple[str, str]], body: Json, *, aside: bool) -> Turn | None:
        turn = self.stub.take(api, messages, body, aside=aside)
        if not turn.status:
            return turn
        self._json({"type": "error", "error": {"type": "api_error", "message": "stub error"}}, turn.status)
        return None

    def _body(self) -> Json:
        if "chunked" in (self.headers.get("transfer-encoding") or ""):
            raw = b""
            while size := int(self.rfile.readline().split(b";")[0] or b"0", 16):
                raw += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        else:
            raw = self.rfile.read(int(self.headers.get("content-length") or 0))
        body = json.loads(raw or b"{}")
        return body if isinstance(body, dict) else {}

    def _json(self, value: Json, status: int = 200) -> None:
        raw = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(raw)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(raw)

    def _open(self) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()

    def _event(self, data: Json | str, name: str = "") -> None:
        text = f"event: {name}\n" if name else ""
        raw = f"{text}data: {data if isinstance(data, str) else json.dumps(data)}\n\n".encode()
        self.wfile.write(b"%x\r\n%s\r\n" % (len(raw), raw))
        self.wfile.flush()

    def _close(self) -> None:
        self.wfile.write(b"0\r\n\r\n")
        self.wfile.flush()


def _pieces(turn: Turn) -> Iterator[str]:
    """The text in two halves, with the turn's stall between them."""
    half = len(turn.text) // 2
    if half:
        yield turn.text[:half]
    if turn.stall is not None:
        turn.stall.wait(60)
    if turn.text:
        yield turn.text[half:]


def _text(content: Any) -> str:
    if isinstance(content, str):
        return content
    return "\n".join(one["text"] for one in content or [] if isinstance(one, dict) and isinstance(one.get("text"), str))


def _said_in_responses(body: Json) -> list[tuple[str, str]]:
    messages: list[tuple[str, str]] = []
    for item in body.get("input") or []:
        kind = item.get("type", "message")
        if kind == "message":
            messages.append((item.get("role"), _text(item.get("content"))))
        elif kind in ("function_call", "custom_tool_call", "local_shell_call"):
            # A text and the call after it are one turn.
            if not (messages and messages[-1][0] == "assistant" and messages[-1][1]):
                messages.append(("assistant", ""))
        else:
            messages.append(("tool", ""))
    return messages


def _length(body: Json) -> int:
    return len(json.dumps(body)) // 4


def _short(characters: int = 12) -> str:
    return uuid.uuid4().hex[:characters]
