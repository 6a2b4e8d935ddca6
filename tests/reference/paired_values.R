# Values of R that tests/inference/test_model_changes.py holds fairaudit against. Tests do not need R; to make them:
#
#     Rscript tests/reference/paired_values.R > tests/reference/paired_values.json      (from the root of the checkout)
#
# Made with R 4.2.2 and pROC 1.18.0 (Debian 12: apt-get install r-base-core r-cran-proc r-cran-jsonlite). roc.test
# compares two correlated ROC curves by DeLong, DeLong & Clarke-Pearson (1988).

suppressPackageStartupMessages({ library(pROC); library(jsonlite) })

paired <- function(good, first, second) {
  curves <- lapply(list(first, second), function(x) roc(good, x, quiet = TRUE, direction = "<"))
  test <- roc.test(curves[[1]], curves[[2]], method = "delong", paired = TRUE)
  list(
    areas = sapply(curves, function(x) as.numeric(auc(x))), variances = sapply(curves, var),
    covariance = cov(curves[[1]], curves[[2]]), z = unname(test$statistic), p = test$p.value
  )
}

credit <- read.csv("datasets/german_credit/german_credit.csv")
good <- credit$credit_risk == "good"
few <- seq_len(60)
made <- list(
  duration_and_amount = paired(good, -credit$duration, -credit$amount),
  duration_and_age = paired(good, -credit$duration, credit$age),
  sixty_people = paired(good[few], -credit$duration[few], credit$age[few])
)
cat(toJSON(made, auto_unbox = TRUE, digits = NA, pretty = TRUE), "\n")
