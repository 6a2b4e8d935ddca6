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
# # The thin file
#
# **Minutes**: 60. **Before**: notebook 01. **Data**: simulated people, scored by a system of the FICO kind; all figures that
# are not part of the system's file are stylised.
#
# **Goals.** After this notebook you can
#
# - tell "no score" from "a poor score", and report who has none;
# - show that a score can be less *accurate* for a group whose conduct is the same, and whom that hurts;
# - say why a different cut-off for the group does not mend that, and more data do.
#
# People who are young, came from abroad or pay in cash can have short credit files in any country.

# %%
import altair as alt
import numpy as np
import pandas as pd

import fairaudit as fa
from fairaudit.systems.populations.simulating import simulate
from fairaudit.systems.populations.world import World

bureau = fa.PointSystem.load("fico")
print(bureau)

# %% [markdown]
# ## 1. Alike in truth, unlike on file
#
# Rural and urban people keep their promises equally often. But of what a file would show of a rural person, a part is noise
# instead (`thin_files`), and some rural people are in no file at all (`coverage_gap`). The outcome is what everybody
# really does in the next year, whether anyone records it or not.

# %%
COLORS = alt.Scale(domain=["rural", "urban"], range=["#d8702a", "#0b559f"])


def live(thin, people=60_000, gap=0.25):
    """Simulate people; the same seed means the same people and the same chance in every world."""
    made = simulate(bureau, people, world=World(years=3, thin_files=thin, coverage_gap=gap), seed=8).people
    return made.assign(score=made["score"].round())


people = live(0.6)
people.groupby("registration")["outcome"].value_counts(normalize=True).unstack().round(3)

# %% [markdown]
# Who has no score at all? This comes before any statistic of scores.

# %%
why = people["band"].where(people["score"].isna(), "has a score")
unscored = why.groupby(people["registration"]).value_counts(normalize=True).rename("share").rename_axis(["group", "why"])
order = ["has a score", "data without a credit history", "no data", "not covered"]
alt.Chart(unscored.reset_index().assign(place=lambda one: one["why"].map(order.index))).mark_bar().encode(
    x=alt.X("share:Q", axis=alt.Axis(format="%"), title="share of the group", scale=alt.Scale(domain=[0, 1])),
    y=alt.Y("group:N", title=None),
    color=alt.Color("why:N", title=None, sort=order, legend=alt.Legend(orient="bottom", columns=2, labelLimit=250),
                    scale=alt.Scale(domain=order, range=["#0b559f", "#9ecae1", "#fdbe85", "#d8702a"])),
    order="place:O",
).properties(width=460, height=alt.Step(36), title="Who has a score, and why not")

# %% [markdown]
# "The mean score of rural people" would be a sentence about the few of them who have one.
#
# ## 2. The audit of those who have one

# %%
audit = fa.audit(
    people[["registration", "score", "outcome"]], score="score", higher_is="better", cutoff=650, outcome="outcome",
    bad="bad", groups="registration", reference={"registration": "urban"},
)
wanted = ["scoring_rate_ratio", "adverse_impact_ratio", "equal_opportunity_difference", "predictive_equality_difference",
          "area_under_curve_difference"]
audit.findings.set_index("metric").loc[wanted, ["value", "low", "high", "n", "status"]].round(3)

# %% [markdown] tags=["question"]
# ### Question 1: AIR or TPR?
#
# The adverse impact ratio compares who is approved. Read the other rows too. Which of them says that the score makes more
# *mistakes* with one group? Whom do the mistakes hurt: people who would repay, the lender, or both?

# %% tags=["solution"]
found = audit.findings.set_index("metric")["value"]
print(f"AIR {found['adverse_impact_ratio']:.2f}; TPR differs by {found['equal_opportunity_difference']:+.3f}, "
      f"FPR by {found['predictive_equality_difference']:+.3f}, AUC by {found['area_under_curve_difference']:+.3f}.")
print("The AIR sees approvals, not mistakes. TPR and FPR together, or AUC, see them: far fewer rural people who would repay")
print("are approved, and yet about as many of those who would not. Those who would repay are hurt, and the lender, who")
print("loses good customers and keeps the bad ones.")

# %% [markdown]
# ## 3. The same people with fuller files
#
# The simulation knows each person's score as it would be with a file as full as anybody's, all else the same. So we can see
# what the thin file did to one and the same person.

# %%
both = people[(people["registration"] == "rural") & people["score"].notna()]
moved = (both["score"] - both["score_without_thin_files"]).rename("moved").to_frame().assign(outcome=both["outcome"])
moved["step"] = (moved["moved"] // 25) * 25
shares = moved.groupby("outcome")["step"].value_counts(normalize=True).rename("share").reset_index()
alt.Chart(shares).mark_line(interpolate="step-after", strokeWidth=2).encode(
    x=alt.X("step:Q", title="points won or lost by the thin file, in steps of 25"),
    y=alt.Y("share:Q", axis=alt.Axis(format="%"), title="share of rural people with that outcome"),
    color=alt.Color("outcome:N", title="next year", scale=alt.Scale(domain=["good", "bad"], range=["#0b559f", "#d8702a"])),
).properties(width=440, height=240, title="A thin file takes points from those who repay, and gives some to those who do not")


# %%
def area(part):
    """AUC by ranks: how often a good one is scored above a bad one; and its interval (Hanley and McNeil 1982)."""
    good = (part["outcome"] == "good").to_numpy()
    ups, downs = good.sum(), (~good).sum()
    value = (part["score"].rank().to_numpy()[good].sum() - ups * (ups + 1) / 2) / (ups * downs)
    one, two = value / (2 - value), 2 * value**2 / (1 + value)
    error = np.sqrt((value * (1 - value) + (ups - 1) * (one - value**2) + (downs - 1) * (two - value**2)) / (ups * downs))
    return {"AUC": value, "low": value - 1.96 * error, "high": value + 1.96 * error, "people": len(part)}


# %% [markdown] tags=["question"]
# ### Question 2
#
# Run `live` with `thin_files` of 0, 0.2, 0.4, 0.6 and 0.8, and draw the AUC of each group with its 95% interval (`area`
# has it). Compute also the mean of what rural people with a good and with a bad outcome win or lose at 0.6. Is the
# score "biased against" rural people, or blind to them, or both?

# %% tags=["solution"]
curve = pd.DataFrame([
    {"thin": thin, "group": group, **area(part)}
    for thin in (0.0, 0.2, 0.4, 0.6, 0.8)
    for group, part in live(thin).dropna(subset=["score"]).groupby("registration")
])
lines = alt.Chart(curve).encode(
    x=alt.X("thin:Q", title="share of a rural person's file that is noise", axis=alt.Axis(format="%", values=[0, 0.2, 0.4, 0.6, 0.8])),
    color=alt.Color("group:N", title=None, scale=COLORS, legend=alt.Legend(symbolOpacity=1)),
)
alt.layer(
    lines.mark_area(opacity=0.2).encode(y=alt.Y("low:Q", scale=alt.Scale(zero=False), title="AUC, with 95% interval"), y2="high:Q"),
    lines.mark_line(point=True).encode(y="AUC:Q"),
).properties(width=440, height=240, title="The thinner the file, the less the score knows")

# %% tags=["solution"]
print(moved.groupby("outcome")["moved"].agg(["mean", "size"]).round(1).to_string())
print("Both. Noise pulls every file towards the middle. Who has a score is mostly better than the middle, so the group's mean")
print("falls; and the order within the group is lost, so who repays loses and who does not gains. Only the first would be")
print("seen in mean scores.")

# %% [markdown] tags=["question"]
# ### Question 3
#
# A manager proposes a lower cut-off for rural people. Move their cut-off over all scores and draw their TPR against their
# FPR, with the same curve for urban people. Is there a rural cut-off that is as good as the urban one of 650 in both?

# %% tags=["solution"]
scored = people.dropna(subset=["score"])
rates = pd.DataFrame([
    {"group": group, "cutoff": cutoff,
     "TPR": (part.loc[part["outcome"] == "good", "score"] >= cutoff).mean(),
     "FPR": (part.loc[part["outcome"] == "bad", "score"] >= cutoff).mean()}
    for group, part in scored.groupby("registration") for cutoff in range(300, 860, 5)
])
roc = alt.Chart(rates).encode(
    x=alt.X("FPR:Q", title="FPR: bad outcomes approved"), y=alt.Y("TPR:Q", title="TPR: good outcomes approved"),
    color=alt.Color("group:N", title=None, scale=COLORS),
)
alt.layer(
    roc.mark_line(strokeWidth=2).encode(order="cutoff:Q"),
    roc.transform_filter("datum.cutoff == 650").mark_point(filled=True, size=110, opacity=1),
).properties(width=320, height=320, title="All cut-offs at once; the points are 650")

# %% tags=["solution"]
urban = rates.query("group == 'urban' and cutoff == 650").iloc[0]
rural_curve = rates.query("group == 'rural'")
better = rural_curve[(rural_curve["TPR"] >= urban["TPR"]) & (rural_curve["FPR"] <= urban["FPR"])]
as_many = rural_curve[rural_curve["TPR"] >= urban["TPR"]].iloc[-1]
print(f"{len(better)} rural cut-offs reach the urban pair (TPR {urban['TPR']:.2f}, FPR {urban['FPR']:.2f}).")
print(f"At {as_many['cutoff']:.0f} as many rural people who repay are approved (TPR {as_many['TPR']:.2f}), "
      f"and more who do not (FPR {as_many['FPR']:.2f}).")
print("A cut-off chooses a point on the curve; only more information lifts the curve.")

# %% [markdown] tags=["question"]
# ### Question 4
#
# Take the gap in mean score apart by input with `bureau.explain(scored, scored)`, as the mean of each input's points for rural
# people less that for urban people. Do the same for a world with `live(0)`. Which inputs carry a gap even when files are
# equally full, and which gap is made by the thin file?

# %% tags=["solution"]
def carried(made):
    """Return what each input carries of the gap in mean score, in points."""
    there = made.dropna(subset=["score"])
    explanation = bureau.explain(there, there)
    means = pd.DataFrame(explanation.values, columns=explanation.names).groupby(there["registration"].to_numpy()).mean()
    return means.loc["rural"] - means.loc["urban"]


inputs = pd.DataFrame({"thin files": carried(people), "files as full as anybody's": carried(live(0))})
long = inputs.rename_axis("input").reset_index().melt("input", var_name="world", value_name="points")
alt.Chart(long).mark_bar().encode(
    x=alt.X("points:Q", title="part of the gap, in points"), y=alt.Y("input:N", title=None, axis=alt.Axis(labelLimit=220)),
    yOffset="world:N",
    color=alt.Color("world:N", title=None, scale=alt.Scale(range=["#9ecae1", "#0b559f"]), legend=alt.Legend(orient="bottom", labelLimit=250)),
).properties(width=380, height=alt.Step(16), title="What carries the gap in mean score")

# %% tags=["solution"]
print(inputs.assign(change=inputs["thin files"] - inputs["files as full as anybody's"]).round(1).to_string())
print(inputs.sum().round(1).to_string())
print("What is left with full files comes with lower incomes, not with conduct. The rest is made by the file alone, and")
print("would go with fuller files.")

# %% [markdown]
# ## What this does not show
#
# That rural people repay alike anywhere: that is how these were made. And nothing here says what people without any score
# would do for a lender; no rate of the audit counts them.
#
# **Next**: 11, credit scores of real people from a printed table.
