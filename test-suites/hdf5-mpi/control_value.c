/* One rank writes another value than it should: the check must name it. */
#define PROOF_MPI
#include "proof.h"
#include <hdf5.h>

int main(int argc, char **argv)
{
    int out, in = -1;
    hsize_t size, one = 1, start;
    hid_t list, file, space, memory, set;
    proof_begin(&argc, &argv);
    out = proof_rank == 1 ? 77 : proof_rank;
    size = (hsize_t)proof_size;
    start = (hsize_t)((proof_rank + 1) % proof_size);
    list = H5Pcreate(H5P_FILE_ACCESS);
    H5Pset_fapl_mpio(list, MPI_COMM_WORLD, MPI_INFO_NULL);
    file = H5Fcreate("control.h5", H5F_ACC_TRUNC, H5P_DEFAULT, list);
    space = H5Screate_simple(1, &size, NULL);
    memory = H5Screate_simple(1, &one, NULL);
    set = H5Dcreate2(file, "set", H5T_NATIVE_INT, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    {
        hsize_t own = (hsize_t)proof_rank;
        H5Sselect_hyperslab(space, H5S_SELECT_SET, &own, NULL, &one, NULL);
    }
    H5Dwrite(set, H5T_NATIVE_INT, memory, space, H5P_DEFAULT, &out);
    H5Dclose(set);
    H5Fclose(file);
    file = H5Fopen("control.h5", H5F_ACC_RDONLY, list);
    set = H5Dopen2(file, "set", H5P_DEFAULT);
    H5Sselect_hyperslab(space, H5S_SELECT_SET, &start, NULL, &one, NULL);
    H5Dread(set, H5T_NATIVE_INT, memory, space, H5P_DEFAULT, &in);
    check(same_number("the neighbour's value", in, (long long)start), "every rank reads its neighbour's value");
    H5Dclose(set);
    H5Fclose(file);
    return proof_end();
}
