"""Who may ask, and for what: names that lead here, other pages' forms, addresses that are not there."""

import time
from urllib.parse import urlencode

import pytest

from .serving import ANSWERS, Visitor, form_of, scores

SECRET = b"root:x:0:0"
NOT_OURS = "/audits/AAAAAAAAAAAAAAAAAAAAAA"


@pytest.fixture(scope="module")
def audit(visitor):
    """Return the address of an audit that is read and not answered."""
    return visitor.read("scores.csv", scores())


def audits(visitor):
    return visitor.get("/").text.count(">Open<")


# Names that lead here


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:{port}",
        "127.0.0.1",
        "127.0.0.1:1",
        "localhost.evil.example:{port}",
        "0.0.0.0:{port}",
        "127.0.0.1:{port}.evil.example",
        "[::1]:{port}",
        "127.0.0.1.nip.example:{port}",
        "user@127.0.0.1:{port}",
        "",
    ],
)
@pytest.mark.parametrize("path", ["/", "/style.css", "/audits/x/columns", "/open?token=x"])
def test_a_name_that_was_made_to_lead_here_learns_nothing(visitor, server, host, path):
    answer = visitor.ask("GET", path, host=host.format(port=server.port))
    assert answer.status == 421
    assert "set-cookie" not in answer.headers
    assert len(answer.body) < 200
    assert visitor.token not in answer.text


def test_a_request_without_a_host_is_refused(visitor):
    assert visitor.ask("GET", "/", host=None).status in {400, 421}


def test_a_foreign_name_does_not_use_up_the_one_time_address(serve):
    server = serve()
    stranger = Visitor(server, open_page=False)
    path = "/" + server.address.split("/", 3)[3]
    assert stranger.ask("GET", path, host=f"evil.example:{server.port}").status == 421
    visitor = Visitor(server)
    # The other name of this machine is ours too, and its forms are those of its own origin.
    here = {"host": f"localhost:{server.port}"}
    assert visitor.get("/", **here).status == 200
    answer = visitor.post("/audits/choose", {"example": "fico_2003"}, origin=f"http://localhost:{server.port}", **here)
    assert answer.status == 303


# The one-time address and the cookie


def test_the_one_time_address_opens_once_and_a_new_one_stands_in_the_terminal(serve):
    server = serve()
    first = "/" + server.address.split("/", 3)[3]
    visitor, stranger = Visitor(server), Visitor(server, open_page=False)
    cookie = visitor.ask("GET", first, cookie=visitor.cookie)
    assert (cookie.status, cookie.place) == (303, "/")
    answer = stranger.ask("GET", first)
    assert answer.status == 403
    assert "was used already" in answer.words
    assert "set-cookie" not in answer.headers
    for _ in range(50):
        if server.announced:
            break
        time.sleep(0.1)
    assert len(server.announced) == 1
    renewed = server.announced[0].removeprefix("A new address: ")
    assert renewed.startswith(f"http://127.0.0.1:{server.port}/open?token=")
    # Asking again at once does not fill the terminal.
    assert [stranger.get("/").status for _ in range(20)] == [403] * 20
    second = "/" + renewed.split("/", 3)[3]
    opened = stranger.ask("GET", second)
    assert opened.status == 303
    assert stranger.ask("GET", second).status == 403
    assert len(server.announced) == 1
    assert visitor.get("/").status == 200


def test_the_cookie_is_for_this_page_alone(serve):
    server = serve()
    answer = Visitor(server, open_page=False).ask("GET", "/" + server.address.split("/", 3)[3])
    given = answer.headers["set-cookie"]
    parts = {part.strip().lower() for part in given.split(";")[1:]}
    assert given.startswith(f"fairaudit-{server.port}=")
    assert {"httponly", "samesite=strict", "path=/"} <= parts
    assert not any(part.startswith("domain") for part in parts)


@pytest.mark.parametrize(
    "cookie", [None, "", "fairaudit-{port}=", "fairaudit-{port}=x", "other=1", "\x01;=;;", "fairaudit-{port}=é"]
)
@pytest.mark.parametrize("path", ["/", "/audits/x/columns", "/audits/choose"])
def test_without_the_cookie_nothing_is_shown(visitor, server, cookie, path):
    answer = visitor.ask("GET", path, cookie=cookie and cookie.format(port=server.port).encode())
    assert answer.status == 403
    assert "Open the address that the terminal shows" in answer.words
    assert "set-cookie" not in answer.headers


def test_without_the_cookie_no_form_does_anything(visitor, audit):
    before = audits(visitor)
    for path in ("/audits/choose", f"{audit}/delete", f"{audit}/run"):
        answer = visitor.ask(
            "POST", path, urlencode({"token": visitor.token, "example": "fico_2003"}).encode(), cookie=None
        )
        assert answer.status == 403
    assert audits(visitor) == before


def test_the_page_that_refuses_is_styled(visitor):
    for path, kind in (("/style.css", "text/css"), ("/icon.svg", "image/svg+xml")):
        answer = visitor.ask("GET", path, cookie=None)
        assert (answer.status, answer.headers["content-type"].split(";")[0]) == (200, kind)


# Other pages' forms


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": None},
        {"origin": "null"},
        {"origin": "http://evil.example"},
        {"origin": "https://127.0.0.1:{port}"},
        {"origin": "http://127.0.0.1:1"},
        {"origin": "http://127.0.0.1"},
        {"origin": "http://localhost:{port}"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "none"},
    ],
    ids=str,
)
def test_a_form_of_another_page_does_nothing_even_with_cookie_and_token(visitor, server, audit, headers):
    before = audits(visitor)
    sent = {name: value and value.format(port=server.port) for name, value in headers.items()}
    for path, fields in (
        ("/audits/choose", {"example": "fico_2003"}),
        (f"{audit}/delete", {}),
        (f"{audit}/columns", {}),
    ):
        answer = visitor.post(path, fields, **sent)
        assert answer.status == 403
        assert "Nothing was done" in answer.words
    body, kind = form_of("scores.csv", scores().encode(), visitor.token)
    assert visitor.ask("POST", "/audits/upload", body, content_type=kind, **sent).status == 403
    assert audits(visitor) == before


@pytest.mark.parametrize("token", [None, "", "x", "0" * 64, "é"])
def test_a_form_without_our_token_does_nothing(visitor, audit, token):
    before, kept = audits(visitor), visitor.get(f"{audit}/columns").text
    fields = {"example": "fico_2003", "column-0": "score", **({} if token is None else {"token": token})}
    for path in ("/audits/choose", f"{audit}/columns", f"{audit}/delete"):
        answer = visitor.ask("POST", path, urlencode(fields).encode())
        assert answer.status == 403
        assert "nothing was done" in answer.words
    assert audits(visitor) == before
    assert visitor.get(f"{audit}/columns").text == kept


def test_a_file_without_our_token_is_not_kept(visitor, server):
    before = server.kept()
    answer = visitor.upload("scores.csv", scores(), token="0" * 64)
    assert answer.status == 422
    assert "did not come from this page, so that nothing was kept" in answer.words
    body, kind = form_of("scores.csv", scores().encode(), visitor.token)
    edge = kind.split("=")[1].encode()
    _, token, file, _ = body.split(b"--" + edge)
    turned = b"".join(b"--" + edge + part for part in (file, token, b"--\r\n"))
    assert visitor.ask("POST", "/audits/upload", turned, content_type=kind).status == 422
    assert server.kept() == before


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data", "text/plain", None])
def test_an_upload_that_is_no_form_is_refused(visitor, server, kind):
    before = server.kept()
    answer = visitor.ask("POST", "/audits/upload", b"token=x", content_type=kind)
    assert answer.status == 422
    assert "Load the page again" in answer.words
    assert server.kept() == before


def test_two_files_in_one_form_are_no_error_of_ours(visitor, server):
    before = server.kept()
    body, kind = form_of("a.csv", scores().encode(), visitor.token)
    edge = kind.split("=")[1].encode()
    _, token, file, end = body.split(b"--" + edge)
    answer = visitor.ask(
        "POST", "/audits/upload", (b"--" + edge).join([b"", token, file, file, end]), content_type=kind
    )
    assert answer.status == 422
    assert "an audit is of one file" in answer.words
    assert server.kept() == before


def test_a_form_that_is_too_large_or_of_unknown_size_is_refused(visitor, audit):
    assert visitor.post(f"{audit}/columns", {"column-0": "x" * (2 * 1024 * 1024)}).status == 413
    body = iter([urlencode({"token": visitor.token}).encode()])
    connection = visitor.ask("POST", f"{audit}/columns", body, transfer_encoding="chunked")
    assert connection.status in {400, 413}


# Addresses


@pytest.mark.parametrize(
    "path",
    [
        "/audits",
        "/audits/",
        "/audits/..",
        "/audits/../..",
        "/audits/../../etc/passwd",
        "/audits/%2e%2e/columns",
        "/audits/%2e%2e%2f%2e%2e/columns",
        "/audits/..%2f..%2fetc%2fpasswd/columns",
        "/../../etc/passwd",
        "/style.css/../../etc/passwd",
        "//evil.example/",
        "/audits//columns",
        "/audits/%00/columns",
        "/audits/\\..\\../run",
        "{audit}/runs/1/files/../../request.json",
        "{audit}/runs/1/files/..%2f..%2fupload.csv",
        "{audit}/runs/1/files/%2e%2e",
        "{audit}/../upload.csv",
        "{audit}/upload.csv",
        "{audit}/profile/answer.json",
        "{audit}/runs/../profile",
        "{audit}/runs/-1",
        "{audit}/runs/1e3",
        "{audit}/runs/0",
        "{audit}/runs/1",
        "{audit}/runs/1/report",
        "{audit}/runs/99999999999999999999",
        "{audit}/runs/" + "9" * 5000,
        "{audit}/runs/1/files/report.html",
        "{audit}",
        "{audit}/",
        "/favicon.ico",
        "/" + "a" * 5000,
    ],
    ids=lambda path: path[:40],
)
def test_an_address_that_is_not_there_says_so_and_reads_no_file(visitor, audit, path):
    answer = visitor.get(path.format(audit=audit))
    assert answer.status in {404, 405}
    assert "There is nothing here" in answer.words
    assert "Go to the start" in answer.words
    assert SECRET not in answer.body


@pytest.mark.parametrize(
    "place",
    [
        "columns",
        "meaning",
        "questions",
        "policy",
        "run",
        "runs/1",
        "runs/1/report",
        "runs/1/files/report.html",
        "delete",
    ],
)
def test_an_audit_that_is_not_there_says_why(visitor, place):
    answer = visitor.get(f"{NOT_OURS}/{place}")
    assert answer.status == 404
    assert "it was deleted, or fairaudit web was started again since" in answer.words
    assert visitor.post(f"{NOT_OURS}/{place}").status in {404, 405}


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "PROPFIND"])
def test_other_methods_do_nothing(visitor, audit, method):
    before = audits(visitor)
    assert visitor.ask(method, f"{audit}/delete").status in {400, 405}
    assert audits(visitor) == before


def test_what_only_a_form_may_do_no_link_does(visitor, audit):
    for path in ("/audits/upload", "/audits/choose", f"{audit}/runs/1/cancel"):
        assert visitor.get(path).status in {404, 405}
    assert visitor.get(f"{audit}/delete").status == 200
    assert visitor.get(f"{audit}/columns").status == 200


def test_every_answer_forbids_scripts_frames_and_keeping(visitor, audit):
    for path in ("/", f"{audit}/columns", f"{audit}/delete", "/nothing", "/style.css", f"{NOT_OURS}/run"):
        headers = visitor.get(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "script" not in policy
        assert "frame-ancestors 'none'" in policy
        assert headers["cache-control"] == "no-store"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cross-origin-resource-policy"] == "same-origin"
        assert "access-control-allow-origin" not in headers
        assert "server" not in headers


# Steps, out of order and in part


def test_a_step_that_is_asked_for_too_early_leads_to_the_one_that_is_missing(visitor, audit):
    for place in ("meaning", "questions", "policy", "run"):
        answer = visitor.get(f"{audit}/{place}")
        assert (answer.status, answer.place) == (303, f"{audit}/columns")
        assert visitor.post(f"{audit}/{place}").place == f"{audit}/columns"


def test_a_form_with_fields_left_out_is_answered_in_words(visitor):
    audit = visitor.read("scores.csv", scores())
    for step in ("columns", "meaning", "questions", "policy", "run"):
        answer = visitor.post(f"{audit}/{step}")
        assert answer.status in {303, 422}, (step, answer.words)
        if answer.status == 422:
            assert "to be mended" in answer.words
            assert visitor.step(audit, step, ANSWERS[step]).status == 303
    assert visitor.post(f"{audit}/columns", {f"column-{i}": "score" for i in range(9)}).status == 422
    assert visitor.post(f"{audit}/questions", {"why": "y" * 3000}).status == 422


def test_what_was_typed_comes_back_as_it_was_typed(visitor):
    audit = visitor.answered("scores.csv", scores(), {"questions": {"why": "One line.\r\n\r\n  Two <b>lines</b>."}})
    assert "One line.\n\n  Two &lt;b&gt;lines&lt;/b&gt;." in visitor.get(f"{audit}/questions").text.replace("\r", "")
    own = "extends: us-fair-lending\r\nid: mine\r\nnonsense: 1"
    answer = visitor.step(audit, "policy", {"policy": "own", "own": own})
    assert answer.status == 422
    assert "extends: us-fair-lending\nid: mine\nnonsense: 1" in answer.text.replace("\r", "")


def test_a_box_that_is_unticked_stays_unticked(visitor):
    audit = visitor.answered("scores.csv", scores(), {})
    assert visitor.step(audit, "meaning", {"probability": "yes", "sampled_by": ["score"]}).status == 303
    shown = visitor.get(f"{audit}/meaning").text
    assert shown.count(" checked") == 3  # a higher score is better, a probability, drawn by score
    fields = {"higher_is": "better", "outcome-0": "good", "outcome-1": "bad", "reference-1": "", "reference-2": ""}
    assert visitor.post(f"{audit}/meaning", fields).status == 303
    assert visitor.get(f"{audit}/meaning").text.count(" checked") == 1


def test_a_cut_off_goes_with_the_score_that_it_was_of(visitor):
    audit = visitor.answered("scores.csv", scores())
    assert visitor.step(audit, "columns", {"column-0": ""}).status == 303
    answer = visitor.step(audit, "meaning", ANSWERS["meaning"])
    assert answer.status == 303
    seen = visitor.get(f"{audit}/run")
    assert (seen.status, "600" in seen.words) in {(200, False), (303, False)}


def test_a_group_whose_name_has_spaces_can_be_compared_with(visitor):
    data = scores().replace("White", "White  or\u200eother")
    audit = visitor.answered(
        "scores.csv", data, {"meaning": {**ANSWERS["meaning"], "reference-1": "White  or\u200eother"}}
    )
    assert visitor.step(audit, "meaning", {}).status == 303
