"""The wheel holds everything, under one name, and works where no source tree is near."""

from __future__ import annotations

import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = {
    "polaris": "polaris",
    "daemon": "polaris/daemon",
    "bridge": "polaris/bridge",
    "sql": "polaris/sql",
    "hooks": "polaris/hooks",
    "skills": "polaris/skills",
    "tests/fixtures": "polaris/recordings",
}
SHIPPED = (".py", ".sql", ".sh", ".md", ".typed", ".html", ".css", ".js", ".json", ".jsonl")

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy, so that the tree stays as it is; without a network."""
    copy = tmp_path_factory.mktemp("source")
    for name in FOLDERS:
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("setup.cfg", "pyproject.toml", "README.md"):
        shutil.copy(ROOT / name, copy / name)
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation"]
    done = subprocess.run(build, cwd=copy, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return next((copy / "dist").glob("*.whl"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clean environment with the wheel in it; dependencies come from this one by way of a path file."""
    place = tmp_path_factory.mktemp("venv")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(place)], check=True)
    python = place / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "-q", "--no-deps", "--no-index", str(wheel)]
    subprocess.run(pip, check=True)
    packages = next((place / "lib").glob("python*")) / "site-packages"
    # Path files inside the added folder are not read, so the editable install of this environment stays out.
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return python


def run(python: Path, code: str) -> str:
    done = subprocess.run([str(python), "-c", code], cwd="/", capture_output=True, text=True, check=False, env={})
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_everything_lives_below_one_name(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        (top,) = (name for name in names if name.endswith("top_level.txt"))

        assert archive.read(top).decode().split() == ["polaris"]
    assert {name.split("/")[0] for name in names if ".dist-info/" not in name} == {"polaris"}


def test_every_file_of_the_tree_is_in_the_wheel(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
    wanted = {
        f"{there}/{path.relative_to(ROOT / here).as_posix()}"
        for here, there in FOLDERS.items()
        for path in (ROOT / here).rglob("*")
        if path.suffix in SHIPPED and "__pycache__" not in path.parts
    }

    assert wanted - names == set(), "list the package, or the kind of file, in setup.cfg"


def test_every_hook_keeps_its_executable_bit(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        modes = {
            info.filename: info.external_attr >> 16 for info in archive.infolist() if info.filename.endswith(".sh")
        }

    assert "polaris/hooks/capture.sh" in modes
    assert all(mode & 0o111 == 0o111 for mode in modes.values()), modes


def test_the_installed_package_finds_its_sql_its_hooks_and_its_skills(installed: Path) -> None:
    code = """
import polaris
from polaris import resources
from polaris.db import sources
below = sources.folder()
hook = resources.path("hooks", "capture.sh")
print(polaris.__file__, len(sources.migrations(below)), len(sources.functions(below)), hook.stat().st_mode & 0o111 != 0,
      resources.path("skills").is_dir(), sep="\\n")
"""
    where, migrations, functions, executable, skills = run(installed, code).split("\n")[:5]

    assert str(ROOT) not in where
    assert int(migrations) == len(list((ROOT / "sql/migrations").glob("*.sql")))
    assert int(functions) == len(list((ROOT / "sql/functions").rglob("*.sql")))
    assert (executable, skills) == ("True", "True")


def test_the_installed_command_and_its_parts_start(installed: Path) -> None:
    said = subprocess.run(
        [str(installed.parent / "polaris"), "--version"], cwd="/", capture_output=True, text=True, check=False, env={}
    )

    assert (said.returncode, said.stderr) == (0, "")
    assert said.stdout.startswith("polaris ")
    run(installed, "import polaris.daemon.app, polaris.http.server, polaris.db.migrate, polaris.client")
