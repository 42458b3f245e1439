# Does a start-up file, a variable or a library in front change R's own functions, packages or options? An R that reads
# none (--vanilla) and one as users start it say what each function of the base packages is.

packages <- c("base", "stats", "utils", "methods", "graphics", "grDevices", "tools", "parallel", "splines", "compiler")
# What a site may set as it likes (repositories, browsers, editors) is not among these.
settings <- c("digits", "OutDec", "stringsAsFactors", "warn", "scipen", "encoding", "contrasts", "na.action", "expressions",
              "max.print", "warning.length", "keep.source")
given <- commandArgs(trailingOnly = TRUE)

if (length(given) == 2 && given[1] == "describe") {
  told <- list(functions = list(), places = character(), options = options()[settings])
  for (package in packages) {
    told$places[package] <- if (package == "base") "base" else normalizePath(find.package(package))
    home <- if (package == "base") baseenv() else asNamespace(package)
    names <- if (package == "base") ls(home) else getNamespaceExports(package)
    found <- lapply(names, function(name) {
      # As a user finds it, where it is attached; a start-up file may have defined another one of that name.
      it <- if (paste0("package:", package) %in% search()) get0(name, globalenv()) else get0(name, home)
      if (is.primitive(it)) return(capture.output(print(it))[1])
      if (!is.function(it)) return(NULL)
      # Methods keep where they were defined with them.
      list(formals(it), if (is(it, "standardGeneric") || is(it, "MethodDefinition")) NULL else body(it))
    })
    told$functions[[package]] <- structure(found, names = names)
  }
  saveRDS(told, given[2])
  quit(status = 0)
}

source("tap.R")
tap_plan(c("starts", "functions", "packages", "options"))

file <- sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE)[1])
asked <- function(flags) {
  out <- tempfile(fileext = ".rds")
  program <- file.path(R.home("bin"), "Rscript")
  said <- suppressWarnings(system2(program, c(flags, shQuote(file), "describe", shQuote(out)), stdout = TRUE, stderr = TRUE))
  if (file.exists(out)) readRDS(out) else paste(c("it does not end:", utils::tail(said, 3)), collapse = " ")
}
plain <- asked("--vanilla")
usual <- asked(NULL)
tap_check("starts", c(if (is.character(plain)) plain, if (is.character(usual)) usual))
if (is.list(plain) && is.list(usual)) {
  tap_check("functions", {
    changed <- lapply(names(plain$functions), function(package) {
      wanted <- plain$functions[[package]]
      found <- usual$functions[[package]]
      names <- union(names(wanted), names(found))
      differ <- names[!vapply(names, function(name) identical(wanted[[name]], found[[name]]), TRUE)]
      if (length(differ)) paste0(package, "::", differ)
    })
    changed <- unlist(changed)
    if (length(changed)) paste("start-up files change", paste(utils::head(changed, 8), collapse = ", "))
  })
  tap_check("packages", {
    elsewhere <- names(plain$places)[plain$places != usual$places[names(plain$places)]]
    if (length(elsewhere)) paste(elsewhere, "is", usual$places[elsewhere], "and not", plain$places[elsewhere])
  })
  tap_check("options", {
    differ <- settings[!vapply(settings, function(name) identical(plain$options[[name]], usual$options[[name]]), TRUE)]
    if (length(differ)) paste0("a start-up file sets ", differ, " = ", vapply(usual$options[differ], function(it) paste(format(it), collapse = " "), ""))
  })
}
tap_end()
