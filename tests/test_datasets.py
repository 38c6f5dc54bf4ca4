"""Public data sets: what the archives answer, downloads that break, checksums that do not hold."""

import hashlib
import io
import tarfile

import pytest
from archive_server import serving
from typer.testing import CliRunner

from wormsim import catalog, datasets
from wormsim.cli import app
from wormsim.datasets import _archives
from wormsim.errors import DataWarning, EmptySelectionError, InputError, UnknownNameError

DATA = bytes(range(256)) * 2000


@pytest.fixture
def archive(monkeypatch, tmp_path):
    with serving() as made:
        monkeypatch.setattr(_archives, "API", {"dandi": f"{made.url}/api", "osf": f"{made.url}/v2", "zenodo": f"{made.url}/api"})
        monkeypatch.setenv("WORMSIM_DATA_DIR", str(tmp_path / "data"))
        yield made


def downloads(archive) -> list[str | None]:
    """Ranges asked for in downloads, in order."""
    return [r for path, r in archive.asked if path in archive.files]


def test_each_archive_tells_its_files(archive):
    two = {"WT_NoStim.mat": DATA, "WT_Stim.mat": b"x"}
    archive.osf("2395t", two)
    files = datasets.listing("kato2015")
    assert [(f.name, f.size) for f in files] == [("data/WT_NoStim.mat", len(DATA)), ("data/WT_Stim.mat", 1)]
    assert files[0].digest == f"sha256:{hashlib.sha256(DATA).hexdigest()}"
    archive.zenodo("19388374", two)
    assert datasets.listing("atanas2023")[0].digest == f"md5:{hashlib.md5(DATA).hexdigest()}"
    archive.dandi("000565", {"sub-1/a.nwb": DATA})
    assert [f.name for f in datasets.listing("dandi000565")] == ["sub-1/a.nwb"]


def test_what_is_fetched_is_there_whole_and_is_not_fetched_again(archive, tmp_path):
    archive.osf("2395t", {"WT_NoStim.mat": DATA, "WT_Stim.mat": b"x"})
    seen = []
    paths = datasets.fetch("kato2015", progress=lambda *args: seen.append(args))
    assert paths == [tmp_path / "data" / "kato2015" / "data" / "WT_NoStim.mat"]
    assert paths[0].read_bytes() == DATA
    assert seen[-1] == ("data/WT_NoStim.mat", len(DATA), len(DATA))
    datasets.fetch("kato2015")
    assert len(downloads(archive)) == 1
    archive.dandi("000565", {"sub-1/a.nwb": DATA, "sub-2/b.nwb": b"y"})
    assert datasets.fetch("dandi000565", ["*/b.nwb"], to=tmp_path / "here")[0] == tmp_path / "here" / "sub-2" / "b.nwb"


def test_a_broken_download_goes_on(archive):
    archive.osf("2395t", {"WT_NoStim.mat": DATA})
    archive.break_after = 200_000
    for done in (200_000, 400_000):
        with pytest.raises(InputError, match=f"interrupted after {done} of {len(DATA)} bytes .* goes on from there"):
            datasets.fetch("kato2015")
    [path] = datasets.fetch("kato2015")
    assert path.read_bytes() == DATA
    assert downloads(archive) == [None, "bytes=200000-", "bytes=400000-"]
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_a_server_that_cannot_go_on_starts_anew(archive):
    archive.osf("2395t", {"WT_NoStim.mat": DATA})
    archive.break_after, archive.ranges = 300_000, False
    with pytest.raises(InputError, match="interrupted"):
        datasets.fetch("kato2015")
    archive.break_after = None
    assert datasets.fetch("kato2015")[0].read_bytes() == DATA


def test_a_wrong_checksum_leaves_nothing(archive, tmp_path):
    archive.osf("2395t", {"WT_NoStim.mat": DATA})
    archive.files["/osf/WT_NoStim.mat"] = DATA[:-1] + b"?"
    with pytest.raises(InputError, match="came with the checksum sha256:.* but it should be sha256:.*was removed"):
        datasets.fetch("kato2015")
    assert list((tmp_path / "data" / "kato2015" / "data").iterdir()) == []
    archive.files["/osf/WT_NoStim.mat"] = DATA
    [path] = datasets.fetch("kato2015")
    path.write_bytes(b"damaged later")
    assert datasets.fetch("kato2015")[0].read_bytes() == DATA


@pytest.mark.parametrize("kind", ["dandi", "osf"])
def test_without_a_checksum_the_first_copy_is_trusted_and_later_ones_held_against_it(archive, kind):
    name = "kato2015" if kind == "osf" else "dandi000565"
    getattr(archive, kind)("2395t" if kind == "osf" else "000565", {"WT_NoStim.mat": DATA}, hashed=False)
    digest = hashlib.sha256(DATA).hexdigest()
    with pytest.warns(DataWarning, match=f"trusted as it came.*{digest}"):
        [path] = datasets.fetch(name, ["*"])
    assert path.with_name(path.name + ".sha256").read_text().split()[0] == digest
    path.unlink()
    for address in archive.files:
        archive.files[address] = DATA[::-1]
    with pytest.raises(InputError, match=f"should be sha256:{digest}"):
        datasets.fetch(name, ["*"])


def test_a_tar_archive_is_unpacked(archive):
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:bz2") as tar:
        entry = tarfile.TarInfo("processed_h5/2022-06-14-01-data.h5")
        entry.size = 5
        tar.addfile(entry, io.BytesIO(b"hello"))
    archive.zenodo("19388374", {"processed_h5.tar.bz2": packed.getvalue(), "neuropal_label.json.bz2": b"names", "big": b"z"})
    paths = datasets.fetch("atanas2023")
    assert [p.name for p in paths] == ["neuropal_label.json.bz2", "2022-06-14-01-data.h5"]
    assert paths[1].read_bytes() == b"hello"
    assert datasets.fetch("atanas2023") == paths


def test_a_tar_archive_cannot_write_elsewhere(archive, tmp_path):
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        tar.addfile(tarfile.TarInfo("../../outside"), io.BytesIO())
    archive.zenodo("19388374", {"processed_h5.tar.bz2": packed.getvalue()})
    with pytest.raises(InputError, match="would lie outside"):
        datasets.fetch("atanas2023")
    assert not (tmp_path / "outside").exists()


def test_what_cannot_be_fetched(archive):
    with pytest.raises(UnknownNameError, match="unknown data set 'kato'; closest: kato2015"):
        datasets.fetch("kato")
    with pytest.raises(InputError, match=r"dandi000776 is large \(some 1 TB\): say which"):
        datasets.fetch("dandi000776")
    with pytest.raises(InputError, match="answered 404"):
        datasets.fetch("kato2015")
    archive.osf("2395t", {"WT_NoStim.mat": DATA})
    with pytest.raises(EmptySelectionError, match=r"has no file \*.h5; it has data/WT_NoStim.mat"):
        datasets.fetch("kato2015", ["*.h5"])
    archive.answers["/v2/nodes/2395t/files/osfstorage/"] = {"data": [{}], "links": {"next": None}}
    with pytest.raises(InputError, match="in a way that wormsim does not know"):
        datasets.listing("kato2015")
    archive.dandi("000565", {"../../outside.nwb": b"x"})
    with pytest.raises(InputError, match="would lie outside"):
        datasets.fetch("dandi000565", ["*"])
    del archive.files["/api/assets/id0/download/"]
    archive.dandi("000565", {"a.nwb": b"xyz"})
    del archive.files["/api/assets/id0/download/"]
    with pytest.raises(InputError, match="answered 404"):
        datasets.fetch("dandi000565", ["*"])


def test_no_connection(monkeypatch):
    monkeypatch.setattr(_archives, "API", {"osf": "http://127.0.0.1:9/v2"})
    with pytest.raises(InputError, match="no answer from .* is there a connection"):
        datasets.listing("kato2015")


@pytest.mark.parametrize("name", datasets.dataset_names())
def test_every_data_set_says_what_it_is_and_who_reads_it(name):
    about = datasets.dataset(name)
    assert about.archive in _archives.API
    assert about.reader in catalog.names("recordings")
    assert about.citation
    assert about.licence


def test_commands(archive, tmp_path):
    runner = CliRunner()
    listed = runner.invoke(app, ["data", "list"])
    assert listed.exit_code == 0
    assert all(name in listed.output for name in datasets.dataset_names())
    archive.osf("2395t", {"WT_NoStim.mat": DATA})
    one = runner.invoke(app, ["data", "list", "kato2015"])
    assert "data/WT_NoStim.mat" in one.output
    assert "sha256" in one.output
    done = runner.invoke(app, ["data", "fetch", "kato2015", "--to", str(tmp_path / "k")])
    assert done.exit_code == 0, done.output
    assert "1 file in" in done.output
    assert (tmp_path / "k" / "data" / "WT_NoStim.mat").read_bytes() == DATA
    assert runner.invoke(app, ["data", "fetch", "kato"]).exit_code == 2
