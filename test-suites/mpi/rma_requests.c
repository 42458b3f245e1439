/* Every call that moves data one-sidedly: with a lock or a request, with large counts, at every size at which a library
 * goes another way, with doubles, and with a derived type with gaps on either side. The window is created over a
 * communicator whose ranks stand the other way round. MPI_Rget_accumulate comes last: it crashes in some releases. */
#include "elements.h"

enum { MOST = (1 << 20) + 1 };
enum effect { PUTS, GETS, ADDS, FETCHES };

struct call {
    const void *in;
    void *out;
    int count, target;
    MPI_Datatype origin, remote;
    MPI_Aint place;
    MPI_Op op;
    MPI_Win win;
    MPI_Request *request;
};

#define FUNCTION(name, body) \
    static int name(const struct call *it) { return body; }
#define THERE it->target, it->place, it->count, it->remote
#define REQUEST , it->request

#define FOUR(p, P, A, C, TAIL) \
    FUNCTION(p##put##C, MPI_##P##put##C(it->in, it->count, it->origin, THERE, it->win TAIL)) \
    FUNCTION(p##get##C, MPI_##P##get##C(it->out, it->count, it->origin, THERE, it->win TAIL)) \
    FUNCTION(p##accumulate##C, MPI_##P##A##ccumulate##C(it->in, it->count, it->origin, THERE, it->op, it->win TAIL)) \
    FUNCTION(p##get_accumulate##C, MPI_##P##get_accumulate##C(it->in, it->count, it->origin, it->out, it->count, \
                                                              it->origin, THERE, it->op, it->win TAIL))
#define MPI_put MPI_Put
#define MPI_get MPI_Get
#define MPI_get_accumulate MPI_Get_accumulate
#define MPI_put_c MPI_Put_c
#define MPI_get_c MPI_Get_c
#define MPI_get_accumulate_c MPI_Get_accumulate_c

FOUR(, , A, , )
FOUR(r, R, a, , REQUEST)
#if MPI_VERSION >= 4
FOUR(, , A, _c, )
FOUR(r, R, a, _c, REQUEST)
#endif

struct function {
    const char *name;
    int (*call)(const struct call *);
    enum effect effect;
    int with_request;
};

#define THREE(p, C, request) \
    {#p "put" #C, p##put##C, PUTS, request}, {#p "get" #C, p##get##C, GETS, request}, \
        {#p "accumulate" #C, p##accumulate##C, ADDS, request},
#define FETCH(p, C, request) {#p "get_accumulate" #C, p##get_accumulate##C, FETCHES, request},

static const struct function functions[] = {
    THREE(, , 0) THREE(r, , 1) FETCH(, , 0)
#if MPI_VERSION >= 4
    THREE(, _c, 0) THREE(r, _c, 1) FETCH(, _c, 0)
#endif
    FETCH(r, , 1)
#if MPI_VERSION >= 4
    FETCH(r, _c, 1)
#endif
};

static MPI_Win win;
static unsigned char *memory;
static int me, peer;

struct term {
    int from, terms;
};

/* One that a rank had itself, or the sum of both ranks'. */
static int is_right(const struct kind *kind, const unsigned char *buffer, size_t i, size_t extent, void *context)
{
    const struct term *term = context;
    long value = value_of(term->from, 0, i);
    if (term->terms == 2)
        value += value_of(1 - term->from, 0, i);
    if (kind->shape == GAPPED && term->terms == 2) {
        const unsigned char *at = buffer + i * extent;
        return is_number(at + 4, 4, 0, value) && is_number(at + 12, 4, 0, value + 200);
    }
    return is_element(kind, buffer, i, extent, value, term->from, term->terms);
}

static int is_all(const char *what, const struct kind *kind, const unsigned char *at, int count, int from, int terms)
{
    struct term term = {from, terms};
    long wrong = first_wrong(kind, at, count, is_right, &term);
    if (wrong >= 0)
        tap_because("%d of %s: element %ld of %s", count, kind->name, wrong, what);
    return wrong < 0;
}

/* One call under way. Those of a function are under way together, each at a place of its own in the window. */
struct job {
    const struct kind *kind;
    int count, error;
    struct buffer in, out;
    MPI_Aint place;
    MPI_Request request;
};

static struct job jobs[16];
static int job_count;
static MPI_Aint room;

static void add(const struct kind *kind, int count)
{
    struct job *job = &jobs[job_count++];
    *job = (struct job){kind, count, MPI_SUCCESS, new_buffer(kind, (size_t)count), new_buffer(kind, (size_t)count),
                        room + GUARD, MPI_REQUEST_NULL};
    room = (job->place + (MPI_Aint)job->in.bytes + GUARD + 63) / 64 * 64;
}

static int run(const struct function *function)
{
    int adds = function->effect == ADDS || function->effect == FETCHES, well = 1;
    memset(memory, CANARY, (size_t)room);
    for (int i = 0; i < job_count; i++) {
        struct job *job = &jobs[i];
        put_elements(job->kind, job->in.at, job->count, me, 0, 0);
        if (function->effect != PUTS)
            put_elements(job->kind, memory + job->place, job->count, me, 0, 0);
    }
    MPI_Win_sync(win);
    PMPI_Barrier(MPI_COMM_WORLD);
    for (int i = 0; i < job_count; i++) {
        struct job *job = &jobs[i];
        struct call call = {job->in.at, job->out.at, job->count, peer, job->kind->type, job->kind->type,
                            job->place, MPI_SUM, win, &job->request};
        job->error = function->call(&call);
    }
    for (int i = 0; i < job_count && function->with_request; i++)
        if (jobs[i].error == MPI_SUCCESS)
            jobs[i].error = MPI_Wait(&jobs[i].request, MPI_STATUS_IGNORE);
    if ((function->effect == GETS || function->effect == FETCHES) && !function->with_request)
        MPI_Win_flush_local(peer, win);
    for (int i = 0; i < job_count && (function->effect == GETS || function->effect == FETCHES); i++)
        well &= is_all("what was got", jobs[i].kind, jobs[i].out.at, jobs[i].count, peer, 1);
    MPI_Win_flush(peer, win);
    PMPI_Barrier(MPI_COMM_WORLD);
    MPI_Win_sync(win);
    for (int i = 0; i < job_count; i++) {
        struct job *job = &jobs[i];
        unsigned char *at = memory + job->place;
        if (function->effect == PUTS || adds)
            well &= is_all("what arrived", job->kind, at, job->count, adds ? me : peer, adds ? 2 : 1);
        for (int byte = 0; byte < GUARD && well; byte++)
            if (at[byte - GUARD] != CANARY || at[job->in.bytes + (size_t)byte] != CANARY) {
                tap_because("%d of %s: written beside the target", job->count, job->kind->name);
                well = 0;
            }
        well &= tap_same_int("error", job->error, MPI_SUCCESS);
        well &= end_buffer(&job->in, job->kind->name);
        well &= end_buffer(&job->out, job->kind->name);
    }
    job_count = 0;
    room = 0;
    return well;
}

int main(int argc, char **argv)
{
    static const int around[] = {1, 31, 32, 33, 63, 64, 65, 4099, MOST};
    MPI_Comm backwards;
    MPI_Init(&argc, &argv);
    tap_begin();
    if (tap_size != 2)
        tap_bail("two ranks are wanted");
    MPI_Comm_split(MPI_COMM_WORLD, 0, -tap_rank, &backwards);
    MPI_Comm_rank(backwards, &me);
    peer = 1 - me;
    make_kinds();
    make_gapped(0);
    /* Parts that are no multiple of 16 bytes are the rma probe's to look at. */
    MPI_Win_allocate((1 << 20) + (1 << 16), 1, MPI_INFO_NULL, backwards, &memory, &win);
    MPI_Win_lock_all(0, win);
    for (size_t f = 0; f < sizeof functions / sizeof *functions; f++) {
        add(&gapped, 7);
        check(run(&functions[f]), "%s of a type with gaps", functions[f].name);
        add(&kinds[3], 65);
        add(&kinds[0], 65);
        for (size_t i = 0; i < sizeof around / sizeof *around; i++)
            add(&kinds[1], around[i]);
        check(run(&functions[f]), "%s", functions[f].name);
    }
    MPI_Win_flush_local_all(win);
    MPI_Win_flush_all(win);
    MPI_Win_unlock_all(win);
    MPI_Win_free(&win);
    check(win == MPI_WIN_NULL, "a freed window is null");
    MPI_Type_free(&gapped.type);
    MPI_Comm_free(&backwards);
    return tap_end();
}
