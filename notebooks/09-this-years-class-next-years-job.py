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
# # Feedback: this year's class is next year's job
#
# **Minutes**: 60. **Before**: notebooks 05 and 06. **Data**: made in this notebook with the rules of a county's file; all
# rates are stylised.
#
# **Goals.** After this notebook you can
#
# - follow a consequence back into the conduct that a score counts, year by year;
# - show that a cause can end and its effect go on;
# - separate, with the same chance in each world, what a mechanism did from what would have happened anyway.
#
# A record that closes off work, and work that keeps people from getting records: the loop is known from debt registers and
# criminal records in many countries.

# %%
import altair as alt
import numpy as np
import pandas as pd

import fairaudit as fa
from fairaudit.systems.populations.simulating import simulate
from fairaudit.systems.populations.world import World

county = fa.PointSystem.load("suining")
bad = [event.id for event in county.definition.events if event.points.value < 0]
for one in county.definition.consequences:
    print(f"class {', '.join(one.bands)}: {one.says}")

# %% [markdown]
# ## 1. The loop
#
# Everybody has the same rates at first. For the first four years more of what one group does is recorded. Records count for
# five years. Who is in class D at the end of a year may not apply for jobs, and most of those who may not are out of work
# in the next year. With `strain` above 0, who is out of work does that much more of what costs points.
#
# The 2.5 below is no measurement: it was raised until the effect plainly outlived its cause. With 1, what is left by the
# last year is chance. Try it.

# %%
PEOPLE, YEARS, WATCHED, KEPT = 20_000, 16, 4, 5


def live(strain, gap, seed=9):
    """Return one row a year and group: class D, out of work, mean score. The same seed is the same chance."""
    rng = np.random.default_rng(seed)
    group = rng.random(PEOPLE) < 0.4
    out_of_work = np.zeros(PEOPLE, dtype=bool)
    recorded, told = [], []
    for year in range(YEARS):
        chance_of_act, chance_seen, chance_work = (rng.random((PEOPLE, len(bad))), rng.random((PEOPLE, len(bad))),
                                                   rng.random(PEOPLE))
        acts = chance_of_act < 0.2 * (1 + strain * out_of_work)[:, None]
        seen = chance_seen < 0.4 + gap * (group & (year < WATCHED))[:, None]
        recorded = [*recorded, acts & seen][-KEPT:]
        counts = pd.DataFrame(np.sum(recorded, axis=0), columns=bad).reindex(columns=county.feature_names, fill_value=0)
        score = county.score(counts)
        in_d = county.band_of(score) == "D"
        out_of_work = in_d & (chance_work < 0.8)
        for name, there in (("watched at first", group), ("never watched more", ~group)):
            told.append({"year": year + 1, "group": name, "class D": in_d[there].mean(), "score": score[there].mean(),
                         "out of work": out_of_work[there].mean(), "acts": acts[there].sum(axis=1).mean()})
    return pd.DataFrame(told)


runs = pd.concat([
    live(strain, gap).assign(world=name)
    for name, strain, gap in (("no loop", 0.0, 0.3), ("loop", 2.5, 0.3), ("loop, nobody watched more", 2.5, 0.0))
])
runs.query("year == 16").set_index(["world", "group"]).drop(columns="year").round(3)

# %% [markdown] tags=["question"]
# ### Question 1
#
# The closer watching ends after year 4, and a record counts for five years. In which year is the last of it off the books?
# Draw the share in class D by year for each group in the worlds "no loop" and "loop". What happens after that year?

# %% tags=["solution"]
chart = alt.Chart().mark_line(point=True).encode(
    x=alt.X("year:O", axis=alt.Axis(labelAngle=0)), y=alt.Y("class D:Q", axis=alt.Axis(format="%"), title="share in class D"),
    color=alt.Color("group:N", title=None, scale=alt.Scale(range=["#0b559f", "#d8702a"])),
)
rule = alt.Chart().mark_rule(strokeDash=[3, 3]).encode(x=alt.XDatum(WATCHED, type="ordinal"))
alt.layer(chart, rule, data=runs[runs["world"] != "loop, nobody watched more"]).properties(width=300, height=220).facet(
    column=alt.Column("world:N", title=None)
).properties(title="The closer watching ends at the dashed line")

# %% tags=["solution"]
wide = runs.pivot(index=["world", "year"], columns="group", values="class D")
excess = (wide["watched at first"] - wide["never watched more"]).unstack("world").loc[[WATCHED, WATCHED + KEPT - 1, WATCHED + KEPT, YEARS]]
print(excess.round(4).to_string())
print(f"The last watched year counts through year {WATCHED + KEPT - 1}. Without the loop the difference is then chance;")
print("with it, those who lost work did more, were recorded for that, and stayed: the effect outlives its cause.")

# %% [markdown]
# ## 2. What an audit sees in the last year
#
# The auditor comes in the last year. Cameras have been alike for long, behavior *now* differs, and records reflect it.

# %%
final = runs.query("year == @YEARS and world == 'loop'").set_index("group")
final[["acts", "out of work", "class D"]].round(3)

# %% [markdown] tags=["question"]
# ### Question 2
#
# "Detection is equal, behavior differs, and the score measures behavior. So the difference is earned." Which of these
# replies is supported by the simulation?
#
# 1. The audit must be wrong, since the groups began alike.
# 2. The audit is right about this year and silent about how the year came about; a file of one year cannot tell.
# 3. The score is inaccurate: it counts acts that did not happen.
#
# Use the third world to show what would have happened without the watching.

# %% tags=["solution"]
without = runs.query("year == @YEARS and world == 'loop, nobody watched more'").set_index("group")
compare = pd.DataFrame({"as it is": final["class D"], "never watched more": without["class D"]})
compare["because of the watching"] = compare["as it is"] - compare["never watched more"]
print(compare.round(4).to_string())
print("Reply 2. The acts are real and counted rightly; the difference in them was made by the score's own consequence.")

# %% [markdown] tags=["question"]
# ### Question 3: AIR or TPR?
#
# Suppose "deserving" means no act this year. Would equal TPR in the last year show that the loop is harmless? Answer in two
# sentences.

# %% [markdown] tags=["solution"]
# No. TPR takes this year's conduct as given, so it cannot see that the conduct was changed by last year's decision; the AIR
# cannot see the cause either, but it does show that fewer people of the group get through. What shows the loop is
# following the same people over years, or a change of the rule for some of them by lot.

# %% [markdown]
# ## 3. Where to cut the loop
#
# Two measures: records that count for fewer years, or a class that does not close off work.

# %% [markdown] tags=["question"]
# ### Question 4
#
# Run the world "loop" once more with records that count for two years (change `KEPT`), and compare its last year with the
# world "no loop", which is a class without the consequence for work. Which measure leaves the smaller difference between the groups? What does each cost?

# %% tags=["solution"]
KEPT = 2
shorter = live(2.5, 0.3)
KEPT = 5
last = pd.concat([runs, shorter.assign(world="loop, records of two years")]).query("year == @YEARS")
table = last.pivot(index="world", columns="group", values="class D")
table["difference"] = table["watched at first"] - table["never watched more"]
print(table.round(4).to_string())
print("Shorter records cut nearly everything, also what the county may want to count; the other keeps the count and drops")
print("the consequence. Which is better is not a statistical question.")

# %% [markdown]
# ## 4. What the loop takes from people
#
# The loop above was built by hand, so that each step can be seen. The simulation of people has it as a knob, `feedback`:
# who is in class D does more of what costs points in the next year, and what is refused to them (jobs, state support)
# lowers their income of that year. `income` is what a person would earn without the system, `income_last_year` what is
# left. Every mechanism can be switched off for the same people, so what it did to them is counted and not estimated.

# %%
rates = {event.id: 0.2 if event.points.value < 0 else 0.05 for event in county.definition.events}
world = World(years=8, detection_gap=0.3, feedback=1.0, rates=rates)
made = simulate(county, PEOPLE, world=world, seed=9)
truth = made.truth.to_frame().query("attribute == 'registration'").set_index(["level", "mechanism"])
truth[["share_in_worst_band", "mean_income", "effect_on_mean_income"]].round(3)

# %% [markdown] tags=["question"]
# ### Question 5
#
# The row `feedback` says what the consequences took from the mean income of each group, the row `detection_gap` how much
# less would have been taken if rural people had not been watched more. Which share of what rural people lost is due to the
# watching? Why do the two rows not add up to the row `all`?

# %% tags=["solution"]
lost, watched = (truth.loc[("rural", name), "effect_on_mean_income"] for name in ("feedback", "detection_gap"))
print(f"Of {-lost:,.0f} yuan a year that the consequences took from rural people, {watched / lost:.0%} are due to the watching.")
print("Each row is what goes away if one of the two is switched off. Without feedback nothing at all is taken, so its row is")
print("already the whole; the watching takes income through the consequences alone, so it is a part of the same yuan.")

# %% [markdown] tags=["question"]
# ### Question 6
#
# How long does class D last, once in it? Read the curve of `lasting_to_frame()` for each group. What do people who are in
# it at the end tell, and what would you get if they were left out?

# %% tags=["solution"]
curve = fa.audit_consequences(made.people, county, groups="registration", cross=False).lasting_to_frame()
print(curve[curve["years"].isin([1, 3, 5])].drop(columns="stamp").round(3).to_string(index=False))
out = made.people.query("years_in_worst_band > 0 and band != 'D'")["years_in_worst_band"]
print(f"In this county nothing expires, and hardly anybody leaves. Of those who did ({len(out)}), the mean is {out.mean():.1f} years:")
print("left to themselves, they say that class D is short, because only a short stay can have ended already.")

# %% [markdown]
# ## What this does not show
#
# That being out of work makes people offend, anywhere, by this much: `strain` is an assumption that you can change. What is
# shown is what follows if it does.
#
# **Next**: 10, a score about arrests.
