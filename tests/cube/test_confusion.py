"""What is read from decisions against outcomes, one cell at a time; groups stacked and taken together."""

import numpy as np
import pytest

from fairaudit.cube.confusion import Confusion, ScoreTable, Tally

# Two cut-offs, three groups, decision, outcome; every cell another number.
COUNTS = np.arange(1.0, 37.0).reshape(2, 3, 2, 3)
READ = {
    "true_positives": COUNTS[:, :, 0, 0],
    "false_positives": COUNTS[:, :, 0, 1],
    "false_negatives": COUNTS[:, :, 1, 0],
    "true_negatives": COUNTS[:, :, 1, 1],
    "selected": COUNTS[:, :, 0, 0] + COUNTS[:, :, 0, 1] + COUNTS[:, :, 0, 2],
    "not_selected": COUNTS[:, :, 1, 0] + COUNTS[:, :, 1, 1] + COUNTS[:, :, 1, 2],
    "good": COUNTS[:, :, 0, 0] + COUNTS[:, :, 1, 0],
    "bad": COUNTS[:, :, 0, 1] + COUNTS[:, :, 1, 1],
    "unobserved": COUNTS[:, :, 0, 2] + COUNTS[:, :, 1, 2],
    "people": COUNTS.sum(axis=(2, 3)),
}
PLAIN = Confusion.from_counts(COUNTS)
WEIGHTED = Confusion(Tally(COUNTS, 2 * COUNTS, 5 * COUNTS))


@pytest.mark.parametrize("name", READ)
def test_every_part_is_its_cells(name):
    np.testing.assert_array_equal(getattr(PLAIN, name).n, READ[name])
    part = getattr(WEIGHTED, name)
    for got, times in ((part.n, 1), (part.w, 2), (part.w2, 5)):
        np.testing.assert_array_equal(got, times * READ[name])


@pytest.mark.parametrize("k", [PLAIN, WEIGHTED])
def test_groups_stacked_are_the_groups(k):
    back = Confusion.stacked([k[group] for group in range(3)])
    for got, wanted in ((back.table.n, k.table.n), (back.table.w, k.table.w), (back.table.w2, k.table.w2)):
        np.testing.assert_array_equal(got, wanted)


@pytest.mark.parametrize("k", [PLAIN, WEIGHTED])
def test_groups_taken_together_are_their_sum(k):
    np.testing.assert_array_equal(k.pooled([0, 2]).table.w2, k.table.w2[:, 0] + k.table.w2[:, 2])
    np.testing.assert_array_equal(k.pooled([0, 2]).table.n, COUNTS[:, 0] + COUNTS[:, 2])


def test_tallies_are_added_and_subtracted_part_by_part():
    one, two = WEIGHTED.table, PLAIN.table
    for made, sign in ((one + two, 1), (one - two, -1)):
        np.testing.assert_array_equal(made.n, (1 + sign) * COUNTS)
        np.testing.assert_array_equal(made.w, (2 + sign) * COUNTS)
        np.testing.assert_array_equal(made.w2, (5 + sign) * COUNTS)


def score_table(leading=()):
    """Return three groups over two bins, whose mean scores differ by group."""
    table = np.broadcast_to(np.arange(1.0, 19.0).reshape(3, 2, 3), (*leading, 3, 2, 3))
    scores = np.broadcast_to([[1.0, 5.0], [2.0, 6.0], [3.0, 9.0]], (*leading, 3, 2))
    return ScoreTable(Tally.of(table), scores, scores**2 + 1, higher_is_better=False)


@pytest.mark.parametrize("leading", [(), (4,), (2, 5)])
def test_score_tables_stacked_and_taken_together(leading):
    s = score_table(leading)
    back = ScoreTable.stacked([s[group] for group in range(3)])
    for got, wanted in ((back.table.n, s.table.n), (back.scores, s.scores), (back.squares, s.squares)):
        np.testing.assert_array_equal(got, wanted)
    assert back.sign == -1
    both = s.pooled([0, 2])
    people = s.people.w
    total = people[..., 0, :] + people[..., 2, :]
    mean = (people[..., 0, :] * s.scores[..., 0, :] + people[..., 2, :] * s.scores[..., 2, :]) / total
    square = (people[..., 0, :] * s.squares[..., 0, :] + people[..., 2, :] * s.squares[..., 2, :]) / total
    np.testing.assert_allclose(both.scores, mean)
    np.testing.assert_allclose(both.squares, square)
    np.testing.assert_array_equal(both.good.n, s.good.n[..., 0, :] + s.good.n[..., 2, :])
    np.testing.assert_array_equal(both.bad.n, s.table.n[..., 0, :, 1] + s.table.n[..., 2, :, 1])


def test_a_bin_without_people_has_no_infinite_score():
    s = ScoreTable(Tally.of(np.zeros((2, 1, 3))), np.ones((2, 1)), np.ones((2, 1)), higher_is_better=True)
    assert s.pooled([0, 1]).scores.tolist() == [0.0]
    assert s.sign == 1
