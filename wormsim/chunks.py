"""Chunks: results of pure functions on disk, each named by all that it depends on, and checked when read."""

from __future__ import annotations

import functools
import hashlib
import importlib.metadata
import io
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from . import atomic
from .errors import WormsimError

if TYPE_CHECKING:
    import pandas as pd

# Packages whose numbers or file bytes end up in a chunk: another version is another chunk.
_NUMERIC_PACKAGES = ("brian2", "numba", "numpy", "pandas", "pyarrow", "scipy", "sympy")
# Parts of wormsim that only present results: editing them leaves every chunk valid.
_PRESENTATION = ("cli", "templates", "plotting", "report.py", "results.py", "experiment.py", "validation.py",
                 "manifest.py", "runner.py", "atomic.py", "cache.py", "doctor.py", "__main__.py")
_FILE_SUFFIXES = (".toml", ".csv", ".tsv", ".xlsx", ".graphml", ".parquet", ".json", ".nc", ".h5", ".nwb", ".mat", ".txt")
_NAME_KEY, _WARNINGS_KEY = b"wormsim.chunk", b"wormsim.warnings"


class DamagedChunkError(WormsimError):
    """A chunk file that is cut short, altered, or not the chunk that its name says."""


@functools.cache
def content_version() -> str:
    """Hash of everything in this installation that a result may depend on.

    That is the source of wormsim (what only presents results apart), its data tables, its circuits, and the
    versions of the packages that compute. Returns 64 hexadecimal digits; takes some 20 ms, once a process.
    """
    package = Path(__file__).parent
    digest = hashlib.sha256()
    for name in _NUMERIC_PACKAGES:
        digest.update(f"{name}={package_version(name)}\n".encode())
    files = [p for p in package.rglob("*") if p.suffix in (".py", *_FILE_SUFFIXES)
             and p.relative_to(package).parts[0] not in _PRESENTATION]
    from . import circuits
    files += [p for root in circuits.__path__ for p in Path(root).glob("*.toml")]
    for path in sorted(files, key=lambda p: (p.parent.name, p.name)):
        digest.update(f"{path.parent.name}/{path.name}={file_sha256(path)}\n".encode())
    return digest.hexdigest()


def package_version(name: str) -> str:
    """Installed version of a distribution, or ``"absent"``."""
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "absent"


def file_sha256(path: str | Path) -> str:
    """SHA-256 of a file as hexadecimal digits."""
    with open(path, "rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def canonical_json(value: object) -> str:
    """The one JSON text of `value`: keys sorted, no spaces. Not-a-number and what JSON cannot say raise."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False, ensure_ascii=False)


def input_files(value: object) -> dict[str, str]:
    """The files that a spec names (strings that end like a table and are a file here), with their SHA-256."""
    if isinstance(value, Mapping):
        found: dict[str, str] = {}
        for item in value.values():
            found |= input_files(item)
        return found
    if isinstance(value, (list, tuple)):
        return input_files(dict(enumerate(value)))
    if isinstance(value, str) and value.endswith(_FILE_SUFFIXES) and (path := Path(value).expanduser()).is_file():
        return {value: file_sha256(path)}
    return {}


def chunk_name(function: Callable, spec: Mapping) -> str:
    """Name of the chunk ``function(spec)``: 32 hexadecimal digits.

    Parameters
    ----------
    function : callable
        A function at the top of a module: workers import it by name.
    spec : mapping
        JSON-able. Files that it names enter with their content, so an edited circuit is another chunk.

    Raises
    ------
    TypeError
        If the function is a lambda, nested or an object, or the spec is not JSON-able.
    """
    qualified = f"{getattr(function, '__module__', '?')}.{getattr(function, '__qualname__', '?')}"
    if "<" in qualified or "?" in qualified:
        raise TypeError(f"{function!r} is not a function at the top of a module; workers cannot import it")
    try:
        text = canonical_json(spec)
    except (TypeError, ValueError) as error:
        raise TypeError(f"the spec of {qualified} cannot be written as JSON ({error}): {spec!r}") from error
    parts = {"function": qualified, "spec": text, "files": input_files(spec),
             "version": content_version(), "module": _foreign_source(function)}
    return hashlib.sha256(canonical_json(parts).encode()).hexdigest()[:32]


def _foreign_source(function: Callable) -> str:
    """Hash of the function's own module where that is not part of wormsim (which is hashed as a whole)."""
    module, filename = function.__module__, function.__code__.co_filename
    if module.split(".")[0] == "wormsim" or not Path(filename).is_file():
        return ""
    return file_sha256(filename)


def encode(frame: pd.DataFrame, metadata: Mapping[bytes, bytes] | None = None) -> bytes:
    """Parquet bytes of a table, with page checksums; the same table gives the same bytes."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.Table.from_pandas(frame)
    table = table.replace_schema_metadata({**(table.schema.metadata or {}), **(metadata or {})})
    sink = io.BytesIO()
    pq.write_table(table, sink, compression="zstd", write_page_checksum=True)
    return sink.getvalue()


def encode_chunk(name: str, frame: pd.DataFrame, warned: list[str]) -> bytes:
    """Parquet bytes of a chunk: the table, with the chunk's name and its warnings in the file's metadata."""
    return encode(frame, {_NAME_KEY: name.encode(), _WARNINGS_KEY: canonical_json(warned).encode()})


def decode_chunk(name: str, data: bytes) -> tuple[pd.DataFrame, list[str]]:
    """Table and warnings of a chunk; :class:`DamagedChunkError` if it is not the whole chunk `name`."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(pa.BufferReader(data), page_checksum_verification=True)
        metadata = table.schema.metadata or {}
        if metadata.get(_NAME_KEY) != name.encode():
            raise DamagedChunkError(f"chunk {name} holds {metadata.get(_NAME_KEY)!r}")
        return table.to_pandas(), list(json.loads(metadata[_WARNINGS_KEY]))
    except (pa.ArrowException, OSError, ValueError, KeyError) as error:
        raise DamagedChunkError(f"chunk {name} cannot be read: {error}") from error


class ChunkStore:
    """A folder of chunks.

    Parameters
    ----------
    folder : path
        Made when the first chunk is written.
    """

    def __init__(self, folder: str | Path):
        self.folder = Path(folder)
        self.used: set[str] = set()

    def path(self, name: str) -> Path:
        """File of the chunk `name`."""
        return self.folder / f"{name}.parquet"

    def read(self, name: str) -> tuple[pd.DataFrame, list[str]] | None:
        """Table and warnings of a chunk, or None when it is not there; raises when it is damaged."""
        self.used.add(name)
        try:
            data = self.path(name).read_bytes()
        except FileNotFoundError:
            return None
        return decode_chunk(name, data)

    def write(self, name: str, data: bytes) -> tuple[pd.DataFrame, list[str]]:
        """Keep a chunk's bytes; returns what reading it back gives."""
        self.used.add(name)
        atomic.write_bytes(self.path(name), data)
        return decode_chunk(name, data)

    def prune(self) -> int:
        """Remove chunks that nothing has asked for (of older code) and old leftovers; returns how many chunks."""
        stale = [p for p in self.folder.glob("*.parquet") if p.stem not in self.used]
        for path in stale:
            path.unlink()
        atomic.remove_leftovers(self.folder)
        return len(stale)
