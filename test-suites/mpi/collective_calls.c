/* Every function that moves data among all ranks: bytes, doubles and a derived type with gaps, every root that matters,
 * in place and not, on a communicator whose ranks stand the other way round; bytes also where implementations change
 * their algorithm. */
#include "elements.h"

enum pattern { BCAST, GATHER, SCATTER, ALLGATHER, ALLTOALL };
enum way { BLOCKING, STARTED, PERSISTENT };

struct call {
    const void *in;
    void *out;
    int count;
    MPI_Datatype type;
    MPI_Comm comm;
    int root;
    const int *counts, *displs, *bytes;
    const MPI_Datatype *types;
    MPI_Request *request;
};

#define FUNCTION(name, body) \
    static int name(const struct call *it) { return body; }
#define EACH it->in, it->count, it->type, it->out, it->count, it->type
#define GATHERED(R) it->in, it->count, it->type, it->out, R(counts), R(displs), it->type
#define SCATTERED(R) it->in, R(counts), R(displs), it->type, it->out, it->count, it->type
#define EXCHANGED(R) it->in, R(counts), R(displs), it->type, it->out, R(counts), R(displs), it->type
#define EXCHANGED_W(R) it->in, R(counts), R(bytes), it->types, it->out, R(counts), R(bytes), it->types
#define PLAIN(member) it->member

#define ALL_OF(p, B, G, S, A, suffix, R, TAIL) \
    FUNCTION(p##bcast##suffix, MPI_##B##suffix(it->out, it->count, it->type, it->root, it->comm TAIL)) \
    FUNCTION(p##gather##suffix, MPI_##G##suffix(EACH, it->root, it->comm TAIL)) \
    FUNCTION(p##scatter##suffix, MPI_##S##suffix(EACH, it->root, it->comm TAIL)) \
    FUNCTION(p##allgather##suffix, MPI_##A##gather##suffix(EACH, it->comm TAIL)) \
    FUNCTION(p##alltoall##suffix, MPI_##A##toall##suffix(EACH, it->comm TAIL)) \
    FUNCTION(p##gatherv##suffix, MPI_##G##v##suffix(GATHERED(R), it->root, it->comm TAIL)) \
    FUNCTION(p##scatterv##suffix, MPI_##S##v##suffix(SCATTERED(R), it->root, it->comm TAIL)) \
    FUNCTION(p##allgatherv##suffix, MPI_##A##gatherv##suffix(GATHERED(R), it->comm TAIL)) \
    FUNCTION(p##alltoallv##suffix, MPI_##A##toallv##suffix(EXCHANGED(R), it->comm TAIL)) \
    FUNCTION(p##alltoallw##suffix, MPI_##A##toallw##suffix(EXCHANGED_W(R), it->comm TAIL))

#define REQUEST , it->request
#define INFO_REQUEST , MPI_INFO_NULL, it->request

ALL_OF(, Bcast, Gather, Scatter, All, , PLAIN, )
ALL_OF(i, Ibcast, Igather, Iscatter, Iall, , PLAIN, REQUEST)
#if MPI_VERSION >= 4
/* Never freed: they must stay until the call is over. */
static const MPI_Count *wide_counts(const int *narrow)
{
    MPI_Count *counts = malloc(sizeof *counts * (size_t)tap_size);
    for (int i = 0; i < tap_size; i++)
        counts[i] = narrow[i];
    return counts;
}
static const MPI_Aint *wide_displs(const int *narrow)
{
    MPI_Aint *displs = malloc(sizeof *displs * (size_t)tap_size);
    for (int i = 0; i < tap_size; i++)
        displs[i] = narrow[i];
    return displs;
}
#define wide_bytes wide_displs
#define WIDE(member) wide_##member(it->member)
ALL_OF(, Bcast, Gather, Scatter, All, _c, WIDE, )
ALL_OF(i, Ibcast, Igather, Iscatter, Iall, _c, WIDE, REQUEST)
#define PERSISTENT_ONES 1
#elif defined(OPEN_MPI) && OMPI_MAJOR_VERSION >= 5
#define PERSISTENT_ONES 1
#endif

#ifdef PERSISTENT_ONES
#define ALL_INIT(suffix, R) \
    FUNCTION(bcast_init##suffix, MPI_Bcast_init##suffix(it->out, it->count, it->type, it->root, it->comm INFO_REQUEST)) \
    FUNCTION(gather_init##suffix, MPI_Gather_init##suffix(EACH, it->root, it->comm INFO_REQUEST)) \
    FUNCTION(scatter_init##suffix, MPI_Scatter_init##suffix(EACH, it->root, it->comm INFO_REQUEST)) \
    FUNCTION(allgather_init##suffix, MPI_Allgather_init##suffix(EACH, it->comm INFO_REQUEST)) \
    FUNCTION(alltoall_init##suffix, MPI_Alltoall_init##suffix(EACH, it->comm INFO_REQUEST)) \
    FUNCTION(gatherv_init##suffix, MPI_Gatherv_init##suffix(GATHERED(R), it->root, it->comm INFO_REQUEST)) \
    FUNCTION(scatterv_init##suffix, MPI_Scatterv_init##suffix(SCATTERED(R), it->root, it->comm INFO_REQUEST)) \
    FUNCTION(allgatherv_init##suffix, MPI_Allgatherv_init##suffix(GATHERED(R), it->comm INFO_REQUEST)) \
    FUNCTION(alltoallv_init##suffix, MPI_Alltoallv_init##suffix(EXCHANGED(R), it->comm INFO_REQUEST)) \
    FUNCTION(alltoallw_init##suffix, MPI_Alltoallw_init##suffix(EXCHANGED_W(R), it->comm INFO_REQUEST))
ALL_INIT(, PLAIN)
#if MPI_VERSION >= 4
ALL_INIT(_c, WIDE)
#endif
#endif

struct function {
    const char *name;
    int (*call)(const struct call *);
    enum pattern pattern;
    int uneven; /* each rank has another count, and there are gaps between the parts */
    enum way way;
};

#define TEN(p, suffix, way) \
    {#p "bcast" #suffix, p##bcast##suffix, BCAST, 0, way}, {#p "gather" #suffix, p##gather##suffix, GATHER, 0, way}, \
        {#p "scatter" #suffix, p##scatter##suffix, SCATTER, 0, way}, \
        {#p "allgather" #suffix, p##allgather##suffix, ALLGATHER, 0, way}, \
        {#p "alltoall" #suffix, p##alltoall##suffix, ALLTOALL, 0, way}, \
        {#p "gatherv" #suffix, p##gatherv##suffix, GATHER, 1, way}, \
        {#p "scatterv" #suffix, p##scatterv##suffix, SCATTER, 1, way}, \
        {#p "allgatherv" #suffix, p##allgatherv##suffix, ALLGATHER, 1, way}, \
        {#p "alltoallv" #suffix, p##alltoallv##suffix, ALLTOALL, 1, way}, \
        {#p "alltoallw" #suffix, p##alltoallw##suffix, ALLTOALL, 1, way},

static const struct function functions[] = {
    TEN(, , BLOCKING) TEN(i, , STARTED)
#if MPI_VERSION >= 4
    TEN(, _c, BLOCKING) TEN(i, _c, STARTED) TEN(, _init_c, PERSISTENT)
#endif
#ifdef PERSISTENT_ONES
    TEN(, _init, PERSISTENT)
#endif
};

/* From whom and for whom the elements of a part are. */
struct part {
    int from, to;
};

static int is_of_part(const struct kind *kind, const unsigned char *buffer, size_t i, size_t extent, void *context)
{
    const struct part *part = context;
    return is_element(kind, buffer, i, extent, value_of(part->from, part->to, i), part->from, 1);
}

/* One call under way. Those of a function are begun together, which costs less waiting, and keeps its requests apart. */
struct job {
    struct call call;
    const struct kind *kind;
    struct buffer in, out;
    MPI_Datatype types[64];
    MPI_Request request;
    int counts[64], displs[64], bytes[64], own, gap, in_place, rank, size, out_parts, error;
};

static struct job jobs[64];
static int job_count;

static void begin(const struct function *function, const struct kind *kind, int base, int in_place, MPI_Comm comm)
{
    struct job *job = &jobs[job_count++];
    int rank, size, total = 0;
    MPI_Comm_rank(comm, &rank);
    MPI_Comm_size(comm, &size);
    enum pattern pattern = function->pattern;
    int root = size - 1, extent = (int)extent_of(kind);
    job->gap = function->uneven ? 2 : 0;
    for (int other = 0; other < size; other++) {
        /* What two ranks exchange must be the same on both. */
        job->counts[other] = base + (!function->uneven ? 0 : pattern == ALLTOALL ? (other + rank) % 2 : other % 3);
        job->displs[other] = total;
        job->bytes[other] = total * extent;
        job->types[other] = kind->type;
        total += job->counts[other] + job->gap;
    }
    int own = job->own = pattern == ALLTOALL ? base : job->counts[rank];
    int in_parts = pattern == ALLTOALL || (pattern == SCATTER && rank == root);
    job->out_parts = pattern == ALLTOALL || pattern == ALLGATHER || (pattern == GATHER && rank == root);
    job->in = new_buffer(kind, (size_t)(in_parts ? total : own));
    job->out = new_buffer(kind, (size_t)(job->out_parts ? total : own));
    for (int other = 0; in_parts && other < size; other++)
        put_elements(kind, job->in.at + job->bytes[other], job->counts[other], rank, other, 0);
    if (!in_parts)
        put_elements(kind, job->in.at, own, rank, 0, 0);
    if (pattern == BCAST && rank == root)
        put_elements(kind, job->out.at, own, rank, 0, 0);
    for (int other = 0; in_place && pattern == ALLTOALL && other < size; other++)
        put_elements(kind, job->out.at + job->bytes[other], job->counts[other], rank, other, 0);
    if (in_place && pattern == ALLGATHER)
        put_elements(kind, job->out.at + job->bytes[rank], own, rank, 0, 0);
    job->kind = kind;
    job->in_place = in_place;
    job->rank = rank;
    job->size = size;
    job->request = MPI_REQUEST_NULL;
    job->call = (struct call){in_place ? MPI_IN_PLACE : job->in.at, job->out.at, own, kind->type, comm, root, job->counts,
                              job->displs, job->bytes, job->types, &job->request};
    job->error = function->call(&job->call);
    if (job->error == MPI_SUCCESS && function->way == PERSISTENT)
        job->error = MPI_Start(&job->request);
}

static int end(const struct function *function, struct job *job)
{
    const struct kind *kind = job->kind;
    enum pattern pattern = function->pattern;
    int well = 1, extent = (int)extent_of(kind);
    if (job->error == MPI_SUCCESS && function->way != BLOCKING)
        job->error = MPI_Wait(&job->request, MPI_STATUS_IGNORE);
    if (function->way == PERSISTENT && job->request != MPI_REQUEST_NULL)
        MPI_Request_free(&job->request);
    if (job->error != MPI_SUCCESS) {
        tap_because("%d of %s: error %d", job->own, kind->name, job->error);
        well = 0;
    }
    int parts = job->out_parts ? job->size : pattern == GATHER ? 0 : 1;
    for (int other = 0; well && other < parts; other++) {
        struct part part = {job->out_parts ? other : job->size - 1,
                            pattern == ALLTOALL || pattern == SCATTER ? job->rank : 0};
        unsigned char *at = job->out.at + (job->out_parts ? job->bytes[other] : 0);
        int count = job->out_parts ? job->counts[other] : job->own;
        long wrong = first_wrong(kind, at, count, is_of_part, &part);
        if (wrong >= 0) {
            tap_because("%d of %s among %d ranks%s: element %ld from rank %d", count, kind->name, job->size,
                        job->in_place ? " in place" : "", wrong, part.from);
            well = 0;
        }
        for (int i = 0; well && job->out_parts && i < job->gap * extent; i++)
            if (at[count * extent + i] != CANARY) {
                tap_because("%d of %s: the gap behind the part of rank %d is written", count, kind->name, other);
                well = 0;
            }
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

int main(int argc, char **argv)
{
    static const int around[] = {1, 31, 32, 33, 63, 64, 65, 4099, 65537};
    MPI_Comm backwards, some[8];
    MPI_Init(&argc, &argv);
    tap_begin();
    MPI_Comm_split(MPI_COMM_WORLD, 0, -tap_rank, &backwards);
    for (int size = 3; size < tap_size; size++)
        MPI_Comm_split(MPI_COMM_WORLD, tap_rank < size ? 1 : MPI_UNDEFINED, -tap_rank, &some[size]);
    make_kinds();
    make_gapped(-4);
    int few = tap_size <= 2;
    for (size_t f = 0; f < sizeof functions / sizeof *functions; f++) {
        const struct function *function = &functions[f];
        int places = function->pattern == ALLGATHER || (function->pattern == ALLTOALL && function->way == BLOCKING);
        begin(function, &kinds[0], 65, 0, backwards);
        begin(function, &gapped, 7, 0, backwards);
        if (few) {
            begin(function, &kinds[3], 37, 0, backwards);
            for (size_t i = 0; i < sizeof around / sizeof *around; i++)
                begin(function, &kinds[1], around[i], 0, backwards);
            begin(function, &kinds[2], (1 << 20) + 1, 0, backwards);
            for (int k = 0; places && k < 4; k += 3)
                begin(function, &kinds[k], 65, 1, backwards);
        }
        for (int size = 3; size < tap_size; size++)
            if (some[size] != MPI_COMM_NULL)
                begin(function, &kinds[0], 65, 0, some[size]);
        int well = end_all(function);
        check(well, "%s", function->name);
    }
    for (int size = 3; size < tap_size; size++)
        if (some[size] != MPI_COMM_NULL)
            MPI_Comm_free(&some[size]);
    MPI_Type_free(&gapped.type);
    MPI_Comm_free(&backwards);
    return tap_end();
}
