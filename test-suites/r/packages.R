# How a package is installed here, with the loaded compiler, and what is wrong with it afterwards.

repository <- Sys.getenv("STACKPROBE_CRAN")
if (!nzchar(repository)) stop("STACKPROBE_CRAN is not set: this probe wants `cran = true`")
sources <- Sys.getenv("STACKPROBE_CRAN_SOURCES", repository)
family <- Sys.getenv("STACKPROBE_CC_FAMILY")
version <- Sys.getenv("STACKPROBE_CC_VERSION")
work <- file.path(Sys.getenv("TMPDIR"), "r")
library <- file.path(work, "library")
logs <- file.path(work, "logs")
for (folder in c(library, logs)) dir.create(folder, recursive = TRUE)

# R takes no compiler from the environment: only this file chooses one, for each standard of C++ anew.
given <- setNames(Sys.getenv(paste0("STACKPROBE_", c("CC", "CXX", "FC"), "_COMMAND")), c("cc", "cxx", "fc"))
makevars <- file.path(work, "Makevars")
chosen <- c(
  if (nzchar(given[["cc"]])) paste("CC =", given[["cc"]]),
  if (nzchar(given[["cxx"]])) paste(c("CXX", "CXX11", "CXX14", "CXX17", "CXX20"), "=", given[["cxx"]]),
  if (nzchar(given[["fc"]])) paste(c("FC", "F77"), "=", given[["fc"]])
)
writeLines(c(chosen, "CFLAGS = -O2", "CXXFLAGS = -O2", "CXX17FLAGS = -O2", "FFLAGS = -O2", "FCFLAGS = -O2"), makevars)
Sys.setenv(R_MAKEVARS_USER = makevars, R_LIBS_USER = library)
# Only a wrapper around Rscript sets it; who installs packages from R itself has not got it.
Sys.unsetenv("RHOME")
.libPaths(c(library, .libPaths()))
options(repos = c(sources = sources), pkgType = "source", install.packages.compile.from.source = "always")

# R's last words are about the package; the linker's and the loader's before them say why.
telling <- "error:|ERROR|Error|unable to load shared object|failed to map|cannot open shared object|undefined symbol|[Pp]ermission denied|No space left|/Rscript: (not found|No such file)"

# What is wrong with the installation of `packages`: NULL when nothing is. Warnings are what R has instead of errors.
faults_of <- function(packages, repos = getOption("repos")) {
  faults <- character()
  withCallingHandlers(
    tryCatch(
      install.packages(packages, lib = library, repos = repos, keep_outputs = logs, quiet = TRUE,
                       Ncpus = max(1, as.integer(Sys.getenv("STACKPROBE_CPUS", "1")))),
      error = function(fault) faults <<- c(faults, conditionMessage(fault))
    ),
    warning = function(fault) {
      faults <<- c(faults, conditionMessage(fault))
      invokeRestart("muffleWarning")
    }
  )
  for (package in packages) {
    log <- file.path(logs, paste0(package, ".out"))
    if (file.exists(log)) {
      lines <- readLines(log, warn = FALSE)
      # With several packages R shows these itself.
      if (length(packages) == 1) message(paste(lines, collapse = "\n"))
      faults <- c(faults, grep(telling, lines, value = TRUE))
    }
    fault <- tryCatch({ loadNamespace(package, lib.loc = library); NULL }, error = conditionMessage)
    if (!is.null(fault)) faults <- c(faults, fault)
  }
  if (length(faults)) paste(unique(faults), collapse = "\n")
}

# Why nothing can be compiled at all, where no compiler is loaded.
built_with_what_is_absent <- function() {
  if (nzchar(given[["cc"]])) return(NULL)
  found <- system2(file.path(R.home("bin"), "R"), c("CMD", "config", "CC"), stdout = TRUE)
  tool <- strsplit(found[1], " ")[[1]][1]
  if (!nzchar(Sys.which(tool))) paste0("no compiler is loaded, and `", tool, "`, which R was built with, is not on PATH")
}
