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
# # Is it chance? And does it remain among comparable people?
#
# The first notebook found that Black applicants of a Boston lender were approved less often. Three questions follow:
#
# 1. On how many decisions does that rest?
# 2. Does it remain among applicants with the same debts and the same share borrowed?
# 3. Is there a crossing of groups that nobody named and that is worse off?
#
# Everything runs offline, on the same 1,989 applications.

# %%
import fairaudit as fa

people = fa.load_dataset("loanapp")
audit = fa.audit(
    people,
    decision="approve",
    favorable=1,
    groups="race",
    reference={"race": "White"},
    controls=["obrat", "loanprc"],
)
audit

# %% [markdown]
# ## 1. On how many decisions does it rest?
#
# A p-value does not say how many people a finding hangs on. `flip_count` does: the fewest decisions that, had they gone
# the other way, would give it another status. If it were one or two, courts have called that too thin.
#
# For the group that is `insufficient`, two numbers say how many people would settle it: if the observed effect is the
# true one, and if in truth there is none.

# %%
primary = audit.findings.query("family == 'primary'")
primary[["group", "value", "low", "high", "status", "flip_count", "people_needed", "people_needed_if_alike"]].round(3)

# %%
for text in primary["flip_text"].dropna():
    print(text)

# %% [markdown]
# ## 2. Among comparable people
#
# We named two legitimate grounds: `obrat`, other obligations as a share of income, and `loanprc`, the loan as a share of
# the price. The gap stands raw and then with one more ground in each line, by a logit and by a linear model. These
# grounds are numbers, so the models were fitted from rows, and the audit says so.

# %%
adjusted = audit.measurements.query("metric == 'adjusted_marginal_effect'")
adjusted[["group", "detail", "value", "low", "high", "source"]].round(3)

# %% [markdown]
# Part of the raw gap goes; most of it stays. Neither number is *the* truth: a ground that carries the disparity itself
# hides it, and what is not in the file is not controlled for. Therefore the audit also says how well each ground tells
# the group (an AUC of 0.5 is not at all):

# %%
told = audit.measurements.query("metric == 'control_predicts_group'")
told[["group", "detail", "value", "low", "high"]].round(3)

# %% [markdown]
# ## 3. Groups that nobody named
#
# The search looks at every crossing in one half of the people, and tests what it found on the other half. What is not
# confirmed there is not listed as found, however bad it looked.

# %%
fa.search_subgroups(people, decision="approve", favorable=1, groups=["race", "sex", "married"], depth=2)
