"""The cube file: readable with any tool, the same bytes twice, and nothing hostile gets in."""

import csv
import io as stdio
import json
import zipfile
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fairaudit.cube import axes, io
from fairaudit.cube.from_counts import from_counts
from fairaudit.errors import CubeError, DataContractError

TABLE = {
    "race": ["A", "A", "B, or C", 'the "B"\nline', None],
    "s": [1, 2.5, 2.5, None, 1],
    "d": ["yes", "no", "yes", "no", "withdrawn"],
    "y": [0, None, 1, 9, None],
    "w": [0.1, 1, 2, 3, 4],
    "n": [5, 6, 7, 8, 9],
}
ROLES = {
    "groups": "race",
    "score": "s",
    "higher_is": "worse",
    "cutoff": [2.5, 1],
    "decision": "d",
    "decision_levels": {"yes": "favorable", "no": "unfavorable", "withdrawn": "excluded"},
    "outcome": "y",
    "bad": 1,
    "unobserved": {9: "not matured"},
    "weight": "w",
    "reference": {"race": "A"},
}


def cube(**changes):
    return from_counts(TABLE, name="loans.csv", **{**ROLES, **changes})


@pytest.fixture
def path(tmp_path):
    target = tmp_path / "loans.cube"
    io.save(cube(), target)
    return target


def members(path):
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def write(path, contents, compression=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, data in contents.items():
            archive.writestr(name, data)


def with_header(path, change):
    """Write the file again with a changed cube.json."""
    contents = members(path)
    header = json.loads(contents["cube.json"])
    change(header)
    write(path, contents | {"cube.json": json.dumps(header)})


def with_line(path, number, line):
    """Write the file again with a changed line of counts.csv."""
    contents = members(path)
    lines = contents["counts.csv"].decode().split("\r\n")
    lines[number] = line
    write(path, contents | {"counts.csv": "\r\n".join(lines)})


# Writing


def test_the_same_cube_gives_the_same_bytes(tmp_path, path):
    io.save(io.load(path), tmp_path / "again.cube")
    assert (tmp_path / "again.cube").read_bytes() == path.read_bytes()
    assert io.to_bytes(cube()) == path.read_bytes()
    assert all(info.date_time == (1980, 1, 1, 0, 0, 0) for info in zipfile.ZipFile(path).infolist())


def test_the_file_reads_without_fairaudit(path):
    contents = members(path)
    assert list(contents) == ["README.txt", "cube.json", "counts.csv"]
    rows = list(csv.DictReader(stdio.StringIO(contents["counts.csv"].decode(), newline="")))
    assert sum(int(row["n"]) for row in rows) == 35
    assert next(row for row in rows if row["score"] == "unscored") == {
        "race": 'the "B"\nline', "score": "unscored", "decision": "no", "outcome": "not matured", "n": "8",
        "w": "24000000", "w2": "72000000",
    }  # fmt: skip
    assert {row["race"] for row in rows} == {"A", "B, or C", 'the "B"\nline', "(missing)"}
    header = json.loads(contents["cube.json"])
    assert header["schema"]["references"] == {"race": "A"}
    assert header["provenance"]["ledger"] == {"read": 35, "set_aside": {}}
    assert header["people"] == 35


def test_the_readme_says_what_it_is_and_what_it_may_give_away(path):
    readme = members(path)["README.txt"].decode()
    assert "close to personal data" in readme
    assert "without fairaudit" in readme
    header = members(path)["counts.csv"].decode().split("\r\n")[0].split(",")
    for column in header:
        assert f"  {column}: " in readme
    assert "times 1000000" in readme


def test_gridded_scores_have_their_bounds():
    with zipfile.ZipFile(stdio.BytesIO(io.to_bytes(cube(edges=[2])))) as archive:
        rows = list(csv.reader(archive.read("counts.csv").decode().splitlines()))
        readme = archive.read("README.txt").decode()
    assert rows[0] == ["race", "score_bin", "score_from", "score_to", "decision", "outcome", "n", "w", "w2", "s1", "s2"]
    # The cut-offs 1 and 2.5 have a bin of their own, one floating-point step wide; lower is better, so it closes above.
    assert {tuple(row[1:4]) for row in rows[1:]} == {
        ("unscored", "", ""),
        ("1", "0.9999999999999999", "1.0"),
        ("4", "2.4999999999999996", "2.5"),
    }
    assert "to is inside, from is not" in readme


def test_a_file_is_written_whole_or_not_at_all(tmp_path, path, monkeypatch):
    before = path.read_bytes()

    def fail(self, target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(
        DataContractError, match=r"cannot be written to .*loans.cube: No space left on device\. Give a folder"
    ):
        io.save(cube(higher_is="better"), path)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["loans.cube"]


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(DataContractError, match=r"No such file or directory\. Give a folder that exists"):
        io.save(cube(), tmp_path / "nowhere" / "a.cube")


# Reading


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(DataContractError, match=r"nothing.cube cannot be read: No such file"):
        io.load(tmp_path / "nothing.cube")
    with pytest.raises(DataContractError, match="cannot be read"):
        io.load(tmp_path)


@pytest.mark.parametrize("data", [b"", b"race,n\nA,5\n", b"PK\x03\x04 and no more"])
def test_what_is_no_zip(tmp_path, data):
    path = tmp_path / "a.cube"
    path.write_bytes(data)
    with pytest.raises(DataContractError, match=r"a\.cube is not a cube file, or is damaged"):
        io.load(path)


def test_a_pickle_is_not_read(tmp_path):
    path = tmp_path / "a.cube"
    path.write_bytes(b"\x80\x04\x95\x0b\x00\x00\x00\x00\x00\x00\x00\x8c\x07os.path\x94.")
    with pytest.raises(DataContractError, match="not a cube file"):
        io.load(path)


@pytest.mark.parametrize("missing", ["README.txt", "cube.json", "counts.csv"])
def test_missing_members(path, missing):
    contents = members(path)
    del contents[missing]
    write(path, contents)
    with pytest.raises(DataContractError, match=r"it holds .*, not README\.txt, counts\.csv, cube\.json"):
        io.load(path)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_extra_and_double_members(path):
    contents = members(path)
    write(path, contents | {"../evil.txt": "x"})
    with pytest.raises(DataContractError, match=r"it holds ../evil.txt, README.txt"):
        io.load(path)
    write(path, contents)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("cube.json", "{}")
    with pytest.raises(DataContractError, match=r"it holds README\.txt, counts\.csv, cube\.json, cube\.json, not"):
        io.load(path)


def test_every_damaged_byte_is_noticed_or_harmless(path):
    """Flip bytes all over the file: it loads the same cube or is refused, and nothing else happens."""
    data, digest = path.read_bytes(), cube().digest
    refused = 0
    for at in range(0, len(data), 7):
        path.write_bytes(data[:at] + bytes([data[at] ^ 0xFF]) + data[at + 1 :])
        try:
            assert io.load(path).digest == digest
        except (DataContractError, CubeError):
            refused += 1
    assert refused > len(data) / 7 / 2


def test_every_cut_is_noticed(path):
    data = path.read_bytes()
    for end in range(0, len(data), 31):
        path.write_bytes(data[:end])
        with pytest.raises(DataContractError):
            io.load(path)


@pytest.mark.parametrize("name", ["README.txt", "cube.json", "counts.csv"])
def test_a_zip_bomb_is_not_unpacked(path, name, monkeypatch):
    monkeypatch.setitem(io.MOST_BYTES, name, 10_000)
    contents = members(path)
    write(path, contents | {name: b" " * 1_000_000})
    assert path.stat().st_size < 10_000
    with pytest.raises(DataContractError, match=f"{name} would decompress to 1,000,000 bytes, more than 10,000"):
        io.load(path)


@pytest.mark.parametrize("name", ["cube.json", "counts.csv"])
def test_a_zip_bomb_that_lies_about_its_size(path, name, monkeypatch):
    monkeypatch.setitem(io.MOST_BYTES, name, 10_000)
    contents = members(path)
    write(path, contents | {name: contents[name] + b"\n" * 1_000_000})
    size, lie = (len(contents[name]) + 1_000_000).to_bytes(4, "little"), len(contents[name]).to_bytes(4, "little")
    data = path.read_bytes()
    assert data.count(size) == 2  # in the local header and in the directory
    path.write_bytes(data.replace(size, lie))
    with pytest.raises(DataContractError, match="Bad CRC-32"):
        io.load(path)


def test_a_file_too_large_to_open(path, monkeypatch):
    monkeypatch.setattr(io, "MOST_FILE_BYTES", 100)
    with pytest.raises(DataContractError, match=r"loans\.cube has more than 100 bytes"):
        io.load(path)


@pytest.mark.parametrize("compression", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_compressions_are_refused(path, compression):
    write(path, members(path), compression)
    with pytest.raises(DataContractError, match="compressed in a way that cubes are not"):
        io.load(path)


def test_a_stored_file_is_fine(path):
    write(path, members(path), zipfile.ZIP_STORED)
    assert io.load(path).digest == cube().digest


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("D,1.0,yes,good,5,500000,50000", "line 2 of counts.csv has the cell 'D', which cube.json does not have"),
        ("A,1,yes,good,5,500000,50000", "has the bin '1', which cube.json does not have"),
        ("A,1.0,maybe,good,5,500000,50000", "has the decision 'maybe', which cube.json does not have"),
        ("A,1.0,yes,fine,5,500000,50000", "has the outcome 'fine', which cube.json does not have"),
        ("A,1.0,yes,good,-5,500000,50000", "'n' has an entry of -5"),
        ("A,1.0,yes,good,0,500000,50000", "'n' has an entry of 0; only people are listed"),
        ("A,1.0,yes,good,5,-500000,50000", "'w' has an entry of -500000"),
        ("A,1.0,yes,good,5.0,500000,50000", "n is '5.0' in line 2 of counts.csv, not a whole number"),
        ("A,1.0,yes,good,\u0665,500000,50000", "not a whole number"),
        ("A,1.0,yes,good,5_0,500000,50000", "not a whole number"),
        ("A,1.0,yes,good,,500000,50000", "n is '' in line 2"),
        ("A,1.0,yes,good,9999999999999999999,500000,50000", "not a whole number"),
        ("A,1.0,yes,good,9223372036854775807,500000,50000", "the sum of 'n' is too large"),
        ("A,1.0,yes,good,6,500000,50000", "its counts were changed: their digest is"),
        ("A,1.0,yes,good,5,500000", "too many or too few fields"),
        ("A,1.0,yes,good,5,500000,50000,1", "too many or too few fields"),
        ("A,2.5,no,declined,6,6000000,6000000", "an entry is given twice"),
        ("", "too many or too few fields"),
        ('"A,1.0,yes,good,5,500000,50000', "is damaged"),
    ],
)
def test_lines_that_are_not_sound(path, line, said):
    contents = members(path)
    lines = contents["counts.csv"].decode().split("\r\n")
    lines.remove("A,1.0,yes,good,5,500000,50000")
    lines.insert(1, line)
    write(path, contents | {"counts.csv": "\r\n".join(lines)})
    with pytest.raises(DataContractError, match=said.replace("(", r"\(")):
        io.load(path)


def test_more_lines_than_entries(path):
    contents = members(path)
    line = b"A,1.0,yes,good,5,500000,50000\r\n"
    write(path, contents | {"counts.csv": contents["counts.csv"] + line * 400})
    with pytest.raises(DataContractError, match="there are more lines than entries"):
        io.load(path)


def test_a_count_left_out(path):
    contents = members(path)
    lines = [line for line in contents["counts.csv"].decode().split("\r\n") if not line.startswith("A,1.0")]
    write(path, contents | {"counts.csv": "\r\n".join(lines)})
    with pytest.raises(DataContractError, match="its counts were changed"):
        io.load(path)


def test_columns_in_another_order(path):
    with_line(path, 0, "score,race,decision,outcome,n,w,w2")
    with pytest.raises(
        DataContractError, match=r"the columns of counts\.csv are not race, score, decision, outcome, n, w, w2"
    ):
        io.load(path)
    write(path, members(path) | {"counts.csv": b"\xff\xfe"})
    with pytest.raises(DataContractError, match="is damaged"):
        io.load(path)


def test_a_header_of_another_version(path):
    with_header(path, lambda header: header.update(version=3))
    with pytest.raises(DataContractError, match=r"format version 3; this fairaudit reads versions 1 and 2\."):
        io.load(path)


def test_axes_too_large_to_hold(path, monkeypatch):
    monkeypatch.setattr(axes, "MOST_ENTRIES", 100)
    with pytest.raises(CubeError, match="more than 100: 'race' has 4 levels"):
        io.load(path)


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=8), min_size=1, max_size=5))
@settings(max_examples=100, deadline=None, database=None, derandomize=True)
@example(["a\rb", "a\nb", "a\r\nb", '"', ",", "=1+1", "\x00", "'"])
def test_any_text_may_be_a_level(tmp_path_factory, levels):
    table = {"g": levels, "y": [1] * len(levels), "n": [1] * len(levels)}
    made = from_counts(table, groups="g", outcome="y", bad=1, name="\u2028 \x00")
    target = tmp_path_factory.mktemp("text") / "a.cube"
    io.save(made, target)
    assert io.load(target).digest == made.digest
    assert io.load(target).groups == made.groups


def test_text_that_is_no_unicode_is_refused(tmp_path):
    made = from_counts({"g": ["\ud800"], "y": [1], "n": [1]}, groups="g", outcome="y", bad=1)
    with pytest.raises(DataContractError, match="not valid text"):
        io.save(made, tmp_path / "a.cube")


def test_a_dimension_may_be_named_like_a_count(tmp_path):
    made = from_counts({"score": ["a", "b"], "n": ["x", "y"], "y": [1, 0], "people": [3, 4]}, counts="people",
                       groups=["score", "n"], outcome="y", bad=1)  # fmt: skip
    io.save(made, tmp_path / "a.cube")
    assert io.load(tmp_path / "a.cube").digest == made.digest
