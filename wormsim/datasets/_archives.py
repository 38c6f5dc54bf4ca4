"""Files of a record, as the archives' own interfaces tell them: name, size, address, checksum."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from ..errors import InputError, UnknownNameError

#: Interfaces of the archives, as their documentation has them.
API = {
    "dandi": "https://api.dandiarchive.org/api",
    "osf": "https://api.osf.io/v2",
    "zenodo": "https://zenodo.org/api",
}
TIMEOUT_S = 60.0


@dataclass(frozen=True)
class RemoteFile:
    """A file in an archive.

    Attributes
    ----------
    name : str
        With folders, where the archive has them.
    size : int
        Bytes.
    url : str
    digest : str
        ``"sha256:..."`` or ``"md5:..."`` as the archive states it; empty where it states none.
    about : str
        Address that tells the checksum, where the list of files does not (DANDI).
    """

    name: str
    size: int
    url: str
    digest: str = ""
    about: str = ""


def remote_files(archive: str, record: str) -> list[RemoteFile]:
    """All files of a record, sorted by name."""
    if archive not in _LISTS:
        raise UnknownNameError("archive", archive, _LISTS)
    try:
        return sorted(_LISTS[archive](record), key=lambda f: f.name)
    except (KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{archive} answered for record {record} in a way that wormsim does not know ({error!r}); fetch the files by "
                         "hand and read them with load_recording") from error


def stated_digest(file: RemoteFile) -> str:
    """The archive's checksum of a file, asked for where the list did not have it."""
    if file.digest or not file.about:
        return file.digest
    digest = ask(file.about).get("digest", {}).get("dandi:sha2-256", "")
    return f"sha256:{digest}" if digest else ""


def ask(url: str) -> Any:
    """JSON from an address."""
    request = urllib.request.Request(url, headers={"Accept": "application/json", "User-Agent": "wormsim"})
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        raise InputError(f"{url} answered {error.code} {error.reason}") from error
    except (urllib.error.URLError, TimeoutError, ConnectionError, json.JSONDecodeError) as error:
        raise InputError(f"no answer from {url} ({getattr(error, 'reason', error)}); is there a connection?") from error


def _pages(url: str | None, following: Callable[[Any], str | None]) -> Iterator[Any]:
    while url:
        page = ask(url)
        yield page
        url = following(page)


def _dandi(record: str) -> list[RemoteFile]:
    """`record` is NUMBER or NUMBER/VERSION; without a version, the draft, which is what the archive shows."""
    number, _, version = record.partition("/")
    first = f"{API['dandi']}/dandisets/{number}/versions/{version or 'draft'}/assets/?page_size=1000"
    found = []
    for page in _pages(first, lambda p: p["next"]):
        for asset in page["results"]:
            about = f"{API['dandi']}/assets/{asset['asset_id']}/"
            found.append(RemoteFile(asset["path"], int(asset["size"]), f"{about}download/", about=about))
    return found


def _osf(record: str) -> list[RemoteFile]:
    """`record` is a node; its folders are looked into."""
    found, folders = [], [("", f"{API['osf']}/nodes/{record}/files/osfstorage/")]
    while folders:
        above, url = folders.pop()
        for page in _pages(url, lambda p: p["links"]["next"]):
            for item in page["data"]:
                said = item["attributes"]
                name = above + said["name"]
                if said["kind"] == "folder":
                    folders.append((f"{name}/", item["relationships"]["files"]["links"]["related"]["href"]))
                    continue
                sha256 = (said.get("extra", {}).get("hashes") or {}).get("sha256") or ""
                found.append(RemoteFile(name, int(said["size"]), item["links"]["download"], f"sha256:{sha256}" if sha256 else ""))
    return found


def _zenodo(record: str) -> list[RemoteFile]:
    """`record` is a number; Zenodo states MD5 as ``md5:...``."""
    page = ask(f"{API['zenodo']}/records/{record}")
    return [RemoteFile(f["key"], int(f["size"]), f["links"]["self"], f.get("checksum", "")) for f in page["files"]]


_LISTS: dict[str, Callable[[str], list[RemoteFile]]] = {"dandi": _dandi, "osf": _osf, "zenodo": _zenodo}
