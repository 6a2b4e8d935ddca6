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
# # The camera that looks at one district
#
# **Minutes**: 60. **Before**: notebook 05. **Data**: simulated people; all rates are stylised.
#
# **Goals.** After this notebook you can
#
# - explain why equal behavior with unequal detection and unequal behavior with equal detection look alike in scores;
# - say what extra data would tell them apart, and what an audit of scores alone cannot claim;
# - choose between the adverse impact ratio (AIR) and the true positive rate (TPR).
#
# The question is not peculiar to one country: arrest records, speed cameras and fraud checks by post code pose it as well.

# %%
import altair as alt
import numpy as np
import pandas as pd

import fairaudit as fa
from fairaudit.systems.populations.simulating import simulate
from fairaudit.systems.populations.world import World

county = fa.PointSystem.load("suining")
GROUP, YEARS, PEOPLE = ("registration", "rural"), 15, 20_000


def live(**knobs):
    """Simulate people; the same seed means the same people and the same chance in every world."""
    return simulate(county, PEOPLE, world=World(group=GROUP, years=YEARS, **knobs), seed=11).people


def gap(people):
    means = people.groupby("registration")["score"].mean()
    return means["rural"] - means["urban"]


# %% [markdown]
# ## 1. Two worlds
#
# In the first, the two groups behave alike and one is watched more closely. In the second, both are watched alike and one
# does more of what costs points; how much more is searched for so that the gap in mean score is the same.

# %%
watched = live(detection_gap=0.3)
low, high = 0.0, 2.0
for _ in range(12):
    middle = (low + high) / 2
    low, high = (middle, high) if gap(live(behavior_difference=middle)) > gap(watched) else (low, middle)
different = live(behavior_difference=middle)
print(f"gap in mean score, watched more closely: {gap(watched):.1f} points")
print(f"gap in mean score, {middle:.0%} more such acts: {gap(different):.1f} points")

# %%
# A coin says which is world 1, so that this cell does not give it away.
ours, theirs = np.random.default_rng(6).permutation(["world 1", "world 2"])
worlds = pd.concat([watched.assign(world=ours), different.assign(world=theirs)], ignore_index=True)
steps = worlds.assign(score=(worlds["score"] // 50) * 50).groupby(["world", "registration", "score"]).size()
steps = steps.rename("people").reset_index()
steps["share"] = steps["people"] / steps.groupby(["world", "registration"])["people"].transform("sum")
alt.Chart(steps).mark_line(interpolate="step-after", strokeWidth=2).encode(
    x=alt.X("score:Q", scale=alt.Scale(zero=False), title="score, in steps of 50"),
    y=alt.Y("share:Q", axis=alt.Axis(format="%"), title="share of the group"),
    color=alt.Color("registration:N", scale=alt.Scale(range=["#d8702a", "#0b559f"])),
    column=alt.Column("world:N", title=None),
).properties(width=260, height=220, title="Which of the two worlds has the camera?")

# %% [markdown]
# The audits of the two score files, side by side. "Selected" is class A or B.

# %%
levels = {"A": "favorable", "B": "favorable", "C": "unfavorable", "D": "unfavorable"}


def audited(people):
    roles = {"decision": "band", "decision_levels": levels, "groups": "registration"}
    return fa.audit(people, **roles, reference={"registration": "urban"})


pd.concat({
    world: audited(people).findings.query("metric == 'adverse_impact_ratio'")[["value", "low", "high", "status"]]
    for world, people in worlds.groupby("world")
}).round(3)

# %% [markdown] tags=["question"]
# ### Question 1
#
# You are given one of the two files, with scores and groups and nothing else. Can you say which mechanism made it? What may
# an auditor write about the *cause* of the gap?

# %% [markdown] tags=["solution"]
# No. The distributions and the ratios nearly coincide, and any small difference between them depends on rates that the
# auditor does not know. What may be written: that there is a gap, how large it is and how sure we are; that the scores
# rest on records; and that the file does not tell more behavior from more detection.

# %% [markdown]
# ## 2. What extra data would tell
#
# Suppose a confidential survey asked a random part of the people what they did. Here `acts` is that survey's answer; no
# real score file has it.

# %%
survey = worlds.groupby("world").sample(4_000, random_state=1)

# %% [markdown] tags=["question"]
# ### Question 2
#
# With the survey, compute two numbers for each world and group: acts a person, and records an act. Give the second with a
# 95% interval. Which world has the camera?

# %% tags=["solution"]
told = survey.groupby(["world", "registration"]).agg(
    people=("acts", "size"), acts=("acts", "sum"), records=("records", "sum")
)
told["acts a person"] = told["acts"] / told["people"]
told["records an act"] = told["records"] / told["acts"]
half = 1.96 * np.sqrt(told["records an act"] * (1 - told["records an act"]) / told["acts"])
told["low"], told["high"] = told["records an act"] - half, told["records an act"] + half
print(told.round(3).to_string())
seen = told["records an act"].unstack()
camera = (seen["rural"] - seen["urban"]).idxmax()
print(f"In {camera} the groups act alike and more of what one group does is recorded: the camera is there.")

# %% tags=["solution"]
base = alt.Chart(told.reset_index())
alt.layer(
    base.mark_rule().encode(x=alt.X("low:Q", scale=alt.Scale(zero=False), title="records an act"), x2="high:Q", y="registration:N"),
    base.mark_point(filled=True, size=70).encode(x="records an act:Q", y=alt.Y("registration:N", title=None)),
).properties(width=260, height=80).facet(column=alt.Column("world:N", title=None))

# %% [markdown] tags=["question"]
# ### Question 3: AIR or TPR?
#
# The AIR asks: of each group, how many are selected? The TPR asks: of the people of each group *who deserve it*, how many
# are selected? Take as deserving the people with few acts (at most the median). Which of the two tells the worlds apart,
# and what does it need that the other does not?

# %% tags=["solution"]
few = worlds["acts"] <= worlds["acts"].median()
selected = worlds["band"].isin(["A", "B"])
both = pd.DataFrame({
    "selected": selected.groupby([worlds["world"], worlds["registration"]]).mean(),
    "selected, of people with few acts": selected[few].groupby([worlds["world"], worlds["registration"]]).mean(),
}).unstack()
ratio = pd.DataFrame({
    name: both[name]["rural"] / both[name]["urban"] for name in ("selected", "selected, of people with few acts")
})
ratio.columns = ["AIR", "ratio of TPR"]
print(ratio.round(3).to_string())
print("The ratio of TPR is lower where the camera is: people with few acts lose by being watched.")
print("It needs the truth about conduct. With records in place of acts, the camera would make its own truth.")

# %% [markdown]
# ## What this does not show
#
# A survey has errors of its own: people forget and hide. A random re-check by the same rules for all is another way. And a
# difference in behavior would not by itself say why people behave as they do, or whether the rules are just.
#
# **Next**: 08, the thin file; or a sealed exercise of your own (`docs/teaching.md`).
