"""Rows on a cluster: a real Spark of two executors of their own processes, and Dask, give the cube of the rows."""

import contextlib
import os
import sys
import threading
import time

import dask.dataframe as dd
import duckdb
import numpy as np
import pandas as pd
import psutil
import pyarrow as pa
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier

import fairaudit as fa
from fairaudit.errors import ColumnNotFoundError, DataContractError, ExplanationError, SchemaError
from fairaudit.explanation.summed_drivers import AttributionSums
from tests.engines.test_engines import GRIDDED, ROLES, WEIGHTED, people

CASES = {
    "recorded decisions, bands, period": (ROLES, False),
    "weights": (WEIGHTED, False),
    "a score of many values": (GRIDDED, True),
    "strata and controls": ({**ROLES, "groups": ["race"], "strata": "female", "controls": "age"}, False),
    "crossings and clusters": ({**ROLES, "groups": ["race", "female"], "bands": None, "cluster": "points"}, False),
    "counts": ({"groups": "race", "outcome": "outcome", "bad": 1, "counts": "points"}, False),
    "memberships": ({"memberships": {"sex": {"F": "p", "M": "q"}}, "score": "score", "higher_is": "better",
                     "cutoff": 600.0}, False),
}  # fmt: skip


def table_of(*, grid):
    made = people(900, grid=grid)
    share = np.random.default_rng(1).random(900).round(3)
    return made | {"p": share.tolist(), "q": (1 - share).tolist()}


@pytest.fixture(scope="module")
def spark():
    from pyspark.sql import SparkSession

    os.environ["PYSPARK_PYTHON"] = sys.executable
    session = (
        SparkSession.builder.master("local-cluster[2,1,1024]")
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        .config("spark.sql.shuffle.partitions", "2")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.executor.memory", "900m")
        .getOrCreate()
    )
    session.sparkContext.setLogLevel("OFF")
    yield session
    session.stop()


@pytest.fixture(scope="module")
def framed(spark):
    """Return what makes a frame of a table: Spark's or Dask's."""

    def made(kind, table):
        if kind == "spark":
            return spark.createDataFrame(pa.table(table)).repartition(3)
        return dd.from_pandas(pd.DataFrame(table), npartitions=3)

    return made


@pytest.mark.parametrize("kind", ["spark", "dask"])
@pytest.mark.parametrize("case", CASES)
def test_the_cube_is_that_of_the_rows(framed, kind, case):
    roles, grid = CASES[case]
    table = table_of(grid=grid)
    assert fa.count(framed(kind, table), **roles).digest == fa.count(table, **roles).digest


def test_one_group_by_is_made_and_only_groups_come_back(spark, framed, monkeypatch):
    from pyspark.sql.classic.dataframe import DataFrame

    came = []

    def recorded(name):
        original = getattr(DataFrame, name)

        def call(frame, *arguments, **options):
            made = original(frame, *arguments, **options)
            came.append(len(made))
            return made

        monkeypatch.setattr(DataFrame, name, call)

    frame = framed("spark", {"race": ["A", "B", "A", "B"] * 500, "y": [0, 1, 1, 0] * 500})
    for name in ("toArrow", "toPandas", "collect", "take", "head"):
        recorded(name)
    cube = fa.count(frame, groups="race", outcome="y", bad=1)
    assert cube.people == 2_000
    assert came == [4]


def test_the_audit_is_that_of_the_rows(framed):
    table = table_of(grid=False)
    roles = {"groups": ["race", "female"], "score": "score", "higher_is": "better", "cutoff": 600.0,
             "outcome": "outcome", "bad": 1, "reference": {"race": "White", "female": "true"}}  # fmt: skip
    here, there = fa.audit(table, cross=True, **roles), fa.audit(framed("spark", table), cross=True, **roles)
    assert there.result.findings == here.result.findings
    assert there.result.rates == here.result.rates


# A model


@pytest.fixture(scope="module")
def scored():
    draw = np.random.default_rng(0)
    rows = pd.DataFrame({"income": draw.normal(size=600), "debt": draw.normal(size=600), "age": draw.normal(size=600)})
    sex = np.where(rows["income"] + draw.normal(size=600) > 0, "M", "F")
    good = (rows["income"] - rows["debt"] + draw.normal(size=600) > 0).astype(int)
    model = HistGradientBoostingClassifier(max_iter=10, random_state=0).fit(rows, good)
    repaid = pd.Series(good, dtype="Int64").mask(draw.random(600) < 0.1)  # whole numbers with gaps stay whole numbers
    return model, rows, rows.assign(sex=sex, repaid=repaid)


@pytest.mark.parametrize("kind", ["spark", "dask"])
def test_a_model_scores_where_the_rows_are(framed, scored, kind):
    model, _, table = scored
    roles = {"groups": "sex", "outcome": "repaid", "good": 1, "cutoff": 0.5, "reference": {"sex": "M"}}
    scorer = fa.wrap(model, good=1)
    frame = framed(kind, {name: column.tolist() for name, column in table.replace({pd.NA: None}).items()})
    made = fa.audit(frame, model=scorer, **roles)
    assert made.cube.digest == fa.audit(table, model=scorer, **roles).cube.digest
    assert made.result.explanation is None
    assert "The score taken apart" in {one.what for one in made.result.not_run}
    found = fa.with_scores(frame, scorer, column="p")
    found = found.toArrow().to_pandas() if kind == "spark" else found.compute()
    assert sorted(found["p"]) == sorted(scorer.score(table[["income", "debt", "age"]]))


@pytest.mark.parametrize("kind", ["spark", "dask"])
def test_drivers_from_sums_are_those_of_the_rows(framed, scored, kind):
    model, rows, table = scored
    explainer = fa.Explainer(model, background=rows[:50])
    there = fa.drivers(explainer, framed(kind, table.to_dict("list")), "sex", reference="M")
    here = fa.drivers(explainer, rows, table["sex"], reference="M")
    assert [one.feature for one in there.drivers] == [one.feature for one in here.drivers]
    for one, other in zip(there.drivers, here.drivers, strict=True):
        for name in ("amount", "error", "low", "high", "low_together", "high_together"):
            assert getattr(one, name) == pytest.approx(getattr(other, name), rel=1e-9, abs=1e-12)
    assert (there.gap.value, there.gap.error) == pytest.approx((here.gap.value, here.gap.error))
    assert (there.basis, there.people, there.rows_needed(0.1)) == ("sums", here.people, here.rows_needed(0.1))
    assert there.drivers[0].proxy is None


def test_what_cannot_be_made_on_a_cluster_is_refused(framed, scored):
    model, rows, table = scored
    frame = framed("dask", table.to_dict("list"))
    explainer = fa.Explainer(model, background=rows[:50])
    scorer = fa.wrap(model, good=1)
    with pytest.raises(ExplanationError, match="one background"):
        fa.drivers(fa.Explainer(model), frame, "sex", reference="M")
    with pytest.raises(DataContractError, match="mean score of an Explainer needs the rows"):
        fa.drivers(scorer, frame, "sex", reference="M")
    with pytest.raises(SchemaError, match="attribute is the name of one of its columns"):
        fa.drivers(explainer, frame, table["sex"], reference="M")
    with pytest.raises(ColumnNotFoundError, match="Column 'gender' not found in a dask"):
        fa.drivers(explainer, frame, "gender", reference="M")
    with pytest.raises(ColumnNotFoundError, match="Column 'income' not found in a dask"):
        fa.with_scores(frame[["debt"]], scorer)
    with pytest.raises(SchemaError, match="Rename it"):
        fa.with_scores(frame, scorer, column="sex")
    with pytest.raises(SchemaError, match="held_out"):
        fa.audit(frame, model=scorer, held_out=True, groups="sex")


def test_sums_add_up_and_travel_as_text(scored):
    model, rows, table = scored
    explainer = fa.Explainer(model, background=rows[:50])
    parts = [fa.attribution_sums(explainer, rows[cut], table["sex"][cut]) for cut in (slice(200), slice(200, None))]
    whole = fa.attribution_sums(explainer, rows, table["sex"])
    together = AttributionSums.from_bytes(parts[0].to_bytes()) + parts[1]
    for level, moments in whole.levels.items():
        assert together.levels[level].people == moments.people
        np.testing.assert_allclose(together.levels[level].mean, moments.mean, rtol=1e-10, atol=1e-12)
        np.testing.assert_allclose(together.levels[level].products, moments.products, rtol=1e-9, atol=1e-10)
    other = fa.attribution_sums(fa.Explainer(model, background=rows[50:90]), rows, table["sex"])
    with pytest.raises(ExplanationError, match="differ in their base"):
        whole + other


def test_a_column_that_is_not_there_and_a_query_that_fails_are_said(spark):
    frame = spark.range(10).selectExpr("id % 2 as race", "id as y")
    with pytest.raises(ColumnNotFoundError, match="Column 'rase' not found in a pyspark DataFrame"):
        fa.count(frame, groups="rase", outcome="y", bad=1)
    broken = spark.range(10).selectExpr("id as race", "raise_error('no such table') as y")
    with pytest.raises(DataContractError, match="pyspark"):
        fa.count(broken, groups="race", outcome="y", bad=1)


def executors():
    """Return the processes of Spark's executors that this process started."""
    found = []
    for one in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):  # and zombies, which have no command line
            if any("CoarseGrainedExecutorBackend" in word for word in one.cmdline()):
                found.append(one)
    return found


def test_an_executor_that_dies_in_the_middle_changes_nothing(spark):
    columns = (
        "concat('g', id % 3) as race", "300 + (id * 7919) % 551 as score", "cast((id * 31) % 5 = 0 as int) as bad",
    )  # fmt: skip
    roles = {"groups": "race", "score": "score", "higher_is": "better", "cutoff": 620, "outcome": "bad", "bad": 1}
    frame = spark.range(0, 9_000_000, 1, 12).selectExpr(*columns)
    killed = []

    def kill():
        tracker = spark.sparkContext.statusTracker()
        ends = time.monotonic() + 120
        while not killed and time.monotonic() < ends:
            for stage in map(tracker.getStageInfo, tracker.getActiveStageIds()):
                if stage and stage.numCompletedTasks >= 1 and stage.numActiveTasks:
                    executors()[0].kill()
                    killed.append((stage.numCompletedTasks, stage.numTasks))
                    break
            time.sleep(0.02)

    before = {one.pid for one in executors()}
    killer = threading.Thread(target=kill)
    killer.start()
    cube = fa.count(frame, **roles)
    killer.join()
    assert killed
    assert killed[0][0] < killed[0][1]
    assert {one.pid for one in executors()} != before
    relation = duckdb.sql(f"select {', '.join(columns)} from range(0, 9000000) t(id)")
    assert fa.count(relation, **roles).digest == cube.digest
