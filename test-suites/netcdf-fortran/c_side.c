/* The half of fortran_and_c.f90 that is in C. */
#include <netcdf.h>

void c_writes(void)
{
    double grid[3][4];
    int file, dims[2], variable, i, j;
    nc_create("by-c.nc", NC_CLOBBER, &file);
    nc_def_dim(file, "row", 3, &dims[0]);
    nc_def_dim(file, "column", 4, &dims[1]);
    nc_def_var(file, "grid", NC_DOUBLE, 2, dims, &variable);
    nc_put_att_text(file, NC_GLOBAL, "title", 4, "by C");
    nc_enddef(file);
    for (i = 0; i < 3; i++)
        for (j = 0; j < 4; j++)
            grid[i][j] = 10 * i + j + 0.5;
    nc_put_var_double(file, variable, &grid[0][0]);
    nc_close(file);
}

int c_reads(void)
{
    double field[6][2];
    int file, variable, j, wrong;
    wrong = nc_open("by-fortran.nc", NC_NOWRITE, &file) != NC_NOERR || nc_inq_varid(file, "field", &variable) != NC_NOERR ||
            nc_get_var_double(file, variable, &field[0][0]) != NC_NOERR;
    for (j = 0; j < 6 && !wrong; j++)
        wrong = field[j][0] != 100 * (j + 1) + 0.25 || field[j][1] != 100 * (j + 1) + 1.25;
    nc_close(file);
    return wrong;
}
