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
# # A first audit, in ten minutes
#
# 1,989 people applied for a mortgage in Boston. We ask three questions, in order:
#
# 1. Of each group, who was approved, and how sure are we that groups differ?
# 2. If a model learns to imitate the lender, what does it do to people it never saw?
# 3. Why did one declined applicant get the score they got?
#
# Everything runs offline. The data come with fairaudit; `fairaudit datasets show loanapp` says where they come from and
# what is wrong with them. This file is a jupytext script: `pip install '.[notebook]'`, then
# `jupytext --to ipynb notebooks/01-first-audit.py` makes a notebook of it.

# %%
import fairaudit as fa

people = fa.load_dataset("loanapp")
people[["race", "sex", "approve"]].head()

# %% [markdown]
# ## 1. The lender's decisions
#
# One call. We say which column is the decision, which value is favorable, which columns are groups, and which group each
# is compared with. Nothing of this is guessed.

# %%
decisions = fa.audit(
    people,
    decision="approve",
    favorable=1,
    groups=["race", "sex"],
    reference={"race": "White", "sex": "Male"},
)
decisions

# %% [markdown]
# The **adverse impact ratio** is one approval rate divided by another: 0.74 means that for each 100 white applicants
# approved, 74 Black applicants are, out of equal numbers of applications. The policy that we held the lender to (the US
# fair-lending convention) draws a line at 0.80.
#
# A ratio alone is not an answer: with other applicants it would have come out somewhat differently. So each one stands
# with its 95% interval, the ratios that agree with what was seen, and with one of four statuses:
#
# - `flag`: past the line, and more than chance;
# - `within_line`: the evidence excludes the line;
# - `insufficient`: we cannot tell;
# - `info`: no line applies, or the level is shown but not tested, like the 15 people of unknown sex.

# %%
primary = decisions.findings.query("family == 'primary'")
primary[["group", "reference", "value", "low", "high", "p_adjusted", "n", "people_needed", "status"]].round(3)

# %% [markdown]
# Look at the Hispanic applicants. Their ratio of 0.84 is not past the line. Yet with 111 people it may as well be 0.76, so
# the status is `insufficient`, and `people_needed` says how many Hispanic applicants would settle it if 0.84 is the true
# ratio. *No flag* is not *no problem*.
#
# The same finding in a sentence:

# %%
for sentence in primary["sentence"]:
    print("-", sentence, end="\n\n")

# %% [markdown]
# What was **not** tested matters as much. There are no outcomes in this file: nobody knows here who would have paid back,
# so nothing can be said about wrong decisions.

# %%
for entry in decisions.result.not_run:
    print(f"- {entry.what}: {entry.reason}")

# %% [markdown]
# ## 2. A model that imitates the lender
#
# A logistic regression learns the lender's decisions from part of the applicants. It may see only what was known at
# application: an allow-list, with a reason for each column that is left out.

# %%
from fairaudit import demonstration

model = demonstration.train_imitation()
print(f"{len(model.training)} applicants to learn from, {len(model.held_out)} others to audit")
print("inputs:", ", ".join(model.features))

# %% [markdown]
# Its score is in points: 500 are even odds of approval, and every 50 points more double the odds. The cut-off is the one
# that comes nearest to the share of the training applicants that the lender approved. We audit it on people that it never
# saw. Race and sex are not among its inputs.

# %%
scores = demonstration.audit_imitation(model)
scores.findings.query("family != 'exploratory'")[
    ["metric", "group", "cutoff", "value", "low", "high", "p_adjusted", "n", "status"]
].round(3)

# %% [markdown]
# (The standardized mean difference compares the average scores themselves, in standard deviations.)
#
# The gap between Black and white applicants is there although race is no input: a model can carry over a gap through what
# goes along with race. With 45 Hispanic applicants among the held-out ones, that question stays open.
#
# A score can be looked at over every cut-off at once. Is the ratio low only at the cut-off in use?

# %%
curve = scores.curves.query("attribute == 'race' and group == 'Black'").set_index("cutoff")
columns = ["selection_rate", "adverse_impact_ratio", "adverse_impact_ratio_low", "adverse_impact_ratio_high"]
curve.loc[500:700, columns].iloc[::15].round(2)

# %% [markdown]
# It is not only there. But where a cut-off approves nearly everybody ratios are near 1 by themselves, and where it approves
# few they spread: read the column with its interval, never alone.

# %% [markdown]
# ## 3. One applicant
#
# SHAP values take one score apart: what each input adds to the average score of the training applicants, or takes from
# it, in points. They add up to the score exactly.

# %%
explanation = demonstration.explain_score(model, demonstration.choose_declined(model))
print(demonstration.explanation_sentence(explanation), end="\n\n")
for part in explanation.contributions:
    print(f"{part.points:+8.2f}  {part.label}: {part.told[0]} (average {part.told[1]})")
print(f"{explanation.base:8.2f}  the average score of {explanation.background}")
print(f"{explanation.base + sum(part.points for part in explanation.contributions):8.2f}  together, the score")

# %% [markdown]
# ## What this does not show
#
# - Who never applied, or was discouraged before applying, is not in the file.
# - A ratio says *that* groups differ in approval, not *why*; and the explanation says what the model's score is made of,
#   not what is true about a person.
# - The model imitates decisions. If the decisions were biased, what it learned can be too, whatever its inputs are.
# - The explanation illustrates a score. It is not an adverse-action notice.
#
# Next: `decisions.write_html("report.html")` writes the whole report as one page, and `fairaudit audit --help` does the
# same from the command line.
