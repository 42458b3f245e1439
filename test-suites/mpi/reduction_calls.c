/* Every function that reduces, for every predefined type, around the widths of vectors, in place and not; for bytes also
 * where implementations change their algorithm. On few ranks all of it, on more only what depends on their number. */
#include "elements.h"

enum result { ALL, AT_ROOT, SCAN, EXSCAN, BLOCK, BLOCKS, LOCAL };
enum way { BLOCKING, STARTED, PERSISTENT };

struct call {
    const void *in;
    void *out;
    int count;
    const struct kind *kind;
    MPI_Comm comm;
    int root;
    const int *counts;
    MPI_Request *request;
};

#define TYPE it->kind->type, it->kind->op
#define FUNCTION(name, body) \
    static int name(const struct call *it) { return body; }

#define BLOCKING_ONES(C) \
    FUNCTION(allreduce##C, MPI_Allreduce##C(it->in, it->out, it->count, TYPE, it->comm)) \
    FUNCTION(reduce##C, MPI_Reduce##C(it->in, it->out, it->count, TYPE, it->root, it->comm)) \
    FUNCTION(scan##C, MPI_Scan##C(it->in, it->out, it->count, TYPE, it->comm)) \
    FUNCTION(exscan##C, MPI_Exscan##C(it->in, it->out, it->count, TYPE, it->comm)) \
    FUNCTION(reduce_scatter_block##C, MPI_Reduce_scatter_block##C(it->in, it->out, it->count, TYPE, it->comm)) \
    FUNCTION(reduce_local##C, MPI_Reduce_local##C(it->in, it->out, it->count, TYPE)) \
    FUNCTION(iallreduce##C, MPI_Iallreduce##C(it->in, it->out, it->count, TYPE, it->comm, it->request)) \
    FUNCTION(ireduce##C, MPI_Ireduce##C(it->in, it->out, it->count, TYPE, it->root, it->comm, it->request)) \
    FUNCTION(iscan##C, MPI_Iscan##C(it->in, it->out, it->count, TYPE, it->comm, it->request)) \
    FUNCTION(iexscan##C, MPI_Iexscan##C(it->in, it->out, it->count, TYPE, it->comm, it->request)) \
    FUNCTION(ireduce_scatter_block##C, \
             MPI_Ireduce_scatter_block##C(it->in, it->out, it->count, TYPE, it->comm, it->request))

#define PERSISTENT_ONES(C) \
    FUNCTION(allreduce_init##C, \
             MPI_Allreduce_init##C(it->in, it->out, it->count, TYPE, it->comm, MPI_INFO_NULL, it->request)) \
    FUNCTION(reduce_init##C, \
             MPI_Reduce_init##C(it->in, it->out, it->count, TYPE, it->root, it->comm, MPI_INFO_NULL, it->request)) \
    FUNCTION(scan_init##C, MPI_Scan_init##C(it->in, it->out, it->count, TYPE, it->comm, MPI_INFO_NULL, it->request)) \
    FUNCTION(exscan_init##C, \
             MPI_Exscan_init##C(it->in, it->out, it->count, TYPE, it->comm, MPI_INFO_NULL, it->request)) \
    FUNCTION(reduce_scatter_block_init##C, MPI_Reduce_scatter_block_init##C(it->in, it->out, it->count, TYPE, it->comm, \
                                                                           MPI_INFO_NULL, it->request))

BLOCKING_ONES()
FUNCTION(reduce_scatter, MPI_Reduce_scatter(it->in, it->out, it->counts, TYPE, it->comm))
FUNCTION(ireduce_scatter, MPI_Ireduce_scatter(it->in, it->out, it->counts, TYPE, it->comm, it->request))

#if MPI_VERSION >= 4
/* Never freed: it must stay until the call is over. */
static MPI_Count *wide(const struct call *it)
{
    int size;
    MPI_Comm_size(it->comm, &size);
    MPI_Count *counts = malloc(sizeof *counts * (size_t)size);
    for (int rank = 0; rank < size; rank++)
        counts[rank] = it->counts[rank];
    return counts;
}
BLOCKING_ONES(_c)
PERSISTENT_ONES()
PERSISTENT_ONES(_c)
FUNCTION(reduce_scatter_c, MPI_Reduce_scatter_c(it->in, it->out, wide(it), TYPE, it->comm))
FUNCTION(ireduce_scatter_c, MPI_Ireduce_scatter_c(it->in, it->out, wide(it), TYPE, it->comm, it->request))
FUNCTION(reduce_scatter_init,
         MPI_Reduce_scatter_init(it->in, it->out, it->counts, TYPE, it->comm, MPI_INFO_NULL, it->request))
FUNCTION(reduce_scatter_init_c,
         MPI_Reduce_scatter_init_c(it->in, it->out, wide(it), TYPE, it->comm, MPI_INFO_NULL, it->request))
#elif defined(OPEN_MPI) && OMPI_MAJOR_VERSION >= 5
PERSISTENT_ONES()
FUNCTION(reduce_scatter_init,
         MPI_Reduce_scatter_init(it->in, it->out, it->counts, TYPE, it->comm, MPI_INFO_NULL, it->request))
#endif

struct function {
    const char *name;
    int (*call)(const struct call *);
    enum result result;
    enum way way;
};

#define SIX(C) \
    {"allreduce" #C, allreduce##C, ALL, BLOCKING}, {"reduce" #C, reduce##C, AT_ROOT, BLOCKING}, \
        {"scan" #C, scan##C, SCAN, BLOCKING}, {"exscan" #C, exscan##C, EXSCAN, BLOCKING}, \
        {"reduce_scatter_block" #C, reduce_scatter_block##C, BLOCK, BLOCKING}, \
        {"reduce_scatter" #C, reduce_scatter##C, BLOCKS, BLOCKING}, {"reduce_local" #C, reduce_local##C, LOCAL, BLOCKING}, \
        {"iallreduce" #C, iallreduce##C, ALL, STARTED}, {"ireduce" #C, ireduce##C, AT_ROOT, STARTED}, \
        {"iscan" #C, iscan##C, SCAN, STARTED}, {"iexscan" #C, iexscan##C, EXSCAN, STARTED}, \
        {"ireduce_scatter_block" #C, ireduce_scatter_block##C, BLOCK, STARTED}, \
        {"ireduce_scatter" #C, ireduce_scatter##C, BLOCKS, STARTED},
#define SIX_INIT(C) \
    {"allreduce_init" #C, allreduce_init##C, ALL, PERSISTENT}, {"reduce_init" #C, reduce_init##C, AT_ROOT, PERSISTENT}, \
        {"scan_init" #C, scan_init##C, SCAN, PERSISTENT}, {"exscan_init" #C, exscan_init##C, EXSCAN, PERSISTENT}, \
        {"reduce_scatter_block_init" #C, reduce_scatter_block_init##C, BLOCK, PERSISTENT}, \
        {"reduce_scatter_init" #C, reduce_scatter_init##C, BLOCKS, PERSISTENT},

static const struct function functions[] = {
    SIX()
#if MPI_VERSION >= 4
    SIX(_c) SIX_INIT() SIX_INIT(_c)
#elif defined(OPEN_MPI) && OMPI_MAJOR_VERSION >= 5
    SIX_INIT()
#endif
};

/* What ranks first to last (not included) together have at place i, and which of them MAXLOC names. */
static long reduced(const struct kind *kind, int first, int last, size_t i, long *place)
{
    long value = 0;
    *place = first;
    for (int rank = first; rank < last; rank++) {
        long one = value_of(rank, 0, i);
        if (kind->op == MPI_SUM)
            value += one;
        else if (kind->op == MPI_MAXLOC) {
            if (rank == first || one > value) {
                value = one;
                *place = rank;
            }
        } else
            value ^= one;
    }
    return value;
}

/* Of which ranks an element is made, and at which place of theirs. */
struct made {
    int first, last, offset;
};

static int is_reduced(const struct kind *kind, const unsigned char *buffer, size_t i, size_t extent, void *context)
{
    const struct made *made = context;
    long place, value = reduced(kind, made->first, made->last, i + (size_t)made->offset, &place);
    return is_element(kind, buffer, i, extent, value, place, made->last - made->first);
}

/* One call under way. Those of a function are begun together, which costs less waiting, and keeps its requests apart. */
struct job {
    struct call call;
    struct buffer in, out;
    struct made made;
    MPI_Request request;
    int counts[64], mine, in_place, looked_at, size, error;
};

static struct job jobs[200];
static int job_count;

static void begin(const struct function *function, const struct kind *kind, int count, int in_place, MPI_Comm comm)
{
    struct job *job = &jobs[job_count++];
    int rank, size, offset = 0, total = count;
    MPI_Comm_rank(comm, &rank);
    MPI_Comm_size(comm, &size);
    int root = size - 1;
    enum result result = function->result;
    if (result == BLOCK || result == BLOCKS)
        for (int other = total = 0; other < size; other++) {
            job->counts[other] = result == BLOCK ? count : count + other % 2;
            offset += other < rank ? job->counts[other] : 0;
            total += job->counts[other];
        }
    job->mine = result == BLOCK || result == BLOCKS ? job->counts[rank] : count;
    job->in = new_buffer(kind, (size_t)total);
    job->out = new_buffer(kind, (size_t)total);
    put_elements(kind, job->in.at, total, result == LOCAL ? 0 : rank, 0, 0);
    if (in_place || result == LOCAL)
        put_elements(kind, job->out.at, total, result == LOCAL ? 1 : rank, 0, 0);
    int given = in_place && (result != AT_ROOT || rank == root);
    job->request = MPI_REQUEST_NULL;
    job->call = (struct call){given ? MPI_IN_PLACE : job->in.at, job->out.at, count, kind, comm, root, job->counts,
                              &job->request};
    job->in_place = in_place;
    job->size = size;
    job->looked_at = !(result == AT_ROOT && rank != root) && !(result == EXSCAN && rank == 0);
    job->made = (struct made){0, result == SCAN ? rank + 1 : result == EXSCAN ? rank : result == LOCAL ? 2 : size, offset};
    job->error = function->call(&job->call);
    if (job->error == MPI_SUCCESS && function->way == PERSISTENT)
        job->error = MPI_Start(&job->request);
}

static int end(const struct function *function, struct job *job)
{
    const struct kind *kind = job->call.kind;
    const char *in_place = job->in_place ? " in place" : "";
    int well = 1;
    if (job->error == MPI_SUCCESS && function->way != BLOCKING)
        job->error = MPI_Wait(&job->request, MPI_STATUS_IGNORE);
    if (function->way == PERSISTENT && job->request != MPI_REQUEST_NULL)
        MPI_Request_free(&job->request);
    if (job->error != MPI_SUCCESS) {
        tap_because("%s: %d elements%s: error %d", kind->name, job->call.count, in_place, job->error);
        well = 0;
    }
    long wrong = well && job->looked_at ? first_wrong(kind, job->out.at, job->mine, is_reduced, &job->made) : -1;
    if (wrong >= 0) {
        tap_because("%s: element %ld of %d%s is wrong, among %d ranks", kind->name, wrong, job->mine, in_place, job->size);
        well = 0;
    }
    well &= end_buffer(&job->in, kind->name);
    return end_buffer(&job->out, kind->name) && well;
}

static int end_all(const struct function *function)
{
    int well = 1;
    for (int i = 0; i < job_count; i++)
        well &= end(function, &jobs[i]);
    job_count = 0;
    return well;
}

/* Some libraries refuse some types: which, is the reductions probe's to tell. */
static int is_supported(const struct kind *kind)
{
    unsigned char in[32], out[32];
    memset(in, 0, sizeof in);
    memset(out, 0, sizeof out);
    return PMPI_Reduce_local(in, out, 1, kind->type, kind->op) == MPI_SUCCESS;
}

int main(int argc, char **argv)
{
    static const int around[] = {1, 31, 32, 33, 63, 64, 4099, 65537};
    MPI_Comm backwards;
    MPI_Init(&argc, &argv);
    tap_begin();
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_RETURN);
    /* The last rank is the first: what works on MPI_COMM_WORLD instead gets its ranks wrong. */
    MPI_Comm_split(MPI_COMM_WORLD, 0, -tap_rank, &backwards);
    make_kinds();
    int few = tap_size <= 2;
    MPI_Comm some[8];
    for (int size = 3; size < tap_size; size++)
        MPI_Comm_split(MPI_COMM_WORLD, tap_rank < size ? 1 : MPI_UNDEFINED, -tap_rank, &some[size]);
    for (size_t f = 0; f < sizeof functions / sizeof *functions; f++) {
        const struct function *function = &functions[f];
        int places = function->result != LOCAL;
        for (int k = 0; k < (few ? kind_count : 1); k++) {
            if (!is_supported(&kinds[k]))
                continue;
            begin(function, &kinds[k], 65, 0, backwards);
            if (few && places && (k < 4 || kinds[k].shape == FLOATING || kinds[k].shape == COMPLEX))
                begin(function, &kinds[k], 37, 1, backwards);
        }
        for (size_t i = 0; few && i < sizeof around / sizeof *around; i++)
            begin(function, &kinds[1], around[i], 0, backwards);
        if (few)
            begin(function, &kinds[2], (1 << 20) + 1, 0, MPI_COMM_WORLD);
        for (int size = 3; size < tap_size; size++)
            if (some[size] != MPI_COMM_NULL)
                begin(function, &kinds[0], 65, 0, some[size]);
        /* Of two ranks the second gets of an exclusive scan what the first gave: no operation is applied. */
        if (!few && function->result == EXSCAN && some[3] != MPI_COMM_NULL)
            for (int k = 1; k < kind_count; k++)
                if (is_supported(&kinds[k]))
                    begin(function, &kinds[k], 33, 0, some[3]);
        int well = end_all(function);
        check(well, "%s", function->name);
    }
    for (int size = 3; size < tap_size; size++)
        if (some[size] != MPI_COMM_NULL)
            MPI_Comm_free(&some[size]);
    MPI_Comm_free(&backwards);
    return tap_end();
}
