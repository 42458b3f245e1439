/* A program whose header was of another release than the library that answers. */
#include <hdf5.h>
#undef H5_VERS_MINOR
#define H5_VERS_MINOR 6

int main(void)
{
    hid_t file = H5Fcreate("control.h5", H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    return H5Fclose(file) < 0;
}
