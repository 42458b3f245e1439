# A package that does not compile, as if it were one that should be there.

source("tap.R")
source("packages.R")

tap_plan("installed")
tap_check("installed", faults_of("probeBroken"))
tap_end()
