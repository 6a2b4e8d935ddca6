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
# # What one number does to a county
#
# **Minutes**: 45. **Before**: notebook 01. **Data**: simulated people; every figure not marked otherwise is stylised.
#
# **Goals.** After this notebook you can
#
# - read a point system as a file and follow one person's ledger;
# - say what a class opens and closes, and in which part of life the conduct and the consequence lie;
# - tell "within the line" from "no difference", and choose the ratio that fits the question.
#
# A county in Jiangsu gave and took points for residents' conduct around 2010 and put people into classes. There is no
# single national score; this was one county. `fairaudit system show suining` lists each claim about it with its source, or
# says that none was found.

# %%
import altair as alt
import pandas as pd

import fairaudit as fa
from fairaudit.systems.populations.simulating import simulate
from fairaudit.systems.populations.world import World

county = fa.PointSystem.load("suining")
pd.DataFrame([
    {"event": event.says, "points": event.points.value, "part of life": event.context, "known from": event.tag}
    for event in county.definition.events
])

# %% [markdown]
# ## 1. One person's ledger
#
# Points are entered by date, and no score goes above the cap. Whoever starts at the cap has nothing to gain.

# %%
events = pd.DataFrame({
    "person": ["Wei", "Wei", "Wei", "Lin", "Lin"],
    "date": ["2012-02-01", "2012-03-10", "2012-09-02", "2012-03-10", "2012-09-02"],
    "event": ["good-citizen", "driving-offence", "disturbed-officials", "driving-offence", "good-citizen"],
})
scored = county.score_events(events)
print(scored.ledger("Wei"))
print(scored.ledger("Lin"))

# %% [markdown] tags=["question"]
# ### Question 1
#
# Wei and Lin were each named a good citizen once and committed one driving offence. Take Wei's last entry away. Do the two
# then have the same score? Compute it, and say in one sentence why or why not.

# %% tags=["solution"]
same_deeds = county.score_events(events.drop(index=2)).to_frame()
print(same_deeds[["person", "score", "band", "lost_to_cap"]].to_string(index=False))
print("The same deeds in another order: Wei's good deed came while there was nothing to gain, and was lost to the cap.")

# %% [markdown]
# ## 2. A county of people
#
# Everybody behaves alike here. Officials see more of what people with rural registration do: that is the only difference.
# The simulation keeps, for each person, the score as it would be if all were seen alike.

# %%
made = simulate(county, 20_000, world=World(years=15, detection_gap=0.3), seed=3)
people = made.people
classes = ["A", "B", "C", "D"]
shares = (
    people.groupby("registration")["band"].value_counts(normalize=True).rename("share").reset_index()
    .assign(world="as it is")
)
equal = people.assign(band=county.band_of(people["score_equal"]))
shares_equal = (
    equal.groupby("registration")["band"].value_counts(normalize=True).rename("share").reset_index()
    .assign(world="all seen alike")
)
alt.Chart(pd.concat([shares, shares_equal])).mark_bar().encode(
    x=alt.X("band:N", sort=classes, title="class", axis=alt.Axis(labelAngle=0)),
    y=alt.Y("share:Q", axis=alt.Axis(format="%"), title="share of the group"),
    color=alt.Color("registration:N", scale=alt.Scale(range=["#d8702a", "#0b559f"])),
    xOffset="registration:N",
    column=alt.Column("world:N", title=None),
).properties(width=220, height=220, title="Who is in which class after 15 simulated years")

# %% [markdown]
# Class D is refused support by the county and may not apply for jobs. We audit "not in class D" as the favorable decision.

# %%
levels = {name: "unfavorable" if name == "D" else "favorable" for name in classes}
audit = fa.audit(
    people, decision="band", decision_levels=levels, groups="registration", reference={"registration": "urban"}
)
ratios = audit.findings.set_index("metric").loc[["adverse_impact_ratio", "adverse_outcome_ratio"]]
ratios[["value", "low", "high", "line", "status"]].round(3)

# %% [markdown] tags=["question"]
# ### Question 2: within the line is not fair
#
# The first ratio has the status `within_line`. A colleague writes in the summary: "the classes were tested and are fair to
# people with rural registration". Which of these would you write instead, and why?
#
# 1. Nothing: the test was passed.
# 2. The share that stays out of class D is nearly the same in both groups; the share in class D is not, and class D is
#    where the harm is. Both ratios and both counts belong into the summary.
# 3. The line was drawn wrongly; at a stricter line there would be a flag, so the county is unfair.
#
# Compute how many people of each group are in class D, and how many would be if all were seen alike.

# %% tags=["solution"]
in_d = pd.DataFrame({
    "in class D": (people["band"] == "D").groupby(people["registration"]).sum(),
    "if all were seen alike": (equal["band"] == "D").groupby(people["registration"]).sum(),
    "people": people["registration"].value_counts(),
})
print(in_d.to_string())
worse = ratios.loc["adverse_outcome_ratio", "value"]
print(f"Answer 2. Being in class D is {worse:.1f} times as common in the rural group, though the groups behave alike.")
print("A line is a convention for one ratio. The policy names it; it is not a definition of fairness (so not answer 3).")

# %% [markdown]
# ## 3. Conduct from one part of life, consequences in another
#
# Each field is a pair: points taken for conduct in one part of life that can lead to a consequence in another.

# %%
sheet = county.consequence_sheet()
pairs = pd.DataFrame([
    {"conduct in": event.context, "consequence in": consequence.context, "points": -event.points.value}
    for event in county.definition.events if event.points.value < 0
    for consequence in county.definition.consequences if consequence.kind == "punishment"
])
alt.Chart(pairs).mark_rect(stroke="white").encode(
    x=alt.X("consequence in:N", axis=alt.Axis(labelAngle=0), title="consequence in"),
    y=alt.Y("conduct in:N"),
    color=alt.Color("points:O", title="points taken", scale=alt.Scale(range=["#9ecae1", "#0b559f"])),
    tooltip=["conduct in", "consequence in", "points"],
).properties(width=260, height=alt.Step(28), title="Which conduct is punished in which part of life")

# %% [markdown] tags=["question"]
# ### Question 3
#
# How many of these pairs are within one part of life? Name an event whose consequence you would expect to lie in its own
# part of life (losing a driving license for driving offences), and say what the one number changes about that.

# %% tags=["solution"]
own = (pairs["conduct in"] == pairs["consequence in"]).sum()
print(f"{own} of {len(pairs)} pairs stay in their part of life.")
print("One number adds conduct of all kinds, so what follows can no longer be tied to what was done.")

# %% [markdown]
# ## What this does not show
#
# How many people the county really put into class D, and who they were: no such data are public. Rates of behavior and of
# detection here are stylised. What is shown is what the rules do, given such rates.
#
# **Next**: 06, the camera that looks at one district.
