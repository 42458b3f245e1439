// The process that holds a pod's namespaces in `make cluster`. Nothing of this is part of stackprobe.
module stackprobe.test/pause

go 1.26.0
