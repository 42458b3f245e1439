/* Collective and independent writes of all ranks into one dataset, verified by every rank in another partition and by one
 * rank without MPI. argv: the module's prefix. */
#define PROOF_MPI
#include "proof.h"
#include <hdf5.h>

enum { ROWS = 4, COLUMNS = 96 };

static double value(long row, long column) { return 1000.0 * row + column + 0.25; }

#ifdef H5_HAVE_PARALLEL
static hid_t by_mpi(unsigned flags, int create)
{
    hid_t list = H5Pcreate(H5P_FILE_ACCESS), file;
    H5Pset_fapl_mpio(list, MPI_COMM_WORLD, MPI_INFO_NULL);
    file = create ? H5Fcreate("parallel.h5", flags, H5P_DEFAULT, list) : H5Fopen("parallel.h5", flags, list);
    H5Pclose(list);
    return file;
}

/* Each rank writes its own rows; what was really done is asked of the library. */
static int writes(hid_t file, const char *name, H5FD_mpio_xfer_t mode, hsize_t chunk, int compressed)
{
    double own[ROWS][COLUMNS];
    hsize_t all[2] = {(hsize_t)ROWS * proof_size, COLUMNS}, part[2] = {ROWS, COLUMNS};
    hsize_t start[2] = {(hsize_t)ROWS * proof_rank, 0}, chunks[2] = {chunk, COLUMNS / 2};
    hid_t space = H5Screate_simple(2, all, NULL), memory = H5Screate_simple(2, part, NULL);
    hid_t create = H5Pcreate(H5P_DATASET_CREATE), transfer = H5Pcreate(H5P_DATASET_XFER), set;
    H5D_mpio_actual_io_mode_t actual = H5D_MPIO_NO_COLLECTIVE;
    int ok, i, j;
    for (i = 0; i < ROWS; i++)
        for (j = 0; j < COLUMNS; j++)
            own[i][j] = value(ROWS * proof_rank + i, j);
    if (chunk > 0)
        H5Pset_chunk(create, 2, chunks);
    if (compressed)
        H5Pset_deflate(create, 4);
    set = H5Dcreate2(file, name, H5T_NATIVE_DOUBLE, space, H5P_DEFAULT, create, H5P_DEFAULT);
    H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, part, NULL);
    H5Pset_dxpl_mpio(transfer, mode);
    ok = set >= 0 && H5Dwrite(set, H5T_NATIVE_DOUBLE, memory, space, transfer, own) >= 0;
    if (!ok)
        because("H5Dwrite failed");
    H5Pget_mpio_actual_io_mode(transfer, &actual);
    if (ok && mode == H5FD_MPIO_COLLECTIVE && actual == H5D_MPIO_NO_COLLECTIVE) {
        because("a collective write was asked for, and the library did an independent one");
        ok = 0;
    }
    H5Dclose(set);
    H5Pclose(create);
    H5Pclose(transfer);
    H5Sclose(space);
    H5Sclose(memory);
    return ok;
}

/* Every rank reads columns, across what the others wrote. */
static int reads(hid_t file, const char *name)
{
    hsize_t rows = (hsize_t)ROWS * proof_size, width = COLUMNS / (hsize_t)proof_size;
    hsize_t start[2] = {0, width * (hsize_t)proof_rank}, part[2] = {rows, width};
    double *got = calloc(rows * width, sizeof *got);
    hid_t set = H5Dopen2(file, name, H5P_DEFAULT), space = H5Dget_space(set), memory = H5Screate_simple(2, part, NULL);
    hid_t transfer = H5Pcreate(H5P_DATASET_XFER);
    hsize_t i, j;
    int ok;
    H5Pset_dxpl_mpio(transfer, H5FD_MPIO_COLLECTIVE);
    H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, part, NULL);
    ok = H5Dread(set, H5T_NATIVE_DOUBLE, memory, space, transfer, got) >= 0;
    if (!ok)
        because("H5Dread failed");
    for (i = 0; i < rows && ok; i++)
        for (j = 0; j < width && ok; j++)
            ok = near("an element", got[i * width + j], value((long)i, (long)(start[1] + j)), 0);
    H5Dclose(set);
    H5Sclose(space);
    H5Sclose(memory);
    H5Pclose(transfer);
    free(got);
    return ok;
}

static int alone(const char *name)
{
    hsize_t rows = (hsize_t)ROWS * proof_size, i, j;
    double *got = calloc(rows * COLUMNS, sizeof *got);
    hid_t file = H5Fopen("parallel.h5", H5F_ACC_RDONLY, H5P_DEFAULT), set = H5Dopen2(file, name, H5P_DEFAULT);
    int ok = H5Dread(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, got) >= 0;
    for (i = 0; i < rows && ok; i++)
        for (j = 0; j < COLUMNS && ok; j++)
            ok = near("an element", got[i * COLUMNS + j], value((long)i, (long)j), 0);
    H5Dclose(set);
    H5Fclose(file);
    free(got);
    return ok;
}
#endif

int main(int argc, char **argv)
{
    proof_begin(&argc, &argv);
#ifndef H5_HAVE_PARALLEL
    because("the install says +mpi, and its header is of a build without it: H5_HAVE_PARALLEL is not defined");
    check(0, "the library is a parallel one");
    (void)value;
#else
    {
        hid_t file;
        const char *const names[] = {"contiguous", "chunked", "independent"};
        int i;
        check(1, "the library is a parallel one");
        check(answered_by("libhdf5", argv[1]), "the libhdf5 that answers is the module's");
        file = by_mpi(H5F_ACC_TRUNC, 1);
        if (!check(file >= 0, "all ranks create a file"))
            return proof_end();
        check(writes(file, "contiguous", H5FD_MPIO_COLLECTIVE, 0, 0), "a collective write is one");
        check(writes(file, "chunked", H5FD_MPIO_COLLECTIVE, 3, 0), "a collective write of chunks that ranks share");
        check(writes(file, "independent", H5FD_MPIO_INDEPENDENT, 0, 0), "an independent write");
        check(H5Fclose(file) >= 0, "all ranks close the file");
        file = by_mpi(H5F_ACC_RDONLY, 0);
        for (i = 0; i < 3; i++)
            check(reads(file, names[i]), "every rank reads what the others wrote: %s", names[i]);
        H5Fclose(file);
        MPI_Barrier(MPI_COMM_WORLD);
        for (i = 0; i < 3; i++)
            check(proof_rank != 0 || alone(names[i]), "one rank reads it without MPI: %s", names[i]);
#if defined(H5_HAVE_PARALLEL_FILTERED_WRITES) || H5_VERS_MINOR >= 10
        file = by_mpi(H5F_ACC_TRUNC, 1);
        check(writes(file, "compressed", H5FD_MPIO_COLLECTIVE, 3, 1), "a collective write of compressed chunks");
        H5Fclose(file);
        MPI_Barrier(MPI_COMM_WORLD);
        check(proof_rank != 0 || alone("compressed"), "one rank reads it without MPI: compressed");
#endif
    }
#endif
    return proof_end();
}
