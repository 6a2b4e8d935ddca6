"""Counting that goes on where it was interrupted: the very cube of a run in one go, whatever happened between."""

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from fairaudit import FairauditError, count, load_cube
from fairaudit.data import parts

ROLES = {"groups": ["g", "h"], "score": "s", "higher_is": "better", "cutoff": 600, "outcome": "y", "bad": "bad"}
FILES = 5


def people(seed, rows=3_000, *, grid=False):
    rng = np.random.default_rng(seed)
    score = rng.normal(600, 50, rows) if grid else rng.integers(300, 850, rows).astype(float)
    outcome = rng.choice(["good", "bad"] if seed else ["good"], rows).astype(object)
    outcome[rng.random(rows) < 0.2] = None
    return pa.table(
        {
            "g": rng.choice(["a", "b", f"only in {seed}"], rows).astype(object),
            "h": pa.array(rng.choice([1, 2], rows), pa.int8()),
            "s": pa.array(score, mask=rng.random(rows) < 0.1),
            "y": pa.array(outcome.tolist()),
        }
    )


def write(table, path):
    if path.suffix == ".parquet":
        pq.write_table(table, path, row_group_size=500)
    elif path.suffix == ".csv":
        pyarrow.csv.write_csv(table, path)
    else:
        path.write_text("\n".join(json.dumps(row) for row in table.to_pylist()))


@pytest.fixture(params=["parquet", "csv", "jsonl"])
def folder(tmp_path, request):
    made = tmp_path / "people"
    made.mkdir()
    for seed in range(FILES):
        write(people(seed), made / f"{seed}.{request.param}")
    return made


@pytest.fixture
def kept(tmp_path):
    return tmp_path / "kept"


@pytest.fixture
def read(monkeypatch):
    """Names of the files that were counted, not found in a part."""
    seen = []
    whole = parts.write_part

    def written(path, file, *given):
        seen.append(file.name)
        whole(path, file, *given)

    monkeypatch.setattr(parts, "write_part", written)
    return seen


def same(one, two):
    return (one.digest, one.provenance) == (two.digest, two.provenance)


def named(folder):
    return sorted(path.name for path in folder.iterdir())


def test_parts_make_the_cube_of_one_pass(folder, kept, read):
    whole = count(folder, **ROLES)
    assert same(count(folder, resume=kept, **ROLES), whole)
    assert sorted(read) == named(folder)
    read.clear()
    assert same(count(folder, resume=kept, **ROLES), whole)
    assert read == []


@pytest.mark.parametrize("grid", [True, False])
def test_other_questions_of_the_same_columns_are_answered_by_the_same_parts(tmp_path, kept, read, grid):
    """Bands, cut-offs, bins and what is bad are decided over all files together, after they were read."""
    (tmp_path / "people").mkdir()
    for seed in range(3):
        write(people(seed, grid=grid), tmp_path / "people" / f"{seed}.parquet")
    count(tmp_path / "people", resume=kept, **ROLES)
    read.clear()
    for more in ({"cutoff": 640}, {"bands": {"h": [2]}}, {"higher_is": "worse"}, {"edges": [500, 600]}):
        roles = ROLES | more
        assert same(count(tmp_path / "people", resume=kept, **roles), count(tmp_path / "people", **roles))
    assert read == []
    assert count(tmp_path / "people", **ROLES).axes.score.exact is not grid


def test_other_columns_are_counted_anew(folder, kept, read):
    count(folder, resume=kept, **ROLES)
    read.clear()
    roles = ROLES | {"groups": ["h", "g"]}
    assert same(count(folder, resume=kept, **roles), count(folder, **roles))
    assert sorted(read) == named(folder)


def test_a_changed_file_is_counted_again_and_a_copied_one_is_not(folder, kept, read):
    count(folder, resume=kept, **ROLES)
    read.clear()
    first, second, third = sorted(folder.iterdir())[:3]
    write(people(77), first)
    shutil.copy(second, folder / "copy")  # the same bytes, written later
    (folder / "copy").replace(second)
    before = third.stat()
    data = bytearray(third.read_bytes())
    third.write_bytes(data)
    os.utime(third, ns=(before.st_atime_ns, before.st_mtime_ns + 1))
    whole = count(folder, **ROLES)
    assert same(count(folder, resume=kept, **ROLES), whole)
    # A part that is found by its bytes is written again, with its new date.
    assert sorted(read) == sorted([first.name, second.name, third.name])
    notes = []
    read.clear()
    count(folder, resume=kept, progress=lambda now: notes.extend(now.notes), **ROLES)
    assert read == []
    assert notes == [f"{FILES} of {FILES} files were counted before."]


def test_a_file_of_the_same_size_that_was_changed_is_counted_again(tmp_path, kept):
    path = tmp_path / "one.csv"
    path.write_text("g,d\na,yes\nb,no\n")
    roles = {"groups": "g", "decision": "d", "favorable": "yes"}
    count(path, resume=kept, **roles)
    path.write_text("g,d\na,yes\na,no\n")
    os.utime(path, ns=(1, 1))
    assert count(path, resume=kept, **roles).digest == count(path, **roles).digest


def flip(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def change_head(path):
    data = path.read_bytes()
    path.write_bytes(data.replace(b'"sha256": "', b'"sha256": "f', 1))


DAMAGE = {
    "one bit": flip,
    "half of it": lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
    "nothing in it": lambda path: path.write_bytes(b""),
    "another head": change_head,
}


@pytest.mark.parametrize("how", DAMAGE)
def test_a_damaged_part_is_found_and_counted_again(folder, kept, read, how):
    whole = count(folder, resume=kept, **ROLES)
    read.clear()
    damaged = sorted(kept.iterdir())[2]
    DAMAGE[how](damaged)
    notes = []
    assert same(count(folder, resume=kept, progress=lambda now: notes.extend(now.notes), **ROLES), whole)
    assert read == [sorted(folder.iterdir())[2].name]
    assert f"{damaged.name} is damaged" in notes[0]
    assert f"{read[0]} is counted again" in notes[0]


def signed(rest):
    return hashlib.sha256(rest).hexdigest().encode() + b"\n" + rest


def test_a_part_that_was_forged_is_checked_before_it_is_used(tmp_path, kept, read):
    """Its sha256 tells damage, not intent: what it holds is checked all the same."""
    path = tmp_path / "one.parquet"
    write(people(1), path)
    whole = count(path, resume=kept, **ROLES)
    [part] = kept.iterdir()
    head, _, body = part.read_bytes().partition(b"\n")[2].partition(b"\n")
    table = pq.read_table(pa.BufferReader(body))

    def packed(changed):
        sink = pa.BufferOutputStream()
        pq.write_table(changed, sink)
        return sink.getvalue().to_pybytes()

    less = table.set_column(4, "__people", pa.array([-1] * table.num_rows))
    text = table.set_column(4, "__people", pa.array(["1"] * table.num_rows))
    for forged in (b"{}\n" + body, b"no json\n" + body, head + b"\nno parquet", b"[1]\n" + body,
                   head + b"\n" + packed(less), head + b"\n" + packed(text),
                   head + b"\n" + packed(table.drop_columns("c1"))):  # fmt: skip
        part.write_bytes(signed(forged))
        read.clear()
        assert same(count(path, resume=kept, **ROLES), whole)
        assert read == ["one.parquet"]


def test_files_of_one_name_in_several_folders(tmp_path, kept):
    for seed, name in enumerate(("north", "south")):
        (tmp_path / name).mkdir()
        write(people(seed + 1), tmp_path / name / "rows.parquet")
    pattern = str(tmp_path / "*" / "rows.parquet")
    assert same(count(pattern, resume=kept, **ROLES), count(pattern, **ROLES))
    assert len([*kept.iterdir()]) == 2


def test_files_without_rows(tmp_path, kept):
    made = tmp_path / "people"
    made.mkdir()
    for seed in (1, 2):
        write(people(seed), made / f"{seed}.parquet")
        pq.write_table(people(seed).slice(0, 0), made / f"none {seed}.parquet")
    whole = count(made, **ROLES)
    for _ in range(2):
        assert same(count(made, resume=kept, **ROLES), whole)
    shutil.rmtree(made)
    made.mkdir()
    write(people(1), made / "1.csv")
    (made / "blank.csv").write_text("\n\n")
    whole = count(made, **ROLES)
    for _ in range(2):
        assert same(count(made, resume=kept, **ROLES), whole)


def test_kinds_of_columns_that_only_the_engine_counts(tmp_path, kept):
    made = tmp_path / "people"
    made.mkdir()
    for number, kind in enumerate((pa.uint64(), pa.uint64())):
        table = pa.table({"g": pa.array([2**63, 1, None], kind), "d": ["yes", "no", "no"]})
        pq.write_table(table, made / f"{number}.parquet")
    roles = {"groups": "g", "decision": "d", "favorable": "yes"}
    for _ in range(2):
        assert same(count(made, resume=kept, **roles), count(made, **roles))


def test_whole_numbers_here_and_others_there(tmp_path, kept):
    made = tmp_path / "people"
    made.mkdir()
    for number, values in enumerate(([1, 2, 3], [1.0, 2.5, None])):
        pq.write_table(pa.table({"g": values, "d": ["yes", "no", "no"]}), made / f"{number}.parquet")
    roles = {"groups": "g", "decision": "d", "favorable": "yes"}
    for _ in range(2):
        assert same(count(made, resume=kept, **roles), count(made, **roles))


def test_what_cannot_be_counted_in_parts_is_refused(tmp_path, kept, folder):
    with pytest.raises(FairauditError, match="Only files can be counted in parts"):
        count(people(1), resume=kept, **ROLES)
    for role in ("weight", "cluster"):
        with pytest.raises(FairauditError, match=f"{role} needs more. Leave resume out"):
            count(folder, resume=kept, **(ROLES | {"groups": "g", role: "h"}))
    kept.write_text("a file")
    with pytest.raises(FairauditError, match=r"Counts cannot be kept in .*Give a folder"):
        count(folder, resume=kept, **ROLES)


def test_text_here_and_numbers_there_is_refused(tmp_path, kept):
    made = tmp_path / "people"
    made.mkdir()
    for number, values in enumerate((["1", "2"], [1, 2])):
        pq.write_table(pa.table({"g": values, "d": ["yes", "no"]}), made / f"{number}.parquet")
    roles = {"groups": "g", "decision": "d", "favorable": "yes"}
    assert count(made, **roles).people == 4
    with pytest.raises(FairauditError, match="Column 'g' holds int64, string in different files of people"):
        count(made, resume=kept, **roles)


# A run that ends in the middle

CHILD = """
import os, signal, sys, time
from fairaudit.data import parts
from fairaudit.cli import main

write, written = parts.write_part, []

def slowly(*given):
    write(*given)
    written.append(given)
    if len(written) == 2:
        os.kill(os.getpid(), signal.{signal})
        time.sleep(2)

parts.write_part = slowly
sys.argv = ["fairaudit", *sys.argv[1:]]
main()
"""


def run(folder, kept, out, *, ends=None):
    command = [
        "count",
        str(folder),
        "-o",
        str(out),
        "--resume",
        str(kept),
        "--group",
        "g",
        "--group",
        "h",
        "--score",
        "s",
    ]
    command += ["--higher-is", "better", "--cutoff", "600", "--outcome", "outcome", "--bad", "bad"]
    command[command.index("outcome")] = "y"
    start = ["-c", CHILD.format(signal=ends)] if ends else ["-m", "fairaudit"]
    return subprocess.run([sys.executable, *start, *command], capture_output=True, text=True, check=False, timeout=120)


@pytest.mark.parametrize("ends", ["SIGINT", "SIGKILL"])
@pytest.mark.parametrize("folder", ["parquet", "csv"], indirect=True)
def test_a_run_that_is_ended_goes_on_where_it_was(folder, kept, tmp_path, ends):
    out = tmp_path / "people.cube"
    done = run(folder, kept, out, ends=ends)
    assert done.stdout == ""
    assert not out.exists()
    if ends == "SIGINT":
        assert done.returncode == 130
        assert f"Interrupted: {out} was not written. The counts of finished files are in {kept}" in done.stderr
        assert "Traceback" not in done.stderr
    else:
        assert done.returncode == -signal.SIGKILL
    whole = [path for path in kept.iterdir() if path.name.endswith(".part")]
    assert 2 <= len(whole) < FILES
    done = run(folder, kept, out)
    assert (done.returncode, done.stdout) == (0, "")
    assert f"{len(whole)} of {FILES} files were counted before." in done.stderr
    assert same(load_cube(out), count(folder, **ROLES))


def test_without_parts_an_interrupt_leaves_nothing(tmp_path):
    path = tmp_path / "one.parquet"
    write(people(1), path)
    code = """
import sys
from fairaudit.data import dense
from fairaudit.cli import main
import os, signal, time
add = dense.Counts.add

def slowly(self, batch):
    add(self, batch)
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(1)

dense.Counts.add = slowly
sys.argv = ["fairaudit", *sys.argv[1:]]
main()
"""
    out = tmp_path / "out.cube"
    command = ["count", str(path), "-o", str(out), "--group", "g", "--score", "s", "--higher-is", "better"]
    done = subprocess.run(
        [sys.executable, "-c", code, *command], capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, done.stdout) == (130, "")
    assert f"Interrupted: {out} was not written." in done.stderr
    assert sorted(Path(tmp_path).iterdir()) == [path]


def test_a_file_that_is_written_to_meanwhile_is_refused(tmp_path, monkeypatch):
    from fairaudit.data import grouping

    path = tmp_path / "one.parquet"
    write(people(1), path)
    whole = grouping.count_files

    def meanwhile(*given):
        made = whole(*given)
        write(people(2, 4_000), path)
        return made

    monkeypatch.setattr(grouping, "count_files", meanwhile)
    with pytest.raises(FairauditError, match=r"one.parquet was changed while it was being counted"):
        count(path, **ROLES)


def test_the_sha256_is_the_files_own(folder):
    files = count(folder, **ROLES).provenance.files
    assert [(one.name, one.sha256) for one in files] == [
        (path.name, hashlib.sha256(path.read_bytes()).hexdigest()) for path in sorted(folder.iterdir())
    ]
