/* An attribute that was changed is seen. */
#include "proof.h"
#include <netcdf.h>

int main(int argc, char **argv)
{
    int file, value = 41;
    proof_begin(&argc, &argv);
    nc_create("control.nc", NC_CLOBBER, &file);
    nc_put_att_int(file, NC_GLOBAL, "answer", NC_INT, 1, &value);
    nc_close(file);
    nc_open("control.nc", NC_NOWRITE, &file);
    nc_get_att_int(file, NC_GLOBAL, "answer", &value);
    nc_close(file);
    check(same_number("the answer", value, 42), "an attribute");
    return proof_end();
}
