"""Rebuild every shipped table from ``cect`` and ``wormneuroatlas``: ``python -m wormsim.data.rebuild``.

Both packages are in the optional group ``rebuild`` and nothing else in wormsim imports them. The tables, and
``sources.toml`` beside them, are written so that the same packages give the same bytes; ``--check`` builds into a
temporary folder and says what differs from the shipped tables.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import io
import json
import sys
import tempfile
import tomllib
from importlib import metadata
from pathlib import Path

from ..errors import InputError
from . import build_cells, build_connectomes, build_signs
from .parquet import write
from .tables import FOLDER, sha256

PINNED = {"cect": "0.3.5", "wormneuroatlas": "0.0.7.3"}
LICENCES = {"cect": "MIT (cect 0.3.5)", "wormneuroatlas": "CC BY 4.0 (PLoS supporting information)"}
FENYVES = "data/journal.pcbi.1007974.s003.xlsx"
POSITIONS = "data/NeuroML/c302_C2_FW.net.nml"


def package_folder(package: str) -> Path:
    """Folder of an installed package, of the pinned version, found without importing it."""
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise InputError(f"{package} is not installed: pip install \"wormsim-circuits[rebuild]\"")
    found = metadata.version(package)
    if found != PINNED[package]:
        raise InputError(f"{package} is {found}, the tables are of {PINNED[package]}: "
                         f"pip install {package}=={PINNED[package]}")
    return Path(spec.origin).parent


def spell(cells: list[dict]) -> dict[str, str]:
    """Every accepted spelling to the canonical name, in canonical order."""
    canonical = {row["name"]: row["name"] for row in cells}
    for row in cells:
        for alias in row["aliases"].split():
            if alias in canonical:
                raise ValueError(f"{alias} is a spelling of both {canonical[alias]} and {row['name']}")
            canonical[alias] = row["name"]
    return canonical


def _arrow(rows: list[dict]):
    import pyarrow as pa

    return pa.Table.from_pylist(rows)


def _edges_arrow(rows: list[dict]):
    import pyarrow as pa

    fields = [("pre", pa.string()), ("post", pa.string()), ("kind", pa.string()), ("contacts", pa.float64())]
    extra = {"transmitter": pa.string(), "receptor": pa.string(), "amplitude": pa.float64()}
    fields += [(name, kind) for name, kind in extra.items() if name in rows[0]]
    return pa.Table.from_pylist(rows, schema=pa.schema(fields))


def _family(name: str, families: dict) -> dict:
    """Merge the entries of citations.toml whose key is `name` or a prefix of it; notes add up."""
    merged: dict = {}
    for key in sorted((k for k in families if name == k or name.startswith(k + "_")), key=len):
        entry = dict(families[key])
        entry["notes"] = merged.get("notes", []) + entry.get("notes", [])
        merged |= entry
    if "citation" not in merged:
        raise ValueError(f"citations.toml says nothing of {name}")
    return merged


def _toml(tables: dict[str, dict]) -> str:
    lines = ["# Written by `python -m wormsim.data.rebuild`; do not edit. By hand: citations.toml.", ""]
    for name in sorted(tables):
        lines.append(f"[table.{name}]")
        for key, value in tables[name].items():
            if isinstance(value, list):
                lines += [f"{key} = [", *(f"  {json.dumps(item)}," for item in value), "]"]
            else:
                lines.append(f"{key} = {json.dumps(value)}")
        lines.append("")
    return "\n".join(lines)


def rebuild(out: Path) -> list[str]:
    """Write all tables and ``sources.toml`` into the folder `out`; return the names of the tables.

    Raises
    ------
    InputError
        A source package is missing or of another version than the pinned one.
    """
    out.mkdir(parents=True, exist_ok=True)
    cect, atlas = package_folder("cect"), package_folder("wormneuroatlas")
    with open(FOLDER / "citations.toml", "rb") as file:
        families = tomllib.load(file)["family"]
    listed: dict[str, dict] = {}

    def keep(name: str, table, package: str, files: list[str], licence: str | None = None) -> None:
        path = out / f"{name}.parquet"
        write(table, path)
        folder = cect if package == "cect" else atlas
        family = _family(name, families)
        listed[name] = {"citation": family["citation"], "doi": family["doi"],
                        "licence": licence or LICENCES[package], "original_licence": family["original_licence"],
                        "weight_unit": family["weight_unit"], "source": f"{package} {PINNED[package]}",
                        "source_files": files, "source_sha256": [sha256(folder / f) for f in files],
                        "rows": table.num_rows, "sha256": sha256(path), "notes": family["notes"]}

    with contextlib.redirect_stdout(io.StringIO()):  # cect reports on stdout while it is imported
        cells = build_cells.build(cect / "data")
    canonical = spell(cells)
    keep("cells", _arrow(cells), "cect", ["Cells.py", "data/all_cell_info.csv", "data/elife-95402-supp2-v1.xlsx",
                                          "data/elife-95402-supp3-v1.xlsx"])
    everyone: list[dict] = []
    for recipe in build_connectomes.RECIPES:
        with contextlib.redirect_stdout(io.StringIO()):
            edges, members = build_connectomes.build(recipe, cect, canonical)
        everyone += members
        keep(recipe.name, _edges_arrow(edges), "cect", list(dict.fromkeys((recipe.source, *recipe.origins))))
    keep("members", _arrow(everyone), "cect",
         list(dict.fromkeys(recipe.source for recipe in build_connectomes.RECIPES)))
    signs, receptors, genes = build_signs.build_fenyves(atlas / FENYVES, canonical)
    for part, rows in (("signs", signs), ("receptors", receptors), ("genes", genes)):
        keep(f"fenyves2020_{part}", _arrow(rows), "wormneuroatlas", [FENYVES])
    neurons = {row["name"] for row in cells if row["kind"] == "neuron"}
    keep("positions", _arrow(build_signs.build_positions(cect / POSITIONS, canonical, neurons)), "cect", [POSITIONS])
    (out / "sources.toml").write_text(_toml(listed), encoding="utf-8")
    return sorted(listed)


def differences(out: Path, shipped: Path = FOLDER) -> list[str]:
    """What differs between the tables in two folders, one line each; empty when nothing does.

    Bytes are compared first; where another version of Arrow wrote them, the content decides.
    """
    import pyarrow.parquet as pq

    lines = []
    ours = {p.name for p in out.glob("*.parquet")}
    theirs = {p.name for p in shipped.glob("*.parquet")}
    lines += [f"{name}: only in the rebuild" for name in sorted(ours - theirs)]
    lines += [f"{name}: no longer built" for name in sorted(theirs - ours)]
    for name in sorted(ours & theirs):
        if (out / name).read_bytes() == (shipped / name).read_bytes():
            continue
        mine, other = pq.ParquetFile(out / name), pq.ParquetFile(shipped / name)
        if not mine.read().equals(other.read()):
            lines.append(f"{name}: other rows")
        elif mine.metadata.created_by == other.metadata.created_by:
            lines.append(f"{name}: same rows, other bytes, though the same version of Arrow wrote them")
    return lines


def main(arguments: list[str] | None = None) -> int:
    """Run the command; 0 when all went well, 1 when ``--check`` found a difference, 2 on bad input."""
    parser = argparse.ArgumentParser(prog="python -m wormsim.data.rebuild", description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=Path, default=FOLDER, help="folder to write to (default: the package's own)")
    parser.add_argument("--check", action="store_true", help="write nothing; compare with the shipped tables")
    options = parser.parse_args(arguments)
    try:
        if not options.check:
            names = rebuild(options.out)
            size = sum((options.out / f"{name}.parquet").stat().st_size for name in names)
            print(f"{len(names)} tables, {size / 1e6:.2f} MB, in {options.out}")
            return 0
        with tempfile.TemporaryDirectory() as folder:
            rebuild(Path(folder))
            lines = differences(Path(folder))
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print("\n".join(lines) if lines else "the rebuilt tables are those shipped")
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main())
