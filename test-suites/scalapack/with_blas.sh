# with_blas.sh BLAS PROGRAM PREFIX RANKS: the prefix of the BLAS goes by the environment.
export PROOF_BLAS="$1"
shift
exec sh "$(dirname "$0")/with_mpi.sh" "$@"
