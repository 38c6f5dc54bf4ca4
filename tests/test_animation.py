"""What is seen of an animal: the scene, the film, the command."""

from __future__ import annotations

import base64
import json
import re
import shutil
import subprocess
import zlib

import numpy as np
import pandas as pd
import pytest
import seen_fixture as made
from matplotlib.backends.backend_agg import FigureCanvasAgg
from PIL import Image, ImageSequence
from typer.testing import CliRunner

from wormsim.cli import app
from wormsim.errors import InputError
from wormsim.plotting import animal_page, animation
from wormsim.plotting.behaviour_scenes import scenes
from wormsim.plotting.scene import FLANK, Bout, Gradient, colours_of, outline
from wormsim.results import _to_netcdf


@pytest.fixture(scope="module")
def worm():
    return made.worm(6.0)


@pytest.fixture(scope="module")
def broken():
    """The second animal fails at 3 s."""
    dataset = made.worm(6.0).copy(deep=True)
    for name in ("x_mm", "y_mm", "v_mV", "activation"):
        dataset[name][1, 30:] = np.nan
    return dataset.assign(failed=("variant", np.array(["", "the body crosses itself at 3.0 s"])))


# ---------------------------------------------------------------- scene


def test_a_straight_worm_has_its_dorsal_side_where_the_convention_says():
    # Head at the right, so that t = (-1, 0) and the dorsal side (-t_y, t_x) = (0, -1) lies below.
    dorsal, ventral = outline(np.array([3.0, 2.0, 1.0]), np.zeros(3), np.array([0.1, 0.2, 0.1]))
    assert dorsal == pytest.approx(np.array([[3, -0.1], [2, -0.2], [1, -0.1]]))
    assert ventral == pytest.approx(np.array([[3, 0.1], [2, 0.2], [1, 0.1]]))


def test_the_inner_side_of_a_bend_is_the_one_whose_muscles_contract(worm):
    """Ties the fixture, the sides and the flanks together: a dorsal bend has its centre of curvature on the dorsal side."""
    scene = scenes(worm, [0])[0]
    x, y = scene.x_mm[20], scene.y_mm[20]
    dorsal, ventral = outline(x, y, scene.radius_mm)
    inner = np.hypot(*np.diff(dorsal, axis=0).T) < np.hypot(*np.diff(ventral, axis=0).T)
    at = np.rint((np.arange(FLANK) + 0.5) / FLANK * 48).astype(int)
    for muscle, side in ((scene.dorsal[20], inner), (scene.ventral[20], ~inner)):
        strong = (muscle > 0.5) & (at > 3) & (at < 44)
        assert strong.sum() >= 3
        assert side[at[strong]].all()


def test_flanks_take_each_muscle_at_its_place(worm):
    alone = worm.copy(deep=True)
    alone["activation"][:] = 0.0
    alone["activation"].loc[{"muscle": ["MDL05", "MDR05"]}] = 0.8
    scene = scenes(alone, [0])[0]
    assert scene.dorsal[0, 4] == pytest.approx(0.8, abs=0.02)
    assert np.delete(scene.dorsal[0], [3, 4, 5]) == pytest.approx(0, abs=0.02)
    assert scene.ventral[0] == pytest.approx(0)


def test_a_cell_glows_on_one_scale_in_all_animals(worm):
    intact, without = scenes(worm)
    assert np.isnan(without.glow[:, 0]).all()
    both = worm["v_mV"].to_numpy()[:, :, 1]
    assert intact.glow[:, 1].max() == 1
    low, high = np.quantile(both, [0.02, 0.98])
    assert intact.glow[5, 1] == pytest.approx(np.clip((both[0, 5] - low) / (high - low), 0, 1), abs=1e-6)
    quiet = worm.assign(v_mV=worm["v_mV"] * 0 - 50 + 1e-3 * worm["x_mm"].isel(node=0))
    assert np.nanmax(scenes(quiet)[0].glow) < 0.05


def test_bouts_follow_the_states_and_the_events(worm):
    found = scenes(worm, [0])[0].bouts
    assert [b.state for b in found] == ["forward", "reversal", "forward"]
    assert found[0].start_s == 0
    assert found[0].stop_s == found[1].start_s == pytest.approx(2.5)  # the first frame after 0.4 of 6 s
    assert found[-1].stop_s == pytest.approx(6.0)
    events = pd.DataFrame({"variant": ["intact", "without AVA"], "state": ["omega turn", "pause"], "start_s": [1.0, 2.0], "stop_s": [2.0, 3.0]})
    assert scenes(worm, [1], states=events)[0].bouts == (Bout(2.0, 3.0, "pause"),)
    assert len(set(colours_of(scenes(worm, states=events)).values())) == 2


def test_a_failed_animal_says_so_and_its_states_end(broken):
    scene = scenes(broken, [1])[0]
    assert scene.failure == "the body crosses itself at 3.0 s"
    assert scene.alive.sum() == 30
    assert scene.bouts[-1] == Bout(3.0, pytest.approx(6.0), "failed")
    assert scene.bouts[-2].stop_s == 3.0
    unnamed = scenes(broken.drop_vars("failed"), [1])[0]
    assert unnamed.failure == "no position from 3.0 s on"


def test_the_vulva_lies_on_the_mates_ventral_surface():
    mate = scenes(made.mating(4.0))[0].mate
    # Her head is at the left: t = (1, 0), ventral (t_y, -t_x) = (0, -1), half-way along a body of radius 0.04 mm.
    assert mate.vulva_mm[0] == pytest.approx([0.5, -0.04], abs=1e-6)


def test_rows_are_touch_then_sex_muscles_then_the_cells_that_change_most(worm):
    assert [name for name, _ in scenes(made.mating())[0].activity()] == ["touch: rays", "touch: hook", "dspL"]
    scene = scenes(worm, [0])[0]
    spread = scene.glow.std(axis=0)
    assert {name for name, _ in scene.activity(most=3)} == {scene.cells[k] for k in np.argsort(-spread)[:3]}
    assert [name for name, _ in scene.activity(["VB5"])] == ["VB5"]
    crowd = made.mating(4.0)
    crowd = crowd.assign_coords(muscle=[f"pm{k}" for k in range(crowd.sizes["muscle"])])  # a pharynx that contracts does not crowd out the rest
    assert [name.partition(":")[0][:2] for name, _ in scenes(crowd)[0].activity()] == ["to", "to", "pm", "pm", "pm"]


@pytest.mark.parametrize(("change", "message"), [
    (lambda d: d.drop_vars("x_mm"), "lacks x_mm"),
    (lambda d: d.drop_vars("radius_mm"), "no radius_mm"),
    (lambda d: d.assign_coords(radius_mm=-d["radius_mm"]), "not positive"),
    (lambda d: d.isel(time=[0]), "at least two frames"),
    (lambda d: d.isel(time=[1, 0, 2]), "does not rise"),
    (lambda d: d.drop_vars("time_s"), "no time_s"),
    (lambda d: d.assign(mate_x_mm=(("time", "mate_node"), np.zeros((60, 5)))), "not mate_y_mm"),
])
def test_what_is_no_behaviour_is_refused(worm, change, message):
    with pytest.raises(InputError, match=message):
        scenes(change(worm))


def test_arguments_that_do_not_fit_are_refused(worm):
    with pytest.raises(InputError, match="no variant 2; this run has 2"):
        scenes(worm, [2])
    with pytest.raises(InputError, match="place of AVAL"):
        scenes(worm, places={"AVAL": (1.5, 0)})
    with pytest.raises(InputError, match="lacks stop_s"):
        scenes(worm, states=pd.DataFrame({"variant": [], "state": [], "start_s": []}))
    with pytest.raises(InputError, match="states have shape"):
        scenes(worm, states=np.array([["forward"]]))
    with pytest.raises(InputError, match="AVAX"):
        scenes(worm)[0].activity(["AVAX"])
    with pytest.raises(InputError, match="left < right"):
        Gradient(np.ones((2, 2)), (1, 0, 0, 1))
    with pytest.raises(InputError, match="a gap"):
        Gradient(np.array([[np.nan]]), (0, 1, 0, 1))


# ---------------------------------------------------------------- film


def test_a_gif_has_the_frames_and_the_pace_that_were_asked_for(worm, tmp_path):
    path = animation.animate(worm, 0, tmp_path / "worm.gif", places=made.PLACES, frames_per_s=5, speed=2, start_s=1.0, stop_s=3.0)
    with Image.open(path) as image:
        frames = [np.asarray(f.convert("RGB")).astype(int) for f in ImageSequence.Iterator(image)]
        assert image.info["duration"] == 200
    assert len(frames) == 6  # 2 s at double speed, five a second, both ends
    assert np.abs(frames[0] - frames[1]).sum() > 0
    legend = np.array(frames)[:, :35]  # stands still, and so do its colours
    assert np.ptp(legend, axis=0).max() == 0
    assert (np.abs(legend[0] - [230, 159, 0]).max(axis=-1) <= 1).sum() > 10  # the orange of the dorsal muscles
    assert [p.name for p in tmp_path.iterdir()] == ["worm.gif"]


def test_a_film_shows_each_moment_at_its_time(worm):
    scene = scenes(worm, [0])[0]
    frames = animation._frames(scene, 4.0, 0.5, 1.0, 2.0)
    assert scene.time_s[frames] == pytest.approx([1.0, 1.1, 1.2, 1.3, 1.5, 1.6, 1.7, 1.8, 2.0])  # the last recorded frame, not a later one


def test_colours_of_the_flanks_follow_the_muscles(worm):
    """Without activation no flank is coloured; fully active dorsal muscles paint orange on that side alone."""
    def coloured(value):
        dataset = worm.copy(deep=True)
        dataset["activation"][:] = 0.0
        dataset["activation"].loc[{"muscle": [m for m in made.MUSCLES if m[1] == "D"]}] = value
        figure = animation.still(dataset, 0, 1.0)
        canvas = FigureCanvasAgg(figure)
        canvas.draw()
        red, green, blue = np.asarray(canvas.buffer_rgba())[80:380, :, :3].astype(int).transpose(2, 0, 1)
        return ((red > 200) & (green > 130) & (green < 185) & (blue < 60)).sum(), ((blue > 150) & (red < 60)).sum()

    assert coloured(0.0) == (0, 0)
    orange, blue = coloured(1.0)
    assert orange > 1000
    assert blue == 0


def test_a_failed_animal_has_a_film_to_its_end(broken, tmp_path):
    assert animation.animate(broken, 1, tmp_path / "failed.gif", start_s=2.5, stop_s=3.5, frames_per_s=2).stat().st_size > 1000
    figure = animation.still(broken, 1, 4.0)
    texts = [text.get_text() for text in figure.axes[0].texts]
    assert any("failed: the body crosses itself at 3.0 s" in text for text in texts)


def test_a_mate_is_drawn():
    figure = animation.still(made.mating(4.0), 0, 2.0, follow=False)
    assert "vulva of the mate" in [text.get_text() for text in figure.axes[0].get_legend().get_texts()]


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg is not installed")
def test_an_mp4_can_be_played(worm, tmp_path):
    path = animation.animate(worm, 0, tmp_path / "worm.mp4", stop_s=1.0)
    done = subprocess.run(["ffmpeg", "-v", "error", "-i", str(path), "-f", "framemd5", "-"], capture_output=True, text=True, check=True)
    lines = [line for line in done.stdout.splitlines() if not line.startswith("#")]
    assert len(lines) == 11
    assert len({line.split(",")[-1] for line in lines}) > 5


def test_an_mp4_without_ffmpeg_says_what_to_do(worm, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(InputError, match=r"worm\.gif or install ffmpeg"):
        animation.animate(worm, 0, tmp_path / "worm.mp4")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("arguments", "message"), [
    ({"path": "worm.avi"}, r"written as \.mp4 or \.gif"), ({"speed": 0}, "speed = 0"), ({"frames_per_s": np.nan}, "frames_per_s"),
    ({"start_s": 5.0, "stop_s": 9.0}, "is not in the run"), ({"start_s": 2.0, "stop_s": 1.0}, "is not in the run"),
])
def test_a_film_of_nothing_is_refused(worm, tmp_path, arguments, message):
    with pytest.raises(InputError, match=message):
        animation.animate(worm, 0, tmp_path / arguments.pop("path", "worm.gif"), **arguments)


@pytest.mark.parametrize(("most", "length"), [(1.0, 1.0), (0.99, 0.5), (0.3, 0.2), (7.0, 5.0), (0.02, 0.02)])
def test_the_scale_bar_is_a_round_length(most, length):
    assert animation.nice_length(most) == pytest.approx(length)


# ---------------------------------------------------------------- page


def unpack(packed):
    flat = np.frombuffer(zlib.decompress(base64.b64decode(packed["data"])), packed["type"]).reshape(packed["shape"])
    return np.cumsum(flat, axis=0, dtype=flat.dtype)


def inlined(path):
    return json.loads(re.search(r'id="data">(.*?)</script>', path.read_text("utf-8"), re.S).group(1))


@pytest.mark.parametrize("dtype", [np.int16, np.uint8])
def test_packing_is_exact_also_where_differences_wrap_around(dtype):
    ends = np.iinfo(dtype)
    values = np.random.default_rng(1).integers(ends.min, ends.max, (50, 7), endpoint=True).astype(dtype)
    assert np.array_equal(unpack(animal_page.pack(values)), values)
    still = np.tile(values[:1], (50, 1))
    assert animal_page.pack(still)["shape"] == [1, 7]


def test_positions_come_through_to_half_a_micrometre_and_over_a_plate(worm):
    for far in (1.0, 40.0):
        x = worm["x_mm"].to_numpy()[0].astype(float) * far
        packed = animal_page.place(x)
        back = packed["middle"] + packed["step"] * unpack(packed)
        assert np.abs(back - x).max() <= packed["step"] / 2 + 1e-12
    assert animal_page.place(worm["x_mm"].to_numpy()[0])["step"] == animal_page.STEP_MM
    assert unpack(animal_page.place(np.full((3, 2), np.nan))).tolist() == [[0, 0]]


def test_a_page_holds_all_that_it_needs(worm, tmp_path):
    title = "</script><b>& mine"
    path = animal_page.write_page(worm, tmp_path / "worm.html", places=made.PLACES, title=title)
    text = path.read_text("utf-8")
    assert not re.search(r"(?:src|href)\s*=\s*[\"']?+(?!data:)|https?://|@import|url\(", text)
    assert "<b>&" not in text
    data = inlined(path)
    assert [a["label"] for a in data["animals"]] == ["intact", "without AVA"]
    assert data["animals"][1]["names"][0] == "AVAL (gone)"
    assert [s["name"] for s in data["states"]] == ["forward", "reversal"]
    glow = unpack(data["animals"][0]["glow"])
    assert glow.shape == (60, len(made.PLACES))
    assert (unpack(data["animals"][1]["glow"])[:, 0] == animal_page.GONE).all()


def test_a_page_of_a_whole_brain_stays_small(tmp_path):
    """Four animals, 60 s, ten frames a second, 300 neurons with their own noise."""
    extra = [f"X{i}" for i in range(292)]
    run = made.worm(60.0, variants=("a", "b", "c", "d"), extra_cells=extra)
    path = animal_page.write_page(run, tmp_path / "big.html", places=made.PLACES | {name: (i / 300, 0) for i, name in enumerate(extra)})
    assert path.stat().st_size < 2_000_000


def test_a_failed_animal_has_no_gap_in_the_page(broken, tmp_path):
    data = inlined(animal_page.write_page(broken, tmp_path / "page.html"))
    assert data["animals"][1]["alive"] == 30
    assert data["animals"][1]["failure"].startswith("the body crosses")


def test_a_page_of_nothing_is_refused(worm, tmp_path):
    with pytest.raises(InputError, match=r"written as \.html"):
        animal_page.write_page(worm, tmp_path / "page.htm")
    with pytest.raises(InputError, match="at least one"):
        animal_page.write_page(worm, tmp_path / "page.html", variants=[])


# ---------------------------------------------------------------- command


@pytest.fixture
def folder(worm, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "run" / "traces").mkdir(parents=True)
    _to_netcdf(worm, tmp_path / "run" / "traces" / "agar.nc")
    (tmp_path / "places.csv").write_text("cell,place,side\nAVAL,0.1,0\n")
    (tmp_path / "bad.csv").write_text("cell,place\nAVAL,0.1\nAVBL,front\n")
    (tmp_path / "text.nc").write_text("no netCDF")
    (tmp_path / "empty").mkdir()
    return tmp_path


def call(*arguments, code=0):
    result = CliRunner().invoke(app, ["animate", *arguments])
    assert result.exit_code == code, (result.output, result.exception)
    return " ".join(result.output.split())


def test_the_command_writes_a_page_and_a_film(folder):
    assert "written: all.html" in call("run", "--out", "all.html", "--places", "places.csv", "--cell", "AVBL")
    data = inlined(folder / "all.html")
    assert [c["name"] for c in data["cells"]] == ["AVAL"]
    assert data["animals"][0]["names"] == ["AVBL"]
    call("run/traces/agar.nc", "--variant", "1", "--out", "film.gif", "--stop-s", "0.3", "--whole")
    with Image.open(folder / "film.gif") as image:
        assert image.n_frames == 4


@pytest.mark.parametrize(("arguments", "message"), [
    (["absent", "--out", "a.html"], "no such file or folder"), (["run", "--out", "a.png"], "written as .html, .mp4 or .gif"),
    (["empty", "--out", "a.html"], "holds no traces"), (["text.nc", "--out", "a.html"], "cannot be read as netCDF"),
    (["run", "--out", "a.html", "--what", "water"], "agar"), (["run", "--out", "a.html", "--variant", "7"], "no variant 7"),
    (["run", "--out", "a.html", "--speed", "2"], "only a film"), (["run", "--out", "a.gif", "--variant", "0", "--variant", "1"], "shows one animal"),
    (["run", "--out", "a.html", "--places", "bad.csv"], "line 3: place = 'front'"), (["run", "--out", "a.html", "--places", "no.csv"], "no.csv"),
    (["text.nc", "--out", "a.html", "--what", "agar"], "is no folder"), (["run", "--out", "a.html", "--cell", "AVAX"], "AVAX"),
])
def test_a_mistake_is_one_message_and_code_2(folder, arguments, message):
    assert message in call(*arguments, code=2)
    assert not list(folder.glob("a.*"))


def test_several_runs_have_to_be_told_apart(folder, worm):
    _to_netcdf(worm, folder / "run" / "traces" / "water.nc")
    assert "--what: agar, water" in call("run", "--out", "a.html", code=2)
    call("run", "--out", "a.html", "--what", "water")
