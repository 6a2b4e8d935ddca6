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
# # COMPAS, audited again
#
# **Minutes**: 75. **Before**: notebooks 01 and 06. **Data**: eight counts that ProPublica published in 2016; with the full
# table (see section 4) also every cut-off.
#
# **Goals.** After this notebook you can
#
# - reproduce both sides of a well-known dispute from the same eight numbers;
# - show why both measures cannot be equal when bad rates differ, and compute by how much they must differ;
# - say what "outcome" means in these data, and what no measure on them can show.
#
# A county in Florida scored people after arrest by how likely a new charge was. ProPublica found that Black defendants
# without a new charge were labeled high risk more often. The vendor answered that a label means the same in both groups.

# %%
import os
from pathlib import Path

import altair as alt
import numpy as np
import pandas as pd

import fairaudit as fa

# People by race, label and new charge within two years. Larson, Mattu, Kirchner and Angwin (2016), "How We Analyzed the
# COMPAS Recidivism Algorithm", the tables for Black and for white defendants: Low against Medium or High.
published = pd.DataFrame(
    [
        ("Black", "low", "none", 990), ("Black", "high", "none", 805),
        ("Black", "low", "new charge", 532), ("Black", "high", "new charge", 1369),
        ("White", "low", "none", 1139), ("White", "high", "none", 349),
        ("White", "low", "new charge", 461), ("White", "high", "new charge", 505),
    ],
    columns=["race", "label", "outcome", "people"],
)
published.pivot_table(index=["race", "outcome"], columns="label", values="people")

# %% [markdown]
# ## 1. One audit, two answers
#
# The label "low" is the favorable decision, no new charge the good outcome.

# %%
audit = fa.audit(
    published, counts="people", decision="label", favorable="low", outcome="outcome", bad="new charge",
    groups="race", reference={"race": "White"},
)
wanted = ["adverse_impact_ratio", "equal_opportunity_difference", "predictive_equality_difference", "predictive_parity_difference"]
audit.findings.set_index("metric").loc[wanted, ["value", "low", "high", "n", "status"]].round(3)

# %%
table = published.set_index(["race", "outcome", "label"])["people"]


def rates(race):
    """The four rates of the dispute, with the number of people below the line of each fraction."""
    none, charge = table[race]["none"], table[race]["new charge"]
    return [
        {"race": race, "rate": "labeled high, of those without a new charge", "value": none["high"] / none.sum(), "n": none.sum()},
        {"race": race, "rate": "labeled low, of those with a new charge", "value": charge["low"] / charge.sum(), "n": charge.sum()},
        {"race": race, "rate": "new charge, of those labeled high", "value": charge["high"] / (charge["high"] + none["high"]),
         "n": charge["high"] + none["high"]},
        {"race": race, "rate": "new charge, of all", "value": charge.sum() / (charge.sum() + none.sum()), "n": charge.sum() + none.sum()},
    ]


dispute = pd.DataFrame(rates("Black") + rates("White"))
half = 1.96 * np.sqrt(dispute["value"] * (1 - dispute["value"]) / dispute["n"])
dispute = dispute.assign(low=dispute["value"] - half, high=dispute["value"] + half)
order = [entry["rate"] for entry in rates("White")]
base = alt.Chart(dispute).encode(
    y=alt.Y("rate:N", sort=order, title=None, axis=alt.Axis(labelLimit=400)),
    color=alt.Color("race:N", title=None, scale=alt.Scale(domain=["Black", "White"], range=["#d8702a", "#0b559f"])), yOffset="race:N",
)
alt.layer(
    base.mark_rule(strokeWidth=2).encode(x=alt.X("low:Q", title="share, with 95% interval", axis=alt.Axis(format="%")), x2="high:Q"),
    base.mark_point(filled=True, size=70).encode(x="value:Q"),
).properties(width=360, height=alt.Step(16), title="One table, two findings")

# %% [markdown] tags=["question"]
# ### Question 1
#
# Which rows of the chart did ProPublica speak of, and which did the vendor? Write one sentence for each that is true by
# these counts. Is one of the two wrong?

# %% tags=["solution"]
value = dispute.set_index(["race", "rate"])["value"]
print(f"ProPublica: of those without a new charge, {value['Black', order[0]]:.0%} of Black and "
      f"{value['White', order[0]]:.0%} of white defendants were labeled high.")
print(f"The vendor: of those labeled high, {value['Black', order[2]]:.0%} and {value['White', order[2]]:.0%} had a new charge.")
print("Both are true of the same people. They are answers to different questions.")

# %% [markdown]
# ## 2. Why both cannot be equal
#
# Write *p* for the share with a new charge, PPV for the share of new charges among those labeled high, and FNR for the
# share labeled low among those with a new charge. Then, by counting alone (Chouldechova 2017),
#
# $$\text{FPR} = \frac{p}{1-p}\cdot\frac{1-\text{PPV}}{\text{PPV}}\cdot(1-\text{FNR}).$$

# %% [markdown] tags=["question"]
# ### Question 2
#
# Check the identity on both groups. Then give Black defendants the PPV and FNR of white ones, and leave their *p* as it is:
# what FPR follows? How much of the gap in FPR is therefore forced by the difference in *p* alone?

# %% tags=["solution"]
def forced(p, ppv, fnr):
    return p / (1 - p) * (1 - ppv) / ppv * (1 - fnr)


for race in ("Black", "White"):
    fpr, fnr, ppv, p = (value[race, name] for name in order)
    print(f"{race}: FPR counted {fpr:.4f}, by the identity {forced(p, ppv, fnr):.4f}")
like_white = forced(value["Black", order[3]], value["White", order[2]], value["White", order[1]])
gap = value["Black", order[0]] - value["White", order[0]]
print(f"With the PPV and FNR of white defendants, FPR would be {like_white:.3f}: "
      f"{(like_white - value['White', order[0]]) / gap:.0%} of the gap in FPR.")

# %% [markdown] tags=["question"]
# ### Question 3: AIR or TPR? And of what?
#
# 1. The adverse impact ratio needs no outcome. Is it therefore safer here, or does it leave something out?
# 2. The outcome is a *new charge*, not a new crime. Think of notebook 06: if offences of one group are charged more often,
#    which of the four rates in the chart can still be read as statements about crime?

# %% [markdown] tags=["solution"]
# 1. It is safe from errors in the outcome, but it does not ask whether a label was right; it shows that labels are spread
#    unequally, not why, nor whom mistakes hurt. Both belong into a report, with their intervals.
# 2. None. All four use the outcome, and the outcome passes through policing and charging. They remain true as statements
#    about charges. An audit says so before it says anything else.

# %% [markdown]
# ## 3. Within what line?
#
# Predictive parity differs by a few points. Somebody concludes: "calibrated, so fair".

# %% [markdown] tags=["question"]
# ### Question 4
#
# Make up a label that uses nothing about a person but race: "high" for everybody of the group with the larger *p*. What are
# PPV and FPR? What does this say about any argument that ends at one measure?

# %% tags=["solution"]
p_black = value["Black", order[3]]
print(f"Everybody of one group is labeled high: PPV there is p = {p_black:.2f}, FPR is 1.")
print("A label without any information on a person can look well in one measure. No single measure is the answer.")

# %% [markdown]
# ## 4. With the full table
#
# The rows are public records about named people, so they do not come with fairaudit. With a network,
# `fa.load_dataset("compas")` downloads and checks them once, and leaves out names; offline, put `compas_two_years.csv.gz`
# into a folder `compas` and set `FAIRAUDIT_DATA` to the folder above it. Without it this section says so and ends.

# %%
folder = os.environ.get("FAIRAUDIT_DATA", "")
rows = fa.load_dataset("compas") if folder and Path(folder, "compas", "compas_two_years.csv.gz").is_file() else None
if rows is None:
    print("The full table is not on this machine; sections 1 to 3 used the published counts.")
else:
    both = rows[rows["race"].isin(["African-American", "Caucasian"])]
    again = both.groupby([both["race"], both["decile_score"] > 4, both["two_year_recid"]]).size()
    print("The eight counts from the rows:", sorted(again.tolist()) == sorted(published["people"].tolist()))

# %%
if rows is None:
    print("Nothing to draw.")
else:
    everywhere = pd.DataFrame([
        {"race": race, "labeled high from decile": cut,
         "FPR": (part.loc[part["two_year_recid"] == 0, "decile_score"] >= cut).mean()}
        for race, part in both.groupby("race") for cut in range(2, 11)
    ])
    alt.Chart(everywhere).mark_line(point=True).encode(
        x="labeled high from decile:O", y=alt.Y("FPR:Q", axis=alt.Axis(format="%")), color=alt.Color("race:N", title=None)
    ).properties(width=360, height=220, title="At every cut-off, not only at the published one").display()

# %% [markdown]
# ## What this does not show
#
# Whether the score should be used, what judges did with it, or who would have offended. Known problems of the table (who is in it
# and for how long they were followed) are in `fairaudit datasets show compas`.
#
# **Next**: 11, the same questions for credit scores.
