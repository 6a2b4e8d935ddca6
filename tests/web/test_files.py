"""Files of every kind and size, uploaded to a real server: what it says, what it keeps, and what it takes to hold."""

import gzip
import http.client
import io
import os
import threading
import time
import zipfile

import numpy as np
import pandas as pd
import pytest

from .serving import Visitor, form_of, scores

MIB = 2**20
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20


def parquet(n=2_000):
    buffer = io.BytesIO()
    pd.DataFrame({"score": range(n), "race": ["a", "b"] * (n // 2)}).to_parquet(buffer)
    return buffer.getvalue()


def workbook():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        file.writestr("[Content_Types].xml", "<Types/>")
    return buffer.getvalue()


@pytest.fixture(scope="module")
def small(serve, tmp_path_factory):
    """Return a server that takes one MiB, and has a folder to choose from."""
    folder = tmp_path_factory.mktemp("folder")
    (folder / "below" / "deeper").mkdir(parents=True)
    (folder / "scores.csv").write_text(scores())
    (folder / "below" / "deeper" / "more.csv").write_text(scores())
    (folder / ".hidden.csv").write_text(scores())
    (folder / "notes.docx").write_text("no table")
    (folder / "<img src=x onerror=alert(1)>.csv").write_text(scores())
    (folder / os.fsdecode(b"latin-\xe9.csv")).write_text(scores())
    outside = tmp_path_factory.mktemp("outside")
    (outside / "secret.csv").write_text(scores())
    (folder / "out.csv").symlink_to(outside / "secret.csv")
    (folder / "away").symlink_to(outside)
    server = serve("--most-upload", "1", "--folder", str(folder))
    server.given = folder
    return server


@pytest.fixture(scope="module")
def other(small):
    return Visitor(small)


# Kinds


@pytest.mark.parametrize(
    ("name", "data", "told"),
    [
        ("scores.xlsx", workbook(), "scores.xlsx is a workbook. Open it, choose the sheet, and save that as CSV"),
        (
            "model.pkl",
            b"\x80\x04K\x01.",
            "can run any program when it is opened, so that it never is. Save the table as CSV",
        ),
        ("empty.csv", b"", "the file is empty. Choose a file that holds rows"),
        ("photo.png", PNG, "photo.png is of no kind that can be read. Save it as CSV or Parquet"),
        ("", b"x", "No file was chosen"),
    ],
)
def test_a_wrong_file_is_refused_at_its_field_and_not_kept(visitor, server, name, data, told):
    before = server.kept()
    answer = visitor.upload(name, data)
    assert answer.status == 422
    assert told in answer.words
    assert 'id="file-wrong"' in answer.text
    assert 'href="#file"' in answer.text
    assert server.kept() == before


@pytest.mark.parametrize(
    ("name", "data", "told"),
    [
        ("photo.csv", PNG, "photo.csv"),
        ("photo.parquet", PNG, "not a Parquet file, or its end is missing"),
        ("book.csv", workbook(), "book.csv"),
        ("cut.parquet", parquet()[:-200], "not a Parquet file, or its end is missing"),
        ("cut.csv.gz", gzip.compress(scores().encode())[:-200], "cut.csv.gz"),
        ("plain.csv.gz", scores().encode(), "plain.csv.gz"),
        ("header.csv", b"score,race\n", "header.csv has a header and no rows. Give a file with at least one row"),
        ("blank.csv", b"\n\n\n", "blank.csv is empty: it has neither a header nor rows"),
        ("words.jsonl", b"these are words\n", "words.jsonl"),
        ("ragged.csv", b"a,b\n1,2\n1,2,3,4\n" * 50, "ragged.csv"),
        ("zeros.csv", b"\x00" * 5_000, "zeros.csv"),
        ("wide.csv", scores().encode("utf-16"), "wide.csv"),
    ],
)
def test_a_file_that_cannot_be_read_is_named_as_the_person_knows_it_with_what_to_do(visitor, name, data, told):
    answer = visitor.settled(visitor.upload(name, data).place)
    if answer.status == 200:
        # What can be read as a table is shown as one; then it is for the person to see.
        assert name in {"ragged.csv", "zeros.csv", "photo.csv", "book.csv"}
        assert "Which column is what?" in answer.words
        return
    assert answer.status == 422
    assert "This file cannot be read" in answer.words
    assert told in answer.words
    assert "upload." not in answer.words
    assert "Choose another file" in answer.words


# Sizes


def test_memory_does_not_grow_with_a_file_of_100_mb(visitor, server):
    head, kind = form_of("large.csv", b"", visitor.token)
    start, end = head.split(b"\r\n\r\n\r\n--", 1)
    rows = ("id,score,race\n" + "".join(f"{i},{i % 850},Black\n" for i in range(60_000))).encode()
    times = 100_000_000 // len(rows) + 1
    body = [start + b"\r\n\r\n", *[rows] * times, b"\r\n--" + end]
    seen, done = [server.memory], threading.Event()

    def watch():
        while not done.wait(0.02):
            seen.append(server.memory)

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        answer = visitor.ask(
            "POST", "/audits/upload", iter(body), content_type=kind, content_length=str(sum(map(len, body)))
        )
    finally:
        done.set()
        watching.join()
    assert answer.status == 303, answer.words
    audit = answer.place.removesuffix("/columns")
    kept = server.work / audit.rsplit("/", 1)[1] / "upload.csv"
    assert kept.stat().st_size == len(rows) * times >= 100_000_000
    assert len(seen) > 5
    assert max(seen) - seen[0] < 40 * MIB
    # Deleted while it is read: the process that reads it and the file are gone.
    assert visitor.post(f"{audit}/delete").place == "/"
    assert not kept.parent.exists()
    assert server.workers() == []


@pytest.mark.parametrize("said", [True, False], ids=["of known size", "of unknown size"])
def test_a_file_that_is_too_large_is_refused_with_what_to_do_and_nothing_stays(other, small, said):
    body, kind = form_of("large.csv", b"x,y\n" + b"1,2\n" * (400 * 1024), other.token)
    pieces = (body[at : at + 65_536] for at in range(0, len(body), 65_536))
    if said:
        answer = other.ask("POST", "/audits/upload", pieces, content_type=kind, content_length=str(len(body)))
    else:
        chunks = (b"%x\r\n%s\r\n" % (len(piece), piece) for piece in (*pieces, b""))
        answer = other.ask("POST", "/audits/upload", chunks, content_type=kind, transfer_encoding="chunked")
    assert answer.status == 422
    assert "The file is larger than 1.0 MiB, the most that is taken" in answer.words
    assert "with a larger --most-upload" in answer.words
    assert small.kept() == []


def send_all(connection, pieces):
    for piece in pieces:
        connection.send(b"%x\r\n%s\r\n" % (len(piece), piece))


def test_an_endless_upload_is_cut_off(other, small):
    connection = http.client.HTTPConnection("127.0.0.1", small.port, timeout=20)
    head, kind = form_of("endless.csv", b"", other.token)
    connection.putrequest("POST", "/audits/upload")
    for name, value in (
        ("Cookie", other.cookie),
        ("Origin", f"http://127.0.0.1:{small.port}"),
        ("Content-Type", kind),
        ("Transfer-Encoding", "chunked"),
    ):
        connection.putheader(name, value)
    connection.endheaders()
    pieces = (head.split(b"\r\n--")[0] + b"\r\n", *[b"--" * 8_192] * 2_000)
    with pytest.raises((ConnectionError, TimeoutError)):
        send_all(connection, pieces)
    connection.close()
    assert small.kept() == []


def test_a_browser_that_goes_away_in_the_middle_leaves_nothing(other, small):
    body, kind = form_of("half.csv", b"x,y\n" + b"1,2\n" * 50_000, other.token)
    connection = http.client.HTTPConnection("127.0.0.1", small.port, timeout=20)
    connection.putrequest("POST", "/audits/upload")
    for name, value in (
        ("Cookie", other.cookie),
        ("Origin", f"http://127.0.0.1:{small.port}"),
        ("Content-Type", kind),
        ("Content-Length", str(len(body))),
    ):
        connection.putheader(name, value)
    connection.endheaders()
    connection.send(body[:100_000])
    for _ in range(100):
        if any(name.endswith("upload.csv") for name in small.kept()):
            break
        time.sleep(0.05)
    else:
        pytest.fail("The upload did not begin.")
    connection.close()
    for _ in range(100):
        if not small.kept():
            break
        time.sleep(0.05)
    assert small.kept() == []
    assert other.get("/").status == 200


def test_many_rows_of_a_person_each_cannot_be_groups_and_a_number_is_cut_into_bands(visitor):
    n = 1_000_000
    ids = np.arange(n)
    rows = "".join(f"p{i},{i},{300 + i % 551},{'ab'[i % 2]}\n" for i in ids)
    audit = visitor.read("many.csv", "person,wealth,score,race\n" + rows)
    answer = visitor.step(audit, "columns", {"column-0": "group"})
    assert answer.status == 422
    message = "'person' has about "
    assert message in answer.words
    assert "different values, and a group here can have 100. Choose another column, or put its values" in answer.words
    assert 'id="column-0-wrong"' in answer.text
    assert 'aria-describedby="column-0-wrong"' in answer.text
    assert 'href="#column-0"' in answer.text
    assert visitor.step(audit, "columns", {"column-0": "", "column-1": "group"}).status == 303
    answer = visitor.step(audit, "meaning", {"higher_is": "better"})
    assert answer.status == 422
    assert "from 0 to 999999. Say where to cut it into bands, for example 25, 62." in answer.words
    assert 'id="bands-1-wrong"' in answer.text
    visitor.post(f"{audit}/delete")


# A folder


def test_the_folder_offers_what_can_be_read_below_it_and_nothing_outside(other, small):
    start = other.get("/").text
    assert "scores.csv</option>" in start
    assert "below/deeper/more.csv</option>" in start
    assert "&lt;img src=x onerror=alert(1)&gt;.csv</option>" in start
    assert "<img" not in start
    for name in ("secret", "out.csv", ".hidden", "docx"):
        assert name not in start
    assert start.count("<option") == 4


@pytest.mark.parametrize("path", ["../outside/secret.csv", "/etc/passwd", "out.csv", "scores.csv", "", "0" * 16])
def test_only_what_is_listed_can_be_chosen(other, small, path):
    before = small.kept()
    answer = other.post("/audits/choose", {"path": path})
    assert answer.status == 422
    assert "Choose one of the list" in answer.words
    assert small.kept() == before


def test_a_file_below_the_folder_is_read_where_it_is_and_stays_there_when_its_audit_goes(other, small):
    start = other.get("/").text
    for shown, status in (("scores.csv", 200), ("latin-", 422)):
        value = next(part for part in start.split("<option ") if f">{shown}" in part).split('"')[1]
        answer = other.post("/audits/choose", {"path": value})
        page = other.settled(answer.place)
        assert page.status == status, page.words
        assert ("is not in UTF-8, and cannot be opened. Rename it" in page.words) == (status == 422)
        audit = answer.place.removesuffix("/columns")
        assert not [name for name in small.kept() if name.endswith(".csv")]
        assert "itself stays where it is" in other.get(f"{audit}/delete").words
        assert other.post(f"{audit}/delete").status == 303
        assert small.kept() == []
    assert (small.given / "scores.csv").exists()


def test_a_deleted_audit_is_gone_from_the_disk_and_says_so(visitor, server):
    audit = visitor.read("scores.csv", scores())
    folder = server.work / audit.rsplit("/", 1)[1]
    assert folder.is_dir()
    assert visitor.get(f"{audit}/delete").status == 200
    assert folder.is_dir()  # a look is not a deletion
    assert visitor.post(f"{audit}/delete").place == "/"
    assert not folder.exists()
    assert visitor.get(f"{audit}/columns").status == 404
    assert visitor.post(f"{audit}/delete").status == 404
    assert audit not in visitor.get("/").text
