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
# # From a score to a letter, and back
#
# A lender's model says no to somebody. This notebook goes the whole way: train a scorecard, audit it by age, ask what
# carries the gap, take one declined applicant's score apart, write the letter that this person should get, and check
# that the advice in the letter is true.
#
# The data are 1,000 loans of a German bank, 1973 to 1975 (`fairaudit datasets show german_credit`). Every loan in them was
# granted, so the outcome is known for all, and nothing is known about people who were turned away. Everything runs
# offline. Notebook 04 goes the same way with boosted trees, on 30,000 holders of a credit card in Taiwan.

# %%
import fairaudit as fa

people = fa.load_dataset("german_credit")
people["credit_risk"].value_counts()

# %% [markdown]
# ## 1. Train
#
# `fa.train` splits the rows, fits on one part, and says how well the model ranks the other. It refuses declared groups and
# prohibited bases as features: we have to leave `age` out, and the column that mixes sex with marital status. Being a
# foreign worker is on the list too.

# %%
left_out = ["age", "personal_status_sex", "foreign_worker", "credit_risk"]
trained = fa.train(people.drop(columns=left_out), people["credit_risk"], good="good", groups=["age"], rng=7)
print(f"AUC on people it never saw: {trained.area_under_curve:.2f} ({trained.low:.2f} to {trained.high:.2f})")

# %% [markdown]
# The model is a table that fits on a page: each feature's value falls into one line, and the points of the lines add up.

# %%
card = trained.model
card.table().round(2).head(12)

# %% [markdown]
# ## 2. Audit, on the people it never saw
#
# With `model=` the audit scores the rows itself. The cut-off is one that accepts about seven in ten. People under 26 are
# held against those from 26 to under 62, where most people are. We also say what people can change: `actions` is a
# declaration, and what is not in it stays as it is.

# %%
unseen = people.iloc[trained.test_rows].reset_index(drop=True)
cutoff = round(float(card.points(unseen[list(trained.features)]).mean()))
actions = fa.Actions.of(
    {
        "duration": {"change": "down", "step": 6},
        "amount": {"change": "down", "step": 250},
        "savings": {
            "change": "up",
            "levels": ["under 100 DM", "100 to under 500 DM", "500 to under 1000 DM", "1000 DM or more"],
        },
    }
)
audit = fa.audit(
    unseen,
    model=card,
    cutoff=cutoff,
    outcome="credit_risk",
    bad="bad",
    groups="age",
    bands={"age": [26, 62]},
    reference={"age": "26 to under 62"},
    actions=actions,
)
audit

# %% [markdown]
# 58 young people are few. `insufficient` says that we cannot tell, not that nothing is wrong; `people_needed` says how many
# would settle it.

# %%
primary = audit.findings.query("family == 'primary'")
primary[["metric", "group", "value", "low", "high", "n", "people_needed", "status"]].round(3)

# %% [markdown]
# ## 3. What carries the gap?
#
# The gap in mean score between two groups is the sum of what each feature adds to it, exactly. Beside each part stands how
# well that feature alone tells the two groups apart (0.5 is chance). A feature that does both stands out: the model never
# saw the age, but it may see what goes with it.

# %%
explainer = fa.Explainer(card, background=people, cutoff=cutoff)
drivers = fa.drivers(
    explainer, unseen, unseen["age"], bands=[26, 62], name="age", group="under 26", reference="26 to under 62"
)
drivers.to_frame()[["feature", "amount", "low_together", "high_together", "proxy_auc"]].round(2).head(8)

# %%
for sentence in (*drivers.words, *drivers.does_not_show):
    print("-", sentence)

# %% [markdown]
# ## 4. Why was this person declined?
#
# Reasons depend on whom one compares with. Two ways are customary in the United States: with people at or just above the
# cut-off, or with all applicants. Here is the declined applicant in the middle of the declined, both ways.

# %%
scores = card.points(unseen[list(trained.features)])
declined = [row for row in scores.argsort() if scores[row] < cutoff]
row = declined[len(declined) // 2]
explanation = explainer.explain(unseen.iloc[[row]])
for method in ("at_cutoff", "all_applicants"):
    reasons = explanation.reasons(0, method=method, applicants=people)
    print(method, [(reason.feature, round(reason.amount, 1)) for reason in reasons.reasons])

# %% [markdown]
# ## 5. What could this person change?
#
# The cheapest set of changes that reaches the cut-off, among those that we declared. For a scorecard it is found exactly,
# and comes with a certificate; where nothing reaches the cut-off, that is proven too.

# %%
ways = fa.recourse(card, unseen.iloc[[row]], actions=actions, cutoff=cutoff, data=people)
print(ways)

# %% [markdown]
# ## 6. The letter

# %%
reasons = explanation.reasons(0, applicants=people)
print(reasons.letter("md", creditor="The bank", would_change=ways))

# %% [markdown]
# ## 7. And back
#
# A letter makes a promise. We change the applicant as the first answer says, score again, and see whether the promise holds.

# %%
changed = unseen.iloc[[row]].copy()
for change in ways.answers[0].changes:
    changed[change.feature] = change.new
print(f"before {scores[row]:.1f}, after {card.points(changed[list(trained.features)])[0]:.1f}, cut-off {cutoff}")

# %% [markdown]
# ## Check yourself
#
# 1. Two features carry much of the gap, and one of them tells the groups apart. Which of them would you look at first, and
#    why is neither a proof that somebody did wrong?
# 2. The reasons differ between the two ways of comparing. Is one of them false?
# 3. The letter says what would change the decision *by this model, for this person, with everything else as it is*. Name
#    one thing that it does not promise.
