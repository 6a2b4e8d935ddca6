"""Every page in a real Chromium: what axe finds, how wide it is, and whether it asks for or complains of anything."""

import time

import pytest

from .serving import ANSWERS, Visitor, scores

VIEWS = [(1280, "light"), (360, "dark")]
"""Each width and each set of colors once."""
ZOOMED = 320
"""1280 pixels at 400%."""


class Collected:
    """Every page as the server answered, with its address."""

    def __init__(self, visitor):
        self.visitor, self.pages = visitor, {}

    def get(self, name, path, **headers):
        self.add(name, path, self.visitor.get(path, **headers))

    def add(self, name, path, answer):
        assert answer.headers["content-type"].startswith("text/html")
        self.pages[name] = (path, answer)
        return answer


NAMES = (
    "start",
    "start, with audits",
    "start, a file refused",
    "start, not in the list",
    "reading",
    "unreadable",
    "columns",
    "columns, mistakes",
    "meaning",
    "meaning, mistakes",
    "questions",
    "questions, mistakes",
    "policy",
    "policy, mistakes",
    "run",
    "waiting",
    "running",
    "canceled",
    "failed",
    "findings",
    "findings, second run",
    "report",
    "delete",
    "nothing here",
    "no cookie",
    "address used",
    "form not ours",
)


@pytest.fixture(scope="module")
def pages(serve, tmp_path_factory):
    folder = tmp_path_factory.mktemp("folder")
    (folder / "a-file-whose-name-is-much-longer-than-a-line-of-a-telephone-and-has-no-place-to-break.csv").write_text(
        scores()
    )
    server = serve("--processes", "1", "--folder", str(folder))
    stranger = Visitor(server, open_page=False)
    visitor = Visitor(server)
    got = Collected(visitor)
    got.get("start", "/")
    data = scores().replace("score,race", "score,a_column_whose_name_is_longer_than_a_line_of_a_telephone")
    data = (
        data.replace("sex", "age")
        .replace(",F,", ",34,")
        .replace(",M,", ",57,")
        .replace("Black", "Black or African American")
    )
    audit = visitor.read("scores-of-the-first-quarter-of-the-year.csv", data)
    got.get("columns", f"{audit}/columns")
    got.add(
        "columns, mistakes",
        f"{audit}/columns",
        visitor.step(audit, "columns", {"column-1": "score", "column-2": "score"}),
    )
    roles = {"column-0": "score", "column-1": "group", "column-2": "group", "column-3": "outcome"}
    assert visitor.step(audit, "columns", roles).status == 303
    got.get("meaning", f"{audit}/meaning")
    got.add("meaning, mistakes", f"{audit}/meaning", visitor.step(audit, "meaning", {"bands-2": "young"}))
    meaning = {**ANSWERS["meaning"], "reference-2": "57", "sampled_by": ["outcome"]}
    assert visitor.step(audit, "meaning", meaning).status == 303
    got.get("questions", f"{audit}/questions")
    got.add("questions, mistakes", f"{audit}/questions", visitor.step(audit, "questions", {"why": "y" * 3000}))
    assert visitor.step(audit, "questions", {"decides": "Whether a person gets a credit card."}).status == 303
    got.get("policy", f"{audit}/policy")
    wrong = {"cutoff": "high", "policy": "own", "own": "a: [", "good": "much", "min_n": "0"}
    got.add("policy, mistakes", f"{audit}/policy", visitor.step(audit, "policy", wrong))
    assert visitor.step(audit, "policy", {"cutoff": "600", "cross": "yes"}).status == 303
    got.get("run", f"{audit}/run")
    first, second, third = (visitor.run(audit) for _ in range(3))
    while not server.workers():
        time.sleep(0.02)
    got.get("running", first)
    got.get("waiting", second)
    reading = visitor.upload("late.csv", data).place
    got.get("reading", reading)
    visitor.post(f"{second}/cancel")
    got.add("findings", first, visitor.settled(first))
    got.get("canceled", second)
    while not server.workers():
        time.sleep(0.02)
    server.workers()[0].kill()
    got.add("failed", third, visitor.settled(third))
    visitor.settled(reading)
    got.get("findings, second run", first)
    got.get("report", f"{first}/report")
    got.get("delete", f"{audit}/delete")
    wrong = visitor.upload("photo.csv", b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20).place
    got.add("unreadable", wrong, visitor.settled(wrong))
    got.get("start, with audits", "/")
    got.add("start, a file refused", "/audits/upload", visitor.upload("scores.xlsx", b"x"))
    got.add("start, not in the list", "/audits/choose", visitor.post("/audits/choose", {"path": "x"}))
    got.get("nothing here", "/audits/AAAAAAAAAAAAAAAAAAAAAA/columns")
    got.add("no cookie", "/", stranger.get("/"))
    got.add("address used", "/open", stranger.get("/open?token=x"))
    got.add("form not ours", "/audits/choose", visitor.post("/audits/choose", origin="null"))
    got.server = server
    return got


@pytest.fixture(scope="module")
def show(browser, pages):
    """Return what shows a page as it was answered, in one tab for each kind of context."""
    tabs, told = {}, []

    def open_(name, **options):
        key = str(options)
        if key not in tabs:
            context = browser.new_context(viewport={"width": 1280, "height": 900}, **options)
            cookie, value = pages.visitor.cookie.split("=", 1)
            context.add_cookies([{"name": cookie, "value": value, "url": f"http://127.0.0.1:{pages.server.port}"}])
            tabs[key] = context.new_page()
            for event in ("console", "pageerror", "dialog"):
                tabs[key].on(event, lambda what: told.append(str(getattr(what, "text", what))))
            tabs[key].on("response", lambda what: what.status >= 400 and told.append(f"{what.status} {what.url}"))
        told.clear()
        tab, (path, answer) = tabs[key], pages.pages[name]
        headers = {key: value for key, value in answer.headers.items() if key not in {"refresh", "content-length"}}
        at = f"http://127.0.0.1:{pages.server.port}{path}"
        tab.unroute_all()
        tab.route(at, lambda route: route.fulfill(status=200, headers=headers, body=answer.body))
        tab.goto(at)
        return tab, told

    yield open_
    for tab in tabs.values():
        tab.context.close()


def test_every_page_is_looked_at(pages):
    assert {*pages.pages} == {*NAMES}


@pytest.mark.parametrize("name", NAMES)
def test_axe_finds_nothing_and_nothing_is_wider_than_the_page(show, name):
    from axe_playwright_python.sync_playwright import Axe

    # The page's own policy forbids every script, that of axe too.
    page, _ = show(name, bypass_csp=True)
    if name != "report":  # opened in tests/report
        page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    for width, scheme in VIEWS:
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme)
        found = Axe().run(page)
        assert [(width, scheme, one["id"], one["nodes"][0]["html"]) for one in found.response["violations"]] == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.set_viewport_size({"width": ZOOMED, "height": 256})
    assert page.evaluate("document.documentElement.scrollWidth") <= ZOOMED


@pytest.mark.parametrize("name", NAMES)
def test_a_page_complains_of_nothing_and_has_a_title_a_heading_and_no_script(show, pages, name):
    page, told = show(name)
    assert told == []
    assert page.locator("script").count() == 0
    assert page.locator("h1").count() == 1
    assert page.locator("html[lang]").count() == 1
    assert page.title().strip()
    assert page.title().startswith("Error: ") == (page.locator(".problems").count() == 1)


@pytest.mark.parametrize(
    "name", [name for name in NAMES if "mistakes" in name or (name.startswith("start, ") and "audits" not in name)]
)
def test_a_mistake_is_in_focus_and_each_link_leads_to_a_field_that_is_marked(show, name):
    from playwright.sync_api import expect

    page, _ = show(name)
    expect(page.locator(".problems")).to_be_focused()
    links = page.locator(".problems a")
    assert links.count() >= 1
    for i in range(links.count()):
        field = links.nth(i).get_attribute("href").removeprefix("#")
        words = links.nth(i).inner_text()
        target = page.locator(f"[id='{field}']")
        assert target.count() == 1, field
        beside = page.locator(f"[id='{field}-wrong']")
        assert words in beside.first.inner_text()
        described = page.locator(f"[id='{field}'][aria-describedby~='{field}-wrong']").count()
        assert described == 1, field
