"""The Python environment: a venv with the pinned requirements."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from . import source
from .base import HOME, REQUIREMENTS, Failure, digest, locked, output, run, step

VENV = HOME / "venv"
PYTHON = VENV / "bin" / "python"
VERSIONS = [(3, minor) for minor in (13, 12, 11, 10)]
HELP = """
The Python packages could not be installed. Look at the network and at pip's settings (pip config list), then run
the command again: it goes on where it stopped. To start over, remove the folder {venv}.
"""


def interpreter() -> str:
    """A Python that Odoo 19 runs on: this one when it will do, or another one of the machine."""
    if sys.version_info[:2] in VERSIONS:
        return getattr(sys, "_base_executable", sys.executable)
    for major, minor in VERSIONS:
        if found := shutil.which(f"python{major}.{minor}"):
            return found
    raise Failure("Odoo 19 needs Python 3.10 to 3.13, and this machine has none of these.")


def ensure(dev: bool = False) -> Path:
    """Make or complete the environment and return its Python. ``dev`` adds what tests and linters need."""
    files = [REQUIREMENTS / "odoo.txt"] + [REQUIREMENTS / "dev.txt"] * dev
    with locked("Python environment"):
        python = interpreter()
        stamp = VENV / ".stamp"
        have = stamp.read_text().split() if stamp.exists() else []
        want = [digest(python, output(python, "-V")), *(digest(file) for file in files)]
        if have[: len(want)] == want and PYTHON.exists():
            return PYTHON
        if have[:1] != want[:1] or not PYTHON.exists():
            shutil.rmtree(VENV, ignore_errors=True)
            with step(f"Making a Python environment with {python}"):
                create(python)
        with step("Installing Python packages (about a minute)"):
            options = [f"-r{file}" for file in files]
            hint = HELP.format(venv=VENV)
            run(PYTHON, "-m", "pip", "install", "--quiet", "--prefer-binary", *options, log="pip.log", hint=hint)
        stamp.write_text(" ".join(want))
    return PYTHON


def create(python: str) -> None:
    """Make the venv; where the machine's Python comes without pip, with the one of Debian's package."""
    if output(python, "-c", "import ensurepip; print(1)"):
        run(python, "-m", "venv", VENV, log="venv.log")
        return
    run(python, "-m", "venv", "--without-pip", VENV, log="venv.log")
    try:
        debs = source.download([], ["python3-pip-whl"])
    except Failure as failure:
        raise Failure(f"{failure}\nThis Python has no pip. Install python3-venv, and run the command again.") from None
    root = HOME / "apt" / "pip"
    run("dpkg", "-x", *debs, root, log="unpack.log")
    (wheel,) = root.glob("usr/share/python-wheels/pip-*.whl")
    run(PYTHON, wheel / "pip", "install", "--no-index", wheel, log="pip.log")


def environment() -> dict[str, str]:
    """What a program needs to be told to run in the environment, with Odoo importable."""
    library = HOME / "lib"
    link = library / "odoo"
    target = source.odoo() / "odoo"
    if not link.is_symlink() or link.resolve() != target.resolve():
        library.mkdir(parents=True, exist_ok=True)
        fresh = library / f"odoo.{os.getpid()}"
        fresh.symlink_to(target)
        fresh.replace(link)
    env = {name: value for name, value in os.environ.items() if not name.startswith(("ODOO_", "OPENERP_", "PYTEST_DB"))}
    env.pop("PYTHONHOME", None)
    env.pop("PGDATABASE", None)
    return env | {
        "ODOO_PATH": str(source.odoo()),
        "PYTHONPATH": os.pathsep.join([str(library), str(REQUIREMENTS.parent)]),
        "PYTHONWARNINGS": env.get("PYTHONWARNINGS", ""),
        "VIRTUAL_ENV": str(VENV),
        "PATH": os.pathsep.join([str(VENV / "bin"), env.get("PATH", os.defpath)]),
    }


def site_packages() -> Path:
    """The folder of the environment's packages."""
    (folder,) = (VENV / "lib").glob("python3.*/site-packages")
    return folder
