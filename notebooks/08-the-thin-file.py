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
# **Minutes**: 60. **Before**: notebook 01. **Data**: people made in this notebook, scored by a system of the FICO kind; all
# figures that are not part of the system's file are stylised.
#
# **Goals.** After this notebook you can
#
# - tell "no score" from "a poor score", and report who has none;
# - show that a score can be less *accurate* for a group without being biased against it in any usual sense;
# - say why a different cut-off for the group does not mend that, and more data do.
#
# People who are young, came from abroad or pay in cash can have short credit files in any country.

# %%
import altair as alt
import numpy as np
import pandas as pd

import fairaudit as fa

bureau = fa.PointSystem.load("fico")
print(bureau)

# %% [markdown]
# ## 1. Alike in truth, unlike on file
#
# Both groups repay alike. One has shorter files. What a file shows of somebody, the share of payments on time and the use
# of the limit, is surer the longer the file is. To look at accuracy alone, length itself gets the same middle value for
# everybody in the points; below we put it back.

# %%
rng = np.random.default_rng(8)
PEOPLE = 20_000
rural = rng.random(PEOPLE) < 0.4
reliable = np.clip(rng.normal(0.88, 0.07, PEOPLE), 0.5, 0.999)
months = np.minimum(rng.exponential(np.where(rural, 14, 90)), 400).astype(int)
no_data = rng.random(PEOPLE) < np.where(rural, 0.3, 0.05)
paid = rng.binomial(np.maximum(months, 1), reliable) / np.maximum(months, 1)
used = np.clip(1.35 - reliable + rng.normal(0, 1, PEOPLE) * 0.6 / np.sqrt(np.maximum(months, 1)), 0, 1)
rows = pd.DataFrame({
    "on_time_share": paid, "share_of_limit_used": used, "history_months": months,
    "new_accounts": rng.poisson(0.7, PEOPLE), "kinds_of_credit": rng.integers(1, 5, PEOPLE),
    "financial_records": np.where(no_data, 0, 5),
})
chance = 1 / (1 + np.exp(-(reliable - 0.84) * 35))
people = rows.assign(
    group=np.where(rural, "rural", "urban"), outcome=np.where(rng.random(PEOPLE) < chance, "good", "bad")
)
has_score = bureau.score_people(rows).to_frame()
same_length = bureau.score_people(rows.assign(history_months=np.where(months < 6, months, 60))).to_frame()
people["why none"] = has_score["band"].where(has_score["score"].isna(), "has a score")
people["score"] = same_length["score"].round()
people.groupby("group")["outcome"].value_counts(normalize=True).unstack().round(3)

# %% [markdown]
# Who has no score at all? This comes before any statistic of scores.

# %%
unscored = people.groupby("group")["why none"].value_counts(normalize=True).rename("share").reset_index()
alt.Chart(unscored).mark_bar().encode(
    x=alt.X("share:Q", axis=alt.Axis(format="%"), title="share of the group"),
    y=alt.Y("group:N", title=None),
    color=alt.Color("why none:N", title=None, scale=alt.Scale(range=["#9ecae1", "#d8702a", "#0b559f"])),
    order=alt.Order("why none:N"),
).properties(width=420, height=alt.Step(36), title="Who has a score, and why not")

# %% [markdown]
# ## 2. The audit of those who have one

# %%
audit = fa.audit(
    people.drop(columns="why none"), score="score", higher_is="better", cutoff=600, outcome="outcome", bad="bad",
    groups="group", reference={"group": "urban"},
)
wanted = ["adverse_impact_ratio", "equal_opportunity_difference", "predictive_equality_difference",
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
print("The AIR sees approvals, not mistakes. TPR and FPR together, or AUC, see them: at a like share of bad outcomes approved,")
print("more rural people who would repay are declined. Those people are hurt, and the lender, who loses good customers.")

# %% [markdown]
# ## 3. By length of file
#
# Points for fewer than 100 people are left out: such an AUC says nothing.

# %%
scored = people.dropna(subset=["score"]).assign(
    length=lambda one: pd.cut(one["history_months"], [5, 12, 24, 48, 96, 400], labels=["6-12", "13-24", "25-48", "49-96", "97+"])
)


def area(part):
    """AUC by ranks: how often a good one is scored above a bad one; and a standard error (Hanley and McNeil 1982)."""
    good = part["outcome"] == "good"
    ups, downs = good.sum(), (~good).sum()
    value = (part["score"].rank()[good].sum() - ups * (ups + 1) / 2) / (ups * downs)
    one, two = value / (2 - value), 2 * value**2 / (1 + value)
    error = np.sqrt((value * (1 - value) + (ups - 1) * (one - value**2) + (downs - 1) * (two - value**2)) / (ups * downs))
    return pd.Series({"AUC": value, "low": value - 1.96 * error, "high": value + 1.96 * error, "people": len(part)})


by_length = pd.DataFrame([
    {"length": length, "group": group, **area(part)}
    for (length, group), part in scored.groupby(["length", "group"], observed=True) if len(part) >= 100
])
lines = alt.Chart(by_length).encode(
    x=alt.X("length:N", sort=["6-12", "13-24", "25-48", "49-96", "97+"], title="months of credit history", axis=alt.Axis(labelAngle=0)),
    color=alt.Color("group:N", title=None, scale=alt.Scale(range=["#d8702a", "#0b559f"])), xOffset="group:N",
)
alt.layer(
    lines.mark_rule().encode(y=alt.Y("low:Q", scale=alt.Scale(zero=False), title="AUC, with 95% interval"), y2="high:Q"),
    lines.mark_point(filled=True, size=60).encode(y="AUC:Q"),
).properties(width=420, height=240, title="The longer the file, the better the score; the group hardly matters")

# %% [markdown] tags=["question"]
# ### Question 2
#
# A manager proposes a lower cut-off for rural people. Move their cut-off over all scores and draw their TPR against their
# FPR, with the same curve for urban people. Is there a rural cut-off that is as good as the urban one in both?

# %% tags=["solution"]
curve = pd.DataFrame([
    {"group": group, "cutoff": cutoff,
     "TPR": (part.loc[part["outcome"] == "good", "score"] >= cutoff).mean(),
     "FPR": (part.loc[part["outcome"] == "bad", "score"] >= cutoff).mean()}
    for group, part in scored.groupby("group") for cutoff in range(400, 800, 5)
])
alt.Chart(curve).mark_line(strokeWidth=2).encode(
    x=alt.X("FPR:Q", title="FPR: bad outcomes approved"), y=alt.Y("TPR:Q", title="TPR: good outcomes approved"),
    color=alt.Color("group:N", title=None, scale=alt.Scale(range=["#d8702a", "#0b559f"])), order="cutoff:Q",
).properties(width=300, height=300, title="All cut-offs at once")

# %% tags=["solution"]
urban = curve.query("group == 'urban' and cutoff == 600").iloc[0]
rural_curve = curve.query("group == 'rural'")
better = rural_curve[(rural_curve["TPR"] >= urban["TPR"]) & (rural_curve["FPR"] <= urban["FPR"])]
print(f"{len(better)} rural cut-offs reach the urban pair (TPR {urban['TPR']:.2f}, FPR {urban['FPR']:.2f}).")
print("A cut-off chooses a point on the curve; only more information lifts the curve.")

# %% [markdown] tags=["question"]
# ### Question 3
#
# So far the length of the file earned no points. In the system's file it does. Score the people with it, and compare the
# mean score of rural and urban people. What is this second effect, and would longer files mend both?

# %% tags=["solution"]
means = pd.DataFrame({
    "length not counted": people.groupby("group")["score"].mean(),
    "as the system has it": has_score["score"].groupby(people["group"]).mean(),
})
print(means.round(1).to_string())
print("Now the group also loses points for having short files: a shift of the mean beside the loss of accuracy.")
print("Longer files would mend both; another cut-off could mend at most the shift.")

# %% [markdown]
# ## What this does not show
#
# That rural people repay alike anywhere: that is how these were made. And nothing here says what people without any score
# would do; they are not in the file, and no rate counts them.
#
# **Next**: 11, credit scores of real people from a printed table.
