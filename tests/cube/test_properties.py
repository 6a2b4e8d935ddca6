"""What must hold of every cube, on random tables: merging, collapsing, weighting, cut-offs, files."""

import itertools
import json
import math

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fairaudit.cube import io
from fairaudit.cube.from_counts import from_counts
from fairaudit.cube.plain import from_plain, to_plain
from fairaudit.cube.publish import suppress
from fairaudit.metrics import METRICS
from fairaudit.metrics.ranking import moments
from fairaudit.schema import MISSING, label

RACES = ["A", "B", "(missing)", None, 1, 1.0, "1", "  ", float("nan"), True]
AGES = [17, 25, 25.0, "61.5", 62, 90, None]
DECISIONS = ["yes", "no", "refer", "withdrawn", None]
KINDS = {"yes": "favorable", "no": "unfavorable", "refer": "intermediate", "withdrawn": "excluded"}
OUTCOMES = [0, 1, None, "9"]
# Not whole in binary, so sums of floats would depend on their order.
WEIGHTS = [0.1, 0.7, 1, 2.3, 0]

rows = st.tuples(
    st.sampled_from(RACES),
    st.sampled_from(AGES),
    st.one_of(st.none(), st.integers(1, 6)),
    st.sampled_from(DECISIONS),
    st.sampled_from(OUTCOMES),
    st.sampled_from(WEIGHTS),
    st.integers(1, 3),
)
scored = rows.filter(lambda row: row[2] is not None)
# A table needs somebody with a score.
tables = st.builds(lambda first, rest: [first, *rest], scored, st.lists(rows, max_size=20))
directions = st.sampled_from(["better", "worse"])

quick = settings(
    max_examples=40, deadline=None, database=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)


def count(table, higher_is="better", *, weighted=True, edges=None, groups=("race", "age"), **roles):
    names = ("race", "age", "score", "decision", "outcome", "weight", "n")
    return from_counts(
        dict(zip(names, zip(*table, strict=True), strict=True)),
        groups=groups,
        bands={"age": [25, 62]} if "age" in groups else None,
        score="score",
        higher_is=higher_is,
        edges=edges,
        decision="decision",
        decision_levels=KINDS,
        outcome="outcome",
        bad=1,
        unobserved={9: "not matured"},
        weight="weight" if weighted else None,
        **roles,
    )


def arrays(tally):
    return tally.n, tally.w, tally.w2


def by_hand(table, higher_is, cutoff, *, weighted):
    """Count decisions against outcomes with a loop over rows: {race: [decision, outcome]} of people and weights."""
    counts = {}
    for race, _, score, decision, outcome, weight, n in table:
        n_w = counts.setdefault(label(race), (np.zeros((2, 3)), np.zeros((2, 3))))
        if cutoff is None:
            kind = KINDS.get(decision, "excluded")
            if kind == "excluded":
                continue
            side = 0 if kind == "favorable" else 1
        else:
            if score is None:
                continue
            side = 0 if (score >= cutoff if higher_is == "better" else score <= cutoff) else 1
        known = {0: 0, 1: 1}.get(outcome, 2)
        n_w[0][side, known] += n
        n_w[1][side, known] += n * (weight if weighted else 1)
    return counts


@quick
@given(tables, tables, tables, directions, st.booleans())
def test_merging_is_associative_and_commutative(a, b, c, higher_is, weighted):
    one, two, three = (count(table, higher_is, weighted=weighted) for table in (a, b, c))
    assert ((one + two) + three).digest == (one + (two + three)).digest
    assert (one + two).digest == (two + one).digest


@quick
@given(tables, tables, directions, st.booleans())
def test_parts_merged_are_the_whole(a, b, higher_is, weighted):
    merged = count(a, higher_is, weighted=weighted) + count(b, higher_is, weighted=weighted)
    whole = count(a + b, higher_is, weighted=weighted)
    assert merged.digest == whole.digest
    assert merged.provenance.ledger == whole.provenance.ledger
    assert merged.schema.decision_levels == whole.schema.decision_levels


@quick
@given(tables, tables, directions)
def test_gridded_parts_merged_are_the_whole(a, b, higher_is):
    parts = [count(table, higher_is, weighted=False, edges=[2, 4.5]) for table in (a, b)]
    assert (parts[0] + parts[1]).digest == count(a + b, higher_is, weighted=False, edges=[2, 4.5]).digest


@quick
@given(tables, tables)
def test_collapsing_commutes_with_merging(a, b):
    one, two = count(a), count(b)
    for names in ((), "race", ("age", "race")):
        assert (one + two).marginal(names).digest == (one.marginal(names) + two.marginal(names)).digest


@quick
@given(tables, st.randoms(use_true_random=False))
def test_neither_the_order_of_rows_nor_how_they_are_counted_matters(table, random):
    people = [(*row[:-1], 1) for row in table for _ in range(row[-1])]
    random.shuffle(people)
    assert count(people).digest == count(table).digest


@quick
@given(tables)
def test_collapsing_keeps_everybody(table):
    cube = count(table)
    everybody = cube.marginal(())
    assert everybody.people == cube.people == sum(row[-1] for row in table)
    assert everybody.groups == ("",)
    np.testing.assert_array_equal(everybody.n[0], cube.n.sum(axis=0))
    assert everybody.digest == cube.marginal("race").marginal(()).digest
    assert count(table, groups=()).digest == everybody.digest


@quick
@given(tables, directions)
def test_a_weight_of_one_is_no_weight(table, higher_is):
    ones = [(*row[:5], 1, row[6]) for row in table]
    weighted, plain = count(ones, higher_is), count(ones, higher_is, weighted=False)
    assert weighted.weighted
    assert not plain.weighted
    for cube, other in ((weighted, plain), (plain, weighted)):
        for item in METRICS.values():
            if item.kind == "rate":
                got, wanted = (
                    item(cube.confusion(3 if _inside(cube, 3) else None)),
                    item(other.confusion(3 if _inside(other, 3) else None)),
                )
                np.testing.assert_array_equal(got.value, wanted.value)
                np.testing.assert_array_equal(got.num_w2, wanted.num_w2)
            elif item.kind == "estimate":
                np.testing.assert_array_equal(item(cube.score_table()).value, item(other.score_table()).value)


def _inside(cube, cutoff):
    return cube.axes.score.low <= cutoff <= cube.axes.score.high


@quick
@given(tables, directions, st.booleans())
def test_confusions_are_those_of_a_loop_over_rows(table, higher_is, weighted):
    cube = count(table, higher_is, weighted=weighted).marginal("race")
    low, high = cube.axes.score.low, cube.axes.score.high
    for cutoff in (None, *np.arange(low, high + 0.1, 0.5).tolist()):
        got = cube.confusion(cutoff).table
        wanted = by_hand(table, higher_is, cutoff, weighted=weighted)
        for i, race in enumerate(cube.groups):
            np.testing.assert_array_equal(got.n[i], wanted[race][0])
            np.testing.assert_allclose(got.w[i], wanted[race][1], rtol=1e-12, atol=0)


@quick
@given(tables, directions, st.booleans(), st.sampled_from([None, [1, 3.5, 6]]))
def test_all_cutoffs_at_once_are_each_of_them(table, higher_is, weighted, edges):
    cube = count(table, higher_is, weighted=weighted, edges=edges)
    cutoffs, confusions = cube.confusions()
    assert confusions.table.n.shape == (len(cutoffs), len(cube.groups), 2, 3)
    for i, cutoff in enumerate(cutoffs.tolist()):
        one = cube.confusion(cutoff).table
        for got, wanted in zip(arrays(confusions.table), arrays(one), strict=True):
            # Exactly: whole-number weights, so that nobody weighs 0 and not 1e-17.
            np.testing.assert_array_equal(got[i], wanted)


@quick
@given(tables, directions, st.booleans())
def test_everybody_stands_on_the_favorable_side(table, higher_is, weighted):
    cube = count(table, higher_is, weighted=weighted).marginal("race")
    known = cube.everybody().table
    assert not known.n[:, 1].any()
    assert not known.w[:, 1].any()
    for i, race in enumerate(cube.groups):
        mine = [row for row in table if label(row[0]) == race]
        for j, values in enumerate(((0,), (1,), (None, "9"))):
            assert known.n[i, 0, j] == sum(row[6] for row in mine if row[4] in values)


@quick
@given(tables, directions)
def test_unscored_people_are_kept_apart(table, higher_is):
    cube = count(table, higher_is).marginal("race")
    wanted = [sum(r[6] for r in table if label(r[0]) == race and r[2] is None) for race in cube.groups]
    assert cube.unscored.tolist() == wanted
    assert cube.score_table().table.n.sum() + sum(wanted) == cube.people


@quick
@given(tables, directions, st.booleans(), st.sampled_from([[3.5], [1, 2, 3], [0, 9]]))
def test_bins_keep_exact_means_and_spreads(table, higher_is, weighted, edges):
    gridded = count(table, higher_is, weighted=weighted, edges=edges).marginal(())
    exact = count(table, higher_is, weighted=weighted).marginal(())
    for got, wanted in zip(moments(gridded.score_table()), moments(exact.score_table()), strict=True):
        np.testing.assert_allclose(got, wanted, rtol=1e-6, atol=1e-9)
    got, wanted = (METRICS["mean_score"](cube.score_table()) for cube in (gridded, exact))
    np.testing.assert_allclose(got.value, wanted.value, rtol=1e-9)
    if not weighted:  # within a bin squared weights cannot be told apart by score
        np.testing.assert_allclose(got.variance, wanted.variance, rtol=1e-6, atol=1e-9)


@quick
@given(tables, directions)
def test_people_at_a_cutoff(table, higher_is):
    cube = count(table, higher_is)
    low, high = cube.axes.score.low, cube.axes.score.high
    for cutoff in np.arange(low, high + 0.1, 0.5).tolist():
        assert cube.people_at(cutoff) == sum(row[6] for row in table if row[2] == cutoff)


@quick
@given(tables, directions, st.booleans(), st.sampled_from([None, [2, 4.5]]), st.integers(1, 5))
def test_a_file_gives_the_cube_back(tmp_path_factory, table, higher_is, weighted, edges, min_n):
    cube = suppress(count(table, higher_is, weighted=weighted, edges=edges, reference={"race": "A"}), min_n)
    path = tmp_path_factory.mktemp("cube") / "a.cube"
    io.save(cube, path)
    for back in (io.load(path), from_plain(json.loads(json.dumps(to_plain(cube), allow_nan=False)))):
        assert back.digest == cube.digest
        assert back.schema == cube.schema
        assert back.provenance == cube.provenance
        assert (back.suppressed is None) == (cube.suppressed is None)
        if cube.suppressed is not None:
            np.testing.assert_array_equal(back.suppressed, cube.suppressed)
        assert io.to_bytes(back) == path.read_bytes()


@quick
@given(tables, st.integers(1, 6), st.sampled_from([None, [2, 4.5]]))
def test_suppression_leaves_no_small_group_and_loses_nobody_silently(table, min_n, edges):
    cube = count(table, edges=edges)
    safer = suppress(cube, min_n)
    assert safer.groups == cube.groups
    assert all(n == 0 or n >= min_n for n in safer.group_people.tolist())
    hidden = np.zeros(len(cube.groups), dtype=bool) if safer.suppressed is None else safer.suppressed
    np.testing.assert_array_equal(hidden, cube.group_people < min_n)
    np.testing.assert_array_equal(safer.group_people[~hidden], cube.group_people[~hidden])
    for name, array in safer.arrays.items():
        assert not array[hidden].any(), name
        assert array.sum() == cube.arrays[name][~hidden].sum(), name
    ledger = safer.provenance.ledger
    assert ledger.read == cube.provenance.ledger.read
    assert ledger.used == safer.people
    assert suppress(safer, min_n).digest == safer.digest
    assert suppress(safer, min_n).provenance == safer.provenance


@quick
@given(tables)
def test_missing_labels_are_one_level_and_come_last(table):
    cube = count(table)
    for dimension in cube.axes.dimensions:
        assert MISSING not in dimension.levels[:-1]
    nobody = sum(row[6] for row in table if row[0] is None or label(row[0]) == MISSING)
    race = cube.marginal("race")
    assert nobody == sum(n for g, n in zip(race.groups, race.group_people.tolist(), strict=True) if g == MISSING)


@pytest.mark.parametrize("higher_is", ["better", "worse"])
def test_every_small_table_of_two_scores(higher_is):
    """All 2 x 2 tables of up to two people a cell: nothing random about it."""
    for a, b, c, d in itertools.product(range(3), repeat=4):
        if not (a + b + c + d):
            continue
        cube = from_counts(
            {"s": [1, 1, 2, 2], "y": [0, 1, 0, 1], "n": [a, b, c, d]},
            score="s",
            higher_is=higher_is,
            outcome="y",
            bad=1,
        )
        k = cube.confusion(2 if higher_is == "better" else 1)
        selected = c + d if higher_is == "better" else a + b
        rate = METRICS["selection_rate"](k).value[0]
        assert rate == selected / (a + b + c + d)
        good = c if higher_is == "better" else a
        tpr = METRICS["true_positive_rate"](k).value[0]
        assert math.isnan(tpr) if a + c == 0 else tpr == good / (a + c)
