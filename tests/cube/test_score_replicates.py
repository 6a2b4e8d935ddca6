"""Replicates of clusters by score: the counts of the rows, whatever holds them and however they are split."""

import dataclasses
import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fairaudit as fa
from fairaudit.cube import score_replicates
from fairaudit.cube.plain import from_plain, to_plain
from fairaudit.cube.replicates import counted_in, hash_labels
from fairaudit.errors import DataContractError

ROLES = {"groups": "g", "score": "s", "higher_is": "worse", "outcome": "bad", "bad": 1, "cluster": "home"}


def people(n=400, seed=1, digits=None):
    rng = np.random.default_rng(seed)
    score = rng.beta(1, 8, n)
    return {
        "home": rng.integers(0, n // 3, n).tolist(),
        "g": rng.choice(["a", "b"], n).tolist(),
        "s": [
            None if i % 37 == 0 else x
            for i, x in enumerate((score if digits is None else score.round(digits)).tolist())
        ],
        "bad": rng.integers(0, 2, n).tolist(),
        "w": (rng.random(n) * 3).tolist(),
    }


@pytest.mark.parametrize("weight", [None, "w"])
@pytest.mark.parametrize("as_text", [False, True])
def test_tables_are_those_of_the_rows(weight, as_text):
    table = people(digits=2)
    frame = pd.DataFrame(table)
    data = table | {"s": [None if x is None else str(x) for x in table["s"]]} if as_text else table
    cube = fa.count(data, **ROLES, **({"weight": weight} if weight else {}))
    block = cube.blocks["clustered_scores"]
    scale = cube.schema.weight_scale if weight else 1
    w = (np.floor(frame["w"] * scale + 0.5) / scale).to_numpy() if weight else np.ones(len(frame))
    drawn = counted_in(hash_labels([str(home) for home in frame["home"]]))
    whole, moved = block.of(higher_is_better=False, scale=scale).pooled([1], step=1.0)
    known = frame["s"].notna() & (frame["g"] == "b")
    # The worst, that is the highest, score first; bins as wide as the level says.
    bins = np.floor(frame["s"].fillna(0) * 2.0**-block.level)
    for outcome in (0, 1):
        rows = (known & (frame["bad"] == outcome)).to_numpy()
        for place, code in enumerate(block.of(higher_is_better=False).codes):
            here = rows & (bins == code).to_numpy()
            assert whole.table.n[place, outcome] == pytest.approx(w[here].sum())
            for r in (0, 100, 255):
                assert moved.table.n[r, place, outcome] == pytest.approx(2 * w[here & drawn[:, r]].sum())
    assert (np.diff(whole.scores) < 0).all()


@settings(max_examples=15, deadline=None)
@given(
    st.lists(st.integers(0, 2), min_size=300, max_size=300), st.permutations([0, 1, 2]), st.sampled_from([30, 8_192])
)
def test_parts_merge_in_any_order_to_what_all_rows_give(part, order, most):
    table = people(n=300)
    kept, score_replicates.MOST_ENTRIES = score_replicates.MOST_ENTRIES, most
    try:
        pieces = []
        for which in range(3):
            rows = [i for i in range(300) if part[i] == which]
            if len(rows) < 3 or all(table["s"][i] is None for i in rows):
                return
            made = fa.count({name: [column[i] for i in rows] for name, column in table.items()}, **ROLES)
            pieces.append(made.marginal("g").blocks["clustered_scores"])
        whole = fa.count(table, **ROLES).blocks["clustered_scores"]
        mesh = (np.array([[0], [1]]),)
        first, second, third = (pieces[i] for i in order)
        if {first.cells, second.cells, third.cells} != {2}:
            return
        both = first.merged(second, (mesh, mesh), (2,), "x").merged(third, (mesh, mesh), (2,), "x")
        assert list(both.digest_parts()) == list(whole.digest_parts())
        assert len(whole.places) <= most
    finally:
        score_replicates.MOST_ENTRIES = kept


def test_written_and_read_and_damage_is_found():
    cube = fa.count(people(), **ROLES)
    plain = json.loads(json.dumps(to_plain(cube)))
    assert from_plain(plain).digest == cube.digest
    for damage in (
        lambda block: block.pop("sums"),
        lambda block: block.update(level=-900),
        lambda block: block["places"].__setitem__(0, "7 0 0"),
        lambda block: block["places"].__setitem__(0, "0 0 5"),
        lambda block: block["sums"].__setitem__(0, block["sums"][0].replace(" 1", " 9", 1)),
        lambda block: block.update(replicates=10),
    ):
        broken = json.loads(json.dumps(to_plain(cube)))
        damage(broken["blocks"]["clustered_scores"])
        with pytest.raises(DataContractError, match="clusters by score are damaged"):
            from_plain(broken)


def test_a_cube_counted_without_them_says_what_is_lost():
    cube = fa.count(people(), **ROLES, cutoff=0.1)
    cube = dataclasses.replace(cube, blocks={"clusters": cube.blocks["clusters"]})
    result = fa.audit(cube, reference={"g": "a"}, rng=1).result
    lost = next(one for one in result.not_run if "metrics of the score" in one.what)
    assert lost.reason == "people come in clusters of 'home', and scores were not counted by cluster; count again"
    assert all(r.low is None for r in result.rates if r.metric == "area_under_curve")
    assert {band.method for band in result.curves.bands} == {None}
