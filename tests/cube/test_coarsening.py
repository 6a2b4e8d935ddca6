"""Published counts: no entry of few people, the ledger adds up, cut-offs stay answerable."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairaudit.cube.coarsening import OTHER, publish
from fairaudit.cube.from_counts import from_counts
from fairaudit.cube.io import load, save
from fairaudit.errors import CubeError

rows = st.lists(
    st.tuples(
        st.sampled_from(["a", "b", "c", "d", None]), st.sampled_from(["F", "M"]), st.integers(0, 9),
        st.sampled_from([0, 1]), st.integers(1, 25),
    ),
    min_size=1, max_size=60,
)  # fmt: skip


def counted(table, higher_is="better", **roles):
    g, h, s, y, n = zip(*table, strict=True)
    columns = {"g": g, "h": h, "s": s, "y": y, "n": n}
    given_ = {"cutoff": 5, **roles}
    return from_counts(columns, counts="n", groups=["g", "h"], score="s", higher_is=higher_is, outcome="y", bad=1,
                       **given_)  # fmt: skip


def published_or_none(cube, min_n):
    """Return None where not even everybody together can be shown; the tests below say when that is."""
    try:
        return publish(cube, min_n)
    except CubeError:
        return None


@settings(deadline=None, max_examples=120)
@given(rows, st.integers(1, 30), st.sampled_from(["better", "worse"]))
def test_no_entry_tells_of_few_people_and_nothing_is_lost_uncounted(table, min_n, higher_is):
    whole = counted([*table, ("a", "F", 0, 0, 1), ("a", "F", 9, 0, 1)], higher_is)
    made = published_or_none(whole, min_n)
    if made is None:
        return
    n = made.cube.n
    assert not ((n > 0) & (n < min_n)).any()
    # Sums are kept, or what is not there is counted; where it is few, nobody says how many.
    gone = whole.people - made.cube.people
    ledger = made.cube.provenance.ledger
    assert ledger.used == made.cube.people
    assert sum(ledger.set_aside.values()) == (gone if gone >= min_n else 0)
    # The cut-off parts the same people as before, and sums of scores are those of the people who stayed.
    if not gone:
        before, after = (cube.confusion(5).selected.n.sum() for cube in (whole, made.cube))
        assert before == after
        score = whole.axes.score
        total = (whole.n.sum(axis=(0, 2, 3))[: score.scored_bins] * score.values).sum()
        assert made.cube.s1.sum() == pytest.approx(total * whole.schema.score_scale)


@settings(deadline=None, max_examples=60)
@given(rows, st.integers(2, 20))
def test_publishing_twice_changes_no_count(table, min_n):
    first = published_or_none(counted([*table, ("a", "F", 0, 0, 40), ("a", "F", 9, 0, 40)]), min_n)
    if first is None:
        return
    once = first.cube
    twice = publish(once, min_n).cube
    assert twice.people == once.people
    assert twice.groups == once.groups
    assert np.array_equal(twice.n, once.n)


def people(**table):
    """Return counts by ``g`` alone: everybody has the same outcome."""
    return {**table, "y": ["paid"] * len(table["n"])}, {"counts": "n", "groups": "g", "outcome": "y", "good": "paid"}


def test_a_pool_is_made_of_two_levels_at_least_and_spares_the_reference():
    table, roles = people(g=["a", "b", "c"], n=[100, 40, 3])
    made = publish(from_counts(table, reference={"g": "b"}, **roles), 10)
    assert made.publication.pooled == {"g": ("a", "c")}
    assert made.cube.groups == (OTHER, "b")


def test_a_missing_level_is_left_out_and_few_are_not_numbered():
    table, roles = people(g=["a", "b", None], n=[100, 40, 3])
    made = publish(from_counts(table, **roles), 10)
    assert made.cube.groups == ("a", "b")
    assert made.publication.dropped == ("people of unknown g",)
    assert made.publication.people_before is None
    assert made.cube.provenance.ledger.read == 140
    assert publish(from_counts(table, **roles), 3).cube.people == 143


def test_a_column_that_cannot_be_told_apart_is_left_out():
    table, roles = people(g=["a", "b"], n=[100, 3])
    made = publish(from_counts(table, **roles), 10)
    assert made.publication.left_out == ("g",)
    assert made.cube.people == 103


def test_the_lowest_and_the_highest_score_are_not_told():
    table = [("a", "F", s, y, 20) for s in range(10) for y in (0, 1)]
    made = publish(counted(table), 30)
    score = made.cube.axes.score
    assert 5 in score.edges.tolist()
    assert 0 < score.low <= score.high < 9
    assert made.publication.bins_before == 10
    assert made.publication.bins_after == score.scored_bins == 4


def test_a_published_cube_can_be_written_and_read(tmp_path):
    table = [(g, h, s, y, 20) for g in "ab" for h in "FM" for s in range(10) for y in (0, 1)]
    made = publish(counted(table), 30).cube
    save(made, tmp_path / "public.cube")
    again = load(tmp_path / "public.cube")
    assert again.digest == made.digest
    assert made.unique_people == 0


@pytest.mark.parametrize("min_n", [0, 2.5, True])
def test_the_smallest_number_is_a_whole_one(min_n):
    table, roles = people(g=["a"], n=[3])
    with pytest.raises(CubeError, match="whole number of at least 1"):
        publish(from_counts(table, **roles), min_n)


def test_nothing_is_published_where_nothing_can_be():
    table, roles = people(g=["a", "b"], n=[3, 4])
    with pytest.raises(CubeError, match="min_n=10"):
        publish(from_counts(table, **roles), 10)
