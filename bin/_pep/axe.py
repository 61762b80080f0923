"""axe-core, with which the browser tests look for what shuts people out. Fetched once, never a part of the addon."""

from __future__ import annotations

import base64
import hashlib
import shutil
import tarfile
from pathlib import Path

from .base import HOME, REQUIREMENTS, Failure, locked, replace, run, say, step

FOLDER = HOME / "axe"
HINT = "npm or its registry can't be had here: the accessibility tests are skipped."


def pinned() -> tuple[str, str, str]:
    """Name, version and digest of the package."""
    lines = (REQUIREMENTS / "axe.txt").read_text().splitlines()
    (line,) = (line for line in lines if line and not line.startswith("#"))
    name, version, integrity = line.split()
    return name, version, integrity


def ensure() -> Path | None:
    """The script, fetched unless it is there; None where it can't be had."""
    name, version, integrity = pinned()
    script = FOLDER / f"{name}-{version}.js"
    with locked("accessibility checker"):
        if not script.exists():
            try:
                fetch(name, version, integrity, script)
            except Failure as failure:
                say(str(failure))
                return None
    return script


def fetch(name: str, version: str, integrity: str, script: Path) -> None:
    """Get the package with the machine's npm, check it, and keep its one script."""
    if not shutil.which("npm"):
        raise Failure(f"    ({HINT})")

    def unpack(part: Path):
        run("npm", "pack", "--silent", f"{name}@{version}", f"--pack-destination={part}", log="npm.log", hint=HINT)
        (package,) = part.glob("*.tgz")
        kind, _, wanted = integrity.partition("-")
        found = base64.b64encode(hashlib.new(kind, package.read_bytes()).digest()).decode()
        if found != wanted:
            raise Failure(f"{name} {version} is not what bin/requirements/axe.txt says it is: {kind}-{found}.")
        with tarfile.open(package) as archive, archive.extractfile("package/axe.min.js") as source:
            (part / script.name).write_bytes(source.read())
        package.unlink()

    with step(f"Fetching {name} {version}"):
        replace(FOLDER, unpack)
