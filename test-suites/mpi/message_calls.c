/* Every function that sends, receives or looks for a message, between two ranks and on a communicator whose ranks stand
 * the other way round: every size at which a library goes another way, types with gaps, and in wait for each receive
 * messages that it must not take: with another tag, from another source, on another communicator.
 *
 * The other end of what is checked calls the library by its PMPI names, with a deadline, so that a message that never
 * comes is told as such. */
#include "elements.h"
#include <time.h>

enum { MOST = (1 << 20) + 1 };

/* Another tag for each function: what one of them has left lying is no other's. */
static int tag = 8;
#define TAG tag
#define OTHER_TAG (tag - 1)

static MPI_Comm comm;
static int me, peer;

struct message {
    unsigned char *at;
    int count;
    MPI_Datatype type;
    MPI_Request *request;
    MPI_Status *status;
};

enum way { BLOCKING, STARTED, PERSISTENT, READY = 4 };

struct function {
    const char *name;
    int (*call)(const struct message *);
    int way;
};

#define SEND(name, function, ...) \
    static int name(const struct message *it) { return function(it->at, it->count, it->type, peer, TAG, comm __VA_ARGS__); }
#define RECV SEND
#define REQUEST , it->request
#define STATUS , it->status

#define SENDS(C) \
    SEND(send##C, MPI_Send##C, ) SEND(bsend##C, MPI_Bsend##C, ) SEND(ssend##C, MPI_Ssend##C, ) \
    SEND(rsend##C, MPI_Rsend##C, ) SEND(isend##C, MPI_Isend##C, REQUEST) SEND(ibsend##C, MPI_Ibsend##C, REQUEST) \
    SEND(issend##C, MPI_Issend##C, REQUEST) SEND(irsend##C, MPI_Irsend##C, REQUEST) \
    SEND(send_init##C, MPI_Send_init##C, REQUEST) SEND(bsend_init##C, MPI_Bsend_init##C, REQUEST) \
    SEND(ssend_init##C, MPI_Ssend_init##C, REQUEST) SEND(rsend_init##C, MPI_Rsend_init##C, REQUEST)

#define RECEIVES(C) \
    RECV(recv##C, MPI_Recv##C, STATUS) RECV(irecv##C, MPI_Irecv##C, REQUEST) \
    RECV(recv_init##C, MPI_Recv_init##C, REQUEST) \
    static int mrecv##C(const struct message *it) \
    { \
        MPI_Message message = MPI_MESSAGE_NULL; \
        MPI_Mprobe(peer, TAG, comm, &message, it->status); \
        return MPI_Mrecv##C(it->at, it->count, it->type, &message, it->status); \
    } \
    static int imrecv##C(const struct message *it) \
    { \
        MPI_Message message = MPI_MESSAGE_NULL; \
        int there = 0; \
        for (int i = 0; i < 1000000 && !there; i++) \
            MPI_Improbe(peer, TAG, comm, &there, &message, it->status); \
        return there ? MPI_Imrecv##C(it->at, it->count, it->type, &message, it->request) : MPI_ERR_OTHER; \
    }

SENDS()
RECEIVES()
#if MPI_VERSION >= 4
SENDS(_c)
RECEIVES(_c)
#endif

#define SEND_LIST(C) \
    {"send" #C, send##C, BLOCKING}, {"bsend" #C, bsend##C, BLOCKING}, {"ssend" #C, ssend##C, BLOCKING}, \
        {"rsend" #C, rsend##C, BLOCKING | READY}, {"isend" #C, isend##C, STARTED}, {"ibsend" #C, ibsend##C, STARTED}, \
        {"issend" #C, issend##C, STARTED}, {"irsend" #C, irsend##C, STARTED | READY}, \
        {"send_init" #C, send_init##C, PERSISTENT}, {"bsend_init" #C, bsend_init##C, PERSISTENT}, \
        {"ssend_init" #C, ssend_init##C, PERSISTENT}, {"rsend_init" #C, rsend_init##C, PERSISTENT | READY},
#define RECEIVE_LIST(C) \
    {"recv" #C, recv##C, BLOCKING}, {"irecv" #C, irecv##C, STARTED}, {"recv_init" #C, recv_init##C, PERSISTENT}, \
        {"mrecv" #C, mrecv##C, BLOCKING}, {"imrecv" #C, imrecv##C, STARTED},

static const struct function sends[] = {
    SEND_LIST()
#if MPI_VERSION >= 4
    SEND_LIST(_c)
#endif
};
static const struct function receives[] = {
    RECEIVE_LIST()
#if MPI_VERSION >= 4
    RECEIVE_LIST(_c)
#endif
};

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

/* Whether a request is over within three seconds; else it is cancelled. */
static int over(MPI_Request *request, MPI_Status *status)
{
    int done = 0;
    for (double end = now() + 3; !done && now() < end;)
        PMPI_Test(request, &done, status);
    if (!done) {
        PMPI_Cancel(request);
        PMPI_Request_free(request);
    }
    return done;
}

static int is_own(const struct kind *kind, const unsigned char *buffer, size_t i, size_t extent, void *context)
{
    int from = *(int *)context;
    return is_element(kind, buffer, i, extent, value_of(from, 0, i), from, 1);
}

static int is_status(const struct kind *kind, int count, const MPI_Status *status)
{
    int found;
    PMPI_Get_count(status, kind->type, &found);
    return tap_same_int("source", status->MPI_SOURCE, peer) & tap_same_int("tag", status->MPI_TAG, TAG) &
           tap_same_int("count", found, count);
}

static int is_data(const struct kind *kind, const struct buffer *buffer, int count)
{
    int from = peer;
    long wrong = first_wrong(kind, buffer->at, count, is_own, &from);
    if (wrong >= 0)
        tap_because("element %ld of %d of %s", wrong, count, kind->name);
    return wrong < 0;
}

static int is_message(const struct kind *kind, const struct buffer *buffer, int count, const MPI_Status *status)
{
    return is_status(kind, count, status) & is_data(kind, buffer, count);
}

static int finish(const struct function *function, int error, MPI_Request *request, MPI_Status *status)
{
    int way = function->way & 3;
    if (error == MPI_SUCCESS && way == PERSISTENT)
        error = MPI_Start(request);
    if (error == MPI_SUCCESS && way != BLOCKING)
        error = MPI_Wait(request, status);
    if (way == PERSISTENT && *request != MPI_REQUEST_NULL)
        MPI_Request_free(request);
    return error == MPI_SUCCESS;
}

static int sends_well(const struct function *function, const struct kind *kind, int count)
{
    struct buffer in = new_buffer(kind, (size_t)count), out = new_buffer(kind, (size_t)count);
    MPI_Request request = MPI_REQUEST_NULL, expected;
    MPI_Status status;
    put_elements(kind, in.at, count, me, 0, 0);
    PMPI_Irecv(out.at, count, kind->type, peer, TAG, comm, &expected);
    if (function->way & READY)
        PMPI_Barrier(comm);
    struct message message = {in.at, count, kind->type, &request, MPI_STATUS_IGNORE};
    int well = finish(function, function->call(&message), &request, MPI_STATUS_IGNORE);
    if (over(&expected, &status)) {
        well &= is_message(kind, &out, count, &status);
    } else {
        tap_because("%d of %s never came", count, kind->name);
        well = 0;
    }
    well &= end_buffer(&in, kind->name);
    return end_buffer(&out, kind->name) & well;
}

/* After a fault: takes whatever still comes, so that nothing keeps MPI_Finalize waiting. */
static void drain(MPI_Request *requests, int count)
{
    static char scratch[MOST + 64];
    for (double end = now() + 0.2; now() < end;)
        for (int which = 0; which < 2; which++) {
            MPI_Comm from = which ? comm : MPI_COMM_WORLD;
            int there = 0;
            MPI_Status status;
            PMPI_Iprobe(MPI_ANY_SOURCE, MPI_ANY_TAG, from, &there, &status);
            if (there)
                PMPI_Recv(scratch, sizeof scratch, MPI_BYTE, status.MPI_SOURCE, status.MPI_TAG, from, MPI_STATUS_IGNORE);
        }
    for (int i = 0; i < count; i++) {
        int done = 0;
        PMPI_Test(&requests[i], &done, MPI_STATUS_IGNORE);
        if (!done)
            PMPI_Request_free(&requests[i]);
    }
}

/* What a receive must leave alone: `decoys` arrive first. */
static void send_decoys(MPI_Request decoys[3], int *word)
{
    PMPI_Isend(word, 1, MPI_INT, tap_rank, TAG, MPI_COMM_WORLD, &decoys[0]);
    PMPI_Isend(word, 1, MPI_INT, me, TAG, comm, &decoys[1]);
    PMPI_Isend(word, 1, MPI_INT, peer, OTHER_TAG, comm, &decoys[2]);
}

static void take_decoys(MPI_Request decoys[3])
{
    int word;
    PMPI_Recv(&word, 1, MPI_INT, MPI_ANY_SOURCE, TAG, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    PMPI_Recv(&word, 1, MPI_INT, me, TAG, comm, MPI_STATUS_IGNORE);
    PMPI_Recv(&word, 1, MPI_INT, peer, OTHER_TAG, comm, MPI_STATUS_IGNORE);
    for (int i = 0; i < 3; i++)
        PMPI_Wait(&decoys[i], MPI_STATUS_IGNORE);
}

static int receives_well(const struct function *function, const struct kind *kind, int count)
{
    struct buffer in = new_buffer(kind, (size_t)count), out = new_buffer(kind, (size_t)count);
    MPI_Request request = MPI_REQUEST_NULL, sent, decoys[3];
    MPI_Status status;
    static int word = -1;
    int there = 0;
    memset(&status, 0, sizeof status);
    put_elements(kind, in.at, count, me, 0, 0);
    send_decoys(decoys, &word);
    PMPI_Isend(in.at, count, kind->type, peer, TAG, comm, &sent);
    while (!there)
        PMPI_Iprobe(peer, TAG, comm, &there, MPI_STATUS_IGNORE);
    struct message message = {out.at, count, kind->type, &request, &status};
    int well = finish(function, function->call(&message), &request, &status);
    well = well && is_message(kind, &out, count, &status);
    if (!well)
        tap_because("%d of %s: an error, or another message", count, kind->name);
    if (!well) {
        drain(decoys, 3);
        drain(&sent, 1);
        return 0;
    }
    PMPI_Wait(&sent, MPI_STATUS_IGNORE);
    take_decoys(decoys);
    well &= end_buffer(&in, kind->name);
    return end_buffer(&out, kind->name) & well;
}

/* The four kinds of probe, with a message there and without. */
static void probes(void)
{
    MPI_Request sent, decoys[3];
    MPI_Status status;
    MPI_Message message = MPI_MESSAGE_NULL;
    static int word = -1;
    int number = me, there = 0, well, found;
    send_decoys(decoys, &word);
    MPI_Barrier(comm);
    MPI_Iprobe(peer, TAG + 1, comm, &there, MPI_STATUS_IGNORE);
    check(!there, "iprobe finds nothing where nothing is");
    there = 0;
    MPI_Improbe(peer, TAG + 1, comm, &there, &message, MPI_STATUS_IGNORE);
    check(!there, "improbe finds nothing where nothing is");
    for (int kind = 0; kind < 4; kind++) {
        static const char *const names[] = {"probe", "iprobe", "mprobe", "improbe"};
        int wanted = kind + 2, numbers[8] = {0};
        int many[8] = {number, number, number, number, number, number, number, number};
        PMPI_Isend(many, wanted, MPI_INT, peer, TAG, comm, &sent);
        memset(&status, 0, sizeof status);
        for (there = 0; !there;)
            PMPI_Iprobe(peer, TAG, comm, &there, MPI_STATUS_IGNORE);
        there = 1;
        if (kind == 0)
            MPI_Probe(peer, TAG, comm, &status);
        else if (kind == 1)
            MPI_Iprobe(peer, TAG, comm, &there, &status);
        else if (kind == 2)
            MPI_Mprobe(peer, TAG, comm, &message, &status);
        else
            MPI_Improbe(peer, TAG, comm, &there, &message, &status);
        PMPI_Get_count(&status, MPI_INT, &found);
        well = there && tap_same_int("source", status.MPI_SOURCE, peer) & tap_same_int("tag", status.MPI_TAG, TAG) &
                            tap_same_int("count", found, wanted);
        if (!well) {
            tap_because("no message of %d ints", wanted);
            check(0, "%s", names[kind]);
            drain(decoys, 3);
            tag += 2;
            send_decoys(decoys, &word);
            continue;
        }
        if (kind < 2)
            PMPI_Recv(numbers, 8, MPI_INT, peer, TAG, comm, MPI_STATUS_IGNORE);
        else
            PMPI_Mrecv(numbers, 8, MPI_INT, &message, MPI_STATUS_IGNORE);
        PMPI_Wait(&sent, MPI_STATUS_IGNORE);
        check(tap_same_int("what came", numbers[wanted - 1], peer), "%s", names[kind]);
    }
    take_decoys(decoys);
}

typedef int exchange(unsigned char *, unsigned char *, int, MPI_Datatype, MPI_Status *);
#define EXCHANGES(C) \
    static int sendrecv##C(unsigned char *in, unsigned char *out, int n, MPI_Datatype type, MPI_Status *status) \
    { \
        return MPI_Sendrecv##C(in, n, type, peer, TAG, out, n, type, peer, TAG, comm, status); \
    } \
    static int sendrecv_replace##C(unsigned char *in, unsigned char *out, int n, MPI_Datatype type, MPI_Status *status) \
    { \
        (void)in; \
        return MPI_Sendrecv_replace##C(out, n, type, peer, TAG, peer, TAG, comm, status); \
    }
#define I_EXCHANGES(C) \
    static int isendrecv##C(unsigned char *in, unsigned char *out, int n, MPI_Datatype type, MPI_Status *status) \
    { \
        MPI_Request request = MPI_REQUEST_NULL; \
        int error = MPI_Isendrecv##C(in, n, type, peer, TAG, out, n, type, peer, TAG, comm, &request); \
        return error == MPI_SUCCESS ? MPI_Wait(&request, status) : error; \
    } \
    static int isendrecv_replace##C(unsigned char *in, unsigned char *out, int n, MPI_Datatype type, MPI_Status *status) \
    { \
        MPI_Request request = MPI_REQUEST_NULL; \
        (void)in; \
        int error = MPI_Isendrecv_replace##C(out, n, type, peer, TAG, peer, TAG, comm, &request); \
        return error == MPI_SUCCESS ? MPI_Wait(&request, status) : error; \
    }
EXCHANGES()
#if MPI_VERSION >= 4
EXCHANGES(_c)
I_EXCHANGES(_c)
#endif
#if MPI_VERSION >= 4 || (defined(OPEN_MPI) && OMPI_MAJOR_VERSION >= 5)
#define HAS_ISENDRECV 1
I_EXCHANGES()
#endif

static const struct {
    const char *name;
    exchange *call;
    int replaces;
} exchanges[] = {
    {"sendrecv", sendrecv, 0},
    {"sendrecv_replace", sendrecv_replace, 1},
#ifdef HAS_ISENDRECV
    {"isendrecv", isendrecv, 0},
    {"isendrecv_replace", isendrecv_replace, 1},
#endif
#if MPI_VERSION >= 4
    {"sendrecv_c", sendrecv_c, 0},
    {"sendrecv_replace_c", sendrecv_replace_c, 1},
    {"isendrecv_c", isendrecv_c, 0},
    {"isendrecv_replace_c", isendrecv_replace_c, 1},
#endif
};

/* Which statuses were right so far: of libraries seen, one gives wrong ones with right data. */
static int statuses;

static int exchanges_well(exchange *call, int replaces, const struct kind *kind, int count)
{
    struct buffer in = new_buffer(kind, (size_t)count), out = new_buffer(kind, (size_t)count);
    MPI_Request decoys[2];
    MPI_Status status;
    static int word = -1;
    memset(&status, 0, sizeof status);
    PMPI_Isend(&word, 1, MPI_INT, me, TAG, comm, &decoys[0]);
    PMPI_Isend(&word, 1, MPI_INT, peer, OTHER_TAG, comm, &decoys[1]);
    put_elements(kind, replaces ? out.at : in.at, count, me, 0, 0);
    int well = call(in.at, out.at, count, kind->type, &status) == MPI_SUCCESS && is_data(kind, &out, count);
    int found = -1;
    PMPI_Get_count(&status, kind->type, &found);
    statuses &= status.MPI_SOURCE == peer && status.MPI_TAG == TAG && found == count;
    if (!well)
        tap_because("%d of %s: an error, or another message", count, kind->name);
    well &= end_buffer(&in, kind->name);
    well &= end_buffer(&out, kind->name);
    if (!well) {
        drain(decoys, 2);
        return 0;
    }
    PMPI_Recv(&word, 1, MPI_INT, me, TAG, comm, MPI_STATUS_IGNORE);
    PMPI_Recv(&word, 1, MPI_INT, peer, OTHER_TAG, comm, MPI_STATUS_IGNORE);
    for (int i = 0; i < 2; i++)
        PMPI_Wait(&decoys[i], MPI_STATUS_IGNORE);
    return well;
}

int main(int argc, char **argv)
{
    static const int around[] = {1, 31, 32, 33, 63, 64, 65, 4099, 65537, MOST};
    static char space[4 * MOST];
    MPI_Init(&argc, &argv);
    tap_begin();
    if (tap_size != 2)
        tap_bail("two ranks are wanted");
    MPI_Comm_split(MPI_COMM_WORLD, 0, -tap_rank, &comm);
    MPI_Comm_rank(comm, &me);
    peer = 1 - me;
    make_kinds();
    make_gapped(-4);
    MPI_Buffer_attach(space, sizeof space);
    probes();
    for (size_t f = 0; f < sizeof sends / sizeof *sends; f++) {
        int well = sends_well(&sends[f], &kinds[3], 65) & sends_well(&sends[f], &gapped, 7);
        for (size_t i = 0; i < sizeof around / sizeof *around && well; i++)
            well &= sends_well(&sends[f], &kinds[1], around[i]);
        check(well, "%s", sends[f].name);
        tag += 2;
    }
    for (size_t f = 0; f < sizeof receives / sizeof *receives; f++) {
        int well = receives_well(&receives[f], &kinds[3], 65) & receives_well(&receives[f], &gapped, 7);
        for (size_t i = 0; i < sizeof around / sizeof *around && well; i++)
            well &= receives_well(&receives[f], &kinds[1], around[i]);
        check(well, "%s", receives[f].name);
        tag += 2;
    }
    for (size_t f = 0; f < sizeof exchanges / sizeof *exchanges; f++) {
        exchange *call = exchanges[f].call;
        int replaces = exchanges[f].replaces;
        statuses = 1;
        int well = exchanges_well(call, replaces, &kinds[3], 65);
        for (size_t i = 0; i < sizeof around / sizeof *around && well; i++)
            well &= exchanges_well(call, replaces, &kinds[1], around[i]);
        check(well, "%s", exchanges[f].name);
        tag += 2;
        /* isendrecv_gaps.c asks it of the others. */
        if (f < 2)
            check(exchanges_well(call, replaces, &gapped, 7), "%s of a type with gaps", exchanges[f].name);
        if (!statuses)
            tap_because("a field of the status");
        check(statuses, "%s tells source, tag and count", exchanges[f].name);
        tag += 2;
    }
    void *detached;
    int bytes = 0;
    MPI_Buffer_detach(&detached, &bytes);
    check(detached == space && bytes == (int)sizeof space, "buffer_detach gives back what was attached");
    MPI_Type_free(&gapped.type);
    MPI_Comm_free(&comm);
    return tap_end();
}
