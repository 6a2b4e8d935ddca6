"""Counting people: against DuckDB's bare scan of the same columns, up to 1.3 billion rows; then the audit.

python benchmarks/counting.py --folder SCRATCH                          # all of it: 6 GB of disk, half an hour
python benchmarks/counting.py --folder SCRATCH --rows 100000000         # the same with 100 million
python benchmarks/counting.py --folder SCRATCH --aif360 PYTHON --save   # and writes docs/counting.md

The people are simulated (the national system); what is written is deleted afterwards. AIF360 is asked in an
environment of its own, by the path of its Python.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
from saving import in_words, machine, table

import fairaudit as fa
from fairaudit.cube.confusion import Confusion
from fairaudit.data import dense, fingerprints, grouping
from fairaudit.inference.bootstrap import bootstrap
from fairaudit.metrics.base import METRICS
from fairaudit.systems.populations.simulating import write_people
from fairaudit.systems.populations.world import World

PAGE = Path(__file__).resolve().parent.parent / "docs" / "counting.md"
BEGIN = "<!-- written by benchmarks/counting.py --save -->"
GROUP = 1_000_000
PER_FILE = 100_000_000
THREADS = 2
DRAWS = 2_000
TEXTS = ("region", "education", "sex")
GROUPS = list(TEXTS)
ROLES = {"groups": GROUPS, "score": "score", "higher_is": "better", "cutoff": 600, "outcome": "outcome", "bad": "bad"}
REFERENCE = {"region": "north", "education": "higher", "sex": "male"}
NATIONAL = ROLES | {"score": "points", "cutoff": 1000}
RATES = ["selection_rate", "true_positive_rate", "false_positive_rate"]
PACKAGES = ["fairaudit-toolkit", "duckdb", "pyarrow", "numpy", "fairlearn", "pandas"]


# The people


def pool_of(folder: Path, people: int) -> pa.Table:
    """Return simulated people of the national system, with a credit score laid over them.

    The national points take about 150 values and most people stand at the start: they compress to little. The score
    of 300 to 850 is drawn around a merit that follows from them, so that it has all 551 values.
    """
    path = folder / "pool.parquet"
    world = World(detection_gap=0.1, coverage=0.97, coverage_gap=0.02, years=3)
    write_people(fa.PointSystem.load("national"), people, path, world=world, seed=1, workers=THREADS)
    told = pq.read_table(path, columns=[*TEXTS, "score", "outcome_recorded"])
    path.unlink()
    rng = np.random.default_rng(1)
    points = np.asarray(told.column("score").to_numpy(), dtype=np.float64)
    merit = 640 + (np.nan_to_num(points, nan=950.0) - 950) / 4 + rng.normal(0, 75, people)
    score = np.clip(merit.round(), 300, 850).astype(np.int16)
    nobody = np.isnan(points)
    # Who was declined has no outcome, and some of the others have none yet.
    unobserved = nobody | (score < 560) | (rng.random(people) < 0.05)
    outcome = told.column("outcome_recorded").cast(pa.string()).to_numpy(zero_copy_only=False)
    columns = {name: told.column(name).combine_chunks() for name in TEXTS}
    columns["score"] = pa.array(score, mask=nobody)
    columns["points"] = pa.array(np.nan_to_num(points).astype(np.int16), mask=nobody)
    columns["outcome"] = pa.array(outcome, mask=unobserved).dictionary_encode()
    return pa.table(columns)


def drawn(pool: pa.Table, rows: int, seed: int) -> Iterator[pa.Table]:
    """Yield people drawn from the pool with replacement, a row group at a time."""
    rng = np.random.default_rng(seed)
    for start in range(0, rows, GROUP):
        yield pool.take(pa.array(rng.integers(0, len(pool), min(GROUP, rows - start))))


def write(pool: pa.Table, path: Path, rows: int, seed: int) -> Path:
    """Write one file of people drawn from the pool."""
    with pq.ParquetWriter(path, pool.schema, compression="zstd") as writer:
        for part in drawn(pool, rows, seed):
            writer.write_table(part, row_group_size=GROUP)
    return path


def write_many(pool: pa.Table, folder: Path, rows: int) -> Path:
    """Write files of 100 million people each."""
    folder.mkdir()
    for number, start in enumerate(range(0, rows, PER_FILE)):
        write(pool, folder / f"{number:02d}.parquet", min(PER_FILE, rows - start), 1_000 + number)
        print(f"{min(start + PER_FILE, rows):,} rows written", file=sys.stderr)
    return folder


# Timing


def once(work: Callable[[], Any]) -> tuple[float, float, Any]:
    """Return seconds on the clock, seconds of processors, and the result."""
    clock, processor = time.perf_counter(), time.process_time()
    result = work()
    return time.perf_counter() - clock, time.process_time() - processor, result


def interleaved(works: dict[str, Callable[[], Any]], repeats: int) -> dict[str, tuple[float, float]]:
    """Return the median seconds on the clock and of processors of each work, run in turn."""
    seconds: dict[str, list[tuple[float, float]]] = {name: [] for name in works}
    for _ in range(repeats):
        for name, work in works.items():
            seconds[name].append(once(work)[:2])
    return {
        name: (statistics.median(one[0] for one in found), statistics.median(one[1] for one in found))
        for name, found in seconds.items()
    }


def bare(paths: Sequence[Path], columns: Sequence[str], numbers: Sequence[str]) -> Callable[[], Any]:
    """Return DuckDB's scan of columns: the sum of numbers, the least of texts."""
    asked = ", ".join(f'{"sum" if name in numbers else "min"}("{name}")' for name in columns)
    return lambda: _duckdb(f"SELECT {asked} FROM read_parquet(?)", paths)


def lengths(paths: Sequence[Path], columns: Sequence[str], numbers: Sequence[str]) -> Callable[[], Any]:
    """Return a lighter scan: the sum of numbers, and of the lengths of texts, which DuckDB takes once a dictionary."""
    asked = ", ".join(f'sum("{name}")' if name in numbers else f'sum(length("{name}"))' for name in columns)
    return lambda: _duckdb(f"SELECT {asked} FROM read_parquet(?)", paths)


def group_by(paths: Sequence[Path], columns: Sequence[str]) -> Callable[[], Any]:
    """Return DuckDB's own group-by."""
    named = ", ".join(f'"{name}"' for name in columns)
    return lambda: _duckdb(f"SELECT {named}, count(*) FROM read_parquet(?) GROUP BY ALL", paths)


def _duckdb(query: str, paths: Sequence[Path]) -> Any:
    with duckdb.connect(config={"threads": THREADS}) as connection:
        return connection.execute(query, [[str(path) for path in paths]]).fetchall()


@contextmanager
def changed(owner: Any, name: str, value: Any) -> Iterator[None]:
    """Put something else in the place of a function for a while."""
    before = getattr(owner, name)
    setattr(owner, name, value)
    try:
        yield
    finally:
        setattr(owner, name, before)


def without_hash(data: Path, roles: dict[str, Any]) -> Any:
    """Count without taking the sha256 of the files."""
    with changed(fingerprints.Fingerprints, "_digest", lambda *_: "0" * 64):
        return fa.count(data, **roles)


PEAK = """
import json, resource, sys
import fairaudit as fa
cube = fa.count(sys.argv[1], **json.loads(sys.argv[2]))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024, cube.digest)
"""


def peak(data: Path, roles: dict[str, Any]) -> tuple[int, str]:
    """Return the most memory of a process that does nothing but count, and the cube's digest."""
    done = subprocess.run(
        [sys.executable, "-c", PEAK, str(data), json.dumps(roles)], capture_output=True, text=True, check=True
    )
    most, digest = done.stdout.split()
    return int(most), digest


def files_of(data: Path) -> list[Path]:
    """Return a file, or the files of a folder."""
    return sorted(data.iterdir()) if data.is_dir() else [data]


def times(seconds: float, other: float) -> str:
    """Return a ratio with two digits behind the point."""
    return f"{seconds / other:.2f}"


# The tables


def whole(data: Path, roles: dict[str, Any], rows: int, repeats: int, *, short: bool = False) -> list[list[str]]:
    """Return the lines of the main table: everything that reads the same five columns, or the two that matter most."""
    columns = [*GROUPS, str(roles["score"]), "outcome"]
    numbers = [str(roles["score"])]
    paths = files_of(data)
    works: dict[str, Callable[[], Any]] = {
        "DuckDB: bare scan, least text, sum of scores": bare(paths, columns, numbers),
        "DuckDB: lighter scan, lengths of texts": lengths(paths, columns, numbers),
        "DuckDB: group-by of the five columns": group_by(paths, columns),
        "`fairaudit.count`, sha256 of the files included": lambda: fa.count(data, **roles),
        "the same without the sha256": lambda: without_hash(data, roles),
    }
    if short:
        works = {name: work for name, work in works.items() if "bare" in name or "included" in name}
    found = interleaved(works, repeats)
    scan = found["DuckDB: bare scan, least text, sum of scores"]
    lines = []
    for name, (clock, processor) in found.items():
        lines.append([name, in_words(clock), f"{rows / clock / 1e6:,.1f}", times(clock, scan[0]), in_words(processor),
                      times(processor, scan[1])])  # fmt: skip
        print(lines[-1], file=sys.stderr)
    return lines


def growth(folder: Path, rows: int, repeats: int) -> list[list[str]]:
    """Return a line for each number of groups, attributes and distinct scores, on so many rows."""
    rng = np.random.default_rng(5)
    lines = []

    def line(what: str, made: dict[str, pa.Array], groups: Sequence[str]) -> None:
        path = folder / "growth.parquet"
        pq.write_table(pa.table(made), path, row_group_size=GROUP, compression="zstd")
        roles = {"groups": [*groups], "score": "score", "higher_is": "better", "score_scale": 1}
        columns = [*groups, "score"]
        way = []

        def codes(*given: Any, **more: Any) -> Any:
            counted = dense.count_files(*given, **more)
            way.append("codes")
            return counted

        try:
            with changed(grouping, "count_files", codes):
                found = interleaved(
                    {"scan": bare([path], columns, ["score"]), "count": lambda: fa.count(path, **roles)}, repeats
                )
        except fa.FairauditError as error:
            lines.append([what, "", "", "", f"refused: {str(error).split('.')[0]}"])
            return
        cells = fa.count(path, **roles).n.shape
        lines.append(
            [what, f"{cells[0] * cells[1]:,}", in_words(found["count"][0]), times(found["count"][0], found["scan"][0]),
             times(found["count"][1], found["scan"][1]), "codes" if way else "DuckDB's group-by"]
        )  # fmt: skip
        print(lines[-1], file=sys.stderr)
        path.unlink()

    def levels(number: int) -> pa.Array:
        return pa.DictionaryArray.from_arrays(
            pa.array(rng.integers(0, number, rows, dtype=np.int32)), [f"group {i:05d}" for i in range(number)]
        )

    def scores(number: int) -> pa.Array:
        return pa.array(rng.integers(300, 300 + number, rows, dtype=np.int32))

    for number in (2, 20, 200, 2_000):
        line(f"1 attribute of {number:,} groups, 551 scores", {"g": levels(number), "score": scores(551)}, ["g"])
    for number in (1, 2, 4, 6, 8):
        names = [f"a{i}" for i in range(number)]
        made = {name: levels(4) for name in names}
        line(
            f"{number} attribute{'s' if number > 1 else ''} of 4 groups, 101 scores",
            made | {"score": scores(101)},
            names,
        )
    for number in (11, 551, 10_001, 60_001, 1_000_001):
        line(f"1 attribute of 5 groups, {number:,} scores", {"g": levels(5), "score": scores(number)}, ["g"])
    return lines


def csv(pool: pa.Table, folder: Path, rows: int, repeats: int) -> list[list[str]]:
    """Return the lines about CSV."""
    path = folder / "people.csv"
    schema = pa.schema([(one.name, one.type.value_type if pa.types.is_dictionary(one.type) else one.type)
                        for one in pool.schema])  # fmt: skip
    with pyarrow.csv.CSVWriter(path, schema) as writer:
        for part in drawn(pool, rows, 3):
            writer.write_table(part.cast(schema))
    size = path.stat().st_size
    asked = ", ".join([*(f"min({name})" for name in (*GROUPS, "outcome")), "sum(score)"])

    def scan(options: str) -> Callable[[], Any]:
        def work() -> Any:
            with duckdb.connect(config={"threads": THREADS}) as connection:
                return connection.execute(f"SELECT {asked} FROM read_csv(?{options})", [str(path)]).fetchall()

        return work

    found = interleaved(
        {
            "DuckDB: bare scan, types found out": scan(""),
            "`fairaudit.count`, all read as text": lambda: fa.count(path, **ROLES),
            "the same without the sha256": lambda: without_hash(path, ROLES),
        },
        repeats,
    )
    base = found["DuckDB: bare scan, types found out"]
    path.unlink()
    return [
        [name, in_words(clock), f"{size / clock / 1e6:,.0f} MB", times(clock, base[0]), times(processor, base[1])]
        for name, (clock, processor) in found.items()
    ]


def draws(cube: fa.Cube) -> Any:
    """Return 2,000 draws of three rates of all crossed groups at the cut-off."""
    k = cube.confusion(600)

    def statistic(counts: np.ndarray) -> np.ndarray:
        confusion = Confusion.from_counts(counts)
        return np.stack([METRICS[name](confusion).value for name in RATES], axis=-1)

    return bootstrap(statistic, k.table.n, draws=DRAWS, rng=1)


def theirs(frame: Any, replicates: int) -> Any:
    """Return fairlearn's MetricFrame of the same rates, with a bootstrap if asked for."""
    from fairlearn.metrics import MetricFrame, false_positive_rate, selection_rate, true_positive_rate

    functions = [selection_rate, true_positive_rate, false_positive_rate]
    options = {"n_boot": replicates, "ci_quantiles": [0.025, 0.975], "random_state": 1} if replicates else {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return MetricFrame(
            metrics=dict(zip(RATES, functions, strict=True)),
            y_true=(frame["outcome"] == "good").astype(int),
            y_pred=(frame["score"] >= 600).astype(int),
            sensitive_features=frame[GROUPS],
            **options,
        )


AIF360 = """
import sys, time, warnings
warnings.simplefilter("ignore")
import pandas as pd
from aif360.datasets import BinaryLabelDataset
from aif360.metrics import ClassificationMetric
frame = pd.read_csv(sys.argv[1])
start = time.perf_counter()
codes = pd.DataFrame({name: frame[name].astype("category").cat.codes for name in ("region", "education", "sex")})
codes["label"] = (frame["outcome"] == "good").astype(int)
true = BinaryLabelDataset(df=codes, label_names=["label"], protected_attribute_names=["region", "education", "sex"])
said = true.copy()
said.labels = (frame["score"] >= 600).astype(float).to_numpy().reshape(-1, 1)
groups = codes[["region", "education", "sex"]].drop_duplicates().to_dict("records")
for one in groups:
    metric = ClassificationMetric(true, said, unprivileged_groups=[one],
                                  privileged_groups=[other for other in groups if other != one])
    metric.selection_rate(privileged=False), metric.true_positive_rate(privileged=False)
    metric.false_positive_rate(privileged=False), metric.disparate_impact()
print(time.perf_counter() - start)
"""


def curve(
    pool: pa.Table, folder: Path, big: Path, rows: int, python: str | None, smoke: Sequence[int]
) -> list[list[str]]:
    """Return a line for each number of rows: counting, the whole audit, the draws, and the other libraries."""
    lines = []
    for number in [*smoke, rows]:
        path = big if number == rows else write(pool, folder / f"{number}.parquet", number, number)
        counting, _, cube = once(lambda path=path: fa.count(path, **ROLES))
        auditing, _, made = once(lambda cube=cube: fa.audit(cube, reference=REFERENCE, cross=[GROUPS]))
        drawing, _, _ = once(lambda cube=cube: draws(cube))
        fairlearn, extrapolated, aif360 = "", "", ""
        if number <= 1_000_000:
            frame = pq.read_table(path).to_pandas().dropna(subset=["score", "outcome"])
            points, _, _ = once(lambda frame=frame: theirs(frame, 0))
            replicates = {1_000: 20, 10_000: 10, 100_000: 3}.get(number, 1)
            drawn_, _, _ = once(lambda frame=frame, replicates=replicates: theirs(frame, replicates))
            one = (drawn_ - points) / replicates
            fairlearn, extrapolated = in_words(points), f"{in_words(one * DRAWS)} ({replicates})"
            if python:
                kept = folder / "for aif360.csv"
                frame.to_csv(kept, index=False)
                done = subprocess.run([python, "-c", AIF360, str(kept)], capture_output=True, text=True, check=True)
                aif360 = in_words(float(done.stdout))
                kept.unlink()
        if path != big:
            path.unlink()
        findings = len(made.result.findings)
        lines.append([f"{number:,}", in_words(counting), in_words(auditing), f"{findings:,}", in_words(drawing),
                      fairlearn, extrapolated, aif360])  # fmt: skip
        print(lines[-1], file=sys.stderr)
    return lines


def resumed(folder: Path, big: Path) -> list[str]:
    """Return seconds of counting with parts kept, and of counting again with all of them there; and their size."""
    kept = folder / "kept"
    first, _, one = once(lambda: fa.count(big, resume=kept, **ROLES))
    second, _, two = once(lambda: fa.count(big, resume=kept, **ROLES))
    size = sum(path.stat().st_size for path in kept.iterdir())
    shutil.rmtree(kept)
    if one.digest != two.digest:
        message = "counted in parts, the cube is another"
        raise SystemExit(message)
    return [in_words(first), in_words(second), f"{size / 1e6:.1f} MB"]


def report(folder: Path, arguments: argparse.Namespace) -> str:
    """Measure everything, and return it as Markdown."""
    rows, repeats = arguments.rows, arguments.repeats
    seconds, _, pool = once(lambda: pool_of(folder, arguments.people))
    print(f"{arguments.people:,} people simulated in {in_words(seconds)}", file=sys.stderr)
    small = write(pool, folder / "warm.parquet", 10_000, 0)
    fa.audit(fa.count(small, **ROLES), reference=REFERENCE)
    data = write_many(pool.drop_columns(["points"]), folder / "people", rows)
    size = sum(path.stat().st_size for path in data.iterdir())
    main = whole(data, ROLES, rows, repeats)
    most, digest = peak(data, ROLES)
    if digest != fa.count(data, **ROLES).digest:
        message = "two counts of the same files differ"
        raise SystemExit(message)
    parts = resumed(folder, data)
    sizes = [size for size in (10**k for k in range(3, 9)) if size < rows]
    rising = curve(pool, folder, data, rows, arguments.aif360, sizes)
    shutil.rmtree(data)
    national = write_many(pool.drop_columns(["score"]), folder / "national", rows)
    national_size = sum(path.stat().st_size for path in national.iterdir())
    points = whole(national, NATIONAL, rows, repeats, short=True)
    national_most, _ = peak(national, NATIONAL)
    shutil.rmtree(national)
    grown = growth(folder, arguments.small, repeats)
    texts = csv(pool.drop_columns(["points"]), folder, arguments.small, repeats)
    said = ["rows", "counting", "whole audit", "findings", f"{DRAWS:,} draws", "fairlearn, points",
            f"fairlearn, {DRAWS:,} draws (of)", "AIF360, points"]  # fmt: skip
    head = ["", "time", "million rows a second", "to the bare scan", "processor time", "to the bare scan, of it"]
    return f"""{arguments.people:,} people of the national system were simulated (`fairaudit simulate` makes the same
people; {in_words(seconds)}); the {rows:,} rows are drawn from them with replacement, each row group of
{GROUP:,} with another draw, so they are not {rows:,} different people. They lie in files of {PER_FILE:,} rows
(zstd). DuckDB has {THREADS} threads, and so has fairaudit on this machine. Medians of {repeats} runs, one after the
other in one process. Where other work shares the machine, processor time is the better measure of the two.

### {rows:,} people, a score of 300 to 850

Region, education and sex as text, the score laid over the simulated people as a whole number with gaps, the outcome
with everybody under 560 and some others unobserved: {size / 1e9:.2f} GB.

{table(head, main)}

A process that does nothing but count them holds at most {most / 2**30:.2f} GiB. With `resume` it takes {parts[0]},
with all files counted before {parts[1]}; what is kept is {parts[2]}.

### {rows:,} people, the national points themselves

Whole points, about 150 of them, most people at the start: {national_size / 1e9:.2f} GB. At most
{national_most / 2**30:.2f} GiB.

{table(head, points)}

### What the audit takes, whatever the number of people

`fa.audit(cube)` of the three attributes and their crossing (24 groups): every metric with its interval, every
comparison with its test, every cut-off with its band of {DRAWS:,} draws; then {DRAWS:,} bootstrap draws of three rates
of all groups at one cut-off. fairlearn: `MetricFrame` of the same three rates, and its bootstrap extrapolated from so
many replicates as stand in brackets. AIF360: the same three rates and the disparate impact of each of the groups,
points only; it has no intervals. Both get only people with a score and an outcome, in memory, reading not included.

{table(said, rising)}

### What counting grows with

{arguments.small:,} rows, all values equally likely, so that nothing compresses and every combination is there.

{table(["", "entries of the cube", "time", "to the bare scan", "processor time, to the bare scan", "way"], grown)}

### CSV

{arguments.small:,} rows of the first table.

{table(["", "time", "a second", "to the bare scan", "processor time, to the bare scan"], texts)}

{machine(PACKAGES)}
"""


def save(text: str) -> None:
    """Write the measured half of the page anew."""
    page = PAGE.read_text(encoding="utf-8").split(BEGIN)[0].rstrip()
    PAGE.write_text(f"{page}\n\n{BEGIN}\n\n{text.strip()}\n", encoding="utf-8")


def main() -> None:
    """Run, print, and save if asked to."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, help="where rows are written, for a while")
    parser.add_argument("--rows", type=int, default=1_300_000_000)
    parser.add_argument("--people", type=int, default=4_000_000, help="how many are simulated")
    parser.add_argument("--small", type=int, default=10_000_000, help="rows of the tables of growth and of CSV")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--aif360", metavar="PYTHON", help="a Python that has aif360")
    parser.add_argument("--save", action="store_true", help="write docs/counting.md")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
        needed = 3 * arguments.rows + 100 * arguments.small
        free = shutil.disk_usage(folder).free
        if free < needed:
            message = f"{folder} has {free / 1e9:.1f} of {needed / 1e9:.1f} GB. Give another --folder or fewer --rows."
            raise SystemExit(message)
        text = report(Path(folder), arguments)
    print(text)
    if arguments.save:
        save(text)


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    main()
