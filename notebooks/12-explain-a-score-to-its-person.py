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
# # Explain a score to the person it is about
#
# **Minutes**: 60. **Before**: notebook 03. **Data**: people made in this notebook; a system of twelve public criteria in the
# manner of SCHUFA's new score, with stylised points.
#
# **Goals.** After this notebook you can
#
# - explain one score so that its parts add up, and say compared with whom;
# - write it in words a person can use, and check that the words are true of the score;
# - tell an explanation of a *score* from an explanation of a *person*.

# %%
import altair as alt
import numpy as np
import pandas as pd

import fairaudit as fa

bureau = fa.PointSystem.load("schufa")
rng = np.random.default_rng(12)
PEOPLE = 5_000
moved = rng.random(PEOPLE) < 0.2
people = pd.DataFrame({
    "oldest_card_months": rng.exponential(70, PEOPLE).astype(int), "address_months": np.where(moved, rng.integers(0, 12, PEOPLE), rng.integers(12, 240, PEOPLE)),
    "account_enquiries": rng.poisson(0.8, PEOPLE), "longest_loan_months": rng.integers(0, 90, PEOPLE),
    "shop_enquiries": rng.poisson(1.5, PEOPLE), "oldest_account_months": rng.exponential(110, PEOPLE).astype(int),
    "mortgage": rng.binomial(1, 0.25, PEOPLE), "instalment_loans": rng.poisson(0.5, PEOPLE),
    "loans_in_order": rng.binomial(1, 0.93, PEOPLE), "identity_checked": rng.binomial(1, 0.7, PEOPLE),
    "newest_line_months": rng.exponential(40, PEOPLE).astype(int), "payment_defaults": rng.binomial(2, 0.05, PEOPLE),
})
people["score"] = bureau.score(people)
bands = sorted((band for band in bureau.definition.bands if band.at_least is not None), key=lambda band: band.at_least.value)
cutoff = bands[0].at_least.value
declined = people[people["score"] < cutoff]
print(f"{len(declined):,} of {PEOPLE:,} people are below {cutoff:g}, in the lowest band")

# %% [markdown]
# ## 1. One person
#
# We take the person in the middle of those who are not far below the cut-off.

# %%
near = declined[declined["score"] >= cutoff - 60].sort_values("score")
mira = near.iloc[[len(near) // 2]]
mira.T.set_axis(["Mira"], axis=1)

# %%
explanation = bureau.explain(mira, people)
explanation.plot.waterfall(0, most=12)

# %% [markdown]
# The bars begin at the mean score of all people here and end at Mira's score, and they add up: every point is accounted for.

# %%
print(f"{explanation.base:.2f} {explanation.values[0].sum():+.2f} = {explanation.scores[0]:.2f}")

# %% [markdown] tags=["question"]
# ### Question 1: compared with whom?
#
# Explain Mira's score once more, with the people at or up to 40 points above the cut-off as the background. List the three
# criteria that take most points in each explanation. Do they differ? Is one of the two lists false?

# %% tags=["solution"]
just_above = people[people["score"].between(cutoff, cutoff + 40)]
against = {"all people": explanation, "just above the cut-off": bureau.explain(mira, just_above)}
for name, one in against.items():
    lowest = np.argsort(one.values[0])[:3]
    print(f"{name}: " + "; ".join(f"{one.names[at]} {one.values[0][at]:+.1f}" for at in lowest))
print("The amounts differ. Neither is false: each is true compared with its people. A reason without 'compared with whom' is half a sentence.")

# %% [markdown]
# ## 2. In words
#
# A letter is of use if its reader can check it. For each criterion the file has a plain name, the steps, and the points.

# %%
inputs = {one.id: one for one in bureau.definition.inputs}


def best_of(one):
    """The most points that a criterion can give."""
    return max(step.points for step in one.steps)


def points_of(one, value):
    """The points of a value: those of the first step that it is below."""
    return next(step.points for step in one.steps if step.below is None or value < step.below)


def letter(row):
    """One sentence a criterion, those that miss most points first."""
    missed = {name: best_of(one) - points_of(one, row[name]) for name, one in inputs.items()}
    return [
        f"{inputs[name].says}: {row[name]:g}. It gives {points_of(inputs[name], row[name]):g} of {best_of(inputs[name]):g} points."
        for name in sorted(missed, key=missed.get, reverse=True) if missed[name] > 0
    ]


row = mira.iloc[0]
for sentence in letter(row)[:4]:
    print("-", sentence)

# %% [markdown] tags=["question"]
# ### Question 2
#
# Check the letter: do the points of all criteria, with what everybody starts with, add up to Mira's score? Then tell which
# of her criteria (a) she can change this month, (b) only time changes, (c) she should not be asked to change.

# %% tags=["solution"]
total = bureau.definition.base.value + sum(points_of(one, row[name]) for name, one in inputs.items())
print(f"start and criteria: {total:g}; score: {row['score']:g}")
print("(a) few: have the identity checked, stop making enquiries (which then take months to fade). (b) ages of accounts,")
print("cards and the address. (c) a mortgage or another loan only for the points; staying at an address she wants to leave.")

# %% [markdown]
# ## 3. A promise, checked
#
# "If you wait, your score rises." We let a year pass: everything ages by twelve months, enquiries of the year are gone.

# %%
later = mira.drop(columns="score").copy()
for name in ("oldest_card_months", "address_months", "oldest_account_months", "newest_line_months"):
    later[name] += 12
later["longest_loan_months"] = (later["longest_loan_months"] - 12).clip(lower=0)
later[["account_enquiries", "shop_enquiries", "instalment_loans"]] = 0
print(f"now {row['score']:g}, in a year {bureau.score(later)[0]:g}, cut-off {cutoff:g}")

# %% [markdown] tags=["question"]
# ### Question 3
#
# Find the single change among those of question 2 (a), and the smallest number of months of waiting (ageing as above, but
# enquiries kept for twelve months), that bring Mira to the cut-off, or show that none does.

# %% tags=["solution"]
checked = mira.drop(columns="score").assign(identity_checked=1)
print(f"identity checked: {bureau.score(checked)[0]:g}")


def after(months):
    aged = mira.drop(columns="score").copy()
    for name in ("oldest_card_months", "address_months", "oldest_account_months", "newest_line_months"):
        aged[name] += months
    aged["longest_loan_months"] = (aged["longest_loan_months"] - months).clip(lower=0)
    if months >= 12:
        aged[["account_enquiries", "shop_enquiries", "instalment_loans"]] = 0
    return bureau.score(aged)[0]


enough = next((months for months in range(121) if after(months) >= cutoff), None)
print("waiting: " + ("not within ten years" if enough is None else f"{enough} months"))

# %% tags=["solution"]
path = pd.DataFrame({"months": range(61), "score": [after(months) for months in range(61)]})
line = alt.Chart(path).mark_line(interpolate="step-after", color="#0b559f", strokeWidth=2).encode(
    x=alt.X("months:Q", title="months of waiting"), y=alt.Y("score:Q", scale=alt.Scale(zero=False))
)
rule = alt.Chart(pd.DataFrame({"score": [cutoff]})).mark_rule(strokeDash=[4, 3], color="#d8702a").encode(y="score:Q")
alt.layer(line, rule).properties(width=420, height=220, title="What waiting does to Mira's score (dashed: the cut-off)")

# %% [markdown] tags=["question"]
# ### Question 4: what an explanation is not
#
# A newspaper writes: "The explanation shows that Mira is unreliable because she moved house." Correct the sentence in two
# ways: what is explained, and what "because" means here. And: the explanation adds up exactly; does that make the score fair?

# %% [markdown] tags=["solution"]
# What is explained is the score, not Mira: by these rules a short time at an address gives fewer points than the people
# compared with have on average. "Because" is arithmetic here; whether moving house has anything to do with repaying is a
# question about outcomes, which no explanation of the score answers. Adding up is a property of the arithmetic. An exact
# account of a rule says nothing on whether the rule is just, or whether it errs more with some people: for that there is the
# audit.

# %% [markdown]
# ## What this does not show
#
# The points of the real score: this file has its documented criteria and stylised steps. And this letter illustrates a
# score; it is not a legal notice.
#
# **Next**: a sealed exercise of your own (`docs/teaching.md`).
