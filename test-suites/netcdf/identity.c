/* netCDF and the HDF5 below it are the modules', of the versions of their headers. argv: the prefixes of both. */
#include "proof.h"
#include <netcdf.h>
#include <netcdf_meta.h>
#include <sys/stat.h>

int main(int argc, char **argv)
{
    char library[64] = "";
    const char *told = nc_inq_libvers();
    int file;
    proof_begin(&argc, &argv);
    snprintf(library, sizeof library, "%s", told);
    library[strcspn(library, " ")] = '\0';
    if (strcmp(library, NC_VERSION) != 0)
        because("netcdf_meta.h is of version %s, the library that answers is %s", NC_VERSION, library);
    check(strcmp(library, NC_VERSION) == 0, "header and library are of one version");
    check(same_version("netCDF", library, "netcdf-c netCDF netcdf"), "the library is of the module's version");
    check(answered_by("libnetcdf", argv[1]), "the libnetcdf that answers is the module's");
    if (NC_HAS_HDF5) {
        check(answered_by("libhdf5 libhdf5_hl", argv[2]), "the libhdf5 below it is the one that is loaded");
        check(nc_create("identity.nc", NC_NETCDF4, &file) == NC_NOERR && nc_close(file) == NC_NOERR,
              "files of netCDF 4 are written, as the header says");
    } else {
        skip("the libhdf5 below it is the one that is loaded", "its header says that it has none");
        skip("files of netCDF 4 are written, as the header says", "its header says that it writes none");
    }
    return proof_end();
}
