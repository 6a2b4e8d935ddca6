"""The report in a real browser: accessible by axe, readable on a phone, in the dark, without script and on paper."""

import numpy as np
import pandas as pd
import pytest

import fairaudit as fa

SIZES = (1280, 360)


def applicants(n=1200, seed=4):
    rng = np.random.default_rng(seed)
    race = rng.choice(["White", "Black", "<b>Asian</b>"], n, p=[0.5, 0.3, 0.2])
    sex = rng.choice(["F", "M"], n)
    income = rng.normal(50 - 8 * (race == "Black"), 10, n).round(1)
    home = rng.choice(["own", "rent"], n)
    paid = np.where(rng.random(n) < 1 / (1 + np.exp(-(income - 40) / 8)), "paid", "default")
    return pd.DataFrame({"race": race, "sex": sex, "income": income, "home": home, "paid": paid})


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """Return a report with every section and picture: groups, a crossing, calibration, a model, people, recourse."""
    rows = applicants()
    card = fa.Scorecard(good="paid").fit(rows[["income", "home"]], rows["paid"])
    cutoff = float(np.quantile(card.points(rows[["income", "home"]]), 0.4))
    made = fa.audit(
        rows, model=card, cutoff=cutoff, outcome="paid", bad="default", groups=["race", "sex"], cross=[("race", "sex")],
        reference={"race": "White", "sex": "M"},
        actions={"features": {"income": {"change": "up", "step": 1, "cost": 1}}},
    )  # fmt: skip
    return made.write_html(tmp_path_factory.mktemp("browser") / "report.html")


@pytest.fixture
def opened(browser, report):
    """Return what opens the report, and closes it again."""
    contexts = []

    def open_(width=1280, **options):
        context = browser.new_context(viewport={"width": width, "height": 900}, **options)
        contexts.append(context)
        page = context.new_page()
        told = []
        page.on("console", lambda message: told.append(message.text))
        page.on("request", lambda request: told.append(request.url))
        page.goto(report.as_uri())
        return page, told

    yield open_
    for context in contexts:
        context.close()


@pytest.mark.parametrize("width", SIZES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_and_nothing_is_wider_than_the_page(opened, width, scheme):
    from axe_playwright_python.sync_playwright import Axe

    # The page's own policy forbids every script, that of axe too.
    page, _ = opened(width, color_scheme=scheme, bypass_csp=True)
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    found = Axe().run(page)
    assert [(one["id"], one["nodes"][0]["html"]) for one in found.response["violations"]] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_page_asks_for_nothing_and_complains_of_nothing(opened, report):
    page, told = opened(java_script_enabled=False)
    assert told == [report.as_uri()]
    assert page.locator("figure svg").count() >= 10
    assert page.locator("script").count() == 0


def test_every_picture_is_drawn_in_the_colors_of_the_page(opened):
    colors = {}
    for scheme in ("light", "dark"):
        page, _ = opened(color_scheme=scheme, bypass_csp=True)
        colors[scheme] = page.evaluate(
            "[...document.querySelectorAll('figure svg text')].map(one => getComputedStyle(one).fill)"
        )
    assert set(colors["light"]) <= {"rgb(29, 31, 33)", "rgb(85, 89, 94)", "rgb(253, 253, 251)"}
    assert not {"rgb(29, 31, 33)"} & set(colors["dark"])


def test_the_keyboard_reaches_every_wide_table_and_picture_and_the_first_stop_skips_the_contents(opened):
    page, _ = opened()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.url.endswith("#limits")
    assert page.locator(".scroll:not([tabindex='0'])").count() == 0


def test_paper_shows_what_the_screen_folds(opened, tmp_path):
    page, _ = opened(bypass_csp=True)
    page.emulate_media(media="print")
    hidden = page.evaluate(
        "[...document.querySelectorAll('details table')].filter(one => one.getBoundingClientRect().height === 0).length"
    )
    assert hidden == 0
    page.pdf(path=tmp_path / "report.pdf", format="A4")
    assert (tmp_path / "report.pdf").stat().st_size > 50_000
