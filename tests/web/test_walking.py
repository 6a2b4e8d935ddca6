"""Whole audits in a real Chromium: by keyboard without scripts, back and forth, in two tabs, with hostile names."""

import csv
import http.server
import json
import threading

import pytest

from .serving import ANSWERS, fields_of, scores

SCRIPT = "<script>alert(1)</script>"
FORMULA = '=HYPERLINK("http://evil.example","x")'
TURNED = "abc\u202edcba\u2066"
LONG = "l" * 500


@pytest.fixture
def tab(browser, visitor, server):
    """Return what opens a tab that has the cookie, without scripts; what it complains of is collected in ``told``."""
    contexts = []

    def open_(**options):
        context = browser.new_context(**{"java_script_enabled": False, **options})
        contexts.append(context)
        cookie, value = visitor.cookie.split("=", 1)
        at = f"http://127.0.0.1:{server.port}"
        context.add_cookies([{"name": cookie, "value": value, "url": at, "sameSite": "Strict", "httpOnly": True}])
        page = context.new_page()
        page.told = []
        for event in ("console", "pageerror", "dialog"):
            page.on(event, lambda what: page.told.append(str(getattr(what, "text", what))))
        page.at = lambda path: page.goto(at + path)
        return page

    yield open_
    for context in contexts:
        context.close()


def place(page):
    return "/" + page.url.split("/", 3)[3]


def runs(visitor, audit):
    return visitor.get(f"{audit}/run").text.count('<a href="runs/')


# By keyboard

FOCUSED = """() => {
    const one = document.activeElement, label = one.labels && one.labels.length ? one.labels[0].innerText : "";
    return (label || one.innerText || one.value || "").trim().split("\\n")[0];
}"""


def tab_to(page, words, key="Tab"):
    """Press Tab until the focus is on a field, link or button of these words; it must be seen there."""
    for _ in range(150):
        page.keyboard.press(key)
        if page.evaluate(FOCUSED).startswith(words):
            outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
            assert outline != "none", words
            return
    pytest.fail(f"No way to '{words}' by keyboard on {page.url}")


def choose(page, label, wanted):
    """Choose from a list with the arrows."""
    tab_to(page, label)
    for _ in range(20):
        if page.evaluate("document.activeElement.selectedOptions[0].innerText").startswith(wanted):
            return
        page.keyboard.press("ArrowDown")
    pytest.fail(f"No '{wanted}' in '{label}'")


def test_the_whole_way_by_keyboard_alone_and_without_scripts(browser, serve, tmp_path):
    own = serve()
    file = tmp_path / "scores.csv"
    file.write_text(scores())
    context = browser.new_context(java_script_enabled=False)
    try:
        page = context.new_page()
        # The window in which the system asks for a file has a keyboard of its own.
        page.on("filechooser", lambda chooser: chooser.set_files(file))
        page.goto(own.address)
        assert place(page) == "/"
        page.keyboard.press("Tab")
        assert page.evaluate(FOCUSED) == "Skip to the content"
        tab_to(page, "File")
        page.keyboard.press("Enter")
        page.wait_for_selector("#file:valid")
        tab_to(page, "Read this file")
        page.keyboard.press("Enter")
        page.wait_for_selector("#column-0")
        choose(page, "sex", "group")
        tab_to(page, "Go on to what")
        page.keyboard.press("Enter")
        # A mistake first: its link leads to the field.
        page.wait_for_selector("#higher_is")
        tab_to(page, "Go on to the questions")
        page.keyboard.press("Enter")
        page.wait_for_selector(".problems:focus")
        tab_to(page, "Say whether a higher score is better or worse")
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        assert page.evaluate(FOCUSED) == "better"
        page.keyboard.press("Space")
        choose(page, "good (", "good")
        choose(page, "bad (", "bad")
        page.keyboard.press("Shift+Tab")
        tab_to(page, "Compared with")
        page.keyboard.press("End")
        choose(page, "Compared with", "M")
        tab_to(page, "Go on to the questions")
        page.keyboard.press("Enter")
        page.wait_for_selector("#decides")
        tab_to(page, "Go on to policy")
        page.keyboard.press("Enter")
        page.wait_for_selector("#cutoff")
        tab_to(page, "Cut-off of score")
        page.keyboard.type("600")
        tab_to(page, "Go on, and look")
        page.keyboard.press("Enter")
        page.wait_for_selector("#asked")
        tab_to(page, "Run the audit")
        page.keyboard.press("Enter")
        page.wait_for_selector("text=Read the report", timeout=90_000)
        tab_to(page, "Read the report")
        page.keyboard.press("Enter")
        page.wait_for_selector("h1:has-text('scores.csv')")
        assert place(page).endswith("/runs/1/report")
        assert "White" in page.locator("main").inner_text()
        page.go_back()
        tab_to(page, "Delete this audit and its file now")
        page.keyboard.press("Enter")
        page.wait_for_selector("text=Delete this audit?")
        tab_to(page, "Delete now")
        page.keyboard.press("Enter")
        page.wait_for_selector("text=Audit a score")
        assert own.kept() == []
    finally:
        context.close()


# Back, forth, again, and two tabs


def test_back_another_answer_forward_and_run_again(tab, visitor):
    audit = visitor.answered("scores.csv", scores())
    page = tab(java_script_enabled=True)
    page.at(f"{audit}/policy")
    page.click("text=Go on, and look over everything")
    page.click("text=Run the audit")
    page.wait_for_selector("text=Read the report", timeout=90_000)
    assert place(page) == f"{audit}/runs/1"
    page.reload()
    assert place(page) == f"{audit}/runs/1"
    assert runs(visitor, audit) == 1
    page.go_back()
    assert place(page) == f"{audit}/run"
    page.go_back()
    assert place(page) == f"{audit}/policy"
    assert page.input_value("#cutoff") == "600"
    page.fill("#cutoff", "640")
    page.click("text=Go on, and look over everything")
    assert "640" in page.locator("table.asked").inner_text()
    page.reload()
    page.go_back()
    page.go_forward()
    assert "640" in page.locator("table.asked").inner_text()
    assert runs(visitor, audit) == 1
    page.click("text=Run the audit")
    page.wait_for_selector("text=Read the report", timeout=90_000)
    assert place(page) == f"{audit}/runs/2"
    page.reload()
    page.go_back()
    page.go_forward()
    assert runs(visitor, audit) == 2
    assert "at cut-off 640" in page.locator("main").inner_text()
    page.click("text=Run 1")
    assert "at cut-off 600" in page.locator("main").inner_text()
    assert page.told == []


def test_two_tabs_of_two_audits_do_not_mix(tab, visitor):
    pages = [tab(java_script_enabled=True) for _ in range(2)]
    ids = []
    for page, name in zip(pages, ("one.csv", "two.csv"), strict=True):
        audit = visitor.answered(name, scores())
        ids.append(audit)
        page.at(f"{audit}/policy")
    for page, cutoff in zip(pages, ("610", "650"), strict=True):
        page.fill("#cutoff", cutoff)
    for page in reversed(pages):
        page.click("text=Go on, and look over everything")
    for page, audit, name, cutoff, other in zip(
        pages, ids, ("one.csv", "two.csv"), ("610", "650"), ("650", "610"), strict=True
    ):
        words = page.locator("table.asked").inner_text()
        assert place(page) == f"{audit}/run"
        assert (name in words, cutoff in words, other in words) == (True, True, False)


def test_two_tabs_of_one_audit_keep_its_answers_together(tab, visitor):
    audit = visitor.answered("scores.csv", scores())
    one, two = tab(), tab()
    one.at(f"{audit}/meaning")
    two.at(f"{audit}/columns")
    two.select_option("#column-2", "stratum")
    two.select_option("#column-3", "")
    two.click("text=Go on to what the values mean")
    # What the first tab still shows of columns that are used otherwise now is not taken for an answer.
    one.click("text=Go on to the questions")
    assert place(one) == f"{audit}/questions"
    one.click("text=Go on to policy")
    one.fill("#cutoff", "620")
    one.click("text=Go on, and look over everything")
    words = one.locator("table.asked").inner_text()
    assert ("Strata" in words, "Outcome" in words, "620" in words) == (True, False, True)
    two.reload()
    assert two.locator("#higher_is-1").is_checked()
    # A third says an outcome again: the step that is missing is asked for, and nothing runs without it.
    assert visitor.step(audit, "columns", {"column-3": "outcome"}).status == 303
    one.click("text=Run the audit")
    assert place(one) == f"{audit}/meaning"
    assert runs(visitor, audit) == 0
    visitor.post(f"{audit}/delete")
    two.reload()
    assert "it was deleted" in two.locator("main").inner_text()


# Names


def hostile():
    rows = scores(900).splitlines()[1:]
    names = [FORMULA, SCRIPT, TURNED, LONG, "@SUM(A1)", "'; DROP TABLE c0; --"]
    quoted = ['"' + name.replace('"', '""') + '"' for name in names]
    made = [f'"{SCRIPT}","=1+{LONG}",score,outcome']
    for i, row in enumerate(rows):
        score, _, _, outcome = row.split(",")
        made.append(f"{quoted[i % len(names)]},{'a' if i % 2 else TURNED},{score},{outcome}")
    return "\n".join(made) + "\n"


@pytest.fixture(scope="module")
def attacked(visitor):
    """Return an audit of hostile names, run, and how many steps a browser would have sent."""
    audit = visitor.read(f"../../x{SCRIPT.replace('/', '')}.csv", hostile())
    assert visitor.step(audit, "columns", {"column-0": "group", "column-1": "group"}).status == 303
    shown = fields_of(visitor.get(f"{audit}/meaning").text)
    meaning = {**ANSWERS["meaning"], "reference-0": SCRIPT, "reference-1": TURNED}
    meaning |= {name: "good" for name in shown if name.startswith("outcome-")} | {"outcome-1": "bad"}
    assert visitor.step(audit, "meaning", meaning).status == 303
    assert visitor.step(audit, "questions", {"decides": f"{SCRIPT} {TURNED}", "why": FORMULA}).status == 303
    assert visitor.step(audit, "policy", {"cutoff": "600"}).status == 303
    run = visitor.run(audit)
    answer = visitor.settled(run)
    assert "Read the report" in answer.words, answer.words
    return audit, run


def test_hostile_names_are_words_on_every_page_and_in_the_report(tab, attacked):
    audit, run = attacked
    page = tab(java_script_enabled=True, viewport={"width": 360, "height": 800})
    for path in (
        "/",
        f"{audit}/columns",
        f"{audit}/meaning",
        f"{audit}/questions",
        f"{audit}/policy",
        f"{audit}/run",
        run,
        f"{run}/report",
        f"{audit}/delete",
    ):
        page.at(path)
        assert page.locator("script").count() == 0, path
        words = page.locator("body").inner_text()
        assert not {*words} & {*"\u202e\u2066"}, path
        assert "x<script>alert(1)<script>.csv" in words or path.endswith("report"), path
        assert page.locator("a[href*='evil']").count() == 0
        assert page.locator("html").evaluate("one => one.scrollWidth") <= 360, path
    assert page.told == []


def test_hostile_names_are_harmless_in_what_is_downloaded(visitor, attacked):
    _, run = attacked
    for name in ("report.html", "report.md", "result.json", "findings.csv", "rates.csv", "model-risk.html"):
        answer = visitor.get(f"{run}/files/{name}")
        assert answer.status == 200
        told = answer.headers["content-disposition"]
        assert told == f'attachment; filename="x-script-alert-1-script-{name}"'
        assert "script" not in answer.headers["content-security-policy"].replace("x-script", "")
        if name.endswith(".html"):
            assert "<script" not in answer.text
        elif name.endswith(".csv"):
            rows = list(csv.reader(answer.text.splitlines()))
            begins = {
                cell[0] for row in rows for cell in row if cell and not cell.lstrip("-").replace(".", "").isdigit()
            }
            assert not begins & {*"=@\t\r"}
            assert any("HYPERLINK" in cell for row in rows for cell in row)
        elif name.endswith(".json"):
            assert SCRIPT in {rate["group"] for rate in json.loads(answer.text)["rates"]}
        else:
            assert "<script>" not in answer.text
    shown = visitor.get(f"{run}/report")
    assert "sandbox" in shown.headers["content-security-policy"]
    assert "content-disposition" not in shown.headers


# Groups of one, or of nobody


def test_groups_of_one_level_or_with_nobody_decided_for_are_said(visitor):
    rows = "decision,race,sex,blank\n" + "".join(
        f"{'approved' if i % 3 and i % 4 else 'declined'},{'Black' if i % 4 == 0 else 'White'},F,\n" for i in range(900)
    )
    audit = visitor.read("one.csv", rows)
    answer = visitor.step(audit, "columns", {"column-3": "group"})
    assert answer.status == 422
    assert "'blank' is empty in every row. Choose another column." in answer.words
    assert visitor.step(audit, "columns", {"column-2": "group"}).status == 303
    labels = visitor.get(f"{audit}/meaning").words
    first, second = (
        ("declined", "approved")
        if labels.index("declined (") < labels.index("approved (")
        else ("approved", "declined")
    )
    kinds = {"approved": "favorable", "declined": "unfavorable"}
    meaning = {"decision-0": kinds[first], "decision-1": kinds[second], "reference-1": "White"}
    assert visitor.step(audit, "meaning", meaning).status == 303
    assert visitor.step(audit, "questions").status == 303
    assert visitor.step(audit, "policy").status == 303
    answer = visitor.settled(visitor.run(audit))
    assert "race: Black against White, 0.0% selected against" in answer.words
    assert "Flagged" in answer.words
    assert "sex: F" not in answer.words  # nobody to compare with
    assert "not tested" in answer.words


# Another page in the same browser


@pytest.fixture
def elsewhere():
    """Return what serves a page of somebody else on this machine, and its port."""
    page = {}

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("content-type", "text/html")
            self.end_headers()
            self.wfile.write(page["html"].encode())

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield page, server.server_port
        server.shutdown()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_page_elsewhere_can_neither_send_a_form_nor_read_nor_frame_ours(tab, visitor, server, elsewhere, host):
    page_of, port = elsewhere
    before = visitor.get("/").text
    at = f"http://127.0.0.1:{server.port}"
    # It even knows the token.
    page_of["html"] = f"""<form action="{at}/audits/choose" method="post"><input name="token" value="{visitor.token}">
      <input name="example" value="fico_2003"></form>
      <script>document.forms[0].submit()</script>"""
    page = tab(java_script_enabled=True)
    page.goto(f"http://{host}:{port}/")
    page.wait_for_url(f"{at}/audits/choose")
    words = page.locator("main").inner_text()
    assert "did not come from this page" in words or "Open the address that the terminal shows" in words
    page_of["html"] = f"""<iframe src="{at}/" name="inside"></iframe><img id="picture" src="{at}/icon.svg"><script>
      window.read = [];
      const ask = (options) => fetch("{at}/", {{credentials: "include", ...options}})
        .then(async answer => window.read.push(answer.type + (await answer.text())),
              error => window.read.push("refused"));
      const post = fetch("{at}/audits/choose", {{method: "POST", mode: "no-cors", credentials: "include",
        headers: {{"content-type": "application/x-www-form-urlencoded"}},
        body: "token={visitor.token}&example=fico_2003"}})
        .then(answer => window.read.push(answer.type), error => window.read.push("refused"));
      Promise.all([ask({{}}), ask({{mode: "no-cors"}}), post]).then(() => document.title = "tried");
    </script>"""
    page.goto(f"http://{host}:{port}/")
    page.wait_for_function("document.title === 'tried'")
    assert {*page.evaluate("window.read")} <= {"refused", "opaque"}
    assert page.evaluate("document.getElementById('picture').naturalWidth") == 0
    inside = page.frame("inside")
    assert inside is None or "Audit a score" not in inside.content()
    assert visitor.get("/").text == before
