"""mpi4py under the launcher of the loaded MPI. Only rank 0 speaks; who is alone believes to be rank 0, and is heard."""

import array
import os
import sys

from tap import Tap, skip_all

WANTED = int(os.environ["STACKPROBE_RANKS"])
FAMILY = os.environ.get("STACKPROBE_MPI_FAMILY", "")
VERSION = os.environ.get("STACKPROBE_MPI_VERSION", "").split("-")[0]
PREFIX = os.environ.get("STACKPROBE_MPI_PREFIX", "")
# How each family calls itself in MPI_Get_library_version.
NAMES = {"openmpi": "Open MPI v", "mpich": "MPICH Version:", "intel-oneapi-mpi": "Intel(R) MPI Library ", "mvapich": "MVAPICH"}
# Where a distribution and its administrator put packages that are no part of a stack.
HOST = ("/usr/lib/", "/usr/local/lib/", "/usr/lib64/")


def absent(reason):
    """Says once, by whoever the launcher calls the first, that there is nothing to check."""
    places = ("OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK", "PMI_ID")
    first = next((os.environ[name] for name in places if name in os.environ), "0")
    if first == "0":
        skip_all(reason)
    sys.exit(0)


try:
    import mpi4py
except ImportError:
    absent("this toolchain has no mpi4py: load the stack's with --module")
if mpi4py.__file__.startswith(HOST):
    absent("the only mpi4py is the host's, in %s" % os.path.dirname(mpi4py.__file__))

from mpi4py import MPI

world = MPI.COMM_WORLD
rank, size = world.Get_rank(), world.Get_size()


def ranks():
    found = world.allgather(rank)
    return None if found == list(range(WANTED)) else "ranks %s, wanted 0 to %d" % (found, WANTED - 1)


def library():
    told = MPI.Get_library_version()
    name = NAMES.get(FAMILY, "")
    ours = name in told and (not VERSION or VERSION in told)
    return None if ours else "mpi4py speaks to %r, loaded is %s %s" % (told[:80], FAMILY, VERSION)


def mapped():
    with open("/proc/self/maps") as maps:
        paths = {line.split()[-1] for line in maps if "/libmpi" in line}
    inside = os.path.realpath(PREFIX) + os.sep
    strangers = sorted(path for path in paths if not os.path.realpath(path).startswith(inside))
    return "mapped from elsewhere than %s: %s" % (PREFIX, strangers) if strangers or not paths else None


def buffers():
    mine, total = array.array("d", [rank + 1.0] * 1000), array.array("d", [0.0] * 1000)
    world.Allreduce(mine, total, op=MPI.SUM)
    return None if set(total) == {size * (size + 1) / 2} else "Allreduce gave %s" % total[0]


def pickles():
    told = world.bcast({"text": "é", "list": [1, 2]} if rank == 0 else None, root=0)
    squares = world.gather(rank * rank, root=0)
    if told != {"text": "é", "list": [1, 2]}:
        return "bcast gave %r" % told
    return None if rank or squares == [n * n for n in range(size)] else "gather gave %r" % squares


def ring():
    left = world.sendrecv(rank, dest=(rank + 1) % size, source=(rank - 1) % size)
    return None if left == (rank - 1) % size else "rank %d got %r from its neighbour" % (rank, left)


def errors():
    try:
        world.Send(array.array("i", [1]), dest=size + 7)
    except MPI.Exception as fault:
        return None if fault.Get_error_class() == MPI.ERR_RANK else "another error: %s" % fault
    return "a message to a rank that does not exist was sent"


def window():
    node = world.Split_type(MPI.COMM_TYPE_SHARED)
    block = MPI.Win.Allocate_shared(8 if node.Get_rank() == 0 else 0, 8, comm=node)
    memory, _ = block.Shared_query(0)
    block.Fence()
    if node.Get_rank() == node.Get_size() - 1:
        memory[0:8] = b"mpi4py!!"
    block.Fence()
    found = bytes(memory[0:8])
    block.Fence()
    block.Free()
    return None if found == b"mpi4py!!" else "another process wrote %r" % found


CHECKS = [ranks, library, mapped, buffers, pickles, ring, errors, window]
tap = Tap(check.__name__ for check in CHECKS) if rank == 0 else None
alone = size != WANTED
for check in CHECKS:
    name = check.__name__
    if alone and check is not ranks:
        if tap:
            tap.skipped(name, "needs `ranks`, which failed")
        continue
    if check is mapped and not PREFIX:
        if tap:
            tap.skipped(name, "the prefix of the loaded MPI is not known")
        continue
    try:
        fault = check()
    except Exception as problem:
        fault = "%s: %s" % (type(problem).__name__, problem)
    faults = [told for told in world.allgather(fault) if told]
    if tap:
        tap.check(name, not faults, "; ".join(faults))
sys.exit(tap.end() if tap else 0)
