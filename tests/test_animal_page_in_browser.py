"""The page of an animal in a real browser: what a hand and an eye would do."""

from __future__ import annotations

import shutil
import time

import numpy as np
import pytest
import seen_fixture as made

from wormsim.plotting.animal_page import STEP_MM, write_page
from wormsim.plotting.behaviour_scenes import scenes
from wormsim.plotting.scene import Gradient, outline

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")
pytestmark = pytest.mark.skipif(not (CHROMIUM and DRIVER), reason="chromium and chromedriver are not installed")
webdriver = pytest.importorskip("selenium.webdriver", reason="selenium (extra [dev]) is not installed")
support = pytest.importorskip("selenium.webdriver.support.ui")

FLAGS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", "--window-size=1100,1000")
# A short sum over the pixels of a canvas, and how many of them are neither white nor clear.
SUM = """const c = document.getElementById(arguments[0]), d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;
let sum = 0, ink = 0; for (let i = 0; i < d.length; i += 4) { const v = d[i] * 65536 + d[i + 1] * 256 + d[i + 2];
if (d[i + 3] && v !== 16777215) { ink++; sum = (sum * 31 + v + i) % 2147483647; } } return [ink, sum];"""


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(executable_path=DRIVER))
    yield driver
    driver.quit()


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pages")
    worm = made.worm(20.0, variants=("intact", "without AVA", "slow"))
    worm = worm.copy(deep=True)
    for name in ("x_mm", "y_mm", "v_mV", "activation"):
        worm[name][2, 100:] = float("nan")
    gradient = Gradient([[0.0, 1.0], [0.0, 2.0]], (-2, 6, -4, 2), "salt, 0 to 2 mM")
    return {"worm": write_page(worm, folder / "worm.html", places=made.PLACES, gradient=gradient),
            "male": write_page(made.mating(), folder / "male.html")}


Keys = webdriver.Keys


class Page:
    """A page that is open and at rest."""

    def __init__(self, browser, path):
        self.browser = browser
        browser.get(path.as_uri())
        self.until(lambda: browser.execute_script("return document.body.dataset.ready === 'true'"))

    def until(self, holds, seconds=5.0):
        end = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < end, "waited in vain"
            time.sleep(0.02)

    def find(self, name):
        return self.browser.find_element("id", name)

    def pixels(self, canvas="world"):
        return self.browser.execute_script(SUM, canvas)

    @property
    def frame(self):
        return int(self.find("world").get_attribute("data-frame"))

    @property
    def playing(self):
        return self.find("world").get_attribute("data-playing") == "true"

    def rest(self):
        if self.playing:
            self.find("play").click()
        return self

    def select(self, name, text):
        support.Select(self.find(name)).select_by_visible_text(text)

    def slide(self, frame):
        self.browser.execute_script("const s = document.getElementById('scrub'); s.value = arguments[0]; s.dispatchEvent(new Event('input'));", frame)

    def press(self, key):
        webdriver.ActionChains(self.browser).send_keys(key).perform()

    def click_at(self, name, part_x, y):
        element = self.find(name)
        self.browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", element)
        size = element.size
        webdriver.ActionChains(self.browser).move_to_element_with_offset(
            element, round((part_x - 0.5) * size["width"]), round(y - size["height"] / 2)).click().perform()


@pytest.fixture
def page(browser, pages):
    return Page(browser, pages["worm"])


@pytest.fixture(autouse=True)
def quiet(browser):
    """No test leaves a message in the browser's console."""
    yield
    # Only that this test itself reads the pixels often is no fault of the page.
    assert [entry for entry in browser.get_log("browser") if "willReadFrequently" not in entry["message"]] == []


def test_it_plays_by_itself_and_rests_when_told_to(page):
    start = page.frame
    page.until(lambda: page.frame > start + 3)
    page.find("play").click()
    assert page.find("play").text == "Play"
    rested, pixels = page.frame, page.pixels()
    time.sleep(0.4)
    assert (page.frame, page.pixels()) == (rested, pixels)
    page.browser.execute_script("document.activeElement.blur()")
    page.press(" ")
    assert page.playing
    page.until(lambda: page.frame > rested)
    page.press(" ")
    assert not page.playing


def test_space_on_the_button_is_one_press_not_two(page):
    page.rest()
    page.browser.execute_script("document.getElementById('play').focus()")
    page.press(" ")
    assert page.playing
    page.press(" ")
    assert not page.playing
    page.slide(0)
    page.browser.execute_script("document.getElementById('on').focus()")
    page.press(" ")  # presses that button, and does not play
    assert (page.frame, page.playing) == (81, False)


def test_it_plays_at_the_speed_that_is_chosen_and_stops_at_the_end(page):
    page.rest().slide(150)
    page.select("speed", "10 ×")
    page.find("play").click()
    page.until(lambda: not page.playing, seconds=2.5)  # of 5 s at its own pace
    assert page.frame == 199
    page.find("play").click()  # again from the start
    assert page.frame < 150


def test_the_canvases_are_not_blank_and_the_slider_seeks(page):
    page.rest().slide(20)
    assert page.frame == 20
    assert page.find("clock").text == "2.0 / 19.9 s"
    assert page.pixels()[0] > 2000
    assert page.pixels("timeline")[0] > 2000
    before = page.pixels()
    page.slide(120)
    assert page.pixels() != before
    assert "At 12.0 s. intact: forward; without AVA: forward." in page.find("world").get_attribute("aria-label")


def test_the_browser_has_the_same_body_as_python(page):
    """The numbers come through the packing, and both sides of the body are where the figure has them."""
    scene = scenes(made.worm(20.0), [0])[0]
    x, y, up, down, muscle = page.browser.execute_script(
        "const a = state.animals[0], x = a.x(90), y = a.y(90); return [x, y, ...sides(x, y, a.radius, 1), Array.from(a.dorsal.of(90))];")
    assert np.abs(np.array([x, y]) - [scene.x_mm[90], scene.y_mm[90]]).max() <= STEP_MM / 2 + 1e-9
    dorsal, ventral = outline(np.array(x), np.array(y), scene.radius_mm)
    assert np.abs(np.array(up) - dorsal).max() < 1e-4
    assert np.abs(np.array(down) - ventral).max() < 1e-4
    assert np.abs(np.array(muscle) / 254 - scene.dorsal[90]).max() <= 0.5 / 254 + 1e-6


def test_arrows_and_state_keys_seek(page):
    page.rest().slide(20)
    page.browser.execute_script("document.activeElement.blur()")
    page.press(Keys.ARROW_RIGHT)
    assert page.frame == 21
    page.press("]")
    assert page.frame == 81  # the reversal starts at the first frame after 8 s
    page.find("back").click()
    assert page.frame == 0


def test_another_animal_or_view_changes_the_picture(page):
    page.rest().slide(60)
    seen = [page.pixels()]
    for name, text in (("second", "none"), ("first", "without AVA"), ("view", "whole path")):
        page.select(name, text)
        seen.append(page.pixels())
    assert len({tuple(s) for s in seen}) == len(seen)
    page.select("first", "slow")
    page.slide(150)
    assert "failed, no position from 10.0 s on" in page.find("world").get_attribute("aria-label")


def test_a_click_on_the_ethogram_seeks(page):
    page.rest().slide(0)
    width = page.find("timeline").size["width"]
    page.click_at("timeline", (120 + 0.5 * (width - 128)) / width, 30)
    assert page.frame == pytest.approx(100, abs=1)
    page.click_at("timeline", 0.02, 30)  # the names beside it are no time
    assert page.frame == pytest.approx(100, abs=1)


def test_a_neuron_says_its_name_when_pointed_at(page):
    page.rest().slide(60)
    page.browser.execute_script("window.said = []; const c = CanvasRenderingContext2D.prototype, f = c.fillText;"
                                "c.fillText = function (t, ...a) { window.said.push(t); return f.call(this, t, ...a); };")
    where = page.browser.execute_script("const a = state.shown[0], c = document.getElementById('world'), w = c.clientWidth / 2, h = c.clientHeight,"
                                        "[cx, cy, z] = camera(a, 60, w, h), x = a.x(60), y = a.y(60);"
                                        "return [(w / 2 + (x[29] - cx) * z) / c.clientWidth, h / 2 - (y[29] - cy) * z];")
    page.click_at("world", *where)
    assert "DA6" in page.browser.execute_script("return window.said")


def test_a_male_has_his_mate_in_the_picture(browser, pages):
    page = Page(browser, pages["male"]).rest()
    page.slide(170)
    assert "her vulva" in page.find("legend").text
    assert not page.find("beside").is_displayed()
    colours = browser.execute_script("const c = document.getElementById('world'), d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;"
                                     "const n = {}; for (let i = 0; i < d.length; i += 4) {"
                                     "const k = [d[i], d[i + 1], d[i + 2]].join(); n[k] = (n[k] || 0) + 1; } return n;")
    assert colours.get("204,121,167", 0) > 20  # the vulva
    assert colours.get("236,229,216", 0) > 500  # the mate


def test_it_fits_a_phone(browser, pages):
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {"width": 360, "height": 740, "deviceScaleFactor": 2, "mobile": True})
    try:
        page = Page(browser, pages["worm"]).rest()
        page.slide(50)
        wide, shown = browser.execute_script("return [document.documentElement.scrollWidth, innerWidth]")
        assert wide <= shown == 360
        for name in ("play", "scrub", "first", "second", "view", "speed", "back", "on"):
            rectangle = page.find(name).rect
            assert rectangle["x"] >= 0
            assert rectangle["x"] + rectangle["width"] <= 360
            assert rectangle["height"] >= 30, f"{name} is too low for a finger"
        assert page.pixels()[0] > 2000
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
