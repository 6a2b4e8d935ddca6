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
# # Credit scores of 2003, from a printed table
#
# **Minutes**: 60. **Before**: notebooks 01 and 10. **Data**: counts made from percentages in a report of the Federal Reserve
# to the Congress (2007); they come along (`fairaudit datasets show fico_2003`).
#
# **Goals.** After this notebook you can
#
# - audit a score without a single row about a person, from a table in a report;
# - compare five ways to set cut-offs, with what each costs whom (after Hardt, Price and Srebro 2016);
# - keep apart: what the score says about repayment, and why repayment differs.

# %%
import altair as alt
import numpy as np
import pandas as pd

import fairaudit as fa

counts = fa.load_dataset("fico_2003")
groups = ["White", "Asian", "Hispanic", "Black"]
colors = alt.Scale(domain=groups, range=["#0b559f", "#5aa0c8", "#e5a823", "#b5451b"])
grid = counts.pivot_table(index="score", columns=["race", "outcome"], values="n", aggfunc="sum", fill_value=0)
good = grid.xs("good", axis=1, level="outcome")[groups]
bad = grid.xs("bad", axis=1, level="outcome")[groups]
pd.DataFrame({"people": (good + bad).sum(), "share good": good.sum() / (good + bad).sum()}).round(3)

# %% [markdown]
# ## 1. The audit
#
# The cut-off of 40 is an example. Nobody in the table is identified, and the audit is as good as with rows.

# %%
audit = fa.audit(
    counts, counts="n", score="score", higher_is="better", cutoff=40, outcome="outcome", bad="bad",
    groups="race", reference={"race": "White"},
)
chosen = audit.findings.query("metric in ('adverse_impact_ratio', 'equal_opportunity_difference', 'area_under_curve_difference')")
chosen.set_index(["metric", "group"])[["value", "low", "high", "n", "status"]].round(3)

# %%
below = ((good + bad).cumsum() / (good + bad).sum()).stack().rename("share").reset_index()
alt.Chart(below).mark_line().encode(
    x=alt.X("score:Q", title="score"), y=alt.Y("share:Q", axis=alt.Axis(format="%"), title="share at or below"),
    color=alt.Color("race:N", title=None, scale=colors),
).properties(width=420, height=250, title="How scores are spread")

# %% [markdown] tags=["question"]
# ### Question 1
#
# Two claims about the score: (a) at the same score, the groups repay alike; (b) the score ranks people equally well within
# each group. Draw the share good by score for each group (in steps of ten points), and read the AUC rows of the audit.
# Which claim holds, and where does it fail?

# %% tags=["solution"]
step = (good.index // 10 * 10).astype(int)
calibration = (good.groupby(step).sum() / (good + bad).groupby(step).sum()).rename_axis("score").stack().rename("share good").reset_index()
alt.Chart(calibration).mark_line(point=True).encode(
    x=alt.X("score:O", title="score, in steps of ten", axis=alt.Axis(labelAngle=0)),
    y=alt.Y("share good:Q", axis=alt.Axis(format="%")), color=alt.Color("race:N", title=None, scale=colors),
).properties(width=420, height=250, title="Does the same score mean the same?")

# %% tags=["solution"]
wide = calibration.pivot(index="score", columns="race", values="share good")
print((wide["Black"] - wide["White"]).rename("Black less White, share good at the same score").round(3).to_string())
print("At low and middle scores the same score goes with fewer good outcomes among Black people, so (a) does not quite hold;")
print("why, the table does not say (what did the loans cost?). For (b), read the AUC rows: the ranking differs a little too.")

# %% [markdown]
# ## 2. Five ways to set cut-offs
#
# A lender gains 18 from a good loan and loses 82 on a bad one, so that 82% good breaks even: a stylised choice that is
# customary with this table. Each way below sets one cut-off a group.

# %%
GAIN, LOSS = 18, 82
passing_good = good[::-1].cumsum()[::-1]
passing_bad = bad[::-1].cumsum()[::-1]
profit = GAIN * passing_good - LOSS * passing_bad
selected = (passing_good + passing_bad) / (good + bad).sum()
tpr = passing_good / good.sum()
fpr = passing_bad / bad.sum()


def nearest(rate, target):
    """For each group the score at which its rate comes nearest to the target."""
    return {race: (rate[race] - target).abs().idxmin() for race in groups}


def best(rate):
    """The common rate with the largest profit."""
    targets = np.linspace(0.02, 0.98, 97)
    ways = [nearest(rate, target) for target in targets]
    return max(ways, key=lambda way: sum(profit[race][way[race]] for race in groups))


ways = {
    "most profit": {race: profit[race].idxmax() for race in groups},
    "one cut-off": dict.fromkeys(groups, profit.sum(axis=1).idxmax()),
    "equal selection": best(selected),
    "equal TPR": best(tpr),
}
pd.DataFrame(ways).round(1)

# %% [markdown] tags=["question"]
# ### Question 2
#
# For each way and group compute the share selected, the TPR and the profit (the total, as a share of the most profit).
# Before you do, guess: which way costs the lender most? Then add a fifth way of your own.

# %% tags=["solution"]
ways["equal FPR"] = best(fpr)
most = sum(profit[race][ways["most profit"][race]] for race in groups)
outcome = pd.DataFrame([
    {"way": name, "race": race, "selected": selected[race][way[race]], "TPR": tpr[race][way[race]],
     "profit": sum(profit[one][way[one]] for one in groups) / most}
    for name, way in ways.items() for race in groups
])
print(outcome.pivot(index="way", columns="race", values="TPR").round(2).assign(
    profit=outcome.groupby("way")["profit"].first().round(3)).sort_values("profit").to_string())

# %% tags=["solution"]
alt.Chart(outcome).transform_fold(["selected", "TPR"], as_=["rate", "value"]).mark_point(filled=True, size=80).encode(
    x=alt.X("value:Q", axis=alt.Axis(format="%"), title=None), y=alt.Y("way:N", sort=list(ways), title=None),
    color=alt.Color("race:N", title=None, scale=colors), column=alt.Column("rate:N", title=None),
).properties(width=240, height=alt.Step(28), title="Share selected, and share selected of those who repay")

# %% [markdown] tags=["question"]
# ### Question 3: AIR or TPR?
#
# A bank uses the cut-offs of "equal TPR". Compute its adverse impact ratio for Black against white people. Would the line of
# four fifths flag it? And with "equal selection", what are the TPRs? Can a bank be within both lines at once here?

# %% tags=["solution"]
for name in ("equal TPR", "equal selection"):
    way = ways[name]
    air = selected["Black"][way["Black"]] / selected["White"][way["White"]]
    print(f"{name}: AIR {air:.2f}, TPR {tpr['Black'][way['Black']]:.2f} and {tpr['White'][way['White']]:.2f}")
print("With shares good that differ so much, equal TPR leaves a ratio below four fifths, and equal selection other TPRs.")
print("Whichever line is met, the other remains open: 'within the line' names a line, not fairness.")

# %% [markdown] tags=["question"]
# ### Question 4
#
# In many countries a lender may not set cut-offs by race. What else could reduce the gap, and which notebook of this course
# would you use to study it?

# %% [markdown] tags=["solution"]
# A less discriminatory model of like accuracy (features that rank well within each group); more data on people with thin
# files (notebook 08); products, prices and second looks near the cut-off. The cut-offs above are a way to *see* what is at
# stake, not a recommendation.

# %% [markdown]
# ## What this does not show
#
# Why repayment differs: wealth, income, what loans cost, and how people were treated before. Who had no score is not in the
# table. And the score is that of 2003.
#
# **Next**: 12, explain a score to the person it is about.
