# Values of R that tests/reference/test_r_values.py holds fairaudit against. Tests do not need R; to make the values:
#
#     Rscript tests/reference/r_values.R > tests/reference/r_values.json      (from the root of the checkout)
#
# Made with (Debian 12: apt-get install r-base-core r-cran-survey r-cran-proc r-cran-metafor r-cran-jsonlite
# r-cran-sandwich r-cran-vcd):
# R version 4.2.2 Patched (2022-11-10 r83330), x86_64-pc-linux-gnu, Debian GNU/Linux 12 (bookworm);
# survey 4.1-1, pROC 1.18.0, metafor 3.8-1, sandwich 3.0-2, vcd 1.4-11, jsonlite 1.8.4, survival 3.5-3, Matrix 1.5-3;
# BLAS and LAPACK 3.11.0.

suppressPackageStartupMessages({
  library(survey); library(pROC); library(metafor); library(jsonlite); library(sandwich); library(vcd)
})

# Published tables: favorable and not, of the group and of its reference.
tables <- list(
  teal = c(26, 22, 206, 53),            # Connecticut v. Teal, 457 U.S. 440 (1982)
  tea = c(3, 1, 1, 3),                  # Fisher (1935), The Design of Experiments: the lady tasting tea
  convictions = c(2, 15, 10, 3),        # Fisher (1962): convictions of twins (R: ?fisher.test)
  small = c(6, 14, 24, 36)
)
two_by_two <- lapply(tables, function(x) {
  t <- matrix(x, 2, byrow = TRUE)
  less <- fisher.test(t, alternative = "less")$p.value
  greater <- fisher.test(t, alternative = "greater")$p.value
  plain <- suppressWarnings(prop.test(t, correct = FALSE))
  yates <- suppressWarnings(prop.test(t, correct = TRUE))
  list(
    table = t, fisher = fisher.test(t)$p.value,
    mid_p = 2 * min(less, greater) - (less + greater - 1),  # the probability of the table itself, halved on each side
    chi_square = unname(plain$statistic), chi_square_p = plain$p.value,
    yates = unname(yates$statistic), yates_p = yates$p.value
  )
})

one_rate <- lapply(list(c(26, 48), c(0, 30), c(206, 259), c(1, 12), c(12, 12)), function(x) {
  list(
    count = x[1], people = x[2],
    clopper_pearson = as.numeric(binom.test(x[1], x[2])$conf.int),
    clopper_pearson_90 = as.numeric(binom.test(x[1], x[2], conf.level = 0.9)$conf.int),
    wilson = as.numeric(suppressWarnings(prop.test(x[1], x[2], correct = FALSE))$conf.int)
  )
})

# Strata. Array: [decision, group, stratum], as mantelhaen.test takes it.
stratified <- function(x) {
  a <- x[1, 1, ]; b <- x[2, 1, ]; c <- x[1, 2, ]; d <- x[2, 2, ]
  plain <- mantelhaen.test(x, correct = FALSE); corrected <- mantelhaen.test(x, correct = TRUE)
  less <- mantelhaen.test(x, exact = TRUE, alternative = "less")$p.value
  greater <- mantelhaen.test(x, exact = TRUE, alternative = "greater")$p.value
  mh <- function(measure) {
    made <- rma.mh(measure = measure, ai = a, bi = b, ci = c, di = d)
    list(value = as.numeric(made$beta), low = made$ci.lb, high = made$ci.ub)
  }
  odds <- rma.mh(measure = "OR", ai = a, bi = b, ci = c, di = d)
  list(
    counts = lapply(seq_along(a), function(i) matrix(c(a[i], b[i], c[i], d[i]), 2, byrow = TRUE)),
    odds_ratio = unname(plain$estimate), odds_ratio_interval = as.numeric(plain$conf.int),
    statistic = unname(plain$statistic), p = plain$p.value,
    statistic_corrected = unname(corrected$statistic), p_corrected = corrected$p.value,
    mid_p = 2 * min(less, greater) - (less + greater - 1),
    log_risk_ratio = mh("RR"), risk_difference = mh("RD"),
    breslow_day_tarone = odds$TA, breslow_day_tarone_p = odds$TAp
  )
}

loans <- read.csv("datasets/loanapp/loanapp.csv")
loans <- loans[loans$black == 1 | loans$white == 1, ]
loan_table <- with(loans, table(
  factor(approve, c(1, 0)), factor(black, c(1, 0)), interaction(chist, thick, drop = TRUE)
))
sparse <- array(c(1, 4, 5, 2, 0, 3, 4, 1, 2, 2, 3, 1), c(2, 2, 3))
women_first <- UCBAdmissions[, c("Female", "Male"), ]
strata <- list(
  UCBAdmissions = stratified(unclass(women_first)), loanapp = stratified(unclass(loan_table)),
  sparse = stratified(sparse)
)

# Regressions on the rows of loanapp, black applicants against white ones.
logit <- glm(approve ~ black + factor(chist) + factor(multi) + factor(pubrec), binomial, loans)
with_group <- transform(loans, black = 1); without <- transform(loans, black = 0)
complete <- loans[!is.na(loans$multi), ]
one <- model.matrix(delete.response(terms(logit)), transform(complete, black = 1))
two <- model.matrix(delete.response(terms(logit)), transform(complete, black = 0))
p1 <- plogis(one %*% coef(logit))[, 1]; p0 <- plogis(two %*% coef(logit))[, 1]
slope <- colMeans(one * (p1 * (1 - p1)) - two * (p0 * (1 - p0)))
linear <- lm(approve ~ black + factor(chist) + factor(multi) + factor(pubrec), loans)
regression <- list(
  rows = nrow(complete), logit = list(
    coefficient = unname(coef(logit)["black"]), se = unname(sqrt(diag(vcov(logit)))["black"]),
    effect = mean(p1 - p0), effect_se = sqrt(drop(slope %*% vcov(logit) %*% slope))
  ), linear = list(
    effect = unname(coef(linear)["black"]), hc1_se = sqrt(vcovHC(linear, "HC1")["black", "black"])
  ),
  cramers_v = assocstats(table(loans$black, loans$chist))$cramer
)

# Rankings on german_credit: a longer duration, or a larger amount, ranks as a worse score.
credit <- read.csv("datasets/german_credit/german_credit.csv")
credit$female <- startsWith(credit$personal_status_sex, "female")
ranking <- lapply(c(duration = "duration", amount = "amount"), function(score) {
  curves <- lapply(list(female = TRUE, male = FALSE), function(is) {
    mine <- credit[credit$female == is, ]
    roc(mine$credit_risk, -mine[[score]], levels = c("bad", "good"), direction = "<", quiet = TRUE)
  })
  tested <- roc.test(curves$female, curves$male, method = "delong", paired = FALSE)
  f <- credit[credit$female, ]; m <- credit[!credit$female, ]
  list(
    groups = lapply(names(curves), function(name) {
      r <- curves[[name]]; mine <- credit[credit$female == (name == "female"), ]
      good <- mine[mine$credit_risk == "good", score]; bad <- mine[mine$credit_risk == "bad", score]
      list(
        group = name, auc = as.numeric(auc(r)), variance = as.numeric(var(r, method = "delong")),
        ks_of_outcomes = unname(suppressWarnings(ks.test(good, bad))$statistic),
        wilcoxon = unname(suppressWarnings(wilcox.test(-good, -bad))$statistic), good = length(good), bad = length(bad)
      )
    }),
    difference_statistic = unname(tested$statistic),
    ks_of_groups = unname(suppressWarnings(ks.test(f[[score]], m[[score]]))$statistic)
  )
})

# Weighted rates: loanapp weighted by the loan amount.
design <- svydesign(ids = ~1, weights = ~loanamt, data = loans)
weighted <- lapply(c(1, 0), function(is) {
  mine <- subset(design, black == is)
  alone <- svydesign(ids = ~1, weights = ~loanamt, data = loans[loans$black == is, ])
  found <- svymean(~approve, alone)
  beta <- svyciprop(~approve, alone, method = "beta")
  list(black = is, people = sum(loans$black == is), value = unname(coef(found)), se = as.numeric(SE(found)),
       beta = unname(as.numeric(confint(beta))), domain_se = as.numeric(SE(svymean(~approve, mine))))
})

# Clusters: loans of the same amount modulo 25, taken as drawn together.
loans$cluster <- loans$loanamt %% 25
clustered <- svydesign(ids = ~cluster, data = loans, weights = ~1)
whole <- svymean(~approve, clustered)
clusters <- list(
  people = nrow(loans), freedom = degf(clustered), value = unname(coef(whole)), se = as.numeric(SE(whole)),
  beta = unname(as.numeric(confint(svyciprop(~approve, clustered, method = "beta"))))
)

raw <- c(0.01, 0.04, NA, 0.03, 0.005, 0.04, 0.9)
adjusted <- list(p = raw, holm = p.adjust(raw, "holm"), bh = p.adjust(raw, "BH"))

power <- lapply(list(c(0.4, 0.5), c(0.3, 0.5), c(0.06, 0.1), c(0.6, 0.9)), function(p) {
  list(rate = p[1], rate_reference = p[2], people = power.prop.test(p1 = p[1], p2 = p[2], power = 0.8)$n)
})

session <- capture.output(print(sessionInfo()))
cat(toJSON(list(
  made_with = paste(session[grepl("^R version|^Running", session)], collapse = "; "),
  packages = sapply(
    c("survey", "pROC", "metafor", "sandwich", "vcd"), function(p) as.character(packageVersion(p)), simplify = FALSE
  ),
  two_by_two = two_by_two, one_rate = one_rate, strata = strata,
  regression = regression, ranking = ranking, weighted = weighted, clusters = clusters, adjusted = adjusted, power = power
), digits = 15, auto_unbox = TRUE, pretty = TRUE, na = "null"), "\n")
