"""An audit in another language: everything that its report says is translated, and English stays what it is."""

import functools
import gettext
import html
import json
import re
import string

import numpy as np
import pandas as pd
import pytest

import fairaudit as fa
from fairaudit import translations
from fairaudit.errors import SchemaError
from fairaudit.metrics import CONTRASTS, MEASURES, METRICS
from fairaudit.policy.required import DOCUMENTS, template
from fairaudit.report.html import to_html
from fairaudit.report.overview import unreviewed

NAMES = (
    "DataFrame",
    "pandas",
    "fairaudit",
    "Scorecard",
    "score",
    "bad",
    "race",
    "sex",
    "White",
    "Black",
    "Asian",
    "missing",
    "branch",
    "North",
    "South",
    "income",
    "debt",
    "decision",
    "approve",
    "refer",
    "decline",
    "withdrawn",
    "age",
    "weight",
    "home",
    "by",
    "p_black",
    "p_white",
    "zip",
    "sex_at_birth",
    "favorable",
    "false",
    "true",
    "Income",
    "Debt",
)
"""Names of the data above: columns, levels, and what the audit calls the file."""


def applicants(n=900, seed=3):
    """Return people with every role that a report speaks of."""
    rng = np.random.default_rng(seed)
    race = rng.choice(["White", "Black", "Asian", None], n, p=[0.6, 0.25, 0.1, 0.05])
    sex, branch = rng.choice(["F", "M"], n), rng.choice(["North", "South"], n)
    income = np.exp(rng.normal(3.5, 0.4, n)) * np.where(race == "Black", 0.8, 1.0)
    debt = rng.normal(20, 5, n).round(1)
    score = (600 + 0.8 * income - 2 * (debt - 20) + rng.normal(0, 8, n)).round()
    bad = (rng.random(n) < 1 / (1 + np.exp((score - 610) / 12))).astype(object)
    decision = np.where(score >= 625, "approve", np.where(score >= 610, "refer", "decline")).astype(object)
    rows = pd.DataFrame({"race": race, "sex": sex, "branch": branch, "income": income.round(2), "debt": debt})
    rows["score"], rows["bad"], rows["decision"] = score, bad, decision
    rows["age"] = rng.integers(20, 80, n)
    rows["weight"] = rng.uniform(0.5, 2, n).round(3)
    rows["home"] = np.arange(n) // 3
    black = np.where(race == "Black", 0.8, 0.15) + rng.uniform(-0.1, 0.1, n)
    rows["p_black"], rows["p_white"] = black.round(3), (1 - black).round(3)
    rows.loc[:9, ["p_black", "p_white"]] = np.nan
    rows.loc[10:14, "score"] = np.nan
    rows.loc[15:19, "decision"] = "withdrawn"
    return rows


KINDS = {"approve": "favorable", "refer": "intermediate", "decline": "unfavorable", "withdrawn": "excluded"}
SCORED = {"score": "score", "higher_is": "better", "cutoff": [615, 600], "groups": ["race", "sex"],
          "reference": {"race": "White", "sex": "M"}, "rng": 1}  # fmt: skip
OUTCOME = {"outcome": "bad", "bad": 1}


def unobserved(rows):
    rows = rows.copy()
    rows.loc[rows["decision"] == "decline", "bad"] = np.nan
    return rows


def infinite(rows):
    rows = rows.astype({"score": object})
    rows.loc[20:22, "score"] = float("inf")
    rows.loc[23, "score"] = "n/a"
    return rows


def small(rows):
    return pd.concat([rows[rows["race"] != "Asian"], rows[rows["race"] == "Asian"].head(4)])


ACTIONS = {"features": {"debt": {"change": "down", "step": 1}}}


@functools.cache
def _card():
    rows = applicants()
    return fa.Scorecard().fit(rows[["income", "debt"]], rows["bad"].astype(int))


AUDITS = {
    "plain": lambda rows: (rows, {**SCORED, **OUTCOME, "cross": True}),
    "decided": lambda rows: (infinite(unobserved(rows)), {
        **SCORED, **OUTCOME, "decision": "decision", "decision_levels": KINDS, "strata": "branch",
        "features": ["race", "zip", "sex_at_birth"],
    }),
    "controls": lambda rows: (rows, {**SCORED, **OUTCOME, "controls": ["income", "branch"], "cutoff": 615}),
    "banded": lambda rows: (rows, {
        **SCORED, **OUTCOME, "controls": "debt", "bands": {"debt": [18, 22], "age": [40, 62]}, "period": "branch",
        "groups": ["race", "age"], "reference": {"race": "White"},
    }),
    "clusters": lambda rows: (rows, {**SCORED, **OUTCOME, "cluster": "home", "strata": "branch"}),
    "weights": lambda rows: (rows, {**SCORED, **OUTCOME, "weight": "weight", "sampled_by": "outcome",
                                    "profit": {"good": 18, "bad": -82}}),
    "sampled": lambda rows: (rows, {**SCORED, **OUTCOME, "sampled_by": "outcome", "strata": "branch"}),
    "profit": lambda rows: (rows, {**SCORED, **OUTCOME, "profit": {"good": 18, "bad": -82}}),
    "ll144": lambda rows: (small(rows), {"policy": "us-nyc-ll144", "decision": "decision", "decision_levels": KINDS,
                                         "score": "score", "higher_is": "better", "groups": ["race", "sex"]}),
    "ugesp": lambda rows: (rows, {**SCORED, "policy": "us-ugesp", "reference": None}),
    "eu": lambda rows: (rows, {**SCORED, **OUTCOME, "policy": {
        "extends": "eu-ai-act-annex-iii-5b", "id": "own", "title": "Own lines",
        "rules": [{"id": "own", "metric": "selection_rate_difference", "contrast": "difference",
                   "practical": {"op": "<", "value": -0.1}, "family": "primary"}],
    }}),
    "memberships": lambda rows: (rows, {
        "decision": "decision", "decision_levels": KINDS, **OUTCOME, "labelled": {"by": "race"},
        "memberships": {"by": {"Black": "p_black", "White": "p_white"}}, "reference": {"by": "White"},
    }),
    "unlabelled": lambda rows: (rows, {
        "score": "score", "higher_is": "worse", "cutoff": 610, "score_unit": None,
        "memberships": {"by": {"Black": "p_black", "White": "p_white"}}, "reference": {"by": "White"},
    }),
    "outcomes": lambda rows: (rows, {**OUTCOME, "groups": "sex", "reference": {"sex": "M"}}),
    "alone": lambda rows: (rows, {"score": "score", "higher_is": "better"}),
    "one group": lambda rows: (rows[rows["sex"] == "F"], {"decision": "bad", "favorable": 0, "groups": "sex",
                                                          "reference": {"sex": "F"}}),
    "model": lambda rows: (rows.drop(columns="score"), {
        **OUTCOME, "model": _card(), "cutoff": 520, "groups": ["race", "sex"],
        "reference": {"race": "White", "sex": "M"}, "actions": ACTIONS, "rng": 1,
    }),
    "model alone": lambda rows: (rows.drop(columns="score"), {**OUTCOME, "model": _card(), "groups": "race",
                                                              "reference": {"race": "White"}, "rng": 1}),
}  # fmt: skip


def made(name, **more):
    rows, options = AUDITS[name](applicants())
    return fa.audit(rows, **options, **more)


class Pseudo(gettext.NullTranslations):
    """A language whose letters are wide ones, so that what did not pass through the catalogue is seen."""

    def gettext(self, message):
        return "".join(
            part if part.startswith("{") else part.translate(WIDE) for part in re.split(r"(\{\w+\})", message)
        )

    def ngettext(self, one, more, number):
        return self.gettext(one if number == 1 else more)


WIDE = {ord(letter): ord(letter) + 0xFEE0 for letter in string.ascii_letters}


def texts(page):
    """Return the texts that a reader of a page sees, with their tags and styles gone."""
    body = re.sub(r"<(style|title)>.*?</\1>", "", page, flags=re.DOTALL)
    return [html.unescape(part).strip() for part in re.split(r"<[^>]+>", body) if part.strip()]


METHODS = (
    "Miettinen-Nurminen",
    "Clopper-Pearson",
    "MOVER",
    "mid-p",
    "Wald",
    "Sato",
    "Cochran-Mantel-Haenszel",
    "Korn-Graubard",
    "Robins-Breslow-Greenland",
    "Greenland-Robins",
    "larger",
    "Accuracy",
)
"""Single words, which are not told: most are names, and a name in the data may be the same."""
LEVELS = (
    "age in finer bands",
    "40 to under 62",
    "under 62",
    "under 40",
    "62 and over",
    "(without a proxy)",
    "(everybody)",
)
"""Names of groups and attributes that an audit makes: identifiers, as the JSON has them."""
BASIS = (
    "Fair-lending analyses take people under 62 as the control group. The comparison is this policy's own; its line "
    "was not checked against the text of Regulation B"
)
"""A source of a policy, in the language that it is in."""
LIBRARIES = ("python", "numpy", "scipy", "sha256", "version")


def kept(result):
    """Return a pattern of what stays as it is in every language: identifiers, sources, how the audit was asked for."""
    known = [*METRICS.values(), *CONTRASTS.values(), *MEASURES.values()]
    found = {item.id for item in known} | {item.source for item in known}
    found |= {result.policy.id, *result.policy.sources, *result.schema.roles, *(issue.code for issue in result.issues)}
    found |= {value if isinstance(value, str) else json.dumps(value) for value in result.schema.roles.values()}
    found.add(BASIS)
    # Sources of rules stay in their language, and digests in any.
    found |= {citation for name in DOCUMENTS for citation, _ in template(name).sources}
    found |= {result.input.sha256, result.policy.sha256}
    found |= {*NAMES, *METHODS, *LEVELS, *LIBRARIES}
    longest = sorted(filter(None, found), key=len, reverse=True)
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, longest))})(?!\w)")


@pytest.mark.parametrize("name", AUDITS)
def test_every_sentence_of_a_report_passes_through_the_catalogue(name, monkeypatch):
    monkeypatch.setattr(translations, "_loaded", lambda language: Pseudo())
    result = made(name, language="de").result
    pattern, left = kept(result), {}
    for text in texts(to_html(result)):
        words = re.findall(r"[A-Za-z_][A-Za-z_-]+", pattern.sub("", text))
        if words and not re.fullmatch("[0-9a-f]{64}", text):
            left[text] = words
    told = "\n".join(f"{words}: {text}" for text, words in left.items())
    assert not left, f"These texts of the report are not said with say(), many() or retold():\n{told}"


def test_the_page_says_its_language_and_that_nobody_reviewed_the_translation():
    page = to_html(made("one group", language="de").result)
    assert '<html lang="de">' in page
    with translations.spoken("de"):
        mark = unreviewed()
    assert mark
    assert all(html.escape(block.text, quote=False) in page for block in mark)
    assert unreviewed() == ()
    assert '<html lang="en">' in to_html(made("one group").result)


def test_a_language_that_is_not_there_is_refused():
    with pytest.raises(SchemaError, match=r"'fr'.*de \(Deutsch\)"):
        made("one group", language="fr")
