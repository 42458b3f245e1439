/* A byte of the file is changed behind the library's back: the checksum must say so. */
#include "proof.h"
#include <hdf5.h>

int main(int argc, char **argv)
{
    int out[64], in[64], i, status;
    unsigned char *bytes;
    long length, at;
    hsize_t size = 64;
    hid_t file, space, list, set;
    FILE *raw;
    proof_begin(&argc, &argv);
    for (i = 0; i < 64; i++)
        out[i] = 0x11223300 + i;
    file = H5Fcreate("control.h5", H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    space = H5Screate_simple(1, &size, NULL);
    list = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_chunk(list, 1, &size);
    H5Pset_fletcher32(list);
    set = H5Dcreate2(file, "set", H5T_NATIVE_INT, space, H5P_DEFAULT, list, H5P_DEFAULT);
    H5Dwrite(set, H5T_NATIVE_INT, H5S_ALL, H5S_ALL, H5P_DEFAULT, out);
    H5Dclose(set);
    H5Fclose(file);
    raw = fopen("control.h5", "r+b");
    fseek(raw, 0, SEEK_END);
    length = ftell(raw);
    bytes = malloc((size_t)length);
    rewind(raw);
    if (fread(bytes, 1, (size_t)length, raw) != (size_t)length)
        return 3;
    for (at = 0; at + (long)sizeof out <= length && memcmp(bytes + at, out, sizeof out) != 0; at++)
        ;
    bytes[at + 5] ^= 0x40;
    rewind(raw);
    fwrite(bytes, 1, (size_t)length, raw);
    fclose(raw);
    file = H5Fopen("control.h5", H5F_ACC_RDONLY, H5P_DEFAULT);
    set = H5Dopen2(file, "set", H5P_DEFAULT);
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    status = H5Dread(set, H5T_NATIVE_INT, H5S_ALL, H5S_ALL, H5P_DEFAULT, in) >= 0;
    if (!status)
        because("data error detected by the checksum");
    check(status, "a changed byte is read");
    return proof_end();
}
