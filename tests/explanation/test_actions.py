"""Declared actions: read from mappings and files, said back, and refused with the mend."""

import pandas as pd
import pytest

from fairaudit import Actions
from fairaudit.errors import FairauditError
from fairaudit.explanation.action_values import offers_of, variables_of
from fairaudit.explanation.rules import read_rule

FILE = """\
features:
  years_employed: {change: up, step: 1, between: [0, 40], cost: 2}
  age: {follows: years_employed, ratio: 1}
  savings:
    change: up
    levels: ["No", some, much]
    cost: {"No": 1, some: 2, much: 3}
  housing: immutable
rules:
  - years_employed <= age - 14
one_hot:
  - [rents, owns]
most_changes: 2
"""


def test_a_file_and_its_own_record_mean_the_same(tmp_path):
    path = tmp_path / "actions.yaml"
    path.write_text(FILE, encoding="utf-8")
    read = Actions.read(path)
    assert Actions.of(read.to_dict()) == read
    assert read.changeable == ("years_employed", "savings")
    assert read.features[2].levels == ("No", "some", "much")
    assert read.most_changes == 2
    assert [rule.text for rule in read.rules] == ["years_employed <= age - 14", "exactly one of rents, owns"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("features:\n  a: up\n  a: down\n", "line 3: key 'a' is given twice"),
        ("- a\n", "file of actions"),
        ("features:\n  a: {chnage: up}\n", "Did you mean 'change'"),
        ("features:\n  a: !!python/object:os.system up\n", "tag"),
        ("featurs:\n  a: up\n", "'featurs' has the key 'a'"),
        ("features:\n  a: {change: up, between: [3, 1]}\n", "lower end first"),
        ("features:\n  a: {change: up, between: [1, 3], percentiles: [1, 99]}\n", "Keep one"),
        ("features:\n  a: {change: up, percentiles: [-1, 99]}\n", "within 0 to 100"),
        ("features:\n  a: {change: up, levels: [x, y], step: 1}\n", "without levels"),
        ("features:\n  a: {change: up, levels: [x, y], cost: {x: 1}}\n", "without the level 'y'"),
        ("features:\n  a: {change: up, cost: -1}\n", "above 0"),
        ("features:\n  a: {change: up, although_prohibited: maybe}\n", "true or false"),
        ("features:\n  a: {follows: b}\n", "not declared to change"),
        ("features:\n  a: {follows: b, cost: 1}\n", "only have a ratio"),
        ("features:\n  a: {step: 1}\n", "Add change"),
        ("features:\n  a: up\nmost_changes: 0\n", "from 1 on"),
        ("features:\n  a: up\none_hot: [[a]]\n", "at least two"),
    ],
)
def test_what_is_wrong_in_a_file_is_said_with_its_name(tmp_path, text, words):
    path = tmp_path / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(FairauditError, match=words) as caught:
        Actions.read(path)
    assert "mine.yaml" in str(caught.value)


def test_a_draft_leaves_prohibited_bases_and_declared_groups_alone():
    rows = pd.DataFrame(columns=["income", "age", "gender", "region"])
    assert Actions.draft(rows, groups=["region"]).changeable == ("income",)
    assert Actions.draft(rows).without("income").changeable == ("region",)
    with pytest.raises(FairauditError, match="Did you mean 'income'"):
        Actions.draft(rows).without("incom")


@pytest.mark.parametrize(
    ("text", "values", "holds"),
    [
        ("2*a - b >= 0.5", {"a": 1, "b": 1.5}, True),
        ("2 a - b >= 0.5", {"a": 1, "b": 1.6}, False),
        ("a = `living area` + 3", {"a": 5, "living area": 2}, True),
        ("-a + 1 == b", {"a": 0.1, "b": 0.9}, True),
        ("a <= b", {"a": float("nan"), "b": 0}, True),
        ("3 <= a", {"a": 2}, False),
        ("0.1*a + 0.2*b <= 0.3", {"a": 1, "b": 1}, True),
    ],
)
def test_rules_are_read_as_written(text, values, holds):
    assert read_rule(text).holds(values) is holds


@pytest.mark.parametrize(
    "text", ["a", "a < b", "a <= b <= c", "a * b <= 1", "a <= (b)", "1 <= 2", "a b <= 1", 3, "a - a <= 0"]
)
def test_what_is_no_rule_is_refused(text):
    with pytest.raises(FairauditError, match="cannot be read"):
        read_rule(text)


DATA = pd.DataFrame({"count": [0, 1, 2, 3, 100], "rate": [0.1, 0.25, 0.3, 0.4, 0.9], "home": ["a", "b", "b", "b", "c"]})


def options(declared, row):
    actions = Actions.of(declared)
    offers = offers_of(actions, list(DATA.columns), list(DATA.columns), DATA)
    (variable,) = variables_of(offers, actions, row)[0]
    return dict(zip(variable.values[0], variable.costs.tolist(), strict=True))


def test_steps_are_whole_for_whole_numbers_and_round_otherwise():
    assert list(options({"count": "either"}, {"count": 98}))[-3:] == [97, 99, 100]
    made = list(options({"rate": "up"}, {"rate": 0.25}))
    assert made[1:3] == [0.26, 0.27]
    assert made[-1] == 0.9


def test_bounds_directions_and_percentiles_limit_the_values():
    assert list(options({"count": {"change": "down", "step": 2}}, {"count": 7})) == [7, 0, 2, 4, 6]
    assert list(options({"count": {"change": "up", "step": 1, "percentiles": [0, 75]}}, {"count": 1})) == [1, 2, 3]
    assert list(options({"count": {"change": "up", "step": 60, "between": [0, 200]}}, {"count": 1})) == [
        1,
        60,
        120,
        180,
    ]


def test_levels_go_along_their_order_and_cost_the_shift_in_percentiles():
    # a holds the lowest fifth, b the next three, c the highest: mid-percentiles 0.1, 0.5, 0.9.
    made = options({"home": {"change": "up", "levels": ["a", "b", "c"]}}, {"home": "a"})
    assert made == {"a": 0.0, "b": pytest.approx(0.4), "c": pytest.approx(0.8)}
    assert options({"home": "either"}, {"home": None}) == {None: 0.0, "a": 1.0, "b": 1.0, "c": 1.0}
    assert list(options({"home": {"change": "down", "levels": ["a", "b", "c"]}}, {"home": "b"})) == ["b", "a"]


def test_beyond_the_data_the_percentile_goes_on_with_the_range():
    made = options({"count": {"change": "up", "step": 50, "between": [0, 150]}}, {"count": 100})
    assert made[150] == pytest.approx(50 / 100)
