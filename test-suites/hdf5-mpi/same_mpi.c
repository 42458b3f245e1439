/* The MPI under HDF5 is the one that the program was built with: one library, of the loaded module. argv: the prefixes of
 * HDF5 and of its MPI's wrapper. */
#define PROOF_MPI
#include "proof.h"
#include <hdf5.h>

int main(int argc, char **argv)
{
    int size;
    unsigned major, minor, release;
    proof_begin(&argc, &argv);
    /* Before HDF5 is called: on another MPI than the one that was initialised its first call is its last. */
    check(answered_by("libhdf5", argv[1]), "the libhdf5 that answers is the module's");
    check(answered_by("libmpi libmpich", argv[2]), "the MPI in this process is the loaded one, and there is one");
    check(H5get_libversion(&major, &minor, &release) >= 0, "HDF5 starts in a program that has started MPI");
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    check(same_number("ranks", size, atoi(argv[3])), "there are as many ranks as were started");
    return proof_end();
}
