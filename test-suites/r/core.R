# R itself: is it the module's, whole, and does it compute, fork, draw and read UTF-8?

source("tap.R")

tap_plan(c(
  "version", "prefix", "on-path", "capabilities", "base-packages", "recommended-packages", "exit-status", "blas",
  "linear-algebra", "random-numbers", "fork", "socket-cluster", "pdf", "png", "utf-8", "regular-expressions",
  "build-compiler", "spack-wrapper"
))

wanted <- sub("-.*", "", Sys.getenv("STACKPROBE_RUNTIME_VERSION"))
prefix <- Sys.getenv("STACKPROBE_RUNTIME_PREFIX")
real <- function(path) normalizePath(path, mustWork = FALSE)
inside <- function(path) startsWith(paste0(real(path), "/"), paste0(real(prefix), "/"))
near <- function(x, y) isTRUE(all.equal(c(x), c(y), tolerance = 1e-10))

tap_check("version", {
  found <- paste(R.version$major, R.version$minor, sep = ".")
  if (!nzchar(wanted) || !startsWith(paste0(found, "."), paste0(wanted, "."))) {
    paste0("the module is ", if (nzchar(wanted)) wanted else "unknown", ", R is ", found)
  }
})
if (nzchar(prefix)) {
  tap_check("prefix", if (!inside(R.home())) paste("R.home() is", R.home(), "outside", prefix))
  tap_check("on-path", {
    found <- Sys.which(c("R", "Rscript"))
    strangers <- found[!nzchar(found) | !inside(found)]
    if (length(strangers)) paste0(names(strangers), " is `", strangers, "`, wanted under ", prefix)
  })
} else {
  for (name in c("prefix", "on-path")) tap_skip(name, "the prefix of the module is not known")
}

tap_check("capabilities", {
  needed <- c("fifo", "sockets", "iconv", "libcurl")
  lacking <- needed[!capabilities(needed)]
  if (length(lacking)) paste("built without", lacking)
})

installed <- rownames(installed.packages(lib.loc = .Library, noCache = TRUE))
unloadable <- function(packages) {
  faults <- lapply(packages, function(package) {
    tryCatch({ loadNamespace(package); NULL }, error = function(fault) paste0(package, ": ", conditionMessage(fault)))
  })
  unlist(faults)
}
tap_check("base-packages", unloadable(c(
  "compiler", "datasets", "graphics", "grDevices", "grid", "methods", "parallel", "splines", "stats", "stats4",
  "tools", "utils"
)))
recommended <- c(
  "KernSmooth", "MASS", "Matrix", "boot", "class", "cluster", "codetools", "foreign", "lattice", "mgcv", "nlme",
  "nnet", "rpart", "spatial", "survival"
)
if (any(recommended %in% installed)) {
  tap_check("recommended-packages", unloadable(recommended))
} else {
  tap_skip("recommended-packages", "this R is built without the recommended packages, all 15")
}

rscript <- file.path(R.home("bin"), "Rscript")
tap_check("exit-status", {
  status <- function(code) suppressWarnings(system2(rscript, c("--vanilla", "-e", shQuote(code)), stdout = FALSE, stderr = FALSE))
  found <- c(status("invisible(1)"), status("quit(status = 3)"), status("stop('seeded')"))
  if (!identical(as.integer(found), c(0L, 3L, 1L))) paste("0, 3 and an error gave exit status", paste(found, collapse = ", "))
})

tap_check("blas", {
  maps <- if (file.exists("/proc/self/maps")) readLines("/proc/self/maps") else character()
  used <- unique(c(extSoftVersion()[["BLAS"]], La_library()))
  used <- used[nzchar(used)]
  message("BLAS and LAPACK: ", paste(used, collapse = ", "), " LAPACK ", La_version())
  gone <- used[!file.exists(used)]
  # By the names of files: folders are called so, too. FlexiBLAS is none itself, but hands on to one.
  many <- unique(grep("^lib(openblas|mkl_rt|blis)[^/]*\\.so", basename(sub(".* ", "", maps)), value = TRUE))
  c(if (length(gone)) paste("not there:", gone), if (length(many) > 1) paste("several BLAS in one process:", paste(many, collapse = ", ")))
})
tap_check("linear-algebra", {
  n <- 60
  a <- outer(seq_len(n), seq_len(n), function(i, j) 1 / (i + j)) + diag(n)
  x <- solve(a, a %*% seq_len(n))
  s <- svd(a)
  e <- eigen(a, symmetric = TRUE)
  q <- qr(a)
  c(
    if (!near(x, seq_len(n))) "solve",
    if (!near(s$u %*% (s$d * t(s$v)), a)) "svd",
    if (!near(sum(e$values), sum(diag(a)))) "eigen",
    if (!near(crossprod(chol(a)), a)) "chol",
    if (!near(qr.Q(q) %*% qr.R(q), a)) "qr",
    if (!near(Mod(fft(fft(1:32), inverse = TRUE)) / 32, 1:32)) "fft"
  )
})
tap_check("random-numbers", {
  set.seed(1, "Mersenne-Twister")
  found <- runif(1)
  if (!near(found, 0.26550866314209998)) paste("the first number of seed 1 is", format(found, digits = 15))
})

tap_check("fork", {
  found <- parallel::mclapply(c(1, 2, 3, 4), function(i) c(i * i, Sys.getpid()), mc.cores = 2)
  workers <- unique(vapply(found, `[`, 0, 2))
  c(
    if (!identical(vapply(found, `[`, 0, 1), c(1, 4, 9, 16))) "wrong squares",
    if (length(workers) != 2 || Sys.getpid() %in% workers) paste("2 processes wanted,", length(workers), "seen")
  )
})
tap_check("socket-cluster", {
  cluster <- parallel::makePSOCKcluster(2, setup_timeout = 20)
  tryCatch({
    found <- unlist(parallel::parLapply(cluster, c(1, 2, 3, 4), function(i) i * i))
    workers <- unlist(parallel::clusterCall(cluster, Sys.getpid))
  }, finally = parallel::stopCluster(cluster))
  c(
    if (!identical(found, c(1, 4, 9, 16))) "wrong squares",
    if (length(unique(c(workers, Sys.getpid()))) != 3) "the workers are not two processes"
  )
})

begins <- function(file, magic) {
  if (!file.exists(file)) return(paste("no file", basename(file)))
  if (!identical(readBin(file, "raw", length(magic)), magic)) paste(basename(file), "is no such picture")
}
tap_check("pdf", {
  file <- tempfile(fileext = ".pdf")
  pdf(file); plot(1:10); invisible(dev.off())
  begins(file, charToRaw("%PDF"))
})
if (capabilities("cairo") && capabilities("png")) {
  tap_check("png", {
    file <- tempfile(fileext = ".png")
    png(file, type = "cairo"); plot(1:10, main = "é"); invisible(dev.off())
    begins(file, as.raw(c(0x89, 0x50, 0x4e, 0x47)))
  })
} else {
  tap_skip("png", "this R is built without cairo or png, and there is no display")
}

tap_check("utf-8", {
  file <- file.path(tempdir(), "\u00fcn\u00ef")
  writeLines("\u00e9\u6587", file)
  c(
    if (!l10n_info()[["UTF-8"]]) paste("the locale is", Sys.getlocale("LC_CTYPE"), "although LC_ALL is", Sys.getenv("LC_ALL")),
    if (nchar("\u00e9\u6587") != 2 || toupper("\u00e9") != "\u00c9") "letters are taken for bytes",
    if (!identical(readLines(file, encoding = "UTF-8"), "\u00e9\u6587")) "a file came back changed"
  )
})
tap_check("regular-expressions", {
  c(
    if (!grepl("^(?<w>\\p{L}+)\\d$", "\u00e9a1", perl = TRUE)) "perl = TRUE knows no Unicode",
    if (sub("(a+)(b)", "\\2\\1", "xaab") != "xbaa") "extended regular expressions"
  )
})

config <- function(name) {
  found <- suppressWarnings(system2(file.path(R.home("bin"), "R"), c("CMD", "config", name), stdout = TRUE, stderr = FALSE))
  strsplit(paste(found, collapse = " "), " +")[[1]]
}
tools <- vapply(c("CC", "CXX", "FC"), function(name) config(name)[1], "")
absent <- tools[!is.na(tools) & !nzchar(Sys.which(tools))]
if (length(absent) && !nzchar(Sys.getenv("STACKPROBE_CC_FAMILY")) && !any(startsWith(absent, "/"))) {
  tap_skip("build-compiler", paste("no compiler is loaded, and R was built with", paste(absent, collapse = ", ")))
} else {
  tap_check("build-compiler", if (length(absent)) paste0(names(absent), " is `", absent, "`, which is not there"))
}
tap_check("spack-wrapper", {
  made <- readLines(file.path(R.home("etc"), "Makeconf"))
  baked <- grep("/lib/spack/env/|/compiler-wrapper-|/libexec/spack/", made, value = TRUE)
  if (length(baked)) paste("the build's compiler wrapper is in Makeconf:", baked[1])
})
tap_end()
