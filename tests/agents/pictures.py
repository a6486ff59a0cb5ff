"""``make terminal-images``: docs/terminal/*.png, a real terminal with a real Claude Code, for docs/install.md.

What stands on the pictures happened: the installer's plan and outcome, the skill, the status line. The screen of `tui`
becomes a page of HTML, and Chromium takes the picture.
"""

from __future__ import annotations

import asyncio
import html
import shutil
import sys
import tempfile
from itertools import groupby
from pathlib import Path

from place import Place, replied
from stub_llm import Call, Stub, Turn
from tui import Terminal
from user import User

sys.path.insert(0, str(Path(__file__).parents[1] / "web"))
import chromium

FOLDER = Path(__file__).parents[2] / "docs" / "terminal"
COLUMNS, ROWS = 112, 34
ANSWER = "The tokens are signed with HS256."
COLOURS = {
    "default": "#d8dee9",
    "black": "#3b4252",
    "red": "#bf616a",
    "green": "#a3be8c",
    "brown": "#ebcb8b",
    "blue": "#81a1c1",
    "magenta": "#b48ead",
    "cyan": "#88c0d0",
    "white": "#e5e9f0",
}
GROUND = "#1b1f27"
PAGE = f"""<!doctype html><meta charset="utf-8"><style>
body {{ margin: 0; background: {GROUND}; width: max-content }}
pre {{ margin: 0; padding: 14px 18px; color: {COLOURS["default"]}; font: 13px/1.35 "DejaVu Sans Mono", monospace }}
</style><pre>%s</pre>"""
LOOK = Call("Bash", {"command": "grep -rn algorithm auth", "description": "Find how tokens are signed"})
SAYS = [
    Turn("This session is now pj/fxm, and you drive it. Nobody has worked in it before."),
    Turn("I look where the tokens are made.", (LOOK,)),
    Turn(ANSWER),
]


def page(terminal: Terminal) -> str:
    """The screen as HTML, down to its last line that is not empty."""
    screen = terminal.screen
    last = max((row for row, line in enumerate(screen.display) if line.strip()), default=0)
    return PAGE % "\n".join(_line(screen.buffer[row], screen.columns) for row in range(last + 1))


def _line(cells: dict[int, object], columns: int) -> str:
    styled = [(_style(cells[column]), cells[column].data) for column in range(columns)]  # type: ignore[attr-defined]
    while styled and styled[-1] == ("", " "):
        styled.pop()
    parts = []
    for style, group in groupby(styled, key=lambda one: one[0]):
        text = html.escape("".join(data for _, data in group))
        parts.append(f'<span style="{style}">{text}</span>' if style else text)
    return "".join(parts)


def _style(cell: object) -> str:
    front, back = _colour(cell.fg, ""), _colour(cell.bg, "")  # type: ignore[attr-defined]
    if cell.reverse:  # type: ignore[attr-defined]
        front, back = back or GROUND, front or COLOURS["default"]
    styles = [f"color:{front}"] if front else []
    styles += [f"background:{back}"] if back else []
    styles += ["font-weight:bold"] if cell.bold else []  # type: ignore[attr-defined]
    return ";".join(styles)


def _colour(name: str, default: str) -> str:
    if name == "default":
        return default
    name = name.removeprefix("bright")
    return COLOURS.get(name, f"#{name}" if len(name) == 6 else default)


async def take(pages: dict[str, str]) -> None:
    FOLDER.mkdir(exist_ok=True)
    async with chromium.chromium() as browser:
        tab = await browser.new_page(device_scale_factor=1.5)
        for name, content in pages.items():
            await tab.set_content(content)
            await tab.locator("pre").screenshot(path=FOLDER / f"{name}.png")
            print(FOLDER / f"{name}.png", flush=True)


def played(root: Path, place: Place, stub: Stub) -> dict[str, str]:
    """Login in a shell, then a session in Claude Code; the screens on the way."""
    floor = place.floor()
    manu = User(root, "claude", stub, floor)
    pages = {}
    try:
        (root / "token").write_text(floor.token)
        polaris = Path(sys.executable).with_name("polaris")
        (root / "programs" / "polaris").symlink_to(polaris)
        shell = manu.environment | {"PS1": "$ ", "POLARIS_PORT": "0", "BASH_SILENCE_DEPRECATION_WARNING": "1"}
        words = ["bash", "--norc", "--noprofile", "-i"]
        with Terminal(words, shell, manu.project, rows=ROWS, columns=COLUMNS) as screen:
            screen.quiet()
            screen.say(f"polaris login {place.url} --with-token < ../token")
            screen.shows("takes everything out again")
            screen.quiet()
            pages["login"] = page(screen)
        stub.scripts[""] = SAYS
        (manu.project / "auth").mkdir()
        (manu.project / "auth" / "tokens.py").write_text('ALGORITHM = "HS256"  # the algorithm of all tokens\n')
        options = ("--permission-mode", "default", "--allowedTools", "Bash")
        with manu.terminal(*options, rows=ROWS, columns=COLUMNS) as screen:
            screen.shows("polaris: not connected")
            screen.quiet()
            screen.say("/polaris join pj fxm")
            screen.shows("● connected")
            screen.until(lambda: "esc to interrupt" not in screen.text)
            screen.quiet()
            screen.say("How are the tokens signed?")
            screen.until(replied(floor, ANSWER))
            screen.until(lambda: "esc to interrupt" not in screen.text)
            screen.quiet(1)
            pages["join"] = page(screen)
    finally:
        manu.end()
    return pages


def main() -> None:
    root, home = (Path(tempfile.mkdtemp(prefix="polaris-pictures-")) for _ in range(2))
    place = Place(home)
    try:
        with Stub() as stub:
            pages = played(root, place.start(), stub)
        asyncio.run(take(pages))
    finally:
        place.destroy()
        for folder in (root, home):
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
