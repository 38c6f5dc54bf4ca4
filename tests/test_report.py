"""Report: the answer first, everything in the page itself, and no text of a user obeyed as markup."""

import base64
import re
from html.parser import HTMLParser

import pandas as pd
import pytest
from study_fixture import TOML, add_studies

from wormsim import experiment as ex
from wormsim import report

VOID = {"meta", "img", "br", "hr", "line", "circle", "link", "input"}


class Page(HTMLParser):
    """Collects tags, ids, text; fails on a tag that is closed wrongly."""

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.text = [], [], []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        if not self.open or self.open[-1] != "style":
            self.text.append(data)

    def all(self, tag):
        return [attributes for t, attributes in self.tags if t == tag]

    def words(self):
        return " ".join(" ".join(self.text).split())


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    add_studies()
    folder = tmp_path_factory.mktemp("report")
    (folder / "paths.toml").write_text(TOML)
    with pytest.warns(match="2 nodes kept"):
        return ex.run(folder / "paths.toml", folder / "out", jobs=1, progress=False,
                      overrides={"screen.samples": 50}, command="wormsim run paths.toml")


@pytest.fixture(scope="module")
def page(results):
    return Page(results.report.read_text())


def test_nothing_is_fetched_and_nothing_runs(page):
    assert not page.all("script")
    assert not page.all("link")
    assert not page.all("iframe")
    for tag, attributes in page.tags:
        for name, value in attributes.items():
            assert not name.startswith("on")
            if name in ("src", "href", "action", "data", "srcset", "poster"):
                assert value.startswith(("data:image/png;base64,", "#")), (tag, value)


def test_no_url_in_the_style_sheet(results):
    style = re.search(r"<style>(.*)</style>", results.report.read_text(), re.DOTALL).group(1)
    assert "url(" not in style
    assert "@import" not in style


def test_question_and_answer_come_before_everything_else(page, results):
    words = page.words()
    places = [words.index(part) for part in (
        results.manifest["experiment"]["question"], "is needed most often", "Scorecard On the line", "Ranking Share of",
        "Figure 1.", "Fitted on nothing", "samples One row a graph", "2 nodes kept without an edge (n3, n4)",
        "screen.samples", "wormsim run paths.toml", "Menger K 1927")]
    assert places == sorted(places)


def test_markup_in_a_text_is_shown_and_not_obeyed(page):
    words = page.words()
    assert "<script>alert(1)</script>" in words
    assert "[link](https://example.org)" in words
    assert "a" in {tag for tag, _ in page.tags}  # the page's own section links are there all the same


def test_the_ranking_table_says_what_the_ranking_says(page, results):
    words = page.words()
    for row in results.result.ranking.itertuples(index=False):
        assert f"{row.node} {report.number(row.needed_probability)} {row.n}" in words


def test_figures_are_in_the_page_with_words_for_who_does_not_see(page, results):
    images = page.all("img")
    assert [i["alt"] for i in images] == ["Bars, one a node", "Shortest paths, sorted."]
    for image, name in zip(images, ("ranking", "lengths"), strict=True):
        data = base64.b64decode(image["src"].split(",", 1)[1])
        assert data == (results.path / "figures" / f"{name}.png").read_bytes()


def test_the_page_can_be_used_without_a_mouse_and_read_aloud(page):
    assert page.all("html")[0]["lang"] == "en"
    assert len(page.all("h1")) == 1
    ids = [a["id"] for _, a in page.tags if "id" in a]
    assert len(ids) == len(set(ids))
    for link in page.all("a"):
        assert link["href"][1:] in ids
    for section in page.all("section"):
        assert section["aria-labelledby"] in ids
    assert all("scope" in header for header in page.all("th"))
    for tag, attributes in page.tags:
        if attributes.get("class") == "scroll":
            assert attributes["aria-label"], tag


def test_long_tables_are_cut_in_the_page_and_say_so(page):
    assert "200 rows" in page.words()  # 50 graphs x 4 nodes, all shown
    long = report.table(pd.DataFrame({"x": range(1000)}))
    assert (len(long["rows"]), long["total"]) == (report.TABLE_ROWS, 1000)
    wide = report.table(pd.DataFrame({f"c{i}": [i] for i in range(40)}))
    assert (len(wide["columns"]), len(wide["rows"][0]), wide["total_columns"]) == (report.TABLE_COLUMNS,) * 2 + (40,)


def test_controls_are_grey_and_apart(page):
    rows = [a.get("class", "") for a in page.all("tr")]
    assert sum("control" in c for c in rows) == 1


@pytest.mark.parametrize(("value", "shown"), [
    (0.12345, "0.123"), (12.345, "12.3"), (1234.5, "1234"), (-0.5, "−0.500"), (0.0, "0"), (1e-7, "1.00e−07"),
    (float("nan"), "–"), (None, "–"), (pd.NA, "–"), (float("inf"), "∞"), (5, "5"), (True, "yes"), ("AVAL", "AVAL"),
    (["AVAL", "AVAR"], "AVAL, AVAR"), (2_500_000.0, "2.50e+06"), (0.99951, "1.00"),
])
def test_numbers_are_shown_to_three_digits(value, shown):
    assert report.number(value) == shown


def test_settings_are_shown_exactly():
    assert dict(report.flatten({"a": {"b": 0.123456, "c": [1, 2]}, "d": [{"e": True}], "f": None})) == {
        "a.b": "0.123456", "a.c": "1, 2", "d.0.e": "true", "f": "–"}


def test_a_gauge_keeps_the_order_of_its_marks():
    scores = pd.DataFrame([{"metric": "auroc", "value": 0.7, "low": 0.5, "high": 0.9, "floor": 0.5, "ceiling": 1.0,
                            "control": "0.6", "n": 3},
                           {"metric": "difference", "value": -2.0, "low": -3.0, "high": 4.0, "floor": 0.0,
                            "ceiling": float("nan"), "control": "degree shuffles", "n": 3},
                           {"metric": "wiring", "value": 0.7, "low": None, "high": None, "floor": None,
                            "ceiling": None, "control": "real wiring", "n": 3}])
    scores["group"] = ""
    card = report._scorecard(scores)
    assert [metric["ends"] for metric in card] == ["floor 0.500, ceiling 1.00", "floor 0", ""]
    first, second, third = (metric["rows"][0] for metric in card)
    assert [row["label"] for row in (first, second, third)] == ["", "degree shuffles", "real wiring"]
    gauge = first["gauge"]
    assert 6 <= gauge["floor"] == gauge["low"] < gauge["control_value"] < gauge["value"] < gauge["high"] < gauge["ceiling"]
    assert gauge["ceiling"] <= report._GAUGE_WIDTH - 6
    gauge = second["gauge"]
    assert gauge["low"] < gauge["value"] < gauge["floor"] < gauge["high"]
    assert gauge["ceiling"] is None
    assert [row["is_control"] for row in (first, second, third)] == [False, True, False]


@pytest.mark.parametrize(("value", "shown"), [
    (-5.57e-4, "−0.00"), (0.421875, "0.42"), (9.999, "10.0"), (99.97, "100"), (4055.0, "4055"), (2.5e7, "2.50e+07"), (0.0, "0"),
    (float("nan"), "–"), (12, "12"), (True, "yes"), ("R7A", "R7A")])
def test_a_terminal_gets_two_or_three_digits_and_no_exponent_of_a_small_number(value, shown):
    assert report.brief(value) == shown
