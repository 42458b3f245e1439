# Speaks TAP 14 for a list of checks that is fixed before the first one: what is not reached is told, never silent.

tap <- new.env()

tap_plan <- function(names) {
  tap$names <- names
  tap$told <- character()
  cat("TAP version 14\n1..", length(names), "\n", sep = "")
}

tap_tell <- function(name, good, message = "", skip = NULL, ms = NULL) {
  if (!name %in% tap$names || name %in% names(tap$told)) stop("check ", name, " is unknown or told twice")
  tap$told[name] <- if (!is.null(skip)) "skipped" else if (good) "ok" else "not ok"
  cat(if (good) "ok " else "not ok ", match(name, tap$names), " - ", name, sep = "")
  if (!is.null(skip)) cat(" # SKIP ", gsub("\\s+", " ", skip), sep = "")
  cat("\n")
  if (is.null(skip) && (!good || !is.null(ms))) {
    cat("  ---\n")
    if (!good) cat("  message: ", encodeString(message, quote = "\""), "\n", sep = "")
    if (!is.null(ms)) cat("  duration_ms: ", round(ms), "\n", sep = "")
    cat("  ...\n")
  }
}

tap_skip <- function(name, reason) tap_tell(name, TRUE, skip = reason)

# A check: the value of `work` is NULL or TRUE when all is well, else what is wrong; an error is what is wrong too.
tap_check <- function(name, work) {
  started <- proc.time()[["elapsed"]]
  fault <- tryCatch(force(work), error = conditionMessage)
  fault <- if (is.null(fault) || isTRUE(fault)) NULL else if (identical(fault, FALSE)) "it does not hold" else paste(fault, collapse = "; ")
  tap_tell(name, is.null(fault), fault, ms = 1000 * (proc.time()[["elapsed"]] - started))
  invisible(is.null(fault))
}

tap_end <- function() {
  for (name in setdiff(tap$names, names(tap$told))) tap_tell(name, FALSE, "not reached")
  quit(save = "no", status = if (any(tap$told == "not ok")) 1 else 0)
}
