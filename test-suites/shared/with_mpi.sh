# with_mpi.sh PROGRAM PREFIX RANKS: starts PROGRAM with PREFIX, the prefix of the mpicc on PATH, and RANKS.
wrapper=$(command -v mpicc)
exec "$1" "$2" "$(dirname "$(dirname "$wrapper")")" "$3"
