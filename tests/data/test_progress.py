"""How far counting is said to be: sums that add up, a time left that follows from the pace, and a clean end."""

import gzip
import threading
import time

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from fairaudit import count
from fairaudit.data import dense
from fairaudit.data.progress import FIRST, WINDOW, Pace, Progress, Work, how_far

ROLES = {"groups": "g", "score": "s", "higher_is": "better"}
ROWS = 60_000


@pytest.fixture
def table():
    rng = np.random.default_rng(4)
    return pa.table({"g": [f"g{i}" for i in rng.integers(0, 4, ROWS)], "s": rng.integers(300, 850, ROWS)})


def clocked(*seconds):
    times = iter(seconds)
    return Pace(lambda: next(times))


def test_the_time_left_is_what_is_left_at_the_pace_so_far():
    pace = clocked(0.0, 5.0, 10.0)
    assert pace.left(1_000, 9_000) is None  # nothing was measured yet
    assert pace.left(2_000, 9_000) == 7_000 / 200
    assert pace.left(5_000, 9_000) == 4_000 / 400  # 4,000 rows in 10 seconds


def test_what_an_earlier_run_did_is_not_part_of_the_pace():
    pace = clocked(0.0, 10.0)
    pace.left(900_000, 1_000_000)
    assert pace.left(901_000, 1_000_000) == 99_000 / 100


def test_only_the_last_half_minute_counts():
    times = [float(second) for second in range(0, 100, 10)]
    pace = clocked(*times)
    done = [0, 1_000, 2_000, 3_000, 4_000, 4_100, 4_200, 4_300, 4_400, 4_500]  # ten times slower from 40 seconds on
    said = [pace.left(one, 10_000) for one in done]
    assert said[4] == 6_000 / 100
    assert said[9] == 5_500 / 10
    assert WINDOW == 30


def test_no_time_is_promised_before_there_is_a_pace():
    assert clocked(0.0).left(0, 10) is None
    pace = clocked(0.0, FIRST / 2, 60.0)
    pace.left(0, 10)
    assert pace.left(5, 10) is None
    assert pace.left(0, 10) is None  # stands still
    assert clocked(0.0).left(10, 10) == 0.0


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(None, "5 of 9 rows"), (0.4, "0 s left"), (61, "1 min 1 s left"), (3_725, "1 h 2 min left"), (59.7, "1 min 0 s")],
)
def test_the_time_in_words(seconds, words):
    assert words in how_far(Progress(5, 9, seconds_left=seconds))


@pytest.mark.parametrize("files", [1, 3])
def test_rows_of_parquet_add_up(tmp_path, table, files, monkeypatch):
    monkeypatch.setattr(dense, "BATCH", 1_000)
    for number in range(files):
        pq.write_table(table, tmp_path / f"{number}.parquet", row_group_size=7_000)
    seen = []
    count(tmp_path, progress=seen.append, **ROLES)
    done = [one.done for one in seen]
    assert done == sorted(done)
    assert {(one.total, one.unit, one.kept) for one in seen} == {(files * ROWS, "rows", 0)}
    assert done[-1] == files * ROWS
    assert seen[-1].seconds_left == 0


@pytest.mark.parametrize("ending", ["csv", "csv.gz", "json", "weights"])
def test_bytes_of_what_an_engine_reads_add_up(tmp_path, table, ending):
    path = tmp_path / f"rows.{'parquet' if ending == 'weights' else ending}"
    if ending == "weights":
        pq.write_table(table.append_column("w", pa.array(np.ones(ROWS))), path)
    elif ending == "json":
        path.write_text("\n".join('{"g": "a", "s": 1}' for _ in range(ROWS)))
    else:
        pyarrow.csv.write_csv(table, tmp_path / "plain.csv")
        data = (tmp_path / "plain.csv").read_bytes()
        path.write_bytes(gzip.compress(data, 1) if ending == "csv.gz" else data)
    seen = []
    more = {"weight": "w"} if ending == "weights" else {}
    cube = count(path, progress=seen.append, **ROLES, **more)
    assert cube.people == ROWS
    done = [one.done for one in seen]
    assert done == sorted(done)
    assert {(one.total, one.unit) for one in seen} == {(path.stat().st_size, "bytes")}
    assert 0 <= done[0] <= done[-1] <= path.stat().st_size


def test_frames_are_counted_without_a_word(table):
    seen = []
    assert count(table, progress=seen.append, **ROLES).people == ROWS
    assert seen == []


# Work in threads


def test_an_error_of_a_job_stops_the_others_and_is_raised():
    work = Work()

    def waits():
        assert work.stop.wait(30)
        return "stopped"

    def breaks():
        raise OSError("a disk that fails")

    with pytest.raises(OSError, match="a disk that fails"):
        work.run([waits, breaks])


def test_an_interrupt_stops_the_jobs_before_it_is_raised():
    ended, abandoned = [], []

    def interrupted(_):
        raise KeyboardInterrupt

    work = Work(interrupted, abandon=lambda: abandoned.append(True))
    work.begin(10, "rows")

    def waits():
        work.stop.wait(30)
        time.sleep(0.05)
        ended.append(True)

    with pytest.raises(KeyboardInterrupt):
        work.run([waits, waits])
    assert ended == [True, True]
    assert abandoned == [True]


@pytest.mark.parametrize("ending", ["parquet", "csv"])
def test_an_error_of_the_watcher_ends_counting(tmp_path, table, ending):
    path = tmp_path / f"rows.{ending}"
    (pq.write_table if ending == "parquet" else pyarrow.csv.write_csv)(table, path)

    def watch(_):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        count(path, progress=watch, **ROLES)
    assert [one.name for one in threading.enumerate() if one is not threading.main_thread() and one.is_alive()] == []


def test_the_watcher_is_told_in_the_thread_that_called(tmp_path, table):
    pq.write_table(table, tmp_path / "rows.parquet")
    threads = set()
    count(tmp_path / "rows.parquet", progress=lambda _: threads.add(threading.current_thread()), **ROLES)
    assert threads == {threading.current_thread()}
