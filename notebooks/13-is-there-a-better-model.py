# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Is there a less discriminatory model that does the job as well?
#
# **Minutes**: 60. **Before**: notebooks 03 and 11. **Data**: two lenders whose truth is known because this notebook makes
# them, and loanapp, which comes along. It needs `pip install 'fairaudit-toolkit[search]'`.
#
# **Goals.** After this notebook you can
#
# - say what must be declared before a search, and why the order matters;
# - read its three answers: an alternative is shown, none is shown, it cannot be told;
# - tell "the best of many tries" from a tested statement;
# - say who is approved now and was not before, and the other way round.

# %%
import altair as alt
import numpy as np
import pandas as pd

import fairaudit as fa

PEOPLE = 4_000


def lender(seed, uses_area):
    """Applicants, whether they repaid, and a score of points; repayment depends on income alone."""
    rng = np.random.default_rng(seed)
    minority = rng.random(PEOPLE) < 0.3
    income = rng.normal(size=PEOPLE) - 0.8 * minority
    applicants = pd.DataFrame({"income": income, "other": rng.normal(size=PEOPLE)})
    if uses_area:
        applicants["area"] = minority + 0.5 * rng.normal(size=PEOPLE)
    repaid = (rng.random(PEOPLE) < 1 / (1 + np.exp(-1 - 1.2 * income))).astype(int)

    def score(rows):
        return rows["income"] - 0.5 * rows["area"] if uses_area else rows["income"]

    points = fa.wrap(score, higher_is="better", feature_names=list(applicants))
    race = np.where(minority, "B", "W")
    return applicants, repaid, race, points, float(np.quantile(points.score(applicants), 0.4))


# %% [markdown]
# ## 1. A lender who uses the area
#
# The area tells a person's group and nothing about repayment beyond it. The lender does not know that. First the audit.

# %%
applicants, repaid, race, points, cutoff = lender(seed=0, uses_area=True)
file = applicants.assign(score=points.score(applicants), repaid=repaid, race=race)
audit = fa.audit(
    file,
    score="score",
    higher_is="better",
    outcome="repaid",
    bad=0,
    cutoff=cutoff,
    groups="race",
    reference={"race": "W"},
)
audit.findings.query("metric == 'adverse_impact_ratio'")[["group", "value", "low", "high", "status"]].round(3)

# %% [markdown] tags=["question"]
# ### Question 1
#
# A consultant trains 200 models, looks at all of them on the whole file, and reports the one with the best ratio among those
# whose AUC is no lower than the lender's. Name two things that are wrong with the number in that report. Check one of them:
# how far above its true value is the best of 200 ratios that are all equally good in truth, with 1,000 people?

# %% tags=["solution"]
rng = np.random.default_rng(1)
draws = rng.binomial(300, 0.42, (2_000, 200)) / 300 / (rng.binomial(700, 0.6, (2_000, 200)) / 700)
print(
    f"all models have a true ratio of {0.42 / 0.6:.2f}; the best of 200 shows {draws.max(axis=1).mean():.2f} on average"
)
print(
    "The best of many is chosen by luck as well as by merit, and models judged on people they were trained on flatter themselves."
)

# %% [markdown]
# ## 2. Declare, search, test
#
# What may be lost (0.01 of AUC) and what must be gained (any improvement that can be told from chance) is said before anything
# is tried. Candidates are trained on half of the people, chosen on a fifth, and at most five are judged on the rest.

# %%
found = fa.search_alternatives(
    points,
    applicants,
    repaid,
    groups={"race": race},
    good=1,
    cutoff=cutoff,
    target={"race": "B"},
    reference={"race": "W"},
    margin=0.01,
    trials=14,
    planted=0,
    rng=0,
)
found

# %%
tried = found.table.query("performance.notna()")
alt.Chart(tried).mark_point(filled=True, size=70).encode(
    x=alt.X("disparity:Q", title="adverse impact ratio, selection split", scale=alt.Scale(zero=False)),
    y=alt.Y("performance:Q", title="AUC, selection split", scale=alt.Scale(zero=False)),
    color=alt.Color("family:N", title=None),
    shape=alt.Shape("finalist:N", title="finalist"),
    tooltip=["number", "family", "why_not"],
).properties(width=420, height=280, title="Everything that was tried")

# %% [markdown] tags=["question"]
# ### Question 2
#
# Read the first finalist: `found.result.finalists[0]`. Give both claims with their intervals and bounds. Which candidates in the
# picture may not be proposed, and why (`why_not`)? Who is newly approved and newly declined, and how often were they bad?

# %% tags=["solution"]
first = found.result.finalists[0]
for name, claim in (("performance", first.performance), ("disparity", first.disparity)):
    print(
        f"{name}: {claim.incumbent:.3f} to {claim.candidate:.3f}, change {claim.change:+.4f} "
        f"({claim.low:+.4f} to {claim.high:+.4f}), bound {claim.bound:+.4f}, shown: {claim.shown}"
    )
moved = [
    [one.group, one.people, one.newly_approved, one.bad_rate_newly_approved, one.newly_declined, one.bad_rate_newly_declined]
    for one in first.moved
]
headings = ["group", "people", "newly approved", "bad among them", "newly declined", "bad among those"]
pd.DataFrame(moved, columns=headings).round(3)

# %% tags=["solution"]
tried.query("not proposable")[["family", "performance", "disparity", "why_not"]].round(3)

# %% [markdown] tags=["question"]
# ### Question 3
#
# How many people's decision depends on which of the equally good models the lender happened to pick
# (`found.result.multiplicity`)? What would you tell one of them who asks why she was declined?

# %% tags=["solution"]
alike = found.result.multiplicity
print(
    f"{alike.ambiguous} of {alike.people} people are approved by some of {alike.models} models within the margin and declined by others:"
)
print({group: f"{some / everybody:.0%}" for group, (some, everybody) in alike.by_group.items()})
print(
    "Her answer depends on a choice nobody had to make this way. The lender can still give reasons of the model in use; that"
)
print("another model of like quality says otherwise is worth knowing for a second look near the cut-off.")

# %% [markdown]
# ## 3. A lender who does not
#
# Here the points are income alone, which is the truth, and no other feature tells anything. What raises the group now costs
# performance; we ask for a ratio that is a tenth higher.

# %%
applicants, repaid, race, points, cutoff = lender(seed=1, uses_area=False)
nothing = fa.search_alternatives(
    points,
    applicants,
    repaid,
    groups={"race": race},
    good=1,
    cutoff=cutoff,
    target={"race": "B"},
    reference={"race": "W"},
    margin=0.01,
    improvement=0.1,
    trials=14,
    planted=1,
    rng=0,
)
nothing

# %% [markdown] tags=["question"]
# ### Question 4
#
# The answer does not say that there is no alternative. What does it say, and which two numbers beside it
# (`detectable`, `recall`) decide how much that is worth? Is one planted alternative enough to judge the recall?

# %% tags=["solution"]
recall = nothing.result.recall
print(f"{nothing.result.answer}: among {nothing.result.tried} candidates")
if nothing.result.detectable is not None:
    print(f"a ratio {np.expm1(nothing.result.detectable):.0%} higher would have been shown with the policy's power")
if recall is not None:
    print(
        f"{recall.found} of {recall.planted} planted alternatives were found (95%: {recall.low:.0%} to {recall.high:.0%})"
    )
print(
    "One planted alternative tells next to nothing: its interval says so. A report for a regulator plants more, which takes longer."
)

# %% [markdown]
# ## 4. A real file
#
# `approve` in loanapp is what a lender decided, not repayment: the example shows the tool and says nothing of anybody's
# creditworthiness.

# %%
loans = fa.load_dataset("loanapp")
columns = ["obrat", "loanprc", "mortlat1", "mortlat2", "cosign", "chist", "pubrec", "appinc"]
incumbent = fa.train(loans[columns], loans["approve"], good=1, kind="boosting", test_share=0.6)
small = fa.search_alternatives(
    incumbent,
    loans[columns],
    loans["approve"],
    groups={"race": loans["race"]},
    cutoff=0.85,
    target={"race": "Black"},
    reference={"race": "White"},
    margin=0.02,
    trials=8,
    planted=0,
)
print(small.result.answer, *small.result.reasons, sep="\n")
print(
    f"judged on {small.result.people['verdict']:,} people; a ratio {np.expm1(small.result.detectable):.0%} higher would have been shown"
)

# %% [markdown] tags=["question"]
# ### Question 5
#
# A manager says: "No alternative was shown, so our model is within the line and we are in the clear." Write two sentences in
# reply: one for the lender of section 3, one for the file of section 4.

# %% [markdown] tags=["solution"]
# For the second lender: among those tried none was shown to be better by a tenth within the margin; the report says what could
# have been seen and how often this search finds what is there, and a wider search may still find one. For the real file: eight
# candidates are few, the recall was not measured (`planted=0`), and the verdict can see large changes only.
# Neither is clearance, and the policy's line is a matter of its own: the second lender's ratio is past it.

# %% [markdown]
# ## What this does not show
#
# Other people, and outcomes as they will be. Who was never given a loan has no outcome: then a claim about AUC cannot be told, and
# profit is taken at its worst case. The verdict split answers once: search again with other seeds until something is shown, and
# you are back at the consultant of question 1.
#
# **Next**: docs/alternatives.md, and a search in a file of your own.
