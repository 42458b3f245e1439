# What the program says of itself, and which libraries it is given: identity.sh PREFIX MPI-WRAPPER
prefix=$(cd "$1" && pwd -P)
mpi=$(cd "$(dirname "$(command -v "$2")")/.." && pwd -P)
. "${0%/*}/told.sh"
module() { printf %s "$LOADEDMODULES" | tr : '\n' | sed -n "s|^$1/||p" | head -n 1; }
for name in lmp lmp_mpi; do [ -x "$prefix/bin/$name" ] && program=$prefix/bin/$name && break; done
[ -n "$program" ]
told $? "the module brings lmp" "there is no lmp and no lmp_mpi in $prefix/bin"
# Every library that the loader would give it, with links followed.
libraries=$(LD_TRACE_LOADED_OBJECTS=1 "$program" | sed -n 's/.* => \(\/[^ ]*\) .*/\1/p' | xargs -n 1 readlink -f)
of() { # NAME FOLDER STEM
    found=$(printf '%s\n' "$libraries" | grep -E "/$3")
    foreign=$(printf '%s\n' "$found" | grep -v "^$2/" | head -n 1)
    [ -n "$found" ] && [ -z "$foreign" ]
    told $? "$1" "${foreign:-nothing called $3} is in this process, and not from the prefix $2"
}
of "its MPI is the loaded one" "$mpi" 'libmpi(ch)?\.'
case $(ls "$prefix"/lib*/liblammps* 2>/dev/null) in
'') echo "ok $((count = count + 1)) - its liblammps is the module's # SKIP it is linked into the program" ;;
*) of "its liblammps is the module's" "$prefix" 'liblammps' ;;
esac
said=$("$program" -h 2>&1)
version=$(printf '%s\n' "$said" | sed -n 's/.*Massively Parallel Simulator - \([0-9]* [A-Z][a-z]* [0-9]*\).*/\1/p' | head -n 1)
day=$(date -d "$version" +%Y%m%d 2>/dev/null)
own=$(module lammps)
own=${own:-$(module LAMMPS)}
case $own in
"$day"*) [ -n "$day" ] ;;
*) false ;;
esac
told $? "it is of the module's version" "lmp is of ${version:-no version that it says}, the module is of version ${own:-none}"
for style in lj/cut eam pppm; do
    printf '%s\n' "$said" | tr ' ' '\n' | grep -qx "$style"
    told $? "it has the style $style" "lmp -h does not name $style: it was built without the package"
done
echo "1..$count"
