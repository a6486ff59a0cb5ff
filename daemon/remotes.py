"""What a repository is called by its remotes: the same for all who cloned it, and without anybody's credentials."""

from __future__ import annotations

import re

NAME_CHARACTERS = 300

_REMOTE = re.compile(r'\s*\[\s*remote\s+"((?:[^"\\]|\\.)*)"\s*\]')
_URL = re.compile(r"\s*url\s*=(.*)", re.IGNORECASE)


def normalized(url: str) -> str:
    """Host and path of a remote: ``github.com/acme/shop``, without user, password, port, query and ``.git``.

    Of a path on this machine only the last part is told; "" for what is no address at all.
    """
    url = re.sub(r"^[A-Za-z0-9+-]+::", "", url.strip())
    url = re.split(r"[?#]", url, maxsplit=1)[0]
    if found := re.fullmatch(r"([A-Za-z][A-Za-z0-9+.-]*)://([^/]*)(/.*)?", url, re.DOTALL):
        scheme, authority, path = found[1].lower(), found[2].rpartition("@")[2], found[3] or ""
        host = "" if scheme == "file" else re.sub(r":[0-9]*$", "", authority).lower()
    else:
        # host:path, as for scp, the host perhaps in brackets with a port; a single letter is a drive.
        bracketed = re.fullmatch(r"[^/\[]*\[(?:[^\]/@]*@)?([^\]/@:]+)(?::[0-9]+)?\]:(.*)", url, re.DOTALL)
        first, slash, rest = url.partition("/")
        url = first.rpartition("@")[2] + slash + rest
        found = bracketed or re.fullmatch(r"(\[[^\]/]+\]|[^/:\\]{2,}):(.*)", url, re.DOTALL)
        host, path = (found[1].lower(), found[2]) if found else ("", url.replace("\\", "/"))
    path = re.sub(r"(?:\.git)?/*$", "", path.strip("/"))
    if not host:
        path = path.rpartition("/")[2]
    return plain(f"{host}/{path}".strip("/") if path else "")


def urls(config: str) -> dict[str, str]:
    """The first address of each remote, in the order of the file."""
    found: dict[str, str] = {}
    remote = None
    for line in config.replace("\\\n", "").splitlines():
        if (section := _REMOTE.match(line)) is not None:
            remote, line = re.sub(r"\\(.)", r"\1", section[1]), line[section.end() :]
        elif line.lstrip().startswith("["):
            remote = None
        if remote is not None and (told := _URL.match(line)) is not None:
            found.setdefault(remote, _value(told[1]))
    return found


def _value(text: str) -> str:
    """A value of git's configuration: comments begin outside quotation marks only."""
    value, quoted, escaped = "", False, False
    for character in text.strip():
        if escaped:
            value, escaped = value + character, False
        elif character == "\\":
            escaped = True
        elif character == '"':
            quoted = not quoted
        elif character in "#;" and not quoted:
            break
        else:
            value += character
    return value.strip()


def plain(name: str) -> str:
    """A name that can be shown; "" for one that steers or hides something, or may have a password in it."""
    return name if name.isprintable() and "@" not in name and len(name) <= NAME_CHARACTERS else ""
