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
# **Minutes**: 45. **Before**: notebook 01. **Data**: made in this notebook; the system is fiction, and all figures are
# stylised.
#
# **Goals.** After this notebook you can
#
# - follow a small difference in ratings through scores that feed on scores;
# - take a gap between two groups apart into the inputs that carry it;
# - say what a network does by itself, and what it does only together with biased ratings.
#
# In a television episode everybody rates everybody. Nobody runs that system, but hosts and guests, drivers and riders,
# buyers and sellers rate each other every day.

# %%
import altair as alt
import numpy as np
import pandas as pd

import fairaudit as fa

peer = fa.PointSystem.load("peer")
pd.DataFrame([
    {"input": one.says, "column": one.id, "weight in per cent": one.weight.value} for one in peer.definition.inputs
])

# %% [markdown]
# ## 1. People who rate each other
#
# Each person has a conduct that both groups share in distribution, meets some others, and is friends with a few. People
# meet their own group more often (`homophily`), and rate members of the other group a little lower (`bias`, in stars).

# %%
PEOPLE, MEETINGS, FRIENDS, MINORITY = 3_000, 30, 8, 0.2


def scores_by_round(homophily, bias, rounds=8, seed=4):
    """Return the people, with each round's score: ratings by the high and friends' scores feed on the round before."""
    rng = np.random.default_rng(seed)
    minority = rng.random(PEOPLE) < MINORITY
    conduct = rng.normal(3.2, 0.5, PEOPLE)
    members = {flag: np.flatnonzero(minority == flag) for flag in (False, True)}

    def meet(number):
        own = rng.random((PEOPLE, number)) < homophily
        pick = rng.random((PEOPLE, number))
        anyone = (pick * PEOPLE).astype(int)
        like = np.empty_like(anyone)
        for flag, there in members.items():
            rows = minority == flag
            like[rows] = there[(pick[rows] * len(there)).astype(int)]
        return np.where(own, like, anyone)

    raters, friends = meet(MEETINGS), meet(FRIENDS)
    stranger = minority[raters] != minority[:, None]
    ratings = np.clip(conduct[:, None] + rng.normal(0, 0.8, raters.shape) - bias * stranger, 0, 5)
    by_all = ratings.mean(axis=1)
    score, kept = by_all, {}
    for turn in range(rounds):
        # The better one's score, the more one's ratings count.
        weight = np.exp(2 * (score[raters] - score.mean()))
        rows = pd.DataFrame({
            "rated_by_all": by_all,
            "rated_by_the_high": (weight * ratings).sum(axis=1) / weight.sum(axis=1),
            "friends_score": np.clip(score[friends].mean(axis=1), 0, 5),
            "ratings": MEETINGS,
        })
        score = np.asarray(peer.score(rows))
        kept[turn + 1] = score
    people = rows.assign(group=np.where(minority, "minority", "majority"), conduct=conduct, score=score)
    history = pd.DataFrame([
        {"round": turn, "gap": made[minority].mean() - made[~minority].mean()} for turn, made in kept.items()
    ])
    return people, history


people, _ = scores_by_round(homophily=0.6, bias=0.3)
people.groupby("group")[["conduct", "rated_by_all", "friends_score", "score"]].mean().round(3)

# %% [markdown] tags=["question"]
# ### Question 1
#
# Before you run anything: with the same biased ratings, will more homophily make the gap larger or smaller? Remember who
# gives the biased ratings. Then run homophily of 0, 0.3, 0.6 and 0.9, with and without bias, and draw
# the gap by round. Does it grow from round to round?

# %% tags=["solution"]
runs = pd.concat([
    scores_by_round(homophily, bias)[1].assign(homophily=homophily, ratings="biased" if bias else "without bias")
    for homophily in (0.0, 0.3, 0.6, 0.9) for bias in (0.0, 0.3)
])
alt.Chart(runs).mark_line(point=True).encode(
    x=alt.X("round:O", axis=alt.Axis(labelAngle=0)),
    y=alt.Y("gap:Q", title="minority less majority, in stars"),
    color=alt.Color("homophily:O", scale=alt.Scale(scheme="blues", domainMin=-0.5)),
    column=alt.Column("ratings:N", title=None),
).properties(width=230, height=220, title="The gap by round")

# %% tags=["solution"]
last = runs[runs["round"] == runs["round"].max()].pivot(index="homophily", columns="ratings", values="gap")
print(last.round(3).to_string())
moved = runs.groupby(["homophily", "ratings"])["gap"].agg(lambda gaps: abs(gaps.iloc[-1] - gaps.iloc[0])).max()
print(f"From the first round to the last, no gap moved by more than {moved:.3f} stars: it settles at once.")
print("Without bias the network alone moves the gap little. With bias, people who meet mostly their own are rated by")
print("fewer who rate them lower: more homophily shields the direct ratings, though friends' scores spread what is left.")

# %% [markdown]
# ## 2. What carries the gap?
#
# The score is a weighted sum, so each person's score is taken apart exactly, and so is the gap between two groups.

# %%
explanation = peer.explain(people, people)
parts = pd.DataFrame(explanation.values, columns=explanation.names).groupby(people["group"].to_numpy()).mean()
carried = (parts.loc["minority"] - parts.loc["majority"]).rename("points").rename_axis("input").reset_index()
alt.Chart(carried).mark_bar(color="#0b559f").encode(
    x=alt.X("points:Q", title="part of the gap, in stars"), y=alt.Y("input:N", title=None, axis=alt.Axis(labelLimit=300))
).properties(width=380, height=alt.Step(30), title="What carries the gap between the groups")

# %%
whole = people.groupby("group")["score"].mean()
print(f"the parts add up to {carried['points'].sum():+.3f}, the gap is {whole['minority'] - whole['majority']:+.3f}")

# %% [markdown] tags=["question"]
# ### Question 2
#
# A company drops "mean score of friends" because "it is about other people". How much of the gap did it carry? Compute it, and say
# what remains and why.

# %% tags=["solution"]
total = carried["points"].sum()
friends = carried.loc[carried["input"].str.contains("friend"), "points"].sum()
print(f"Friends' scores carry {friends / total:.0%} of the gap, as the weights are.")
print("What remains comes from the ratings themselves; the input that names the network is not the only one it acts through.")

# %% [markdown]
# ## 3. Who gets the flat?

# %%
cutoff = float(np.quantile(people["score"], 0.8).round(2))
audit = fa.audit(
    people.round({"score": 2}), score="score", higher_is="better", cutoff=cutoff, groups="group", reference={"group": "majority"}
)
audit.findings.query("family == 'primary'")[["metric", "value", "low", "high", "status"]].round(3)

# %% [markdown] tags=["question"]
# ### Question 3: AIR or TPR?
#
# We know the conduct here. Of the fifth with the best conduct in each group, how many get the flat? Does equal conduct get
# equal treatment, and could an auditor who has only the ratings have found that out?

# %% tags=["solution"]
best = people["conduct"] >= people["conduct"].quantile(0.8)
got = (people["score"] >= cutoff)[best].groupby(people["group"]).agg(["mean", "size"])
got.columns = ["share with the flat, of the best conduct", "people"]
print(got.round(3).to_string())
print("No: of people with equally good conduct, fewer of the minority get it. From ratings alone it cannot be seen, since")
print("the ratings are the only record of conduct there is.")

# %% [markdown]
# ## What this does not show
#
# How large bias or homophily are anywhere. People also change what they do when they are rated, and leave; here nobody does.
#
# **Next**: 09, when this year's class is next year's job.
