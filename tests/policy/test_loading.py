"""Names, paths and mappings become policies; what is wrong is said with file, line and mend."""

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairaudit.errors import PolicyError
from fairaudit.policy import DEFAULT_POLICY
from fairaudit.policy.loading import lint, load_policy, preset_ids, preset_path
from fairaudit.policy.model import Policy
from fairaudit.policy.reading import Problem

MINE = """\
id: bank-2027
version: 1.0
title: Bank policy
jurisdiction: Ourland
status: internal
reference:
  mode: named
  groups: {race: White, smoker: No}
alpha: 0.01
rules:
  - id: ratio
    metric: adverse_impact_ratio
    contrast: ratio
    practical: {op: "<", value: .85}
    family: primary
"""


def mine(**changes):
    data = {
        "id": "bank-2027",
        "version": "1",
        "title": "Bank policy",
        "jurisdiction": "Ourland",
        "status": "internal",
        "reference": {"mode": "named"},
        "rules": [
            {
                "id": "ratio",
                "metric": "adverse_impact_ratio",
                "contrast": "ratio",
                "practical": {"op": "<", "value": 0.85},
                "family": "primary",
            }
        ],
    }
    return data | changes


def written(tmp_path, text):
    path = tmp_path / "policy.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def refused(tmp_path, text):
    with pytest.raises(PolicyError) as caught:
        load_policy(written(tmp_path, text))
    return str(caught.value)


def test_a_file_of_ones_own_is_read_as_written(tmp_path):
    policy = load_policy(written(tmp_path, MINE)).policy
    assert policy.version == "1.0"
    assert policy.reference.groups == {"race": "White", "smoker": "No"}
    assert policy.alpha == 0.01
    assert policy.primary_rule.practical.value == 0.85


def test_a_path_may_be_text(tmp_path):
    path = written(tmp_path, MINE)
    assert load_policy(str(path)).policy == load_policy(path).policy


def test_unknown_key_names_file_line_and_suggestion(tmp_path):
    message = refused(tmp_path, MINE + "minimun_n: 30\n")
    assert message.startswith("policy.yaml, line 16: unknown key 'minimun_n'. Did you mean 'minimum_n'? Keys here:")
    assert str(tmp_path) not in message


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        (
            "value: .85",
            "valu: .85",
            14,
            "unknown key 'valu'. Did you mean 'value'? Keys here: op, value, watch.",
        ),
        ("value: .85", "value: high", 14, "'value' should be a valid number"),
        ("value: .85", "value: nan", 14, "'value' should be a finite number"),
        ("value: .85", "value: 85", 14, "past the line for two groups treated alike"),
        ("value: .85", "value: -.5", 14, "never negative"),
        ("value: .85", "value: .85, watch: .7", 14, "a watch line is milder than the line, so above 0.85"),
        ("contrast: ratio", "contrast: rato", 13, "Did you mean 'ratio'?"),
        ("contrast: ratio\n", "contrast: ratio\n    statistical: null\n", 14, "a line needs a test"),
        (
            "metric: adverse_impact_ratio",
            "metric: AIR",
            12,
            "'metric' is 'AIR'; a metric is named in small letters",
        ),
        ("alpha: 0.01", "alpha: 5", 9, "'alpha' should be less than 0.5"),
        ("alpha: 0.01", "alpha: 0", 9, "'alpha' should be greater than 0"),
        ("alpha: 0.01", "alpha:", 9, "'alpha' should be a valid number, and nothing is given"),
        ("alpha: 0.01", "minimum_n: 2.5", 9, "'minimum_n' should be a valid integer"),
        ("alpha: 0.01", "minimum_n: 0", 9, "'minimum_n' should be greater than or equal to 1"),
        ("alpha: 0.01", "minimum_share: 2", 9, "'minimum_share' should be less than 1"),
        ("alpha: 0.01", "valid_from: 2026", 9, "'2026' is not a day"),
        ("alpha: 0.01", "valid_from: 2026-02-30", 9, "'2026-02-30' is not a day"),
        ("alpha: 0.01", "valid_from: 2027-01-01\nvalid_to: 2026-01-01", 10, "is before valid_from"),
        ("alpha: 0.01", "multiplicity: {primary: none}", 9, "'primary' is 'none'; it is one of holm."),
        ("alpha: 0.01", "sources: [{title: A, date: 2026-07}]", 9, "needs an address or a citation"),
        ("alpha: 0.01", "sources: [{title: A, citation: B, date: July}]", 9, "write a year, month or day"),
        ("status: internal", "status: in-force", 5, "Did you mean 'in force'?"),
        ("title: Bank policy\n", "", 1, "key 'title' is missing"),
        ("mode: named", "mode: largest", 8, "only read in mode 'named'"),
        ("family: primary", "family: secondary", 10, "none is primary"),
        ("family: primary", "family: exploratory", 15, "it is one of primary, secondary"),
        ("alpha: 0.01", "rules: []\nalpha: 0.01", 11, "'rules' is given twice, first on line 9"),
        ("id: bank-2027", "id: Bank 2027", 1, "an id has small letters"),
    ],
)
def test_bad_values_are_errors_with_their_line(tmp_path, old, new, line, words):
    assert old in MINE
    text = MINE.replace(old, new)
    message = refused(tmp_path, text)
    assert message.startswith(f"policy.yaml, line {line}: ")
    assert words in message


SECOND = """\
  - id: {id}
    metric: standardized_mean_difference
    contrast: standardized_difference
    practical: {{op: "<", value: -0.5}}
    family: {family}
"""


def test_two_primary_rules_are_an_error_at_the_second(tmp_path):
    message = refused(tmp_path, MINE + SECOND.format(id="smd", family="primary"))
    assert message.startswith("policy.yaml, line 20: 2 rules are in family primary")


def test_a_rule_id_used_twice_is_an_error_at_the_second(tmp_path):
    message = refused(tmp_path, MINE + SECOND.format(id="ratio", family="secondary"))
    assert message.startswith("policy.yaml, line 16: the rule id 'ratio' is used twice")


def test_the_primary_rule_has_a_line_if_any_has(tmp_path):
    bare = MINE.replace('    practical: {op: "<", value: .85}\n', "")
    message = refused(tmp_path, bare + SECOND.format(id="smd", family="secondary"))
    assert message.startswith("policy.yaml, line 11: the primary rule 'ratio' has no line")


def test_no_rules_are_an_error(tmp_path):
    message = refused(tmp_path, MINE[: MINE.index("rules:")])
    assert "there are no rules" in message


def test_lint_collects_every_problem_in_the_order_of_lines(tmp_path):
    text = MINE.replace("alpha: 0.01", "alpha: 7\nalpha: 8\nminimun_n: 30").replace("value: .85", "value: x")
    found = lint(written(tmp_path, text + "x: !!python/none\n"))
    assert [problem.line for problem in found] == [9, 10, 11, 16, 18, 18]
    assert all(isinstance(problem, Problem) for problem in found)
    message = refused(tmp_path, text)
    assert "(3 more: `fairaudit policy lint` lists them all.)" in message


def test_lint_finds_nothing_in_a_good_file(tmp_path):
    assert lint(written(tmp_path, MINE)) == []


def test_unknown_metrics_are_found_with_their_line(tmp_path):
    path = written(tmp_path, MINE.replace("adverse_impact_ratio", "adverse_impact_ratoi"))
    assert lint(path) == []
    (problem,) = lint(path, known_metrics={"adverse_impact_ratio", "selection_rate"})
    assert problem.line == 12
    assert "Did you mean 'adverse_impact_ratio'? Metrics: adverse_impact_ratio, selection_rate." in problem.message
    with pytest.raises(PolicyError, match="line 12: unknown metric"):
        load_policy(path, known_metrics={"adverse_impact_ratio"})


def test_an_unknown_name_lists_the_policies_and_suggests_one():
    with pytest.raises(PolicyError, match=r"There is no policy 'us-fair-lendin'. Did you mean 'us-fair-lending'"):
        load_policy("us-fair-lendin")
    with pytest.raises(PolicyError, match="Policies: eu-ai-act-annex-iii-5b, us-fair-lending, us-nyc-ll144, us-ugesp"):
        preset_path("zzzz")


@pytest.mark.parametrize("name", ["nowhere.yaml", "folder/nowhere", Path("us-ugesp")])
def test_a_path_that_is_not_there_is_a_clear_error(name):
    with pytest.raises(PolicyError, match="was not found"):
        load_policy(name)


def test_a_folder_is_a_clear_error(tmp_path):
    with pytest.raises(PolicyError, match="is a folder"):
        load_policy(tmp_path)


def test_a_preset_wins_over_a_file_of_its_name(tmp_path, monkeypatch):
    (tmp_path / "us-ugesp").write_text(MINE)
    monkeypatch.chdir(tmp_path)
    assert load_policy("us-ugesp").policy.id == "us-ugesp"


def test_a_mapping_gives_the_same_policy_and_digest_as_its_file(tmp_path):
    text = MINE.replace("version: 1.0", "version: '1'").replace("alpha: 0.01\n", "")
    text = text.replace("  groups: {race: White, smoker: No}\n", "")
    assert load_policy(mine()) == load_policy(written(tmp_path, text))


def test_a_mapping_with_a_mistake_says_where():
    with pytest.raises(PolicyError, match=r"mapping: alhpa: unknown key 'alhpa'. Did you mean 'alpha'"):
        load_policy(mine(alhpa=0.05))
    rules = [{**mine()["rules"][0], "practical": {"op": "<", "value": "x"}}]
    with pytest.raises(PolicyError, match=r"mapping: rules\[0\].practical.value: 'value' should be a valid number"):
        load_policy(mine(rules=rules))


def test_a_policy_is_taken_as_it_is():
    policy = load_policy(mine()).policy
    assert load_policy(policy).policy is policy
    with pytest.raises(PolicyError, match="unknown metric 'adverse_impact_ratio'"):
        load_policy(policy, known_metrics={"selection_rate"})


def test_extends_starts_from_a_preset_and_replaces_whole_keys(tmp_path):
    base = load_policy("us-fair-lending").policy
    path = written(tmp_path, "extends: us-fair-lending\nid: mine\nminimum_n: 100\nreference: {mode: largest}\n")
    policy = load_policy(path).policy
    assert (policy.id, policy.minimum_n, policy.reference.mode) == ("mine", 100, "largest")
    assert policy.extends == "us-fair-lending"
    assert (policy.rules, policy.sources, policy.alpha) == (base.rules, base.sources, base.alpha)


def test_a_changed_policy_needs_an_id_of_its_own(tmp_path):
    message = refused(tmp_path, "extends: us-fair-lending\nminimum_n: 5\n")
    assert message.startswith("policy.yaml, line 1: a policy that extends 'us-fair-lending' is another policy")
    message = refused(tmp_path, "extends: us-ugesp\nminimum_n: 5\nid: us-ugesp\n")
    assert message.startswith("policy.yaml, line 3: a policy that extends 'us-ugesp'")


@pytest.mark.parametrize("value", ["us-ugespp", "other.yaml", "[us-ugesp]", "{a: b}"])
def test_extends_names_a_preset_and_nothing_else(tmp_path, value):
    message = refused(tmp_path, f"id: mine\nextends: {value}\n")
    assert "line 2: 'extends' names no policy of the package" in message


def test_a_bad_preset_name_does_not_hide_the_other_problems(tmp_path):
    found = lint(written(tmp_path, "id: mine\nextends: us-ugespp\nalpha: 7\nminimun_n: 3\n"))
    assert [problem.line for problem in found] == [2, 3, 4]


def test_extends_nothing_is_allowed(tmp_path):
    assert load_policy(written(tmp_path, MINE + "extends:\n")).policy.extends is None


@pytest.mark.parametrize("preset", preset_ids())
def test_the_digest_is_that_of_the_text_and_the_text_gives_the_policy_back(tmp_path, preset):
    loaded = load_policy(preset)
    assert loaded.sha256 == hashlib.sha256(loaded.text.encode()).hexdigest()
    assert load_policy(written(tmp_path, loaded.text)) == loaded


def test_the_text_of_an_extension_gives_it_back_too(tmp_path):
    loaded = load_policy(written(tmp_path, "extends: us-ugesp\nid: mine\nnotes: ['a: b', '{c}']\n"))
    assert load_policy(written(tmp_path, loaded.text)) == loaded


def test_comments_do_not_change_the_digest_and_a_line_does(tmp_path):
    first = load_policy(written(tmp_path, MINE)).sha256
    assert load_policy(written(tmp_path, "# a comment\n" + MINE)).sha256 == first
    assert load_policy(written(tmp_path, MINE.replace(".85", ".86"))).sha256 != first


WORDS = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), min_size=1, max_size=30)


@settings(max_examples=50)
@given(title=WORDS, level=WORDS, note=WORDS, value=st.floats(0.01, 1), alpha=st.floats(1e-6, 0.49))
def test_any_text_and_number_survives_being_written_and_read(tmp_path_factory, title, level, note, value, alpha):
    rules = [{**mine()["rules"][0], "practical": {"op": "<", "value": value}}]
    groups = {"mode": "named", "groups": {"race": level}}
    loaded = load_policy(mine(title=title, notes=[note], reference=groups, alpha=alpha, rules=rules))
    again = load_policy(written(tmp_path_factory.mktemp("policy"), loaded.text))
    assert again == loaded


def test_the_default_is_a_preset():
    assert DEFAULT_POLICY in preset_ids()
    assert isinstance(load_policy(DEFAULT_POLICY).policy, Policy)


def test_importing_the_room_loads_neither_pydantic_nor_yaml():
    code = "import sys, fairaudit.policy; print({'pydantic', 'yaml', 'numpy'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
