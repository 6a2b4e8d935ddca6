"""A file arrives in pieces: every byte of it, under a name of ours; and audits are kept apart in private folders."""

import asyncio
import shutil
import stat

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fairaudit.web import uploads
from fairaudit.web.drafts import Drafts
from fairaudit.web.uploads import UploadError, check_space, ending_of, receive, shown_name

from .serving import form_of

TOKEN = "a-token"
EACH_ITS_FOLDER = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def received(folder, body, kind, pieces=(), most=1_000_000):
    async def stream():
        start = 0
        for length in (*pieces, len(body)):
            yield body[start : start + length]
            start += length

    return asyncio.run(receive(kind, stream(), folder, most_bytes=most, signed=lambda token: token == TOKEN))


@EACH_ITS_FOLDER
@given(data=st.binary(min_size=1, max_size=400), pieces=st.lists(st.integers(1, 90), max_size=20))
def test_every_byte_arrives_wherever_the_pieces_are_cut(tmp_path_factory, data, pieces):
    folder = tmp_path_factory.mktemp("upload")
    body, kind = form_of("scores.csv", data + b"\r\n--", TOKEN)
    taken = received(folder, body, kind, pieces)
    assert taken.path.read_bytes() == data + b"\r\n--"
    assert taken.path == folder / "upload.csv"


@EACH_ITS_FOLDER
@given(st.binary(max_size=300))
def test_what_is_no_form_is_refused_in_words(tmp_path_factory, body):
    folder = tmp_path_factory.mktemp("upload")
    with pytest.raises(UploadError):
        received(folder, body, "multipart/form-data; boundary=x")
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("size", [1_000, 1_001])
def test_the_most_that_is_taken_is_taken_and_no_byte_more(tmp_path, size):
    body, kind = form_of("scores.csv", b"x" * size, TOKEN)
    if size == 1_000:
        assert received(tmp_path, body, kind, most=1_000).path.stat().st_size == 1_000
    else:
        with pytest.raises(UploadError, match="larger than 1000 bytes, the most that is taken"):
            received(tmp_path, body, kind, most=1_000)


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("../../x<script>alert(1)</script>.csv", "script>.csv"),
        ("..\\..\\windows\\x.csv", "x.csv"),
        ("/etc/passwd", "passwd"),
        ("a\u202egnp.csv", "a\ufffdgnp.csv"),
        ("new\nline\t.csv", "new line .csv"),
        ("\x00\x1b[31m.csv", "\ufffd\ufffd[31m.csv"),
        ("é漢字.csv", "é漢字.csv"),
        ("..", ".."),
        ("   ", "a file without a name"),
        ("a" * 500 + ".csv", "a" * 120 + "..."),
    ],
)
def test_a_name_is_shown_and_is_never_a_path(given, shown):
    assert shown_name(given) == shown


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("scores.xlsx", "save that as CSV"),
        ("old.XLS", "save that as CSV"),
        ("model.pkl", "can run any program when it is opened, so that it never is"),
        ("all.zip", "Unpack it"),
        ("study.sav", "Save it there as CSV"),
        ("report.pdf", "Type the counts"),
        ("scores.parquet.gz", "no kind that can be read"),
        ("scores", "Save it as CSV or Parquet"),
        (".csv.exe", "Save it as CSV or Parquet"),
    ],
)
def test_a_file_of_another_kind_is_told_what_to_do(name, told):
    with pytest.raises(UploadError, match=told):
        ending_of(name)


def test_too_little_room_is_said_with_how_much_is_needed(tmp_path, monkeypatch):
    monkeypatch.setattr(uploads.shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(2**40, 2**40, 2**20))
    with pytest.raises(UploadError, match=r"1\.0 MiB free, and 510\.0 MiB are needed.*--folder"):
        check_space(tmp_path, 10 * 2**20)


# Audits


def test_an_audit_lives_in_a_private_folder_and_goes_with_it(tmp_path):
    drafts = Drafts(tmp_path)
    folder = drafts.new_folder()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    draft = drafts.add("scores.csv", "upload", folder, str(folder / "upload.csv"))
    assert drafts.get(draft.id) is draft
    (folder / "run-1").mkdir()
    (folder / "run-1" / "report.html").write_text("numbers")
    drafts.remove(draft)
    assert (drafts.get(draft.id), len(drafts), list(tmp_path.iterdir())) == (None, 0, [])


def test_audits_of_the_same_file_are_apart_and_the_newest_comes_first(tmp_path):
    drafts = Drafts(tmp_path)
    one, two = (drafts.add("scores.csv", "upload", drafts.new_folder(), "x") for _ in range(2))
    drafts.answered(one, "columns", {"roles": {"0": "score"}})
    assert one.id != two.id
    assert len(one.id) >= 22
    assert [draft.id for draft in drafts] == [two.id, one.id]
    assert (dict(drafts.get(two.id).answers), [*drafts.get(one.id).answers]) == ({}, ["columns"])


def test_other_columns_void_what_was_said_of_their_values_and_the_same_ones_do_not(tmp_path):
    drafts = Drafts(tmp_path)
    draft = drafts.add("scores.csv", "upload", drafts.new_folder(), "x")
    for step in ("columns", "meaning", "questions"):
        draft = drafts.answered(draft, step, {"said": step})
    same = drafts.answered(draft, "columns", {"said": "columns"}, then=("meaning",))
    assert [*same.answers] == ["columns", "meaning", "questions"]
    other = drafts.answered(same, "columns", {"said": "other"}, then=("meaning",))
    assert {*other.answers} == {"columns", "questions"}
