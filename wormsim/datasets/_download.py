"""One file over a connection that may break: what came is kept, the next call goes on from there, the checksum decides."""

from __future__ import annotations

import hashlib
import http.client
import os
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

from .. import atomic
from ..errors import InputError, warn_data
from ._archives import TIMEOUT_S, RemoteFile, stated_digest

_CHUNK = 1 << 20


def download(file: RemoteFile, path: Path, progress: Callable[[str, int, int], None] | None = None) -> Path:
    """Bring a file to `path`, which has it whole and with its checksum, or is not there.

    Raises
    ------
    InputError
        No answer; a connection that broke (what came lies beside `path`, ending in ``.partial``); a wrong checksum (what
        came is removed, a file that was there before stays).
    """
    digest, kept = stated_digest(file), path.with_name(path.name + ".sha256")
    first = not digest and not kept.is_file()
    if not digest and not first:
        digest = f"sha256:{kept.read_text().split()[0]}"
    whole = path.is_file() and path.stat().st_size == file.size
    if whole and (first or _digest(path, digest) == digest):
        if first:
            _trust(path, kept)
        return path
    partial = path.with_name(f".{path.name}.partial")
    partial.parent.mkdir(parents=True, exist_ok=True)
    _transfer(file, partial, progress)
    found = _digest(partial, digest or "sha256:")
    if digest and found != digest:
        partial.unlink()
        raise InputError(f"{file.name} came with the checksum {found}, but it should be {digest}: the file changed or was damaged on "
                         f"the way. What came was removed; fetch it again, and if that does not help, tell the archive ({file.url})")
    os.replace(partial, path)
    if first:
        _trust(path, kept)
    return path


def _trust(path: Path, kept: Path) -> None:
    """Keep the checksum of a file that the archive states none for."""
    digest = _digest(path, "sha256:").removeprefix("sha256:")
    atomic.write_text(kept, f"{digest}  {path.name}\n")
    warn_data(1, f"file trusted as it came, since the archive states no checksum: {path.name}, SHA-256 {digest}, from now on held "
              f"against {kept.name}", stacklevel=5)


def _transfer(file: RemoteFile, partial: Path, progress: Callable[[str, int, int], None] | None) -> None:
    begun = partial.stat().st_size if partial.is_file() else 0
    if begun > file.size:
        partial.unlink()
        begun = 0
    if begun < file.size or file.size == 0:
        headers = {"User-Agent": "wormsim"} | ({"Range": f"bytes={begun}-"} if begun else {})
        try:
            with urllib.request.urlopen(urllib.request.Request(file.url, headers=headers), timeout=TIMEOUT_S) as answer:
                goes_on = begun and answer.status == http.client.PARTIAL_CONTENT
                have = begun if goes_on else 0
                with open(partial, "ab" if goes_on else "wb") as out:
                    while block := answer.read(_CHUNK):
                        out.write(block)
                        have += len(block)
                        if progress is not None:
                            progress(file.name, have, file.size)
        except urllib.error.HTTPError as error:
            raise InputError(f"{file.url} answered {error.code} {error.reason}") from error
        except (http.client.HTTPException, urllib.error.URLError, OSError) as error:
            raise InputError(_broken(file, partial, getattr(error, "reason", error))) from error
    if (have := partial.stat().st_size) < file.size:
        raise InputError(_broken(file, partial, "the connection closed"))
    if have > file.size:
        partial.unlink()
        raise InputError(f"{file.name} has {have} bytes, but the archive says {file.size}; what came was removed, fetch it again")


def _broken(file: RemoteFile, partial: Path, why: object) -> str:
    have = partial.stat().st_size if partial.is_file() else 0
    return f"{file.name} was interrupted after {have} of {file.size} bytes ({why}): the same command goes on from there"


def _digest(path: Path, like: str) -> str:
    """Checksum of a file, of the same sort as `like` ("sha256:...", "md5:...")."""
    kind = like.partition(":")[0]
    if kind not in ("sha256", "md5"):
        raise InputError(f"the archive states a checksum of the sort {kind!r}, which wormsim does not know")
    with open(path, "rb") as file:
        return f"{kind}:{hashlib.file_digest(file, kind).hexdigest()}"
