"""Templates of the short English texts that records hold, for ``retold``: methods, reasons, details, data issues.

The texts are made where the numbers are, on floors that know no language, and programs compare them. Here stands what
they look like. The blanks ``what``, ``why``, ``how``, ``kind`` and ``more`` hold words of ours, which are told too; in
other blanks stand names and numbers, which stay. A text that is missing here is shown in English;
``tests/report/test_language.py`` finds those that an audit of its kinds makes.
"""

from __future__ import annotations

from . import marked

_METHODS = (
    # Of a rate, and of two
    marked("Wilson"),
    marked("{what}, effective n"),
    marked("{what}, effective counts"),
    marked("{what}, effective counts, few expected"),
    marked("{what}, widened for {pairs} pairs (Bonferroni)"),
    marked("{what}, widened for all {pairs} pairs, largest statistic drawn (Tukey)"),
    marked("{what}, widened for all {pairs} pairs (Bonferroni)"),
    marked("{what}, widened for {pairs} pairs: all pairs, largest statistic drawn (Tukey)"),
    marked("{what}, widened for {pairs} pairs: all pairs (Bonferroni)"),
    marked("{what}, weighted: effective people"),
    marked("{what}, weighted: effective counts"),
    marked("{what}, weighted: linearised variance"),
    marked("{what}, weighted: linearised variance or, where few, effective people"),
    marked("{what}, weighted: linearised covariance over cut-offs, effective people"),
    marked("{what}, replicate weights over {clusters} clusters of '{column}'"),
    marked("replicate weights over {clusters} clusters of '{column}'"),
    marked("{what}, replicate weights over about {clusters} clusters of '{column}'"),
    marked("replicate weights over about {clusters} clusters of '{column}'"),
    marked("no interval that allows for clusters of '{column}'"),
    marked("{what}, from replicates"),
    marked("t over clusters"),
    marked("counted"),
    marked("hypergeometric z"),
    marked("hypergeometric z, effective counts"),
    marked("mid-p, widened to the score interval"),
    marked("exact, widened to the score interval"),
    marked("exact, smaller tail doubled"),
    marked("fisher exact"),
    marked("mid p"),
    marked("mid p minimum likelihood"),
    marked("order statistics (binomial)"),
    marked("both medians' order statistics together"),
    marked("worst-case bounds over unobserved outcomes"),
    marked("worst-case bounds"),
    marked("linearised, Wilson at effective n"),
    marked("MOVER of linearised rates, with their covariance"),
    marked("inverted MOVER, linearised"),
    marked("inverted MOVER"),
    marked("MOVER of four Wilson intervals"),
    marked("MOVER of two dependent Wilson intervals"),
    marked("MOVER of two dependent intervals, weighted: effective people"),
    marked("larger of two intervals, Bonferroni at the lower end"),
    marked("mean of two intervals, Bonferroni at the lower end"),
    marked("Bonferroni over both gaps"),
    marked("Bonferroni over both gaps, t over clusters"),
    marked("worst of two simultaneous (Bonferroni) intervals"),
    marked("mean of two simultaneous (Bonferroni) intervals"),
    marked("{kind} of two simultaneous (Bonferroni) intervals"),
    # Of scores
    marked("Newcombe score, ties allowed for"),
    marked("Clopper-Pearson on disjoint pairs"),
    marked("MOVER of the two AUC intervals"),
    marked("Fay's replicates, logit"),
    marked("{what}, pointwise"),
    marked("count bootstrap, {draws} draws"),
    marked("count bootstrap within each outcome, {draws} draws"),
    marked("{what}, widened to the score interval at the largest gap"),
    marked("draws of all gaps from the replicates, {draws} draws"),
    marked("{what}, widened to a band of all gaps"),
    marked("permutation of the groups, {draws} draws"),
    marked("drawn anew from both together, weighted, {draws} draws"),
    marked("groups drawn anew from all together, weighted, {draws} draws"),
    marked("too many people to permute"),
    marked("MOVER of two Woodruff intervals"),
    marked("bootstrap, percentile"),
    marked("bootstrap, basic"),
    marked("bootstrap, outer of basic and percentile"),
    # Bands over cut-offs
    marked("largest statistic over all groups and cut-offs, drawn (max-T)"),
    marked("exact (Clopper-Pearson) intervals at the Bonferroni level"),
    marked("{what} at {points} points; {more}"),
    marked("{what} at the {points} points with fewer than {people} people on a side"),
    # Calibration
    marked("Wilson at the predictions' variance, shifted by the predicted rate"),
    marked("normal, the pooled curve's own error included"),
    marked("normal, from each person's outcome less prediction"),
    marked("Wald, robust to weights"),
    marked("outcomes drawn from the predictions, {draws} draws"),
    marked("t, from squared errors"),
    marked("delta method, less what noise adds"),
    marked("Mantel-Haenszel risk difference, Sato's variance"),
    # Comparable people
    marked("Spearman's rank correlation"),
    marked("correlation ratio of the score's ranks"),
    marked("logit, delta method"),
    marked("logit, sandwich"),
    marked("linear probability, HC1"),
    marked("{what}; fitted from rows"),
    marked("logit, delta method: {what}"),
    marked("logit, sandwich: {what}"),
    marked("raw below 0, adjusted above"),
    marked("raw above 0, adjusted below"),
    marked("{what}; within strata Sato: {how}"),
    marked("pooled below 0, within strata above"),
    marked("pooled above 0, within strata below"),
    marked("exact conditional, mid-p"),
    marked("direct standardization"),
    marked("not tested: {number} of {strata} strata hold both decisions"),
    marked("not tested: {number} of {strata} strata sparse"),
    # Over all groups, bounds, proxies, profit
    marked("delta method on counts, 0 at the least"),
    marked("widest of {pairs} pairs (Bonferroni)"),
    marked("bounds over all that is possible"),
    marked("bounds over all that is possible; with sampling {low} to {high}"),
    marked("assumption, no interval"),
    marked("bounds, if the memberships are true, calibrated probabilities; no sampling error"),
    marked("beside the weighted rate, no interval"),
    marked("Wilson on sums of weights"),
    marked("linearised over the labelled"),
    marked("z, linearised"),
    marked("count bootstrap within groups, cut-offs chosen anew, {draws} draws"),
    marked("groups drawn alike, {draws} draws"),
    marked("draws of weights within groups, linearised, cut-offs chosen anew, {draws} draws"),
)

_DETAILS = (
    marked("outcome"),
    marked("raw"),
    marked("{what} (logit)"),
    marked("{what} (linear probability)"),
    marked("given {columns}"),
    marked("quantile {share}"),
    marked("{number} bins"),
    marked("best {share} (really {real})"),
    marked("among all scored people, {number} of them without an outcome"),
    marked("true positive rate, {what}"),
    marked("false positive rate, {what}"),
    marked("augmentation (factor 1)"),
    marked("parcelling, factor {factor}"),
    marked("observation-probability weights by score"),
    marked("observation-probability weights by score and {columns}"),
    marked("{what} (nobody observed stands for {share} of the people)"),
    marked("selected less declined"),
    marked("{number} people have no level"),
    marked("against the score as a probability"),
    marked("against the pooled curve of all groups"),
    marked("membership of at least {number}"),
    marked("largest membership"),
    marked("memberships {low} to {high}"),
    marked("memberships {low} to {high}, mean {mean}"),
    marked("the direction of the bias is not settled"),
    marked("the weighted rate is too high"),
    marked("the weighted rate is too low"),
    marked("each group's own cut-off"),
    marked("one cut-off for everybody"),
    marked("demographic parity"),
    marked("equal opportunity"),
    marked("equalized odds"),
    marked("optimism of choosing and measuring on the same people: {number}"),
    marked("{first} for {share} and {last} for {rest}, by lot"),
    marked("{what}; for {share} of the people the score is not looked at, and {selected} of them selected by lot"),
    marked("nobody"),
    marked("good"),
    marked("bad"),
    marked("declined"),
    marked("missing"),
    marked("score >= {cutoff}"),
    marked("score <= {cutoff}"),
)

_NOTES = (
    marked("among the {known} of {scored} scored people whose outcome is observed"),
    marked("{what}; {number} predictions of 0 or 1 moved inside by 1e-6"),
    marked("{what}; the interval is around {number}, the value less what noise adds to it"),
    marked("{rule}, band {band}. {more}"),
    marked("{rule}, band {band}; {what}. {more}"),
    marked(
        "A difference here need not be a difference of standards: where the two groups' scores, or risks, are spread "
        "differently within the band, bad rates differ under one standard for all (infra-marginality)."
    ),
    marked("{number} group is too small, missing or excluded, and left out"),
    marked("{number} groups are too small, missing or excluded, and left out"),
    marked(
        "'{column}' is a monotone copy of the score under audit: given the score, its own effect is gone by "
        "construction"
    ),
    marked(
        "'{column}' is made of bands of the score under audit: given the score, its own effect is gone by construction"
    ),
    marked("'{column}' is the score under audit: given the score, its own effect is gone by construction"),
    marked("'{column}' goes closely with the score under audit (correlation {number})"),
    marked("'{column}' goes closely with {attribute} (Cramer's V {number}): as a control it may hide it"),
    marked(
        "'{column}' tells {group} from {reference} with an AUC of {auc} ({low} to {high}; this tool's line is {line}; "
        "correlation {correlation}): as a control it may hide a difference"
    ),
    marked(
        "'{column}' tells {group} from {reference} with an AUC of {auc} ({low} to {high}; this tool's line is {line}; "
        "correlation {correlation}, past the {veritas} that Veritas calls a surrogate): as a control it may hide a "
        "difference"
    ),
    marked(
        "Adjusted effects are fitted from rows, because counts do not hold the number {columns}; raw and adjusted ones "
        "are of the same people, those whose controls are all known."
    ),
    marked("People are weighted in them, with variances that allow for it."),
    marked("Clusters ('{column}') are not used in adjusted effects: their intervals may be too narrow."),
    marked("among people whose outcome is observed"),
    marked("of {number} selected people the outcome is unobserved"),
    marked(
        "among people whose outcome is observed; the outcome of {number} people is not, so what other cut-offs would "
        "bring among all is not identified, and least of all for people who were declined"
    ),
)

_REASONS = (
    marked("not identified"),
    marked("not identified: the outcome of {number} people ({declined} of them declined) is unobserved"),
    marked("not identified: the outcome of {number} people is unobserved"),
    marked("not identified: the outcome of {number} selected people is unobserved"),
    marked(
        "not identified: the outcome of {number} people is unobserved, so their part in the rate over all applicants "
        "is not known"
    ),
    marked("suppressed: too few people, or too few in a part of it"),
    marked("the reference ({reference}) is {why}"),
    marked("there is only one group to compare ({group})"),
    marked("there is only one group to compare (none)"),
    marked("{number} people; the policy excludes this level from its calculation"),
    marked("{number} people are {share} of the data, below the policy's {least}"),
    marked("{number} people with an observed outcome; the policy asks for {least}"),
    marked("it needs {what}"),
    marked("recorded decisions or a cut-off"),
    marked("outcomes"),
    marked("a score"),
    marked("recorded decisions or a cut-off and outcomes"),
    marked("outcomes and a score"),
    marked("recorded decisions or a cut-off and a score"),
    marked("recorded decisions or a cut-off and outcomes and a score"),
    marked("there are no recorded decisions and no cut-off: give decision= or cutoff="),
    marked("no outcome was given: whether decisions were right cannot be seen"),
    marked("they need outcomes and groups"),
    marked("it is counted in the cube; this version follows nothing over time"),
    marked("no groups were given"),
    marked(
        "weighted rows are worth fewer than {people} people on one side, selected or not, where intervals and tests of "
        "weighted rows do not keep what they say"
    ),
    marked("people come in clusters of '{column}', and replicates are kept of decisions, outcomes and scores only"),
    marked("people come in clusters of '{column}', and scores were not counted by cluster; count again"),
    marked("people come in clusters of '{column}', and their scores were not counted by cluster"),
    marked("it was not counted by cluster; count again with cutoff={cutoff}"),
    marked("not counted"),
    marked("{number} clusters of '{column}' in the group; with fewer than {least} it cannot be told what chance does"),
    marked(
        "{number} clusters of '{column}' in the reference; with fewer than {least} it cannot be told what chance does"
    ),
    marked("1 cluster of '{column}' in the group; with fewer than {least} it cannot be told what chance does"),
    marked("1 cluster of '{column}' in the reference; with fewer than {least} it cannot be told what chance does"),
    marked("the model's inputs were not named: give features= (command line: --feature, --features-file)"),
    marked("the call says so"),
    marked("it needs two groups or more, and has {groups}"),
    marked("it needs two groups or more, and has none"),
    marked("there is no decision to compare"),
    marked("everybody else is no group of memberships; name a reference"),
    marked("not made for memberships in this version"),
    marked("{reference} is the named reference."),
    marked("Each group is compared with all others."),
    marked("No group of '{attribute}' has as many people as the policy asks for ({number} or more)."),
    marked("No group of '{attribute}' has a rate, so none has the highest."),
    marked("{reference} has the highest rate, which is this policy's reference."),
    marked("{reference} has the most people, which is this policy's reference."),
    marked("{why} {named} was named in the call, which this policy does not use."),
    marked("the sample was drawn by {columns}, without weights: nothing put together over {over} is known"),
    marked("the sample was drawn by {columns}, without weights: it does not show this for the population"),
    marked("the sample was drawn by {columns}, without weights: how large groups are is not known"),
    marked("{why}; name the reference"),
    marked("a level of a control, or a group within the model, is never or always selected"),
    marked("the controls tell (nearly) without error who is selected, so the fit has no end"),
    marked("controls repeat each other, or one of them tells group and reference apart"),
    marked("the fit did not settle"),
    marked("there is only one group with enough people whose outcome is observed"),
    marked("more than {number} groups: a parity over so many is no one's rule"),
    marked("{group} has nobody with a good, or nobody with a bad outcome"),
    marked("no cut-off brings more than selecting nobody, so the maximum profit is 0"),
    marked("nobody of the group is selected by the score"),
    marked("no actions were declared: give actions="),
    marked("it needs a cut-off"),
    marked("no reference to hold groups against"),
    marked("nobody is declined at the cut-off"),
    marked("the cut-off has no counterpart in the unit that the score is explained in"),
    marked("{number} and {other} people; it needs {least} of each"),
)

_CHECKS = (
    marked("all comparisons"),
    marked("Comparisons with {reference}, which was named as the reference"),
    marked("Direct use of a prohibited basis"),
    marked("Crossings of groups, which the policy asks for"),
    marked("Intervals and tests of metrics of the score, and intervals of curves"),
    marked("Intervals and tests of what goes beyond a rate and a comparison of two"),
    marked("Intervals and tests at recorded decisions"),
    marked("Intervals and tests at cut-off {cutoff}"),
    marked("Selection rates and everything made of decisions"),
    marked("Error rates, AUC and calibration"),
    marked("Profit and the cost of parities"),
    marked("Comparisons over {columns}"),
    marked("Comparisons of groups"),
    marked("What the model's score is made of (drivers, reasons)"),
    marked("Drivers of the gap in selection rate"),
    marked("Drivers of the gap in mean score"),
    marked("Reasons of declined people"),
    marked("What declined people could change to reach the cut-off"),
)

_DATA = (
    marked("{number} rows: {why}."),
    marked("set aside"),
    marked("kept apart"),
    marked("intervals are widened by it"),
    marked("'{level}' of '{column}' is in {times} of {cubes} cubes ({names})."),
    marked("'{level}' of '{column}' is in {times} of {cubes} cubes ({names}): it may be other groups in each of them."),
    marked(
        "'{level}' of '{column}' is in {times} of {cubes} cubes ({names}); others have {others}, which stays another "
        "group."
    ),
    marked("The cut-offs {cutoffs} of {name} are no edges of all cubes."),
    marked(
        "Every count has noise (discrete Laplace, epsilon {epsilon}, standard deviation {deviation}); {below} of "
        "{counts} counts were drawn below 0 and made up for by the other outcomes of their decision."
    ),
    marked("score '{column}' is text, not a number"),
    marked("score '{column}' is infinite"),
    marked("weight '{column}' is missing, negative or not a finite number"),
    marked("cluster '{column}' is missing, so that it is not known who belongs together"),
    marked("memberships of '{attribute}' are outside 0 and 1, add up to more than 1, or some are missing"),
    marked("{number} people have no score in '{column}'."),
    marked("a pandas DataFrame"),
    marked("a polars DataFrame"),
    marked("a polars LazyFrame"),
    marked("a pyarrow Table"),
    marked("a mapping of columns"),
    marked("counted as unscored: in recorded decisions, not in rates at a cut-off"),
    marked("{number} people have the excluded decision '{label}' in '{column}'."),
    marked("{number} people have the intermediate decision '{label}' in '{column}'."),
    marked("counted by group, left out of all rates"),
    marked("counted by group, as decided and not favorable"),
    marked("Nobody has a favorable decision in '{column}'."),
    marked("Nobody has an unfavorable decision in '{column}'."),
    marked("used; are the labels right?"),
    marked("{number} people have no observed outcome in '{column}': {what}."),
    marked("counted as unobserved"),
    marked("Nobody has a good outcome in '{column}'."),
    marked("Nobody has a bad outcome in '{column}'."),
    marked("rates that need it are undefined"),
    marked("{number} values of '{column}' are text and fit no band."),
    marked("counted as {level}"),
    marked("{number} people ticked no race of '{attribute}'."),
    marked("{number} people are without a proxy of '{attribute}'."),
    marked("counted and shown, in no group of it"),
    marked("{number} people have no number in the control '{column}'."),
    marked("left out of the adjusted effects, which are fitted from rows"),
    marked("{number} people have no label in the control '{column}'."),
    marked("a level of its own, {level}"),
    marked("All {number} scores in '{column}' are the same: they tell nobody apart."),
    marked("score metrics are undefined or trivial"),
    marked("'{column}' was cut into {number} bins; an AUC may be off by at most {bound}."),
    marked("binned"),
    marked(
        "The AUC is {auc}: people with bad outcomes have better scores than people with good ones. Is the direction "
        "right? '{column}' was declared with higher_is='{direction}'."
    ),
    marked("used as declared"),
    marked(
        "What was counted for '{block}' was left out of the suppressed counts: its sums could tell of few people. What "
        "needs it cannot be measured from these counts."
    ),
    marked("left out"),
    marked(
        "{people} people in {groups} groups of fewer than {least} were suppressed. Primary suppression is not by "
        "itself safe to publish: totals and other tables of the same people may give the counts away."
    ),
    marked("counts set to zero; the groups stay as rows"),
    marked("people without a score"),
    marked("people with an excluded decision"),
    marked("people of unknown {attribute}"),
    marked("left out of the published counts"),
    marked("set aside while counting"),
    marked("set aside while counting or left out of the published counts"),
    marked("{number} kinds of trouble in the data, each of fewer than {least} rows, are not told here."),
    marked("The score taken apart"),
    marked("it is made from rows, and this audit only of published counts"),
    marked("{number} lines before the header of {file} are no table."),
    marked("1 line before the header of {file} is no table."),
    marked("Column names stand more than once in {source}: {columns}. None of them has a role."),
    marked("'{attribute}' is compared as {over} against {under}, as policy '{policy}' asks. {source}."),
    marked(
        "'{attribute}' is compared as {over} against {under}, as policy '{policy}' asks. {source}. Its finer bands are "
        "exploratory detail, each against the largest band under the line ({largest})."
    ),
    marked("banded at {line}"),
    marked("{low} to {high}"),
    marked("score of the model"),
)

_MODEL = (
    marked("log-odds"),
    marked("points"),
    marked("probability"),
    marked("all applicants"),
    marked("the {number} applicants nearest to the cut-off of {cutoff}, at or just above it"),
    marked("the {number} applicants nearest to the cut-off of {cutoff}, at or just below it"),
    marked("all {number} applicants at or above the cut-off of {cutoff}"),
    marked("all {number} applicants at or below the cut-off of {cutoff}"),
    marked("Everybody approved is compared with, however far above the cut-off."),
    marked("Everybody approved is compared with, however far below the cut-off."),
    marked("Only {number} people to compare with: fewer than {least} make reasons unsteady."),
    marked("Words made from the feature's name, for want of a catalogue's: {features}."),
    marked("{feature}: the first factor left out weighs within {share} of it."),
    marked("{feature}: on the list in {share} of the draws of the people compared with."),
    marked("{feature}: neither a higher nor a lower value of these people helps by itself; no direction named."),
    marked("{feature}: it is several columns; no direction named."),
    marked("{what}, path-dependent: against the training weights of the trees"),
    marked("{what}, interventional: against {rows} background rows"),
    marked("{what}; of the model under its calibration, which keeps the order of its scores"),
    marked("CatBoost's own values (a background= is compared with by sampling instead)"),
    marked(
        "sampled ({why}): {draws} antithetic pairs of permutations a row, a fresh background row for each pair, "
        "{evaluations} evaluations of the model; standard errors given"
    ),
    marked(
        "paired Shapley values: {pairs} pairs of one of the group and one of the reference, each with a random order "
        "of features and its reverse"
    ),
    marked("{what}; columns that the model does not use, left out: {columns}"),
    marked("closed form of a scorecard"),
    marked("closed form of a linear model"),
    marked("{what}, each encoded column counted to the one it was made of"),
    marked("exact Shapley values of the trees"),
    marked("exact, {what}: mixed-integer program, HiGHS"),
    marked("sum of parts"),
    marked("beam search over the declared values, seed {seed}, because {why}; nothing is proven"),
    marked("more than {number} leaves can be reached, too many to be solved"),
    marked("the solver ran out of time"),
    marked("the model refused the solver's answers"),
    marked("the score itself"),
    marked("Every other feature stays as it is."),
    marked("at most {number} features change"),
    marked("always: {rule}"),
    marked("{feature}: changes with {other} by {ratio} for each unit"),
    marked("{feature}: only up, {more}"),
    marked("{feature}: only down, {more}"),
    marked("{feature}: either way, {more}"),
    marked("{feature}: only up along {levels}, {more}"),
    marked("{feature}: only down along {levels}, {more}"),
    marked("{feature}: either way among {levels}, {more}"),
    marked("in steps of {step}, {more}"),
    marked("between {low} and {high}, {more}"),
    marked("between the percentiles {low} and {high}, {more}"),
    marked("cost by level"),
    marked("cost {cost} a unit"),
    marked("cost {cost} a level"),
    marked("cost 1 a change"),
    marked("cost by shift in percentiles"),
)

TEMPLATES = (*_METHODS, *_DETAILS, *_NOTES, *_REASONS, *_CHECKS, *_DATA, *_MODEL)
"""All of them."""
