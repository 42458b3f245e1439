/* What was written is read again: every type, chunks, filters, strings, attributes, and by h5dump of the same prefix.
 * argv: the module's prefix. */
#include "proof.h"
#include <hdf5.h>
#include <stdint.h>
#include <sys/stat.h>

enum { ROWS = 37, COLUMNS = 53 };
static const char *file_name = "round-trip.h5";

#define TYPED(NAME, C, NATIVE, FILE_TYPE)                                                                             \
    static int NAME(hid_t file)                                                                                       \
    {                                                                                                                 \
        static C out[ROWS][COLUMNS], in[ROWS][COLUMNS];                                                               \
        hsize_t size[2] = {ROWS, COLUMNS};                                                                            \
        hid_t space = H5Screate_simple(2, size, NULL);                                                                \
        hid_t set = H5Dcreate2(file, #NAME, FILE_TYPE, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);                 \
        int i, j, ok;                                                                                                 \
        for (i = 0; i < ROWS; i++)                                                                                    \
            for (j = 0; j < COLUMNS; j++)                                                                             \
                out[i][j] = (C)((i * 7 + j * 3) % 120 - 30);                                                          \
        ok = H5Dwrite(set, NATIVE, H5S_ALL, H5S_ALL, H5P_DEFAULT, out) >= 0;                                          \
        H5Dclose(set);                                                                                                \
        set = H5Dopen2(file, #NAME, H5P_DEFAULT);                                                                     \
        ok = ok && H5Dread(set, NATIVE, H5S_ALL, H5S_ALL, H5P_DEFAULT, in) >= 0;                                      \
        for (i = 0; i < ROWS && ok; i++)                                                                              \
            for (j = 0; j < COLUMNS && ok; j++)                                                                       \
                if (in[i][j] != out[i][j]) {                                                                          \
                    because("element %d,%d: wrote %g, read %g", i, j, (double)out[i][j], (double)in[i][j]);           \
                    ok = 0;                                                                                           \
                }                                                                                                     \
        H5Dclose(set);                                                                                                \
        H5Sclose(space);                                                                                              \
        return ok;                                                                                                    \
    }

TYPED(int8_le, int8_t, H5T_NATIVE_INT8, H5T_STD_I8LE)
TYPED(int16_be, int16_t, H5T_NATIVE_INT16, H5T_STD_I16BE)
TYPED(int32_le, int32_t, H5T_NATIVE_INT32, H5T_STD_I32LE)
TYPED(int64_be, int64_t, H5T_NATIVE_INT64, H5T_STD_I64BE)
TYPED(float_le, float, H5T_NATIVE_FLOAT, H5T_IEEE_F32LE)
TYPED(double_be, double, H5T_NATIVE_DOUBLE, H5T_IEEE_F64BE)
TYPED(double_as_float, double, H5T_NATIVE_DOUBLE, H5T_IEEE_F32LE)
TYPED(long_double, long double, H5T_NATIVE_LDOUBLE, H5T_NATIVE_LDOUBLE)

/* Chunks that do not divide the extent, behind a filter; how much of it is on the disk is told. */
static int filtered(hid_t file, const char *name, int (*add)(hid_t), int shrinks)
{
    static double out[200][150], in[200][150];
    hsize_t size[2] = {200, 150}, chunk[2] = {64, 47};
    hid_t space = H5Screate_simple(2, size, NULL), list = H5Pcreate(H5P_DATASET_CREATE), set;
    int i, j, ok;
    H5Pset_chunk(list, 2, chunk);
    ok = add(list);
    for (i = 0; i < 200; i++)
        for (j = 0; j < 150; j++)
            out[i][j] = (double)(i / 10);
    set = H5Dcreate2(file, name, H5T_NATIVE_DOUBLE, space, H5P_DEFAULT, list, H5P_DEFAULT);
    ok = ok && H5Dwrite(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, out) >= 0;
    H5Fflush(file, H5F_SCOPE_LOCAL);
    ok = ok && H5Dread(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, in) >= 0;
    if (ok && memcmp(in, out, sizeof in) != 0) {
        because("what was read is not what was written");
        ok = 0;
    }
    if (ok && shrinks && H5Dget_storage_size(set) * 4 > sizeof out) {
        because("%lld bytes are stored of %lld: nothing was compressed", (long long)H5Dget_storage_size(set),
                (long long)sizeof out);
        ok = 0;
    }
    H5Dclose(set);
    H5Pclose(list);
    H5Sclose(space);
    return ok;
}

static int deflate(hid_t list) { return H5Pset_shuffle(list) >= 0 && H5Pset_deflate(list, 6) >= 0; }
static int checksum(hid_t list) { return H5Pset_fletcher32(list) >= 0; }
static int szip(hid_t list) { return H5Pset_szip(list, H5_SZIP_NN_OPTION_MASK, 16) >= 0; }
static int plain(hid_t list) { return list >= 0; }

static int records(hid_t file)
{
    struct record {
        int number;
        double value;
        char letter;
    } out[3] = {{1, 0.5, 'a'}, {-2, 1e300, 'b'}, {3, -0.25, 'c'}}, in[3];
    hsize_t size = 3;
    hid_t type = H5Tcreate(H5T_COMPOUND, sizeof(struct record)), space = H5Screate_simple(1, &size, NULL), set;
    int ok, i;
    H5Tinsert(type, "number", HOFFSET(struct record, number), H5T_NATIVE_INT);
    H5Tinsert(type, "value", HOFFSET(struct record, value), H5T_NATIVE_DOUBLE);
    H5Tinsert(type, "letter", HOFFSET(struct record, letter), H5T_NATIVE_CHAR);
    set = H5Dcreate2(file, "records", type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    memset(in, 0, sizeof in);
    ok = H5Dwrite(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, out) >= 0 &&
         H5Dread(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, in) >= 0;
    for (i = 0; i < 3 && ok; i++)
        ok = in[i].number == out[i].number && in[i].value == out[i].value && in[i].letter == out[i].letter;
    H5Dclose(set);
    H5Sclose(space);
    H5Tclose(type);
    return ok;
}

static int words(hid_t file)
{
    const char *out[2] = {"short", "one that is longer, with a \xc3\xa4"};
    char *in[2] = {NULL, NULL};
    hsize_t size = 2;
    hid_t type = H5Tcopy(H5T_C_S1), space = H5Screate_simple(1, &size, NULL), set;
    int ok;
    H5Tset_size(type, H5T_VARIABLE);
    H5Tset_cset(type, H5T_CSET_UTF8);
    set = H5Acreate2(file, "words", type, space, H5P_DEFAULT, H5P_DEFAULT);
    ok = H5Awrite(set, type, out) >= 0 && H5Aread(set, type, in) >= 0;
    ok = ok && same_text("first", in[0], out[0]) && same_text("second", in[1], out[1]);
    H5Aclose(set);
    H5Sclose(space);
    H5Tclose(type);
    return ok;
}

static int grows(hid_t file)
{
    hsize_t size = 3, chunk = 4, most = H5S_UNLIMITED, now = 0;
    int out[3] = {1, 2, 3}, in[9] = {0}, i, ok = 1;
    hid_t space = H5Screate_simple(1, &size, &most), list = H5Pcreate(H5P_DATASET_CREATE), set, memory;
    H5Pset_chunk(list, 1, &chunk);
    set = H5Dcreate2(file, "grows", H5T_STD_I32LE, space, H5P_DEFAULT, list, H5P_DEFAULT);
    memory = H5Screate_simple(1, &size, NULL);
    for (i = 0; i < 3; i++) {
        hsize_t start = (hsize_t)i * 3, all = start + 3;
        hid_t part;
        H5Dset_extent(set, &all);
        part = H5Dget_space(set);
        H5Sselect_hyperslab(part, H5S_SELECT_SET, &start, NULL, &size, NULL);
        ok = ok && H5Dwrite(set, H5T_NATIVE_INT, memory, part, H5P_DEFAULT, out) >= 0;
        H5Sclose(part);
    }
    ok = ok && H5Dread(set, H5T_NATIVE_INT, H5S_ALL, H5S_ALL, H5P_DEFAULT, in) >= 0;
    for (i = 0; i < 9 && ok; i++)
        ok = same_number("element", in[i], i % 3 + 1);
    H5Sclose(space);
    space = H5Dget_space(set);
    H5Sget_simple_extent_dims(space, &now, NULL);
    ok = ok && same_number("extent", (long long)now, 9);
    H5Dclose(set);
    H5Pclose(list);
    H5Sclose(memory);
    H5Sclose(space);
    return ok;
}

/* The first numbers that h5dump of this prefix prints of one dataset. */
static int dumped(const char *prefix)
{
    static char command[8192], line[4096], said[PROOF_TEXT];
    double first = 0, second = 0;
    int found = 0;
    FILE *dump;
    snprintf(command, sizeof command, "'%s/bin/h5dump' -y -w 0 -d /int16_be %s 2>&1", prefix, file_name);
    dump = popen(command, "r");
    while (dump != NULL && fgets(line, sizeof line, dump) != NULL) {
        char *data = strstr(line, "DATA {");
        snprintf(said, sizeof said, "%s", line);
        if (data != NULL && fgets(line, sizeof line, dump) != NULL)
            found = sscanf(line, " %lf, %lf", &first, &second) == 2;
    }
    if (dump == NULL || pclose(dump) != 0 || !found) {
        because("h5dump of %s does not read it: %s", prefix, said);
        return 0;
    }
    return near("the first element by h5dump", first, -30, 0) && near("the second element by h5dump", second, -27, 0);
}

int main(int argc, char **argv)
{
    char path[4096];
    struct stat found;
    hid_t file;
    proof_begin(&argc, &argv);
    file = H5Fcreate(file_name, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    if (!check(file >= 0, "a file is created"))
        return proof_end();
    check(int8_le(file), "8-bit integers");
    check(int16_be(file), "16-bit integers, of the other byte order");
    check(int32_le(file), "32-bit integers");
    check(int64_be(file), "64-bit integers, of the other byte order");
    check(float_le(file), "single precision");
    check(double_be(file), "double precision, of the other byte order");
    check(double_as_float(file), "double precision, stored as single");
    check(long_double(file), "long double");
    check(records(file), "records");
    check(words(file), "strings of any length in an attribute");
    check(grows(file), "a dataset that grows");
    check(filtered(file, "plain", plain, 0), "chunks");
    if (H5Zfilter_avail(H5Z_FILTER_DEFLATE) > 0)
        check(filtered(file, "deflate", deflate, 1), "chunks, shuffled and compressed by deflate");
    else
        skip("chunks, shuffled and compressed by deflate", "the library has no such filter");
    check(filtered(file, "checksum", checksum, 0), "chunks with checksums");
    {
        unsigned config = 0;
        if (H5Zfilter_avail(H5Z_FILTER_SZIP) > 0)
            H5Zget_filter_info(H5Z_FILTER_SZIP, &config);
        if (config & H5Z_FILTER_CONFIG_ENCODE_ENABLED)
            check(filtered(file, "szip", szip, 1), "chunks compressed by szip");
        else
            skip("chunks compressed by szip", "the library has no encoder for it");
    }
    check(H5Fclose(file) >= 0, "the file is closed");
    check(H5Fis_hdf5(file_name) > 0, "the file is one of HDF5");
    snprintf(path, sizeof path, "%s/bin/h5dump", argv[1]);
    if (stat(path, &found) == 0)
        check(dumped(argv[1]), "h5dump of the same prefix reads it");
    else
        skip("h5dump of the same prefix reads it", "this prefix has no h5dump");
    return proof_end();
}
