/* What MPI 4.0 added: persistent collectives, partitioned messages, sessions, large counts, combined isendrecv.
 * Open MPI 5 calls itself 3.1 because it lacks the large counts; it has the rest. */
#include "tap_mpi.h"

#define HAS_4_0 (MPI_VERSION >= 4)
#if HAS_4_0 || (defined(OMPI_MAJOR_VERSION) && OMPI_MAJOR_VERSION >= 5)
#define HAS_MOST 1
#else
#define HAS_MOST 0
#endif

#if HAS_MOST
static int right, left;

static void again(MPI_Request *request)
{
    MPI_Start(request);
    MPI_Wait(request, MPI_STATUS_IGNORE);
}

static void check_persistent_collectives(void)
{
    int out, sum, part[64], value = 0, ok = 1, root = tap_size - 1;
    MPI_Request request;
    MPI_Allreduce_init(&out, &sum, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD, MPI_INFO_NULL, &request);
    for (int turn = 0; turn < 3; turn++) {
        out = tap_rank + turn * 100;
        again(&request);
        ok &= tap_same_int("sum", sum, tap_size * (tap_size - 1) / 2 + tap_size * turn * 100);
    }
    MPI_Request_free(&request);
    check(ok, "persistent allreduce");

    ok = 1;
    MPI_Allgather_init(&out, 1, MPI_INT, part, 1, MPI_INT, MPI_COMM_WORLD, MPI_INFO_NULL, &request);
    for (int turn = 0; turn < 3; turn++) {
        out = tap_rank + turn * 100;
        again(&request);
        ok &= tap_same_ramp("gathered", part, tap_size, turn * 100, 1);
    }
    MPI_Request_free(&request);
    check(ok, "persistent allgather");

    ok = 1;
    MPI_Bcast_init(&value, 1, MPI_INT, root, MPI_COMM_WORLD, MPI_INFO_NULL, &request);
    for (int turn = 0; turn < 3; turn++) {
        value = tap_rank == root ? turn + 50 : -1;
        again(&request);
        ok &= tap_same_int("value", value, turn + 50);
    }
    MPI_Request_free(&request);
    check(ok, "persistent bcast");
}

static void check_partitioned(void)
{
    enum { PARTS = 8, N = 100 };
    static int out[PARTS * N], in[PARTS * N];
    MPI_Request send, receive;
    int ok = 1, arrived = 0;
    MPI_Psend_init(out, PARTS, N, MPI_INT, right, 1, MPI_COMM_WORLD, MPI_INFO_NULL, &send);
    MPI_Precv_init(in, PARTS, N, MPI_INT, left, 1, MPI_COMM_WORLD, MPI_INFO_NULL, &receive);
    for (int turn = 0; turn < 2; turn++) {
        memset(in, 0xff, sizeof in);
        MPI_Start(&receive);
        MPI_Start(&send);
        for (int part = PARTS - 1; part >= 0; part--) {
            for (int i = 0; i < N; i++)
                out[part * N + i] = tap_rank * 100000 + turn * 10000 + part * N + i;
            MPI_Pready(part, send);
        }
        MPI_Wait(&send, MPI_STATUS_IGNORE);
        while (!arrived)
            MPI_Parrived(receive, 3, &arrived);
        ok &= tap_same_ramp("partition", in + 3 * N, N, left * 100000 + turn * 10000 + 3 * N, 1);
        MPI_Wait(&receive, MPI_STATUS_IGNORE);
        ok &= tap_same_ramp("partitions", in, PARTS * N, left * 100000 + turn * 10000, 1);
        arrived = 0;
    }
    MPI_Request_free(&send);
    MPI_Request_free(&receive);
    check(ok, "partitioned messages arrive in parts");
}

static void check_sessions(void)
{
    MPI_Session session;
    MPI_Group group;
    MPI_Comm comm;
    int sets = 0, length = 0, size = 0, sum = 1;
    MPI_Session_init(MPI_INFO_NULL, MPI_ERRORS_ARE_FATAL, &session);
    MPI_Session_get_num_psets(session, MPI_INFO_NULL, &sets);
    check(sets >= 2, "a session offers world and self");
    MPI_Session_get_nth_pset(session, MPI_INFO_NULL, 0, &length, NULL);
    check(length > 0, "a process set has a name");
    MPI_Group_from_session_pset(session, "mpi://WORLD", &group);
    MPI_Group_size(group, &size);
    MPI_Comm_create_from_group(group, "stackprobe", MPI_INFO_NULL, MPI_ERRORS_ARE_FATAL, &comm);
    MPI_Allreduce(MPI_IN_PLACE, &sum, 1, MPI_INT, MPI_SUM, comm);
    check(tap_same_int("size", size, tap_size) && tap_same_int("sum", sum, tap_size),
          "a session makes a communicator of all ranks");
    MPI_Info info = MPI_INFO_NULL;
    MPI_Session_get_info(session, &info);
    check(info != MPI_INFO_NULL, "a session tells its hints");
    if (info != MPI_INFO_NULL)
        MPI_Info_free(&info);
    MPI_Group_free(&group);
    MPI_Comm_free(&comm);
    MPI_Session_finalize(&session);
}

static void check_isendrecv(void)
{
    int out = tap_rank, in = -1, both = tap_rank;
    MPI_Request requests[2];
    MPI_Isendrecv(&out, 1, MPI_INT, right, 1, &in, 1, MPI_INT, left, 1, MPI_COMM_WORLD, &requests[0]);
    MPI_Isendrecv_replace(&both, 1, MPI_INT, right, 2, left, 2, MPI_COMM_WORLD, &requests[1]);
    MPI_Waitall(2, requests, MPI_STATUSES_IGNORE);
    check(tap_same_int("received", in, left), "isendrecv");
    check(tap_same_int("received", both, left), "isendrecv_replace");
}

static void check_info(void)
{
    MPI_Info info;
    char value[16] = "";
    int length = sizeof value, flag = 0;
    MPI_Info_create(&info);
    MPI_Info_set(info, "colour", "green");
    MPI_Info_get_string(info, "colour", &length, value, &flag);
    check(flag && tap_same_str("value", value, "green") && tap_same_int("length", length, 6), "info_get_string");
    MPI_Info_free(&info);
}
#endif

#if HAS_4_0
/* More elements than an int can count, without the memory that sending them would need. */
static void check_large_count(void)
{
    const MPI_Count many = 3000000000;
    MPI_Count size = 0, lower = 0, extent = 0, elements = 0;
    MPI_Datatype large;
    MPI_Status status;
    int out[3] = {tap_rank, tap_rank + 1, tap_rank + 2}, in[3] = {0};
    MPI_Type_contiguous_c(many, MPI_INT, &large);
    MPI_Type_commit(&large);
    MPI_Type_size_c(large, &size);
    MPI_Type_get_extent_c(large, &lower, &extent);
    check(tap_same_int("size", size, 4LL * many) && tap_same_int("extent", extent, 4LL * many),
          "a type of three thousand million ints");
    memset(&status, 0, sizeof status);
    MPI_Status_set_elements_x(&status, MPI_INT, many);
    MPI_Get_elements_c(&status, MPI_INT, &elements);
    check(tap_same_int("elements", elements, many), "a status counts beyond an int");
    MPI_Type_free(&large);
    MPI_Sendrecv_c(out, 3, MPI_INT, right, 1, in, 3, MPI_INT, left, 1, MPI_COMM_WORLD, &status);
    MPI_Get_count_c(&status, MPI_INT, &elements);
    check(tap_same_ramp("received", in, 3, left, 1) && tap_same_int("count", elements, 3),
          "sendrecv with large counts");
    MPI_Allreduce_c(out, in, 3, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
    check(tap_same_ramp("sum", in, 3, tap_size * (tap_size - 1) / 2, tap_size), "allreduce with large counts");
}
#endif

int main(int argc, char **argv)
{
    MPI_Init(&argc, &argv);
    tap_begin();
    char reason[64];
    snprintf(reason, sizeof reason, "the library follows standard %d.%d", MPI_VERSION, MPI_SUBVERSION);
#if HAS_MOST
    right = (tap_rank + 1) % tap_size;
    left = (tap_rank + tap_size - 1) % tap_size;
    check_persistent_collectives();
    check_partitioned();
    check_sessions();
    check_isendrecv();
    check_info();
#else
    static const char *const most[] = {
        "persistent allreduce", "persistent allgather", "persistent bcast", "partitioned messages arrive in parts",
        "a session offers world and self", "a process set has a name", "a session makes a communicator of all ranks",
        "isendrecv", "isendrecv_replace", "info_get_string"};
    for (size_t i = 0; i < sizeof most / sizeof *most; i++)
        tap_skip(most[i], reason);
#endif
#if HAS_4_0
    check_large_count();
#else
    static const char *const large[] = {"a type of three thousand million ints", "a status counts beyond an int",
                                        "sendrecv with large counts", "allreduce with large counts"};
    for (size_t i = 0; i < sizeof large / sizeof *large; i++)
        tap_skip(large[i], reason);
#endif
    return tap_end();
}
