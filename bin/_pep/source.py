"""Find or fetch Odoo 19: ODOO_PATH, an importable one, the Debian mirror, upstream git."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path

from .base import HOME, Failure, digest, locked, output, replace, run, say, step

SERIES = "19.0"
UPSTREAM = os.environ.get("ODOO_GIT", "https://github.com/odoo/odoo.git")
DEBIAN = HOME / "debian"
CLONE = HOME / "upstream"
# Odoo and the files that its web client links to; the Debian suite that has them; our own release's
# Font Awesome, for Odoo's icons are those of version 4.
FROM_SID = [
    "odoo-19",
    "libjs-jquery",
    "libjs-jquery-form",
    "libjs-underscore",
    "fonts-roboto-unhinted",
    "fonts-montserrat",
    "fonts-glyphicons-halflings",
    "fonts-inconsolata",
    "fonts-ocr-b",
]
FROM_RELEASE = ["fonts-font-awesome"]
# Not free enough for Debian but named in a manifest: without it the web client reports an error.
MISSING = "mail/static/lib/selfie_segmentation/selfie_segmentation.js"
HELP = """
Odoo 19 could not be had. Do one of these, and run the command again:
  - look at the network, or wait for the mirror to come back;
  - get Odoo 19 by other means (a git clone of its branch 19.0, the archive from its makers) and name its folder:
        ODOO_PATH=/path/to/odoo bin/demo
"""


def series(root: Path) -> str:
    """The series of the Odoo in this folder, or an empty text."""
    try:
        text = (root / "odoo" / "release.py").read_text()
    except OSError:
        return ""
    found = re.search(r"^version_info = \((\d+), (\d+)", text, re.MULTILINE)
    return ".".join(found.groups()) if found else ""


@cache
def odoo() -> Path:
    """The folder that holds the ``odoo`` package of Odoo 19 (and mostly ``addons`` beside it)."""
    if given := os.environ.get("ODOO_PATH"):
        root = Path(given).resolve()
        if series(root) != SERIES:
            raise Failure(f"ODOO_PATH={given}: no Odoo {SERIES} there (its odoo/release.py says so).")
        return root
    if root := importable():
        return root
    with locked("Odoo sources"):
        for root in (packages(DEBIAN), CLONE):
            if series(root) == SERIES:
                return root
        for get in (from_debian, from_upstream):
            try:
                return get()
            except Failure as failure:
                say(str(failure))
    raise Failure(HELP)


def importable() -> Path | None:
    """The folder of the Odoo 19 that the machine's own Python can import."""
    code = "import odoo.release as r; print(r.__file__)"
    env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    where = output("python3", "-c", code, cwd="/", env=env)
    root = Path(where.strip()).parents[1] if where.strip() else None
    return root if root and series(root) == SERIES else None


def version() -> str:
    """Which Odoo this is, as far as a database depends on it."""
    root = odoo()
    if (root / ".git").exists():
        return output("git", "-C", str(root), "rev-parse", "HEAD").strip()
    return digest(root / "odoo" / "release.py", str((root / "addons").is_dir()))


def packages(root: Path) -> Path:
    """Where a Debian package puts Python code."""
    return root / "usr" / "lib" / "python3" / "dist-packages"


def from_debian() -> Path:
    """Unpack Debian's package of Odoo 19 and of the files it links to. Needs no root."""
    if not shutil.which("apt-get") or not shutil.which("dpkg"):
        raise Failure("This is no Debian machine: no package of Odoo 19.")
    with step("Downloading Odoo 19 from the machine's Debian mirror (120 MB)"):
        debs = download(FROM_SID, FROM_RELEASE)

    def unpack(part: Path):
        for deb in debs:
            run("dpkg", "-x", deb, part, log="unpack.log")
        stub = packages(part) / "odoo" / "addons" / MISSING
        stub = stub if stub.parents[3].is_dir() else packages(part) / "addons" / MISSING
        if not stub.exists():
            stub.parent.mkdir(parents=True, exist_ok=True)
            stub.write_text("// Left out of Debian's package.\n")

    with step("Unpacking Odoo 19"):
        replace(DEBIAN, unpack)
    shutil.rmtree(debs[0].parent)
    if series(packages(DEBIAN)) != SERIES:
        raise Failure(f"Debian's package odoo-19 holds no Odoo {SERIES}.")
    return packages(DEBIAN)


def download(sid: list[str], release: list[str]) -> list[Path]:
    """Fetch Debian packages from the machine's own mirror, with package lists in a folder of our own."""
    apt = HOME / "apt"
    shutil.rmtree(apt, ignore_errors=True)
    for folder in ("lists/partial", "cache/archives/partial", "debs"):
        (apt / folder).mkdir(parents=True)
    mirror, codename = debian_mirror()
    keys = sorted(Path("/usr/share/keyrings").glob("debian-archive-keyring.*"))
    signed = f"[signed-by={keys[0]}] " if keys else ""
    (apt / "sources.list").write_text(
        "".join(f"deb {signed}{mirror} {suite} main\n" for suite in {"sid": 1, codename: 1})
    )
    options = {
        "Dir::State::Lists": apt / "lists",
        "Dir::Cache": apt / "cache",
        "Dir::Etc::SourceList": apt / "sources.list",
        "Dir::Etc::SourceParts": "/dev/null",
        "Dir::Etc::PreferencesParts": "/dev/null",
        "APT::Sandbox::User": "root",
        "Acquire::Retries": 3,
        # A mirror that stands still will do: what it has is signed.
        "Acquire::Check-Valid-Until": "false",
        "Acquire::Languages": "none",
    }
    command = ["apt-get", "-q", *(f"-o{name}={value}" for name, value in options.items())]
    hint = "The machine's Debian mirror does not answer or has no such package."
    run(*command, "update", "--error-on=any", log="apt-update.log", hint=hint)
    names = [f"{name}/sid" for name in sid] + [f"{name}/{codename}" for name in release]
    run(*command, "download", *names, log="apt-download.log", hint=hint, cwd=apt / "debs")
    return sorted((apt / "debs").glob("*.deb"))


def debian_mirror() -> tuple[str, str]:
    """The address of the machine's Debian mirror and the code name of its release."""
    text = Path("/etc/os-release").read_text()
    codename = re.search(r"^VERSION_CODENAME=(\w+)", text, re.MULTILINE)
    if not codename or not re.search(r"^ID=debian$", text, re.MULTILINE):
        raise Failure("This machine's release is none of Debian's: no package of Odoo 19.")
    line_format = "$(REPO_URI) $(RELEASE) $(COMPONENT)"
    targets = output("apt-get", "indextargets", "--format", line_format, "Created-By: Packages")
    for line in targets.splitlines():
        uri, release, component = (line.split() + ["", "", ""])[:3]
        if component == "main" and "-" not in release:
            return uri, codename[1]
    raise Failure("apt-get knows no Debian mirror (apt-get indextargets).")


def from_upstream() -> Path:
    """Clone the newest state of Odoo's own branch."""

    def clone(part: Path):
        run("git", "clone", "--quiet", "--depth=1", "--branch", SERIES, UPSTREAM, part, log="clone.log")

    with step(f"Cloning branch {SERIES} of {UPSTREAM} (1 GB)"):
        try:
            replace(CLONE, clone)
        except subprocess.SubprocessError as error:
            raise Failure(str(error)) from error
    return CLONE
