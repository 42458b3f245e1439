/* Every function that reads or writes a file: what each writes is read back as bytes, what each reads was written as
 * bytes, with doubles, with a derived type in memory and through a view with gaps. Counts, positions and statuses are
 * compared as well. */
#include "elements.h"
#include <fcntl.h>
#include <unistd.h>

enum way { BLOCKING, STARTED, SPLIT };
enum where { AT, OWN, SHARED };

struct call {
    MPI_File file;
    MPI_Offset offset;
    unsigned char *at;
    int count;
    MPI_Datatype type;
    MPI_Status *status;
    MPI_Request *request;
};

#define BODY(name, body) \
    static int name(const struct call *it) { return body; }
#define SPLIT_BODY(name, begin, end) \
    static int name(const struct call *it) \
    { \
        int error = begin; \
        return error == MPI_SUCCESS ? end : error; \
    }
#define WHAT it->at, it->count, it->type

#define DIRECTION(V, C) \
    BODY(V##_at##C, MPI_File_##V##_at##C(it->file, it->offset, WHAT, it->status)) \
    BODY(V##_at_all##C, MPI_File_##V##_at_all##C(it->file, it->offset, WHAT, it->status)) \
    BODY(V##_##C, MPI_File_##V##C(it->file, WHAT, it->status)) \
    BODY(V##_all##C, MPI_File_##V##_all##C(it->file, WHAT, it->status)) \
    BODY(V##_shared##C, MPI_File_##V##_shared##C(it->file, WHAT, it->status)) \
    BODY(V##_ordered##C, MPI_File_##V##_ordered##C(it->file, WHAT, it->status)) \
    BODY(i##V##_at##C, MPI_File_i##V##_at##C(it->file, it->offset, WHAT, it->request)) \
    BODY(i##V##_at_all##C, MPI_File_i##V##_at_all##C(it->file, it->offset, WHAT, it->request)) \
    BODY(i##V##_##C, MPI_File_i##V##C(it->file, WHAT, it->request)) \
    BODY(i##V##_all##C, MPI_File_i##V##_all##C(it->file, WHAT, it->request)) \
    BODY(i##V##_shared##C, MPI_File_i##V##_shared##C(it->file, WHAT, it->request)) \
    SPLIT_BODY(V##_at_all_begin##C, MPI_File_##V##_at_all_begin##C(it->file, it->offset, WHAT), \
               MPI_File_##V##_at_all_end(it->file, it->at, it->status)) \
    SPLIT_BODY(V##_all_begin##C, MPI_File_##V##_all_begin##C(it->file, WHAT), \
               MPI_File_##V##_all_end(it->file, it->at, it->status)) \
    SPLIT_BODY(V##_ordered_begin##C, MPI_File_##V##_ordered_begin##C(it->file, WHAT), \
               MPI_File_##V##_ordered_end(it->file, it->at, it->status))

DIRECTION(read, )
DIRECTION(write, )
#if MPI_VERSION >= 4
DIRECTION(read, _c)
DIRECTION(write, _c)
#endif

struct function {
    const char *name;
    int (*call)(const struct call *);
    int reads;
    enum where where;
    enum way way;
};

#define LIST(V, C, reads) \
    {#V "_at" #C, V##_at##C, reads, AT, BLOCKING}, {#V "_at_all" #C, V##_at_all##C, reads, AT, BLOCKING}, \
        {#V #C, V##_##C, reads, OWN, BLOCKING}, {#V "_all" #C, V##_all##C, reads, OWN, BLOCKING}, \
        {#V "_shared" #C, V##_shared##C, reads, SHARED, BLOCKING}, \
        {#V "_ordered" #C, V##_ordered##C, reads, SHARED, BLOCKING}, {"i" #V "_at" #C, i##V##_at##C, reads, AT, STARTED}, \
        {"i" #V "_at_all" #C, i##V##_at_all##C, reads, AT, STARTED}, {"i" #V #C, i##V##_##C, reads, OWN, STARTED}, \
        {"i" #V "_all" #C, i##V##_all##C, reads, OWN, STARTED}, {"i" #V "_shared" #C, i##V##_shared##C, reads, SHARED, STARTED}, \
        {#V "_at_all_begin" #C, V##_at_all_begin##C, reads, AT, SPLIT}, \
        {#V "_all_begin" #C, V##_all_begin##C, reads, OWN, SPLIT}, \
        {#V "_ordered_begin" #C, V##_ordered_begin##C, reads, SHARED, SPLIT},

static const struct function functions[] = {
    LIST(read, , 1) LIST(write, , 0)
#if MPI_VERSION >= 4
    LIST(read, _c, 1) LIST(write, _c, 0)
#endif
};

enum { MOST = (1 << 20) + 1 };

static char path[1024];
static MPI_File file;
static int descriptor;

/* In the file a rank's part stands behind those of the ranks before it, from `base` on. */
static int run(const struct function *function, const struct kind *kind, int count, MPI_Offset base)
{
    int size, well = 1, found = -1, error = MPI_SUCCESS;
    MPI_Type_size(kind->type, &size);
    size_t part = (size_t)count * (size_t)size;
    MPI_Offset start = base + (MPI_Offset)tap_rank * (MPI_Offset)part;
    struct buffer memory = new_buffer(kind, (size_t)count), image = new_buffer(kind, (size_t)count);
    unsigned char *packed = malloc(part), *written = calloc(part, 1);
    MPI_Request request = MPI_REQUEST_NULL;
    MPI_Status status;
    memset(&status, 0, sizeof status);
    put_elements(kind, image.at, count, tap_rank, 0, 0);
    for (int i = 0; i < count && kind->shape == GAPPED; i++) {
        memcpy(packed + i * 8, image.at + i * 24 + 4, 4);
        memcpy(packed + i * 8 + 4, image.at + i * 24 + 12, 4);
    }
    if (kind->shape != GAPPED)
        memcpy(packed, image.at, part);
    if (function->reads)
        well = pwrite(descriptor, packed, part, (off_t)start) == (ssize_t)part;
    else
        put_elements(kind, memory.at, count, tap_rank, 0, 0);
    int together = function->where != SHARED || strstr(function->name, "ordered");
    if (function->where == OWN)
        PMPI_File_seek(file, start, MPI_SEEK_SET);
    if (function->where == SHARED)
        PMPI_File_seek_shared(file, base, MPI_SEEK_SET);
    struct call call = {file, start, memory.at, count, kind->type, &status, &request};
    for (int turn = 0; turn < (together ? 1 : tap_size); turn++) {
        if (together || turn == tap_rank) {
            error = function->call(&call);
            if (error == MPI_SUCCESS && function->way == STARTED)
                error = MPI_Wait(&request, &status);
        }
        if (!together)
            PMPI_Barrier(MPI_COMM_WORLD);
    }
    PMPI_Get_count(&status, kind->type, &found);
    well &= tap_same_int("error", error, MPI_SUCCESS) & tap_same_int("count in the status", found, count);
    if (function->where == OWN) {
        MPI_Offset position;
        PMPI_File_get_position(file, &position);
        well &= tap_same_int("position", position, start + (MPI_Offset)part);
    }
    if (function->reads) {
        if (well && memcmp(memory.at, image.at, memory.bytes) != 0) {
            tap_because("%d of %s: other elements were read", count, kind->name);
            well = 0;
        }
    } else if (pread(descriptor, written, part, (off_t)start) != (ssize_t)part || memcmp(written, packed, part) != 0) {
        tap_because("%d of %s: other elements were written", count, kind->name);
        well = 0;
    }
    free(written);
    free(packed);
    free(image.all);
    return end_buffer(&memory, kind->name) && well;
}

int main(int argc, char **argv)
{
    static const int around[] = {1, 31, 32, 33, 63, 64, 65, 4099, MOST};
    const char *folder = getenv("TMPDIR");
    MPI_Init(&argc, &argv);
    tap_begin();
    make_kinds();
    snprintf(path, sizeof path, "%s/file_calls", folder && *folder ? folder : "/tmp");
    if (MPI_File_open(MPI_COMM_WORLD, path, MPI_MODE_RDWR | MPI_MODE_CREATE, MPI_INFO_NULL, &file) != MPI_SUCCESS)
        tap_bail("the file cannot be opened");
    MPI_File_set_errhandler(file, MPI_ERRORS_RETURN);
    descriptor = open(path, O_RDWR);
    for (size_t f = 0; f < sizeof functions / sizeof *functions; f++) {
        MPI_Offset base = 3;
        make_gapped(0);
        int well = run(&functions[f], &gapped, 37, base);
        MPI_Type_free(&gapped.type);
        well &= run(&functions[f], &kinds[3], 65, base += 1000);
        for (size_t i = 0; i < sizeof around / sizeof *around; i++)
            well &= run(&functions[f], &kinds[1], around[i], base += 10000);
        check(well, "file_%s", functions[f].name);
        /* What one has written is not there when the next one does nothing. */
        if (tap_rank == 0 && ftruncate(descriptor, 0) != 0)
            tap_bail("the file cannot be emptied");
        PMPI_Barrier(MPI_COMM_WORLD);
    }
    make_gapped(-4);
    check(run(&functions[0], &gapped, 37, 3), "read into a type with another lower bound");
    MPI_Type_free(&gapped.type);
    close(descriptor);
    MPI_File_close(&file);
    if (tap_rank == 0)
        unlink(path);
    return tap_end();
}
