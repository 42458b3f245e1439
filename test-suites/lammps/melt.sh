# Runs in.melt and compares its numbers with those that LAMMPS publishes for it (bench/log.*.lj.fixed.*).
#
#   melt.sh RANKS TEMPERATURE COMMAND...
ranks=$1 temperature=$2
shift 2
. "${0%/*}/told.sh"
"$@" -in in.melt -var temperature "$temperature" -log melt.log >melt.out 2>&1
status=$?
said=$(tail -n 3 melt.out)
[ $status = 0 ]
told $? "LAMMPS ends well" "exit status $status: $said"
atoms=$(sed -n 's/^Created \([0-9]*\) atoms.*/\1/p' melt.log | head -n 1)
[ "$atoms" = 32000 ]
told $? "there are 32000 atoms" "created are ${atoms:-none}"
starts=$(grep -c '^LAMMPS (' melt.out)
[ "$starts" = 1 ]
told $? "it runs once, and not once for each rank" "$starts copies of LAMMPS have started where one was to run on $ranks ranks: each takes itself for the only one"
procs=$(sed -n 's/^Loop time of .* on \([0-9]*\) procs.*/\1/p' melt.log | head -n 1)
[ "$procs" = "$ranks" ]
told $? "it has the ranks that were started" "started are $ranks, LAMMPS says ${procs:-nothing}"
# NAME STEP COLUMN WANTED TOLERANCE
number() {
    found=$(awk -v step="$2" -v column="$3" '$1 == step && NF == 6 { print $column; exit }' melt.log)
    awk -v found="$found" -v wanted="$4" -v tolerance="$5" \
        'BEGIN { off = found - wanted; if (off < 0) off = -off; exit !(found != "" && off <= tolerance) }'
    told $? "$1" "wanted $4 within $5, found ${found:-nothing}"
}
number "the energy of the lattice" 0 3 -6.7733681 1e-6
number "the total energy at the start" 0 5 -4.6134356 1e-6
number "the temperature after 100 steps" 100 2 0.7574531 1e-5
number "the energy between atoms after 100 steps" 100 3 -5.7585055 1e-5
number "the total energy after 100 steps" 100 5 -4.6223613 1e-5
number "the pressure after 100 steps" 100 6 0.20726105 1e-4
echo "1..$count"
