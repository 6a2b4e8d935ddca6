"""docs/policies.md explains every key, and its example runs."""

import re
from pathlib import Path

import pytest

from fairaudit.metrics.base import CONTRASTS
from fairaudit.policy import model
from fairaudit.policy.loading import lint, load_policy
from fairaudit.policy.model import check_ready

PAGE = Path(__file__).parents[2].joinpath("docs", "policies.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.parametrize(
    "record", ["Policy", "Rule", "Practical", "Statistical", "Source", "Reference", "Multiplicity", "Profit"]
)
def test_every_key_is_explained(record):
    for key in getattr(model, record).model_fields:
        assert f"`{key}`" in PAGE, f"{record}.{key}"


def test_the_worked_example_extends_the_ai_act_and_is_ready(tmp_path):
    path = tmp_path / "bank.yaml"
    path.write_text(EXAMPLES[0], encoding="utf-8")
    assert lint(path, known_metrics=CONTRASTS) == []
    policy = load_policy(path).policy
    assert policy.extends == "eu-ai-act-annex-iii-5b"
    assert policy.primary_rule.metric == "equal_opportunity_difference"
    assert policy.jurisdiction == "European Union"
    check_ready(policy)


def test_the_error_on_the_page_is_the_error_of_the_program(tmp_path):
    path = tmp_path / "bank.yaml"
    path.write_text(EXAMPLES[0].replace("minimum_n", "minimun_n"), encoding="utf-8")
    (problem,) = lint(path)
    assert f"bank.yaml, line {problem.line}: {problem.message}" in PAGE
