/* The half of fortran_and_c.f90 that is in C. */
#include <hdf5.h>

void c_writes(void)
{
    double table[3][5];
    hsize_t size[2] = {3, 5};
    hid_t file = H5Fcreate("by-c.h5", H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT), space, set;
    int i, j;
    for (i = 0; i < 3; i++)
        for (j = 0; j < 5; j++)
            table[i][j] = 10 * i + j + 0.5;
    space = H5Screate_simple(2, size, NULL);
    set = H5Dcreate2(file, "table", H5T_IEEE_F64LE, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    H5Dwrite(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, table);
    H5Dclose(set);
    H5Sclose(space);
    H5Fclose(file);
}

int c_reads(void)
{
    double table[6][4];
    hid_t file = H5Fopen("by-fortran.h5", H5F_ACC_RDONLY, H5P_DEFAULT);
    hid_t set = H5Dopen2(file, "table", H5P_DEFAULT);
    int i, j, wrong = H5Dread(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, table) < 0;
    for (i = 0; i < 6 && !wrong; i++)
        for (j = 0; j < 4; j++)
            wrong += table[i][j] != 100 * i + j + 0.25;
    H5Dclose(set);
    H5Fclose(file);
    return wrong;
}

int c_version(int part) { return part == 1 ? H5_VERS_MAJOR : H5_VERS_MINOR; }
