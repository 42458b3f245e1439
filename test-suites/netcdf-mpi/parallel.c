/* Ranks write one netCDF 4 file together, and every rank reads the others' parts. argv: the prefixes of netCDF and of the
 * loaded MPI. */
#define PROOF_MPI
#include "proof.h"
#include <netcdf.h>
#include <netcdf_meta.h>
#if NC_HAS_PARALLEL
#include <netcdf_par.h>
#endif

int main(int argc, char **argv)
{
    proof_begin(&argc, &argv);
#if !NC_HAS_PARALLEL
    because("the install says +mpi, and netcdf_meta.h says that it has no parallel I/O");
    check(0, "the library is a parallel one");
#else
    enum { EACH = 6 };
    int file, dim, variable, i, part[EACH], got[EACH];
    size_t start = (size_t)proof_rank * EACH, count = EACH, next = (size_t)((proof_rank + 1) % proof_size) * EACH;
    check(1, "the library is a parallel one");
    check(answered_by("libnetcdf", argv[1]), "the libnetcdf that answers is the module's");
    check(answered_by("libmpi libmpich", argv[2]), "the MPI in this process is the loaded one, and there is one");
    if (!check(nc_create_par("parallel.nc", NC_NETCDF4 | NC_CLOBBER, MPI_COMM_WORLD, MPI_INFO_NULL, &file) == NC_NOERR,
               "all ranks create a file"))
        return proof_end();
    nc_def_dim(file, "x", (size_t)proof_size * EACH, &dim);
    nc_def_var(file, "field", NC_INT, 1, &dim, &variable);
    check(nc_enddef(file) == NC_NOERR, "all ranks define a variable");
    for (i = 0; i < EACH; i++)
        part[i] = 1000 * proof_rank + i;
    nc_var_par_access(file, variable, NC_COLLECTIVE);
    check(nc_put_vara_int(file, variable, &start, &count, part) == NC_NOERR, "all ranks write collectively");
    check(nc_close(file) == NC_NOERR, "all ranks close the file");
    nc_open_par("parallel.nc", NC_NOWRITE, MPI_COMM_WORLD, MPI_INFO_NULL, &file);
    nc_inq_varid(file, "field", &variable);
    memset(got, 0, sizeof got);
    nc_get_vara_int(file, variable, &next, &count, got);
    for (i = 0; i < EACH; i++)
        same_number("the neighbour's value", got[i], 1000 * ((proof_rank + 1) % proof_size) + i);
    check(proof_why[0] == '\0', "every rank reads its neighbour's part");
    nc_close(file);
#endif
    return proof_end();
}
