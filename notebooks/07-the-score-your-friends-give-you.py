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
# # The score your friends give you
#
# **Minutes**: 45. **Before**: notebook 01. **Data**: simulated people under a fictional system; all figures are stylised.
#
# **Goals.** After this notebook you can
#
# - follow a small difference in what is noticed through scores that feed on scores;
# - take a gap between two groups apart into the inputs that carry it;
# - say what an audit of the scores can tell about where a gap comes from, and what only other data can.
#
# In a television episode everybody rates everybody. Nobody runs that system, but hosts and guests, drivers and riders,
# buyers and sellers rate each other every day.

# %%
import altair as alt
import numpy as np
import pandas as pd

import fairaudit as fa
from fairaudit.systems.populations.simulating import simulate
from fairaudit.systems.populations.world import World

peer = fa.PointSystem.load("peer")
pd.DataFrame([
    {"input": one.says, "column": one.id, "weight in per cent": one.weight.value} for one in peer.definition.inputs
])

# %% [markdown]
# ## 1. People who rate each other
#
# Both groups are unkind equally often. When somebody of the minority is, it is noticed more often (`detection_gap`), and
# what is noticed lowers the year's ratings. With `network` above 0, so much of last year's standing is added to each new
# rating, and so large a share of what is noticed also counts against a relative. Friends are mostly of one's own group.
#
# The simulation keeps each person's score as it would be if both groups were noticed alike, all else the same. So what
# the closer look did is known exactly, and not only estimated.

# %%
GROUP, PEOPLE = ("ethnicity", "minority"), 6_000
COLORS = alt.Scale(domain=["minority", "majority"], range=["#d8702a", "#0b559f"])


def live(years, network, people=PEOPLE, **knobs):
    """Simulate people who have a score; the same seed means the same people and the same chance in every world."""
    world = World(group=GROUP, years=years, network=network, **knobs)
    return simulate(peer, people, world=world, seed=4).people.dropna(subset=["score"])


people = live(6, 0.6, people=20_000, detection_gap=0.4)
people.groupby("ethnicity")[["acts", "records", "rated_by_all", "friends_score", "score", "score_equal"]].mean().round(2)

# %% [markdown] tags=["question"]
# ### Question 1
#
# Before you run anything: in a world without a network (0), will the closer look cost the minority more in the sixth year
# than in the first? And with a network of 0.4 and 0.8? Then compute, for one to six years, the mean of `score` less
# `score_without_detection_gap` in each group, and draw it by year. Does it go on growing?

# %% tags=["solution"]
runs = []
for network in (0.0, 0.4, 0.8):
    for years in range(1, 7):
        made = live(years, network, detection_gap=0.4)
        did = (made["score"] - made["score_without_detection_gap"]).groupby(made["ethnicity"]).mean()
        runs += [{"network": f"network {network:g}", "year": years, "group": name, "effect": effect} for name, effect in did.items()]
runs = pd.DataFrame(runs)
alt.Chart(runs).mark_line(point=True).encode(
    x=alt.X("year:O", axis=alt.Axis(labelAngle=0)),
    y=alt.Y("effect:Q", title="what the closer look did to the mean score, in stars"),
    color=alt.Color("group:N", title=None, scale=COLORS),
    column=alt.Column("network:N", title=None),
).properties(width=170, height=240, title="The more last year's standing counts, the more a closer look costs in the end")

# %% tags=["solution"]
cost = runs[runs["group"] == "minority"].pivot(index="network", columns="year", values="effect")
print(cost.round(3).to_string())
print((cost[6] / cost[1]).rename("year 6, as a multiple of year 1").round(1).to_string())
print("Without a network all of it is there by the second year (friends' scores are those of the year before). With one it")
print("builds up, since a low standing is handed on. Each year hands on only a part of it, so the steps get smaller:")
print("it settles in the end, the later the larger the part.")

# %% [markdown]
# ## 2. What carries the gap?
#
# The score is a weighted sum, so each person's score is taken apart exactly, and so is the gap between two groups.

# %%
explanation = peer.explain(people, people)
parts = pd.DataFrame(explanation.values, columns=explanation.names).groupby(people["ethnicity"].to_numpy()).mean()
carried = (parts.loc["minority"] - parts.loc["majority"]).rename("points").rename_axis("input").reset_index()
alt.Chart(carried).mark_bar(color="#0b559f").encode(
    x=alt.X("points:Q", title="part of the gap, in stars", axis=alt.Axis(tickCount=5)),
    y=alt.Y("input:N", title=None, sort="x", axis=alt.Axis(labelLimit=300)),
).properties(width=380, height=alt.Step(30), title="What carries the gap between the groups")

# %%
means = people.groupby("ethnicity")["score"].mean()
gap = means["minority"] - means["majority"]
print(f"the parts add up to {carried['points'].sum():+.3f}, the gap is {gap:+.3f}")

# %% [markdown] tags=["question"]
# ### Question 2
#
# A company drops "mean score of friends" because "it is about other people", and lets the two means of ratings count half
# each. How much of the gap did friends carry? How large is the gap of the new score? Say why.

# %% tags=["solution"]
share = carried.loc[carried["input"] == "friends_score", "points"].sum() / carried["points"].sum()
dropped = people[["rated_by_all", "rated_by_the_high"]].mean(axis=1).groupby(people["ethnicity"]).mean()
print(f"Friends' scores carry {share:.0%} of the gap. Without them it is {dropped['minority'] - dropped['majority']:+.3f}, "
      f"with them {gap:+.3f}.")
print("The network still acts through the ratings: raters look at one's standing. Dropping the input that names it does")
print("not take it out of the score.")

# %% [markdown]
# ## 3. Who gets the flat?
#
# A flat in a sought-after building goes to those in the band "high", from 4 stars on. We make a second world in which
# nobody is looked at more closely and the minority *is* unkind more often: twice as often, so as much is noticed of it as
# with the closer look (of what people do, 0.4 is noticed; 2 x 0.4 = 0.4 + 0.4).

# %%
rare = {"broken-promise": 0.1}
worlds = {
    "looked at more closely": live(6, 0.6, people=40_000, detection_gap=0.4, rates=rare),
    "unkind more often": live(6, 0.6, people=40_000, behavior_difference=1.0, rates=rare),
}
seen = pd.concat({
    world: fa.audit(
        made[["ethnicity", "score"]].round({"score": 2}), score="score", higher_is="better", cutoff=4.0,
        groups="ethnicity", reference={"ethnicity": "majority"},
    ).findings.query("family != 'exploratory'").set_index("metric")[["value", "low", "high", "status"]]
    for world, made in worlds.items()
}).round(3)
seen

# %%
shown = seen.droplevel(1)[seen.index.get_level_values(1) == "adverse_impact_ratio"].rename_axis("world").reset_index()
base = alt.Chart(shown).encode(y=alt.Y("world:N", title=None, axis=alt.Axis(labelLimit=200)))
alt.layer(
    base.mark_rule(color="#0b559f", strokeWidth=2).encode(
        x=alt.X("low:Q", title="adverse impact ratio, with 95% interval", scale=alt.Scale(domain=[0.5, 1]), axis=alt.Axis(tickCount=5)),
        x2="high:Q",
    ),
    base.mark_point(filled=True, size=90, color="#0b559f", opacity=1).encode(x="value:Q"),
).properties(width=380, height=alt.Step(36), title="Two causes, one audit")

# %% [markdown] tags=["question"]
# ### Question 3: AIR or TPR?
#
# The AIR compares how many of each group get the flat. The TPR does so among people who deserve it alike; here we know what
# they did, and take those who were unkind exactly once in six years (`acts` is 1). Compute both ratios in each world, the
# second with a 95% interval. Which of them tells the worlds apart, and could an auditor who has only scores and ratings
# have worked it out?

# %% tags=["solution"]
told = []
for world, made in worlds.items():
    flat, alike = made["score"].round(2) >= 4, made["acts"] == 1
    every = flat.groupby(made["ethnicity"]).mean()
    same = flat[alike].groupby(made["ethnicity"]).agg(["mean", "sum", "size"])
    ratio = same.loc["minority", "mean"] / same.loc["majority", "mean"]
    error = np.sqrt((1 / same["sum"] - 1 / same["size"]).sum())  # of the logarithm of a ratio of two shares
    told.append({"world": world, "AIR": every["minority"] / every["majority"], "ratio of TPR": ratio,
                 "low": ratio * np.exp(-1.96 * error), "high": ratio * np.exp(1.96 * error)})
print(pd.DataFrame(told).set_index("world").round(3).to_string())

# %% tags=["solution"]
records = pd.concat({world: made.groupby("ethnicity")[["acts", "records"]].sum() for world, made in worlds.items()})
print((records["records"] / records["acts"]).rename("records an act").round(2).to_string())
print("(More than one record an act: some count against a relative as well.)")
print("The AIR is alike in both worlds, and so is everything else in the scores: they show what was noticed, not what was")
print("done. Among people of like conduct the minority gets less where it is looked at more closely. That needs the truth about")
print("conduct, which no rating has. A survey, or meetings observed by lot, would have it, and tell at once how much of what")
print("each group does is noticed.")

# %% [markdown]
# ## What this does not show
#
# How large any of this is anywhere. In this simulation people meet at random, and raters are not biased themselves: only
# what is noticed differs. People also change what they do when they are rated, and leave; here nobody does.
#
# **Next**: 09, when this year's class is next year's job.
