"""A strict command line on python-fire: nothing is guessed, and nothing happens before every word is understood.

A command is a coroutine method with the decorator `command`. Calling it only makes a `Plan`; `run` carries the plan
out once Fire has accounted for every word, so that a misspelt flag stops the program before it did anything. Values
are read by the annotations (str, int, float, bool). Results go to stdout, everything else to stderr. A failure is a
sentence, a hint and an exit code (`polaris.errors.Exit`), never a traceback.
"""

from __future__ import annotations

import asyncio
import contextlib
import difflib
import inspect
import io
import json
import os
import re
import sys
import traceback
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, get_type_hints

import fire
from fire.core import FireError, FireExit
from fire.decorators import SetParseFn, SetParseFns

from polaris import log
from polaris.errors import Exit, Misused, PolarisError, from_database

# Marks a word that stands after ``--``: Fire takes it for a value whatever it begins with. Taken off by the parsers.
LITERAL = "\x1f"
# What separates two calls for Fire; its default, a lone dash, is a value to us.
SEPARATOR = "\x1e"


@dataclass(frozen=True)
class Result:
    """What a command found out: *data* for ``--json``, *lines* for people, and the exit code."""

    data: Any
    lines: Sequence[str] = field(default_factory=list)
    exit_code: int = Exit.OK


@dataclass(frozen=True, eq=False)
class Plan:
    """Work that is ready to run; Fire finds nothing to reach into."""

    _work: Callable[[], Awaitable[Any]]
    _as_json: bool
    _serves: bool

    def __dir__(self) -> list[str]:
        return []


class Group:
    """A set of commands; shows Fire its commands and subgroups and nothing else. A subgroup is an attribute."""

    def __dir__(self) -> list[str]:
        own = [name for name, value in inspect.getmembers_static(type(self)) if getattr(value, "is_command", False)]
        return sorted(own + [name for name, value in vars(self).items() if isinstance(value, Group)])


def command(method: Callable[..., Awaitable[Any]]) -> Callable[..., Plan]:
    """Makes a coroutine method a command. One that answers a `Result` understands ``--json`` as well."""
    return _made(method, serves=False)


def server(method: Callable[..., Awaitable[Any]]) -> Callable[..., Plan]:
    """The same for a command that serves until it is stopped: it runs on uvloop where that is installed."""
    return _made(method, serves=True)


def run(
    root: Group,
    argv: Sequence[str],
    *,
    name: str = "polaris",
    version: str = "",
    before: Callable[[], None] | None = None,
) -> int:
    """Understands *argv*, then does it; answers the exit code. *before* runs between the two."""
    words, literal = _split(list(argv))
    if not (words or literal) or {"-h", "--help"} & set(words):
        return _print(_help(words, root, name))
    if words == ["--version"]:
        return _print(f"{name} {version}")
    try:
        plan = _understood(words, literal, root, name)
    except PolarisError as error:
        print(f"{name}: {error}\n\n{_help(words, root, name, short=True)}", file=sys.stderr)
        return error.exit_code
    try:
        if before is not None:
            before()
        with asyncio.Runner(loop_factory=_loop_factory() if plan._serves else None) as runner:
            code = _show(runner.run(_awaited(plan)), as_json=plan._as_json)
        sys.stdout.flush()
        return code
    except PolarisError as error:
        return _failed(error, name)
    except BrokenPipeError:
        # Whoever read our output left. Nothing may be written any more, not even at the end of the process.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.BROKEN_PIPE
    except (KeyboardInterrupt, asyncio.CancelledError):
        return Exit.INTERRUPTED
    except Exception as error:
        return _failed(_unexpected(error), name)


def usage_line(method: Callable[..., Any]) -> str:
    """The words of a command after its name: ``PROJECT SESSION [--timeout=30] [--json]``."""
    parts = []
    for parameter in _parameters(method):
        flag = "--" + parameter.name.rstrip("_").replace("_", "-")
        if parameter.kind is parameter.VAR_POSITIONAL:
            parts.append(f"[{parameter.name.upper()} …]")
        elif parameter.kind is not parameter.KEYWORD_ONLY:
            word = parameter.name.upper()
            parts.append(word if parameter.default is parameter.empty else f"[{word}]")
        elif isinstance(parameter.default, bool):
            parts.append(f"[{'--no-' + flag[2:] if parameter.default else flag}]")
        elif parameter.default is parameter.empty:
            parts.append(f"{flag}={parameter.name.upper()}")
        else:
            shown = parameter.name.upper() if parameter.default is None else parameter.default
            parts.append(f"[{flag}={shown}]")
    return " ".join(parts)


def _made(method: Callable[..., Awaitable[Any]], *, serves: bool) -> Callable[..., Plan]:
    hints = get_type_hints(method)
    signature = inspect.signature(method)
    takes_json = "json" in signature.parameters
    if hints.get("return") is Result and not takes_json:
        extra = inspect.Parameter("json", inspect.Parameter.KEYWORD_ONLY, default=False, annotation=bool)
        signature = signature.replace(parameters=[*signature.parameters.values(), extra])
        hints["json"] = bool

    def plan(self: Any, *args: Any, **kwargs: Any) -> Plan:
        as_json = bool(kwargs.get("json", False))
        if not takes_json:
            kwargs.pop("json", None)
        return Plan(lambda: method(self, *args, **kwargs), as_json, serves)

    plan.__name__, plan.__doc__ = method.__name__, method.__doc__
    plan.__signature__ = signature  # type: ignore[attr-defined]
    plan.is_command = True  # type: ignore[attr-defined]
    plan.hints = hints  # type: ignore[attr-defined]
    names = [parameter for parameter in signature.parameters if parameter != "self"]
    parsers = {parameter: _parser(hints[parameter]) for parameter in names}
    positional = [parsers[n] for n in names if signature.parameters[n].kind is not inspect.Parameter.KEYWORD_ONLY]
    # Words that a command takes in any number have the parser that Fire calls its default.
    made: Callable[..., Plan] = SetParseFn(_text)(SetParseFns(*positional, **parsers)(plan))
    return made


def _parser(kind: Any) -> Callable[[str], Any]:
    try:
        return {str: _text, str | None: _text, bool: _switch, int: _whole, int | None: _whole, float: _number}[kind]
    except KeyError:
        raise TypeError(f"a command cannot take a {kind}") from None


def _text(word: str) -> str:
    return word.removeprefix(LITERAL)


def _switch(word: str) -> bool:
    try:
        return {"true": True, "yes": True, "false": False, "no": False}[word.lower()]
    except KeyError:
        raise FireError(f"A switch takes no value, not even {word!r}.") from None


def _whole(word: str) -> int:
    word = _text(word)
    if not re.fullmatch(r"-?[0-9]{1,18}", word):
        raise FireError(f"{word!r} is not a whole number.")
    return int(word)


def _number(word: str) -> float:
    word = _text(word)
    if not re.fullmatch(r"[0-9]{1,12}(\.[0-9]{1,6})?", word):
        raise FireError(f"{word!r} is not a number.")
    return float(word)


def _split(words: list[str]) -> tuple[list[str], list[str]]:
    """The words before and after the first ``--``; those after it are values, whatever they begin with."""
    if "--" not in words:
        return words, []
    place = words.index("--")
    return words[:place], words[place + 1 :]


def _understood(words: list[str], literal: list[str], root: Group, name: str) -> Plan:
    if any(mark in word for word in (*words, *literal) for mark in (LITERAL, SEPARATOR)):
        raise Misused("A control character is not understood here.")
    target, _, rest = _resolve(words, root)
    exact = words[: len(words) - len(rest)] + (_flags(rest, target) if not isinstance(target, Group) else rest)
    exact += [LITERAL + word for word in literal]
    try:
        with contextlib.redirect_stderr(io.StringIO()):  # Fire's own usage text is not fit to print
            plan = fire.Fire(
                root, command=[*exact, "--", "--separator", SEPARATOR], name=name, serialize=lambda _: None
            )
    except FireExit as exit:
        raise Misused(_sentence(exit.trace.elements[-1].ErrorAsStr(), target)) from None
    if isinstance(plan, Plan):
        return plan
    raise Misused("A command is missing.")


def _flags(words: Iterable[str], method: Callable[..., Any]) -> list[str]:
    """Spells every known flag as ``--name=value``: Fire has nothing to guess, and swallows or makes up no value."""
    known = {p.name.rstrip("_").replace("_", "-"): p for p in _parameters(method) if p.kind is not p.VAR_POSITIONAL}
    hints: dict[str, Any] = method.hints  # type: ignore[attr-defined]
    answer: list[str] = []
    queue = list(words)
    while queue:
        word = queue.pop(0)
        if re.match(r"-[A-Za-z]", word):
            raise Misused(f"{word!r} is not understood here; flags are written out, as in --json.")
        found = re.fullmatch(r"--([A-Za-z][\w-]*)(?:=(.*))?", word, re.DOTALL)
        if not found:
            answer.append(word)
            continue
        flag, value = found[1].replace("_", "-"), found[2]
        if flag not in known and flag.startswith("no-") and flag[3:] in known and value is None:
            flag, value = flag[3:], "false"
            if hints[known[flag].name] is not bool:
                raise Misused(f"{word} is not understood here.")
        elif flag in known and value is None:
            if hints[known[flag].name] is bool:
                value = "true"
            elif queue and not queue[0].startswith("--"):
                value = queue.pop(0)
            else:
                raise Misused(f"--{flag} needs a value.")
        if flag not in known:
            near = difflib.get_close_matches(flag, known, 1)
            raise Misused(f"{word} is not understood here." + (f" Did you mean --{near[0]}?" if near else ""))
        answer.append(f"--{known[flag].name}={value}")
    return answer


def _sentence(said: str, target: Any) -> str:
    """Fire's error in our words."""
    if found := re.search(r"required argument: (\w+)", said):
        return f"{found[1].upper()} is missing."
    if found := re.search(r"(?i)missing required flags?: \{?'?(\w+)", said):
        return f"--{found[1].replace('_', '-')} is missing."
    if found := re.search(r"(?:Could not consume arg|Cannot find key): (.*)", said, re.DOTALL):
        word = found[1].removeprefix(LITERAL)
        near = difflib.get_close_matches(word, [_shown(n) for n in dir(target)], 1) if isinstance(target, Group) else []
        return f"{word!r} is not understood here." + (f" Did you mean {near[0]}?" if near else "")
    return said


def _resolve(words: Sequence[str], root: Group) -> tuple[Any, list[str], list[str]]:
    """The deepest command or group that *words* name, its path, and the words that are left."""
    target: Any = root
    path: list[str] = []
    rest = list(words)
    while rest and isinstance(target, Group) and (word := rest[0].replace("-", "_")) in dir(target):
        target = getattr(target, word)
        path.append(rest.pop(0))
    return target, path, rest


def _help(words: Sequence[str], root: Group, name: str, *, short: bool = False) -> str:
    target, path, _ = _resolve(words, root)
    full = " ".join([name, *path])
    if not isinstance(target, Group):
        usage = f"Usage: {full} {usage_line(target)}".rstrip()
        return usage if short else f"{usage}\n\n{inspect.getdoc(target) or ''}"
    if short:
        return f"Help: {full} --help"
    rows = []
    for key in dir(target):
        value = getattr(target, key)
        words_of = "…" if isinstance(value, Group) else usage_line(value)
        rows.append((f"{_shown(key)} {words_of}".rstrip(), (inspect.getdoc(value) or "").splitlines()[0]))
    width = min(max(len(left) for left, _ in rows), 44)
    lines = [
        f"  {left:<{width}}  {right}" if len(left) <= width else f"  {left}\n  {'':<{width}}  {right}"
        for left, right in rows
    ]
    return "\n".join([inspect.getdoc(target) or "", "", f"Usage: {full} COMMAND …", "", *lines])


def _parameters(method: Callable[..., Any]) -> list[inspect.Parameter]:
    return [p for p in inspect.signature(method).parameters.values() if p.name != "self"]


def _shown(name: str) -> str:
    return name.replace("_", "-")


async def _awaited(plan: Plan) -> Any:
    return await plan._work()


def _show(result: Any, *, as_json: bool) -> int:
    if isinstance(result, Result):
        if as_json:
            print(json.dumps(result.data, default=str, ensure_ascii=False))
        else:
            for line in result.lines:
                print(line)
        return result.exit_code
    return result if isinstance(result, int) else Exit.OK


def _print(text: str) -> int:
    with contextlib.suppress(BrokenPipeError):
        print(text, flush=True)
    return Exit.OK


def _failed(error: PolarisError, name: str) -> int:
    print(
        f"{name}: {log.masked(error.message)}",
        *([log.masked(error.hint)] if error.hint else []),
        sep="\n",
        file=sys.stderr,
    )
    return error.exit_code


def _unexpected(error: Exception) -> PolarisError:
    """An error that nobody translated. Details are for who asks for them, without secrets."""
    if hasattr(error, "sqlstate"):
        return from_database(error)
    if os.environ.get("POLARIS_LOG_LEVEL", "").lower() == "debug":
        print(log.masked("".join(traceback.format_exception(error))), file=sys.stderr)
    return PolarisError(
        f"This should not have happened: {type(error).__name__}: {error}",
        hint="POLARIS_LOG_LEVEL=debug shows where.",
    )


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop
