"""Broken and hostile files: each its own clear error or data issue, never a traceback, never a silent drop."""

import csv
import gzip
import io
import json
import os

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fairaudit import FairauditError, count
from fairaudit.errors import ColumnNotFoundError, DataContractError

TEXT = "g,s\nA,1\nB,2\nA,3\nB,4\n"
SECRET = "Ada Lovelace"
"""Somebody's data, which no message may repeat."""


def counted(data, **roles):
    return count(data, **{"groups": "g", "score": "s", "higher_is": "better", **roles})


@pytest.fixture
def file(tmp_path):
    def write(name, data):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        return path

    return write


def refused(data, kind=DataContractError, **roles):
    with pytest.raises(kind) as caught:
        counted(data, **roles)
    text = str(caught.value)
    assert type(caught.value) is kind
    assert SECRET not in text
    assert "\n" not in text
    assert text.isprintable()
    assert len(text) < 500
    return text


# Nothing there


@pytest.mark.parametrize("data", [b"", b"\n\n", b"\xef\xbb\xbf", b"  \n\t\n"])
@pytest.mark.parametrize("name", ["e.csv", "e.csv.gz", "e.jsonl"])
def test_empty_file(file, name, data):
    text = refused(file(name, gzip.compress(data) if name.endswith("gz") else data))
    assert text == f"{name} is empty: it has neither a header nor rows."


def test_header_only(file):
    assert "There are no rows in h.csv" in refused(file("h.csv", "g,s\n"))
    assert "There are no rows in h.csv" in refused(file("h.csv", "g,s"))


def test_missing_file_has_a_suggestion(file):
    path = file("loans.csv", TEXT)
    assert refused(path.with_name("loan.csv")).endswith("Did you mean 'loans.csv'?")


def test_folder_without_files_that_can_be_read(file, tmp_path):
    file("folder/readme.md", "hello")
    text = refused(tmp_path / "folder")
    assert "No file in the folder" in text
    assert ".parquet" in text


def test_kinds_that_cannot_be_read_or_mixed(file, tmp_path):
    assert "of no kind that can be read" in refused(file("table.xlsx", b"PK"))
    assert "of no kind that can be read" in refused(file("table", TEXT))
    file("mix/a.csv", TEXT)
    file("mix/b.jsonl", "{}")
    assert "several kinds (a.csv, b.jsonl)" in refused(tmp_path / "mix")


@pytest.mark.parametrize(
    "address", ["https://example.invalid/a.csv", "s3://bucket/*.parquet", "file:///a.csv", "hf://datasets/a.csv"]
)
def test_addresses_are_never_fetched(monkeypatch, address):
    import socket

    monkeypatch.setattr(socket, "socket", lambda *_: pytest.fail("a connection was opened"))
    assert "nothing is ever fetched" in refused(address)


def test_paths_that_no_system_can_open(tmp_path):
    assert "cannot be opened" in refused("a" * 5_000 + ".csv")
    assert "No file at" in refused(tmp_path / "nobody.csv")
    os.mkfifo(tmp_path / "pipe.csv")
    assert "give - for standard input" in refused(tmp_path / "pipe.csv")


# Not what its name says


def compressed_rows():
    return gzip.compress(("g,s\n" + "".join(f"A,{i * 7919 % 1000}\n" for i in range(20_000))).encode())


def parquet_bytes(**columns):
    stream = io.BytesIO()
    pq.write_table(pa.table(columns or {"g": ["A"] * 1_000, "s": list(range(1_000))}), stream)
    return stream.getvalue()


NOISE = bytes(range(1, 256)) * 20

BROKEN = {
    "noise.csv": (NOISE, "cannot be read"),
    "noise.csv.gz": (NOISE, "not compressed with gzip"),
    "noise.jsonl": (NOISE, "is not JSON"),
    "noise.parquet": (NOISE, "not a Parquet file"),
    "text.parquet": (TEXT.encode(), "not a Parquet file"),
    "text.csv.gz": (TEXT.encode(), "not compressed with gzip, as its name says"),
    "gzip.csv": (gzip.compress(TEXT.encode()), "Rename it gzip.csv.gz"),
    "cut.csv.gz": (compressed_rows()[:1_400], "breaks off"),
    "cut late.csv.gz": (compressed_rows()[:-1], "breaks off"),
    "changed.csv.gz": (compressed_rows()[:-6] + bytes(6), "is damaged"),
    "cut early.csv.gz": (compressed_rows()[:15], "breaks off"),
    "cut.parquet": (parquet_bytes()[:2_000], "its end is missing"),
    "latin.csv": (TEXT.replace("B", "Côte").encode("latin-1"), "line 3 is not text in UTF-8"),
    "latin late.csv": (("g,s\n" + "A,1\n" * 30_000).encode() + "Côte,1\n".encode("latin-1"), "line 30002 is not text"),
    "utf16.csv": (TEXT.encode("utf-16"), "is not text in UTF-8"),
    "open quote.csv": (b'g,s\nA,1\n"B,2\nC,3\n', "line 3 is never closed"),
    "broken.jsonl": (b'{"g":"A","s":1}\n{"g":"Ada Lovelace","s":\n{"g":"B","s":2}\n', "is not JSON"),
    "twice.jsonl": (b'{"g":"Ada Lovelace","s":1,"s":2}\n', "record 1 has the same key twice"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_file(file, name):
    data, expected = BROKEN[name]
    assert expected in refused(file(name, data))


def test_parquet_broken_in_the_middle(file):
    whole = parquet_bytes()
    assert "broken.parquet cannot be read" in refused(file("broken.parquet", whole[:50] + NOISE[:200] + whole[250:]))


@pytest.mark.parametrize("before", [50, 40_000], ids=["in the sample", "beyond the sample"])
@pytest.mark.parametrize(("row", "found"), [(f"{SECRET},1,2,3", 4), (SECRET, 1)])
def test_ragged_rows_are_named_by_line_and_not_printed(file, before, row, found):
    text = "g,s,x\n" + "A,1,2\n" * before + f"{row}\n" + "B,3,4\n" * 10
    assert f"line {before + 2} does not fit: 3 columns expected, {found} found" in refused(file("r.csv", text))


def test_a_header_shorter_than_the_rows(file):
    text = f"g,s\n{SECRET},1,2\n" + "B,2,3\n" * 5
    assert "its header has 2 columns, and its rows have 3 values" in refused(file("r.csv", text))


def test_one_bad_part_names_itself(file, tmp_path):
    file("parts/a.csv", TEXT)
    file("parts/b.csv", f"g,s\nA,1\n{SECRET},1,2\n")
    assert "b.csv" in refused(tmp_path / "parts")
    file("parts/b.csv", "g,x\nA,1\n")
    assert "Column 's' not found in b.csv" in refused(tmp_path / "parts", ColumnNotFoundError)


# Columns


def test_wrong_column_has_a_suggestion(file):
    text = refused(file("loans.csv", "id,score,sex\n1,2,F\n"), ColumnNotFoundError, score="scor", groups="sex")
    assert text == "Column 'scor' not found in loans.csv. Did you mean 'score'? Columns: id, score, sex."


def test_a_delimiter_that_is_none(file):
    assert "a comma, a semicolon, a bar or a tab" in refused(file("c.csv", "g~s\nA~1\n"), ColumnNotFoundError)


def test_names_of_binary_rubbish_are_not_printed(file):
    refused(file("zeros.csv", bytes(3_000)), ColumnNotFoundError)


DOUBLED = {
    "csv": lambda names: (",".join(names) + "\nA,1,2,3\n").encode(),
    "parquet": lambda names: doubled_parquet(names),
}


def doubled_parquet(names):
    stream = io.BytesIO()
    arrays = [pa.array(["A"]), *(pa.array([i]) for i in (1, 2, 3))]
    pq.write_table(pa.Table.from_arrays(arrays, names=names), stream)
    return stream.getvalue()


@pytest.mark.parametrize("kind", DOUBLED)
def test_doubled_column_names(file, kind):
    text = refused(file(f"d.{kind}", DOUBLED[kind](["g", "s", "s", "x"])))
    assert "Column 's' stands 2 times" in text
    cube = counted(file(f"d.{kind}", DOUBLED[kind](["g", "s", "x", "x"])))
    [issue] = cube.provenance.issues
    assert (issue.code, issue.count, cube.people) == ("column_names_twice", 1, 1)


@pytest.mark.parametrize("kind", DOUBLED)
def test_names_that_differ_in_capitals_only(file, kind):
    """SQL does not tell them apart; the header does."""
    path = file(f"c.{kind}", DOUBLED[kind](["g", "S", "s", "G"]))
    assert counted(path).axes.score.values.tolist() == [2]
    assert counted(path, score="S").axes.score.values.tolist() == [1]
    assert counted(path, groups=["g", "G"]).groups == ("A × 3",)


@pytest.mark.parametrize(
    "name",
    ['"; DROP TABLE people; --', "a'b", 'say "it"', "two\nlines", "größe", "select", "a b", "{x}", "%s", "back\\slash"],
)
def test_any_column_name(file, name):
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\n").writerows([[name, "s"], ["A", 1], ["B", 2]])
    records = "".join(json.dumps({name: level, "s": i}) + "\n" for i, level in enumerate("AB", start=1))
    files = [
        file("n.csv", stream.getvalue()),
        file("n.jsonl", records),
        file("n.parquet", parquet_bytes(**{name: ["A", "B"], "s": [1, 2]})),
    ]
    for path in files:
        cube = counted(path, groups=name)
        assert (cube.groups, cube.axes.names) == (("A", "B"), (name,))


def test_spaces_around_header_names_do_not_count(file):
    assert counted(file("s.csv", "g, s\nA, 1\nB , 2\n")).groups == ("A", "B")


def test_very_wide_file(file):
    names = [f"c{i}" for i in range(2_000)]
    rows = [[*names, "g", "s"], ["1"] * 2_000 + ["A", "1"], ["1"] * 2_000 + ["B", "2"]]
    assert counted(file("w.csv", "\n".join(",".join(row) for row in rows))).people == 2


# Paths


@pytest.mark.parametrize(
    "name", ["it's \"new\" [côté] {a}/da ta'.csv", "a*.csv", "a[1].csv", "a?.csv", "semi;colon --x.csv", "100%s.csv"]
)
def test_any_path_is_that_file_alone(file, tmp_path, name):
    path = file(name, TEXT)
    for decoy in ("ab.csv", "a1.csv", "ax.csv"):
        file(decoy, "g,s\nDECOY,1\n")
    for given in (path, str(path)):
        cube = counted(given)
        assert (cube.groups, cube.provenance.name) == (("A", "B"), path.name)


@pytest.mark.parametrize("ending", ["parquet", "jsonl"])
def test_signs_of_a_glob_in_the_name_of_other_kinds(file, ending):
    data = {"parquet": parquet_bytes(g=["A"], s=[1]), "jsonl": b'{"g":"A","s":1}'}[ending]
    decoy = {"parquet": parquet_bytes(g=["DECOY"], s=[1]), "jsonl": b'{"g":"DECOY","s":1}'}[ending]
    file(f"ab.{ending}", decoy)
    assert counted(file(f"a*.{ending}", data)).groups == ("A",)


def test_folder_names_are_no_columns(file, tmp_path):
    """A folder called g=Z says nothing about the column g of the rows in it."""
    for folder, rows in (("g=Z", "g,s\nA,1\n"), ("g=Y", "g,s\nB,1\n")):
        file(f"csv/{folder}/a.csv", rows)
        file(f"parquet/{folder}/a.parquet", parquet_bytes(g=[rows[4]], s=[1]))
        file(f"json/{folder}/a.jsonl", f'{{"g":"{rows[4]}","s":1}}')
    for kind in ("csv", "parquet", "json"):
        assert counted(str(tmp_path / kind / "*" / "*")).groups == ("A", "B")


def test_a_file_that_names_other_files_reads_none_of_them(file):
    other = file("other.csv", f"g,s\n{SECRET},9\n")
    text = f"g,s\n{other},1\n\"read_csv('{other}')\",2\n'{other}',3\n"
    cube = counted(file("names.csv", text))
    assert cube.people == 3
    assert not any(SECRET in level for level in cube.groups)
    assert [written.name for written in cube.provenance.files] == ["names.csv"]


def test_files_are_fingerprinted_by_name_and_never_by_folder(file):
    import hashlib

    [made] = counted(file("deep/down/a.csv", TEXT)).provenance.files
    assert (made.name, made.bytes, made.sha256) == ("a.csv", len(TEXT), hashlib.sha256(TEXT.encode()).hexdigest())


# How text is written


@pytest.mark.parametrize(
    "text",
    [TEXT, TEXT.replace("\n", "\r\n"), TEXT.replace("\n", "\r"), "\ufeff" + TEXT, TEXT + "\n\n", TEXT[:-1],
     TEXT.replace(",", ";"), "\ufeff" + TEXT.replace(",", "\t").replace("\n", "\r\n"), TEXT.replace("\n", ",\n"),
     TEXT.replace("A", '"A"')],
)  # fmt: skip
def test_ways_to_write_one_table(file, text):
    assert counted(file("t.csv", text)).digest == counted(file("plain.csv", TEXT)).digest


LEVELS = ["a,b", 'q"q', "l\nl", "=1+1", "<script>x</script>", "a;b|c\td", "#no comment", "NULL", "None", "007"]


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_any_level(file, ending):
    stream = io.StringIO(newline="")
    csv.writer(stream, lineterminator=ending).writerows([["g", "s"], *([level, 1] for level in LEVELS)])
    assert {*counted(file("l.csv", stream.getvalue())).groups} == {*LEVELS}
    records = "".join(json.dumps({"g": level, "s": 1}) + "\n" for level in LEVELS)
    assert {*counted(file("l.jsonl", records)).groups} == {*LEVELS}


@pytest.mark.parametrize("late", ['"x,y"', '"x\ny"', '"he said ""no"", x"'])
def test_quotes_that_first_stand_after_thirty_thousand_rows(file, tmp_path, late):
    text = "g,s\n" + "A,1\n" * 31_000 + f"{late},2\n"
    expected = next(csv.reader([late], skipinitialspace=False)) if "\n" not in late else ["x\ny"]
    assert counted(file("q/a.csv", text)).groups == ("A", *expected)
    file("q/b.csv", TEXT)
    assert counted(tmp_path / "q").groups == ("A", "B", *expected)


def test_lines_before_the_header_are_recorded(file):
    cube = counted(file("t.csv", "Report of loans\nmade in May\ng,s\nA,1\nB,2\n"))
    [issue] = cube.provenance.issues
    assert (issue.code, issue.count, issue.action, cube.people) == ("lines_before_header", 2, "left out", 2)


def test_lines_that_look_like_comments_are_people(file):
    assert counted(file("c.csv", "g,s\nA,1\n#B,2\nC,3\n#D,4\n")).people == 4


def test_parts_may_differ_in_the_order_of_columns_and_in_delimiter(file, tmp_path):
    file("p/a.csv", "g,s\nA,1\nB,2\n")
    file("p/b.csv", "s;x;g\n3;0;A\n4;0;B\n")
    file("p/c.csv.gz", gzip.compress(b"g,s\n"))
    file("p/d.csv", "")
    cube = counted(tmp_path / "p")
    assert cube.digest == counted(file("plain.csv", TEXT)).digest
    assert len(cube.provenance.files) == 4


def test_parquet_parts_of_different_types(file, tmp_path):
    file("p/a.parquet", parquet_bytes(g=["A", "B"], s=[1, 2]))
    file("p/b.parquet", parquet_bytes(s=["3", "4"], g=["A", "B"]))
    file("p/c.parquet", parquet_bytes(g=pa.array([], pa.string()), s=pa.array([], pa.float64())))
    assert counted(tmp_path / "p").digest == counted(file("plain.csv", TEXT)).digest


# JSON


def test_json_lines_of_mixed_types(file):
    records = (
        '{"g":"A","s":1}\n{"g":"B","s":"x"}\n{"g":3,"s":2.5}\n{"s":4}\n{"g":null,"s":null}\n{"g":{"a":1},"s":"5"}\n'
    )
    cube = counted(file("m.jsonl", records))
    ledger = cube.provenance.ledger
    assert (ledger.read, ledger.used) == (6, 5)
    assert cube.groups == ("3", "A", '{"a":1}', "(missing)")
    found = {issue.code: issue.rows for issue in cube.provenance.issues}
    assert found == {"score_not_a_number": (2,), "score_missing": (5,)}


def test_a_key_that_first_stands_after_many_records(file):
    records = '{"g":"A","s":1}\n' * 3_000 + '{"g":"B","s":2,"y":1}\n'
    cube = counted(file("k.jsonl", records), outcome="y", bad=1)
    assert cube.n.sum(axis=(0, 1, 2)).tolist() == [0, 1, 3_000]


def test_json_without_records(file):
    assert "Column 'g' not found" in refused(file("n.jsonl", "1\n2\n"), ColumnNotFoundError)
    assert "Columns: none" in refused(file("n.jsonl", "{}\n"), ColumnNotFoundError)


def test_every_error_here_is_one_of_ours():
    assert issubclass(DataContractError, FairauditError)
    assert (DataContractError.exit_code, ColumnNotFoundError.exit_code) == (4, 2)
