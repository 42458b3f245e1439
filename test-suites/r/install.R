# install.packages() from a repository: C, C++17 and Fortran, by the loaded compiler; and what must fail does.
#
# R says exit status 0 after a failed compile, a missing package and a missing dependency. What counts here is what is
# installed, loads and gives the right answer; the last three checks prove that this way of asking can say no.

source("tap.R")
source("packages.R")

tap_plan(c(
  "compiler-chosen", "install", "result-c", "result-cxx17", "result-fortran", "result-makevars", "dependency", "compiler-c", "compiler-cxx17",
  "compiler-fortran", "real-repository", "broken-is-red", "missing-is-red", "missing-dependency-is-red"
))

call_of <- function(package, name, ...) getExportedValue(package, name)(...)

absent <- built_with_what_is_absent()
if (!is.null(absent)) {
  for (name in tap$names) tap_skip(name, absent)
  tap_end()
}
if (nzchar(given[["cc"]])) {
  tap_check("compiler-chosen", {
    found <- system2(file.path(R.home("bin"), "R"), c("CMD", "config", "CC"), stdout = TRUE)
    if (!startsWith(found[1], given[["cc"]])) paste("R would compile with", found[1], "although R_MAKEVARS_USER says", given[["cc"]])
  })
} else {
  tap_skip("compiler-chosen", "no compiler module is loaded")
}

fortran <- nzchar(given[["fc"]]) || !nzchar(given[["cc"]])
packages <- c("probeC", "probeCxx", "probeMakevars", if (fortran) "probeFortran")
fine <- tap_check("install", faults_of(packages))
compiled_by <- function(package) {
  told <- call_of(package, "compiler")
  message(package, " was compiled by ", told)
  parts <- regmatches(told, regexec("^(\\S+) ([^;]*); (.*)$", told))[[1]]
  same <- if (family == "aocc") {
    grepl(paste0("AOCC_", version), parts[4], fixed = TRUE)
  } else if (startsWith(parts[2], "intel")) {
    family %in% c("intel-oneapi-compilers", "oneapi", "intel") && startsWith(parts[3], substr(gsub("\\D", "", version), 1, 5))
  } else {
    parts[2] == family && package_version(parts[3]) == package_version(sub("-.*", "", version))
  }
  if (!same) paste0(package, " was compiled by ", told, ", loaded is ", family, " ", version)
}
# Fortran cannot portably say who compiled it; the command of the log can.
fortran_by <- function() {
  lines <- readLines(file.path(logs, "probeFortran.out"), warn = FALSE)
  compiled <- grep("probe\\.f90", lines, value = TRUE)
  if (!any(startsWith(compiled, paste0(given[["fc"]], " ")))) paste("compiled by:", compiled[1], "- wanted", given[["fc"]])
}
results <- list(
  "result-c" = quote(if (call_of("probeC", "squares", 1000L) != 333833500) "the sum of squares is wrong"),
  "result-cxx17" = quote(c(
    if (call_of("probeCxx", "ordered", c("b", "c", "a")) != "abc") "the order is wrong",
    if (call_of("probeCxx", "ordered", "a") != "too few") "an exception did not arrive",
    if (call_of("probeCxx", "standard") < 2017) paste("compiled as C++", call_of("probeCxx", "standard"))
  )),
  "result-fortran" = quote({
    x <- matrix(c(2, 1, 3, 4, 5, 7, 6, 9, 8), 3)
    if (!isTRUE(all.equal(call_of("probeFortran", "product", x), c(x %*% t(x))))) "the product is wrong"
  }),
  "result-makevars" = quote(if (call_of("probeMakevars", "asked") != 42L) "what Makevars asked R for did not arrive"),
  "dependency" = quote(if (call_of("probeFortran", "chained", 3L) != 14) "what probeFortran imports is not there"),
  "compiler-c" = quote(compiled_by("probeC")),
  "compiler-cxx17" = quote(compiled_by("probeCxx")),
  "compiler-fortran" = quote(fortran_by())
)
for (name in names(results)) {
  if (!fine) {
    tap_skip(name, "needs `install`, which failed")
  } else if (!fortran && name %in% c("result-fortran", "dependency", "compiler-fortran")) {
    tap_skip(name, "the loaded compiler has no Fortran")
  } else if (startsWith(name, "compiler-") && (!nzchar(family) || (name == "compiler-fortran" && !nzchar(given[["fc"]])))) {
    tap_skip(name, "no compiler module is loaded")
  } else {
    tap_check(name, eval(results[[name]]))
  }
}

if (identical(sources, repository)) {
  tap_skip("real-repository", "no real repository is given (--cran URL)")
} else {
  tap_check("real-repository", {
    faults <- faults_of("base64enc", c(real = repository))
    if (!is.null(faults)) faults
    else if (call_of("base64enc", "base64encode", charToRaw("stackprobe")) != "c3RhY2twcm9iZQ==") "base64enc is wrong"
  })
}

# A control is passed by a fault, and only by the one that was seeded.
must_fail <- function(package, reason) {
  fault <- faults_of(package)
  if (is.null(fault)) return(paste("the installation of", package, "went unnoticed"))
  if (!grepl(reason, fault)) paste("wanted a fault that says", reason, "- found:", fault)
}
tap_check("broken-is-red", must_fail("probeBroken", "seeded: this package does not compile"))
tap_check("missing-is-red", must_fail("probeAbsent", "not available"))
tap_check("missing-dependency-is-red", must_fail("probeDependent", "probeAbsent"))
tap_end()
