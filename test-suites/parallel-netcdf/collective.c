/* Ranks write one file of each classic format together, and every rank reads the others' parts. argv: the prefixes of
 * PnetCDF and of the loaded MPI. */
#define PROOF_MPI
#include "proof.h"
#include <pnetcdf.h>

enum { EACH = 5 };

static int well(const char *what, int status)
{
    if (status != NC_NOERR)
        because("%s: %s", what, ncmpi_strerror(status));
    return status == NC_NOERR;
}

static int format(const char *name, int mode)
{
    int file, dims[2], variable, next = (proof_rank + 1) % proof_size, i, ok;
    double part[2][EACH], got[2][EACH];
    MPI_Offset start[2] = {0, (MPI_Offset)proof_rank * EACH}, count[2] = {2, EACH};
    ok = well("ncmpi_create", ncmpi_create(MPI_COMM_WORLD, name, NC_CLOBBER | mode, MPI_INFO_NULL, &file));
    if (!ok)
        return 0;
    ok = well("ncmpi_def_dim", ncmpi_def_dim(file, "time", NC_UNLIMITED, &dims[0])) &&
         well("ncmpi_def_dim", ncmpi_def_dim(file, "x", (MPI_Offset)proof_size * EACH, &dims[1])) &&
         well("ncmpi_def_var", ncmpi_def_var(file, "field", NC_DOUBLE, 2, dims, &variable)) &&
         well("ncmpi_enddef", ncmpi_enddef(file));
    for (i = 0; i < EACH; i++) {
        part[0][i] = 100 * proof_rank + i + 0.5;
        part[1][i] = -part[0][i];
    }
    ok = ok && well("ncmpi_put_vara_double_all", ncmpi_put_vara_double_all(file, variable, start, count, &part[0][0]));
    ok = well("ncmpi_close", ncmpi_close(file)) && ok;
    ok = ok && well("ncmpi_open", ncmpi_open(MPI_COMM_WORLD, name, NC_NOWRITE, MPI_INFO_NULL, &file));
    if (!ok)
        return 0;
    start[1] = (MPI_Offset)next * EACH;
    ok = well("ncmpi_inq_varid", ncmpi_inq_varid(file, "field", &variable)) &&
         well("ncmpi_get_vara_double_all", ncmpi_get_vara_double_all(file, variable, start, count, &got[0][0]));
    for (i = 0; i < EACH && ok; i++)
        ok = near("the neighbour's value", got[0][i], 100 * next + i + 0.5, 0) &&
             near("the neighbour's value", got[1][i], -(100 * next + i + 0.5), 0);
    ncmpi_close(file);
    return ok;
}

int main(int argc, char **argv)
{
    char version[64] = "";
    proof_begin(&argc, &argv);
    check(answered_by("libpnetcdf", argv[1]), "the libpnetcdf that answers is the module's");
    check(answered_by("libmpi libmpich", argv[2]), "the MPI in this process is the loaded one, and there is one");
    snprintf(version, sizeof version, "%d.%d.%d", PNETCDF_VERSION_MAJOR, PNETCDF_VERSION_MINOR, PNETCDF_VERSION_SUB);
    if (strstr(ncmpi_inq_libvers(), version) == NULL)
        because("pnetcdf.h is of version %s, the library that answers is %s", version, ncmpi_inq_libvers());
    check(strstr(ncmpi_inq_libvers(), version) != NULL, "header and library are of one version");
    check(same_version("PnetCDF", version, "parallel-netcdf PnetCDF pnetcdf"), "the library is of the module's version");
    check(format("classic.nc", 0), "classic");
    check(format("offset.nc", NC_64BIT_OFFSET), "with 64-bit offsets");
    check(format("data.nc", NC_64BIT_DATA), "with 64-bit data");
    return proof_end();
}
