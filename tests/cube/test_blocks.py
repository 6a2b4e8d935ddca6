"""Blocks ride along with the counts: they merge, collapse, are hashed, written and suppressed with them."""

import copy
import dataclasses

import numpy as np
import pytest

from fairaudit.cube.blocks import Sums, read_block
from fairaudit.cube.from_counts import from_counts
from fairaudit.cube.io import load, save
from fairaudit.cube.plain import from_plain, to_plain
from fairaudit.cube.publish import suppress
from fairaudit.errors import CubeError, DataContractError


def cube(groups="abc", scores=(1, 2, 3), n=(5, 2, 7), *, when="cleared", block=True):
    """Return a cube whose blocks hold twice and three times its counts."""
    table = {"g": list(groups), "h": ["x", "y", "x"], "s": list(scores), "n": list(n)}
    made = from_counts(table, groups=["g", "h"], score="s", higher_is="better")
    if not block:
        return made
    twice = Sums("test", {"times": 2}, {"n": made.n[..., None] * np.array([2, 20])}, when_suppressed=when)
    by_cell = Sums("test", {}, {"n": made.group_people[:, None] * 3}, along="cells", when_suppressed=when)
    return dataclasses.replace(made, blocks={"twice": twice, "by cell": by_cell})


def agrees(made):
    """Return whether the blocks still are two and three times the counts."""
    twice, by_cell = made.blocks["twice"].arrays["n"], made.blocks["by cell"].arrays["n"]
    return np.array_equal(twice[..., 1], made.n * 20) and np.array_equal(by_cell[:, 0], made.group_people * 3)


def test_blocks_merge_where_the_counts_merge():
    both = cube() + cube("cda", (3, 4, 9), (1, 1, 1))
    assert both.people == 17
    assert agrees(both)


@pytest.mark.parametrize("names", ["g", "h", ("h", "g"), ()])
def test_blocks_collapse_with_the_counts(names):
    assert agrees(cube().marginal(names))


def test_blocks_are_in_the_digest_and_no_blocks_change_nothing():
    plain = cube(block=False)
    assert plain.digest == dataclasses.replace(plain, blocks={}).digest
    assert cube().digest != plain.digest
    assert cube().digest == cube().digest


def test_to_a_file_and_back(tmp_path):
    save(cube(), tmp_path / "a.cube")
    back = load(tmp_path / "a.cube")
    assert agrees(back)
    assert back.digest == cube().digest
    assert from_plain(to_plain(cube())).digest == cube().digest
    assert to_plain(cube(block=False))["version"] == 1
    assert "blocks" not in to_plain(cube(block=False))


def test_suppression_clears_a_block_or_drops_it_and_says_so():
    assert agrees(suppress(cube(), 4))
    assert suppress(cube(), 4).blocks["by cell"].arrays["n"].tolist() == [[15], [0], [21]]
    dropped = suppress(cube(when="dropped"), 4)
    assert not dropped.blocks
    assert [issue.code for issue in dropped.provenance.issues].count("block_dropped") == 2
    # Even where no cell is small: the block's own sums may be of few people.
    assert not suppress(cube(when="dropped"), 1).blocks


def test_blocks_that_stand_for_different_things_do_not_merge():
    other = dataclasses.replace(cube(), blocks={"twice": Sums("test", {"times": 4}, cube().blocks["twice"].arrays)})
    with pytest.raises(CubeError, match="only one of them has 'by cell'"):
        cube() + other
    with pytest.raises(CubeError, match="Cubes differ in 'twice'"):
        dataclasses.replace(cube(), blocks={"twice": cube().blocks["twice"]}) + other
    with pytest.raises(CubeError, match="only one of them has"):
        cube() + cube(block=False)


def test_a_block_of_another_shape_is_refused():
    block = Sums("test", {}, {"n": np.zeros((2, 1), dtype=np.int64)}, along="cells")
    with pytest.raises(CubeError, match="of the block 'odd' has the shape"):
        dataclasses.replace(cube(), blocks={"odd": block})


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda b: b.update(along="rows"), "is not sound"),
        (lambda b: b.pop("about"), "is not sound"),
        (lambda b: b["arrays"]["n"].update(shape=[10**6, 10**6]), "sizes that do not fit"),
        (lambda b: b["arrays"]["n"].update(shape=[4, 1]), "has the shape"),
        (lambda b: b["arrays"]["n"]["at"].__setitem__(0, 99), "a sum outside the array"),
        (lambda b: b["arrays"]["n"]["at"].__setitem__(0, 1), "sizes that do not fit"),
        (lambda b: b["arrays"]["n"]["values"].__setitem__(0, 1.5), "other than whole numbers"),
        (lambda b: b["arrays"]["n"]["values"].__setitem__(0, 2**70), "is not sound"),
        (lambda b: b["arrays"]["n"]["values"].__setitem__(0, 1), "its counts were changed"),
    ],
)
def test_a_damaged_block_is_refused(change, said):
    plain = copy.deepcopy(to_plain(cube()))
    change(plain["blocks"]["by cell"])
    with pytest.raises(DataContractError, match=said):
        from_plain(plain)


def test_the_order_of_what_a_block_is_about_changes_no_digest():
    one, two = ({"times": 2, "of": "n"}, {"of": "n", "times": 2})
    parts = [b"".join(Sums("test", about, {"n": np.ones((1, 1, 1, 1), dtype=np.int64)}).digest_parts())
             for about in (one, two)]  # fmt: skip
    assert parts[0] == parts[1]


def test_a_block_of_one_number_is_read_back():
    made = Sums("test", {}, {"n": np.full((1, 1), 7, dtype=np.int64)}, along="cells")
    assert read_block(made.to_plain(), "one").arrays["n"].tolist() == [[7]]
