/* The libraries below netCDF for Fortran are the modules'. argv: the prefixes of netcdf-fortran and of netcdf-c. */
#include "proof.h"
#include <netcdf.h>

const char *nf_inq_libvers_(char *, int);

int main(int argc, char **argv)
{
    char text[256] = "";
    proof_begin(&argc, &argv);
    nf_inq_libvers_(text, (int)sizeof text - 1);
    check(answered_by("libnetcdff", argv[1]), "the libnetcdff that answers is the module's");
    check(answered_by("libnetcdf", argv[2]), "the libnetcdf below it is the one that is loaded");
    {
        char library[64] = "";
        snprintf(library, sizeof library, "%s", nc_inq_libvers());
        library[strcspn(library, " ")] = '\0';
        check(same_version("netCDF for C", library, "netcdf-c netCDF"), "the libnetcdf below it is of its module's version");
    }
    return proof_end();
}
