/* A program that uses the library. */
#include <netcdf.h>

int main(void)
{
    int file;
    return nc_create("used.nc", NC_CLOBBER, &file) != NC_NOERR || nc_close(file) != NC_NOERR;
}
