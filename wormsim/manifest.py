"""Manifest: what a result stands on (versions, machine, hashes), so that two results can be told apart."""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
import platform
import re
import subprocess
from datetime import UTC, datetime
from pathlib import Path

from . import __version__
from .chunks import canonical_json, content_version, file_sha256, input_files

DISTRIBUTION = "wormsim-circuits"


def environment() -> dict:
    """Versions and machine.

    Returns
    -------
    dict
        `wormsim`, `git` (None outside a source checkout), `content_version`, `python`, `packages` (name:
        version), `platform` (`system`, `machine`, `cpu`, `cores`, `memory_GiB`), `data` (file: SHA-256 of
        each shipped table).
    """
    return {
        "wormsim": __version__,
        "git": git_state(),
        "content_version": content_version(),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "packages": package_versions(),
        "platform": machine(),
        "data": data_hashes(),
    }


def package_versions() -> dict[str, str]:
    """Installed versions of the packages that wormsim requires (for this Python, extras apart)."""
    names = set()
    for requirement in importlib.metadata.requires(DISTRIBUTION) or ():
        if "extra ==" not in requirement:
            names.add(re.match(r"[\w.-]+", requirement).group().lower())
    found = {}
    for name in sorted(names):
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found[name] = "absent"
    return found


def machine() -> dict:
    """Operating system, processor, cores that this process may use, and memory. Names no host and no user."""
    memory = None
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        memory = round(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30, 1)
    return {"system": f"{platform.system()} {platform.release()}", "machine": platform.machine(),
            "cpu": cpu_model(), "cores": usable_cores(), "memory_GiB": memory}


def usable_cores() -> int:
    """Cores that this process may use: affinity and container limits count."""
    import joblib

    return joblib.cpu_count()


def cpu_model() -> str:
    """Name of the processor as the system tells it."""
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or "unknown"


def git_state() -> dict | None:
    """Commit of the source checkout that wormsim runs from and whether files differ from it; else None."""
    root = Path(__file__).resolve().parents[1]
    if not (root / "pyproject.toml").is_file():  # installed: a repository further up is somebody else's
        return None

    def git(*arguments: str) -> str:
        return subprocess.run(["git", "-C", str(root), *arguments], capture_output=True, text=True,
                              check=True, timeout=10).stdout.strip()

    try:
        return {"commit": git("rev-parse", "HEAD"), "modified": bool(git("status", "--porcelain", "-uno"))}
    except (OSError, subprocess.SubprocessError):
        return None


def data_hashes() -> dict[str, str]:
    """SHA-256 of every table in ``wormsim/data``, by its path there."""
    folder = Path(__file__).parent / "data"
    files = (p for p in folder.rglob("*") if p.suffix in (".parquet", ".csv", ".tsv", ".toml", ".json"))
    return {p.relative_to(folder).as_posix(): file_sha256(p) for p in sorted(files)}


def identity(name: str, kind: str, seed: int, spec: dict) -> dict:
    """What makes a result this result: one that differs here belongs in another folder.

    Parameters
    ----------
    name, kind : str
        The experiment and its study.
    seed : int
    spec : dict
        All settings, JSON-able.

    Returns
    -------
    dict
        `name`, `kind`, `seed`, `spec`, `inputs` (files that the spec names: SHA-256) and `sha256` of all
        these.
    """
    parts = {"name": name, "kind": kind, "seed": seed, "spec": spec, "inputs": input_files(spec)}
    return {**parts, "sha256": hashlib.sha256(canonical_json(parts).encode()).hexdigest()}


def differences(ours: dict, theirs: dict, path: str = "") -> list[str]:
    """Where two nested dicts differ, as ``"a.b: 64 there, 128 here"``; `theirs` is there."""
    found = []
    for key in sorted(set(ours) | set(theirs), key=str):
        here, there = ours.get(key, "nothing"), theirs.get(key, "nothing")
        where = f"{path}.{key}" if path else str(key)
        if isinstance(here, dict) and isinstance(there, dict):
            found += differences(here, there, where)
        elif here != there:
            found.append(f"{where}: {there} there, {here} here")
    return found


def now() -> str:
    """The time in UTC, to the second, as ISO 8601."""
    return datetime.now(UTC).isoformat(timespec="seconds")
