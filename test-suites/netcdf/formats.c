/* What was written in each format is read again, by ncdump of the same prefix as well. argv: the module's prefix. */
#include "proof.h"
#include <netcdf.h>
#include <netcdf_meta.h>
#include <sys/stat.h>

enum { ROWS = 5, COLUMNS = 7 };

static int well(const char *what, int status)
{
    if (status != NC_NOERR)
        because("%s: %s", what, nc_strerror(status));
    return status == NC_NOERR;
}

/* Records that grow, a fixed grid with a scale, attributes, and text. */
static int written(const char *name, int format, int compressed)
{
    int file, time, row, column, grid, steps, dims[2], i, j, step, ok;
    double values[ROWS][COLUMNS], limits[2] = {-1.5, 2.5};
    size_t start = 0, count = 1;
    ok = well("nc_create", nc_create(name, format | NC_CLOBBER, &file)) &&
         well("nc_def_dim", nc_def_dim(file, "time", NC_UNLIMITED, &time)) && nc_def_dim(file, "row", ROWS, &row) == NC_NOERR &&
         nc_def_dim(file, "column", COLUMNS, &column) == NC_NOERR;
    dims[0] = row;
    dims[1] = column;
    ok = ok && well("nc_def_var", nc_def_var(file, "grid", NC_DOUBLE, 2, dims, &grid)) &&
         well("nc_def_var", nc_def_var(file, "step", NC_INT, 1, &time, &steps)) &&
         well("nc_put_att_double", nc_put_att_double(file, grid, "valid_range", NC_DOUBLE, 2, limits)) &&
         well("nc_put_att_text", nc_put_att_text(file, NC_GLOBAL, "title", 5, "proof"));
    if (ok && compressed)
        ok = well("nc_def_var_deflate", nc_def_var_deflate(file, grid, 1, 1, 5)) &&
             well("nc_def_var_fletcher32", nc_def_var_fletcher32(file, grid, NC_FLETCHER32));
    ok = ok && well("nc_enddef", nc_enddef(file));
    for (i = 0; i < ROWS; i++)
        for (j = 0; j < COLUMNS; j++)
            values[i][j] = 10 * i + j + 0.125;
    ok = ok && well("nc_put_var_double", nc_put_var_double(file, grid, &values[0][0]));
    for (step = 0; step < 4 && ok; step++) {
        int number = 100 + step;
        start = (size_t)step;
        ok = well("nc_put_vara_int", nc_put_vara_int(file, steps, &start, &count, &number));
    }
    return ok && well("nc_close", nc_close(file));
}

static int read_again(const char *name)
{
    int file, grid, steps, time, i, j, ok, numbers[4] = {0};
    double values[ROWS][COLUMNS], limits[2] = {0};
    char title[16] = "";
    size_t extent = 0;
    ok = well("nc_open", nc_open(name, NC_NOWRITE, &file));
    if (!ok)
        return 0;
    ok = well("nc_inq_varid", nc_inq_varid(file, "grid", &grid)) && well("nc_inq_varid", nc_inq_varid(file, "step", &steps)) &&
         well("nc_inq_dimid", nc_inq_dimid(file, "time", &time)) && well("nc_inq_dimlen", nc_inq_dimlen(file, time, &extent)) &&
         same_number("records", (long long)extent, 4) && well("nc_get_var_double", nc_get_var_double(file, grid, &values[0][0])) &&
         well("nc_get_var_int", nc_get_var_int(file, steps, numbers)) &&
         well("nc_get_att_double", nc_get_att_double(file, grid, "valid_range", limits)) &&
         well("nc_get_att_text", nc_get_att_text(file, NC_GLOBAL, "title", title)) && same_text("title", title, "proof") &&
         near("an attribute", limits[1], 2.5, 0);
    for (i = 0; i < ROWS && ok; i++)
        for (j = 0; j < COLUMNS && ok; j++)
            ok = near("an element", values[i][j], 10 * i + j + 0.125, 0);
    for (i = 0; i < 4 && ok; i++)
        ok = same_number("a record", numbers[i], 100 + i);
    nc_close(file);
    return ok;
}

static int dumped(const char *prefix, const char *name)
{
    static char command[8192], line[4096], said[PROOF_TEXT];
    double first = 0;
    int found = 0;
    FILE *dump;
    snprintf(command, sizeof command, "'%s/bin/ncdump' -v grid %s 2>&1", prefix, name);
    dump = popen(command, "r");
    while (dump != NULL && fgets(line, sizeof line, dump) != NULL) {
        if (said[0] == '\0' || strstr(line, "rror") != NULL)
            snprintf(said, sizeof said, "%s", line);
        if (strstr(line, "grid =") != NULL && fgets(line, sizeof line, dump) != NULL)
            found = sscanf(line, " %lf,", &first) == 1;
    }
    if (dump == NULL || pclose(dump) != 0 || !found) {
        because("ncdump of %s does not read what the library wrote: %s", prefix, said);
        return 0;
    }
    return near("the first element by ncdump", first, 0.125, 0);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name, *file;
        int format, compressed;
    } formats[] = {{"classic", "classic.nc", 0, 0},
                   {"with 64-bit offsets", "offset.nc", NC_64BIT_OFFSET, 0},
#if NC_HAS_CDF5
                   {"with 64-bit data", "data.nc", NC_64BIT_DATA, 0},
#endif
#if NC_HAS_HDF5
                   {"netCDF 4", "four.nc", NC_NETCDF4, 0},
                   {"netCDF 4, compressed, with checksums", "compressed.nc", NC_NETCDF4, 1},
                   {"netCDF 4, in the classic model", "model.nc", NC_NETCDF4 | NC_CLASSIC_MODEL, 0},
#endif
    };
    char path[4096];
    struct stat found;
    size_t i;
    proof_begin(&argc, &argv);
    snprintf(path, sizeof path, "%s/bin/ncdump", argv[1]);
    for (i = 0; i < sizeof formats / sizeof *formats; i++) {
        check(written(formats[i].file, formats[i].format, formats[i].compressed) && read_again(formats[i].file),
              "%s: what was written is read again", formats[i].name);
        if (stat(path, &found) == 0)
            check(dumped(argv[1], formats[i].file), "%s: ncdump of the same prefix reads it", formats[i].name);
        else
            skip(formats[i].name, "this prefix has no ncdump");
    }
    return proof_end();
}
