/* MPI-IO on the case's own folder: collective, strided, shared and non-blocking access, verified through POSIX. */
#include "tap_mpi.h"

enum { N = 1000 };

static char path[512];

static MPI_File open_file(int mode)
{
    MPI_File file;
    MPI_File_open(MPI_COMM_WORLD, path, mode, MPI_INFO_NULL, &file);
    return file;
}

/* What rank 0 finds in the file without MPI, known to all. */
static int file_holds(long long n, int first, int step)
{
    int ok = 1;
    MPI_Barrier(MPI_COMM_WORLD);
    if (tap_rank == 0) {
        int *ints = malloc(sizeof *ints * (size_t)(n + 1));
        FILE *file = fopen(path, "rb");
        size_t found = file ? fread(ints, sizeof *ints, (size_t)n + 1, file) : 0;
        ok = tap_same_int("ints in the file", (long long)found, n) && tap_same_ramp("file", ints, (int)n, first, step);
        if (file)
            fclose(file);
        free(ints);
    }
    MPI_Barrier(MPI_COMM_WORLD);
    return ok;
}

static void ramp(int *buf, int n, int first, int step)
{
    for (int i = 0; i < n; i++)
        buf[i] = first + i * step;
}

static void check_collective(void)
{
    int out[N], in[N], count = 0;
    MPI_Status status;
    MPI_Offset size, mine = (MPI_Offset)tap_rank * N * (MPI_Offset)sizeof(int);
    MPI_File file = open_file(MPI_MODE_CREATE | MPI_MODE_RDWR);
    ramp(out, N, tap_rank * N, 1);
    MPI_File_write_at_all(file, mine, out, N, MPI_INT, &status);
    MPI_Get_count(&status, MPI_INT, &count);
    MPI_File_sync(file);
    MPI_Barrier(MPI_COMM_WORLD);
    MPI_File_get_size(file, &size);
    check(tap_same_int("count", count, N) && tap_same_int("size", size, (long long)tap_size * N * 4),
          "collective write tells count and size");
    int other = (tap_rank + 1) % tap_size;
    MPI_File_read_at_all(file, (MPI_Offset)other * N * (MPI_Offset)sizeof(int), in, N, MPI_INT, &status);
    check(tap_same_ramp("read", in, N, other * N, 1), "collective read of the part of another rank");
    MPI_File_close(&file);
    check(file == MPI_FILE_NULL, "a closed file is null");
    check(file_holds((long long)tap_size * N, 0, 1), "collective write is in the file");
}

/* Rank r writes ints r, r + size, r + 2 size ...: each through a view with holes. */
static void check_view(void)
{
    int out[N], in[N];
    MPI_Datatype one, every;
    MPI_File file = open_file(MPI_MODE_CREATE | MPI_MODE_RDWR);
    MPI_Type_contiguous(1, MPI_INT, &one);
    MPI_Type_create_resized(one, 0, (MPI_Aint)sizeof(int) * tap_size, &every);
    MPI_Type_commit(&every);
    MPI_File_set_view(file, (MPI_Offset)sizeof(int) * tap_rank, MPI_INT, every, "native", MPI_INFO_NULL);
    ramp(out, N, 5 + tap_rank, tap_size);
    MPI_File_write_all(file, out, N, MPI_INT, MPI_STATUS_IGNORE);
    MPI_File_seek(file, 10, MPI_SEEK_SET);
    MPI_File_read_all(file, in, N - 10, MPI_INT, MPI_STATUS_IGNORE);
    check(tap_same_ramp("read", in, N - 10, 5 + tap_rank + 10 * tap_size, tap_size), "strided view reads its own part");
    MPI_File_close(&file);
    check(file_holds((long long)tap_size * N, 5, 1), "strided views interleave in the file");
    MPI_Type_free(&one);
    MPI_Type_free(&every);
}

static void check_nonblocking(void)
{
    int out[N], in[N];
    MPI_Request request;
    MPI_Offset mine = (MPI_Offset)(tap_size - 1 - tap_rank) * N * (MPI_Offset)sizeof(int);
    MPI_File file = open_file(MPI_MODE_CREATE | MPI_MODE_RDWR);
    ramp(out, N, 7 + (tap_size - 1 - tap_rank) * N, 1);
    MPI_File_iwrite_at(file, mine, out, N, MPI_INT, &request);
    MPI_Wait(&request, MPI_STATUS_IGNORE);
    MPI_File_sync(file);
    MPI_Barrier(MPI_COMM_WORLD);
    MPI_File_sync(file);
    MPI_File_iread_at_all(file, mine, in, N, MPI_INT, &request);
    MPI_Wait(&request, MPI_STATUS_IGNORE);
    check(tap_same_ramp("read", in, N, out[0], 1), "non-blocking write is read back");
    MPI_File_close(&file);
    check(file_holds((long long)tap_size * N, 7, 1), "non-blocking writes are in the file");
}

static void check_shared_pointer(void)
{
    int out[N], seen = 0;
    MPI_Offset position = 0;
    MPI_File file = open_file(MPI_MODE_CREATE | MPI_MODE_RDWR);
    ramp(out, N, tap_rank * N, 1);
    MPI_File_write_ordered(file, out, N - tap_rank, MPI_INT, MPI_STATUS_IGNORE);
    MPI_File_get_position_shared(file, &position);
    check(tap_same_int("position", position, 4LL * (tap_size * N - tap_size * (tap_size - 1) / 2)),
          "ordered write moves the shared pointer");
    MPI_Barrier(MPI_COMM_WORLD);
    MPI_File_close(&file);
    if (tap_rank == 0) {
        FILE *plain = fopen(path, "rb");
        for (int r = 0; plain && r < tap_size; r++)
            seen += fread(out, sizeof *out, (size_t)(N - r), plain) == (size_t)(N - r) &&
                    tap_same_ramp("ordered", out, N - r, r * N, 1);
        if (plain)
            fclose(plain);
    }
    check(tap_rank != 0 || tap_same_int("ranks in order", seen, tap_size), "ordered write keeps the order of ranks");
    MPI_Barrier(MPI_COMM_WORLD);
}

static void check_size(void)
{
    MPI_Offset size = -1;
    MPI_File file = open_file(MPI_MODE_CREATE | MPI_MODE_RDWR);
    MPI_File_set_size(file, 12345);
    MPI_Barrier(MPI_COMM_WORLD);
    MPI_File_get_size(file, &size);
    check(tap_same_int("size", size, 12345), "set_size truncates");
    int amode = 0, atomic = -1;
    MPI_File_get_amode(file, &amode);
    check(tap_same_int("mode", amode, MPI_MODE_CREATE | MPI_MODE_RDWR), "a file knows its mode");
    MPI_File_get_atomicity(file, &atomic);
    check(tap_same_int("atomicity", atomic, 0), "a file is not atomic by default");
    MPI_File_close(&file);
}

static void check_errors(void)
{
    MPI_File file = MPI_FILE_NULL;
    char missing[600];
    int code, class = MPI_SUCCESS;
    MPI_File_set_errhandler(MPI_FILE_NULL, MPI_ERRORS_RETURN);
    snprintf(missing, sizeof missing, "%s.missing", path);
    code = MPI_File_open(MPI_COMM_WORLD, missing, MPI_MODE_RDONLY, MPI_INFO_NULL, &file);
    MPI_Error_class(code, &class);
    check(tap_same_int("class", class, MPI_ERR_NO_SUCH_FILE), "a missing file has its error");
    code = tap_rank == 0 ? MPI_File_delete(path, MPI_INFO_NULL) : MPI_SUCCESS;
    MPI_Barrier(MPI_COMM_WORLD);
    FILE *plain = fopen(path, "rb");
    check(tap_same_int("code", code, MPI_SUCCESS) && !plain, "a deleted file is gone");
    if (plain)
        fclose(plain);
}

int main(int argc, char **argv)
{
    MPI_Init(&argc, &argv);
    tap_begin();
    const char *folder = getenv("TMPDIR");
    snprintf(path, sizeof path, "%s/stackprobe-io.dat", folder && *folder ? folder : "/tmp");
    MPI_Bcast(path, sizeof path, MPI_CHAR, 0, MPI_COMM_WORLD);
    check_collective();
    check_view();
    check_nonblocking();
    check_size();
    if (tap_rank == 0)
        remove(path);
    MPI_Barrier(MPI_COMM_WORLD);
    check_shared_pointer();
    check_errors();
    return tap_end();
}
