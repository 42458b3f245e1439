/* What point-to-point promises beyond carrying bytes: order, matching, probing, completion, cancelling, errors. */
#include "tap_mpi.h"

enum { MANY = 64 };

static int right, left;
static const MPI_Comm world = MPI_COMM_WORLD;

static void check_order(void)
{
    int ok = 1, value;
    MPI_Request requests[MANY];
    int values[MANY];
    for (int i = 0; i < MANY; i++) {
        values[i] = tap_rank * 1000 + i;
        MPI_Isend(&values[i], 1, MPI_INT, right, 7, world, &requests[i]);
    }
    for (int i = 0; i < MANY; i++) {
        MPI_Recv(&value, 1, MPI_INT, left, 7, world, MPI_STATUS_IGNORE);
        ok &= tap_same_int("message", value, left * 1000 + i);
    }
    MPI_Waitall(MANY, requests, MPI_STATUSES_IGNORE);
    check(ok, "messages of one sender do not overtake");

    for (int i = 0; i < MANY; i++)
        MPI_Isend(&values[i], 1, MPI_INT, right, i, world, &requests[i]);
    ok = 1;
    for (int i = MANY - 1; i >= 0; i--) {
        MPI_Recv(&value, 1, MPI_INT, left, i, world, MPI_STATUS_IGNORE);
        ok &= tap_same_int("message", value, left * 1000 + i);
    }
    MPI_Waitall(MANY, requests, MPI_STATUSES_IGNORE);
    check(ok, "tags select in any order");

    /* A short message behind a long one of the same envelope takes another path and must still wait its turn. */
    static char large[300000], first[300000];
    MPI_Status status;
    int count, second_count;
    MPI_Isend(large, sizeof large, MPI_BYTE, right, 9, world, &requests[0]);
    MPI_Isend(large, 1, MPI_BYTE, right, 9, world, &requests[1]);
    MPI_Recv(first, sizeof first, MPI_BYTE, left, 9, world, &status);
    MPI_Get_count(&status, MPI_BYTE, &count);
    MPI_Recv(first, sizeof first, MPI_BYTE, left, 9, world, &status);
    MPI_Get_count(&status, MPI_BYTE, &second_count);
    MPI_Waitall(2, requests, MPI_STATUSES_IGNORE);
    check(tap_same_int("first", count, sizeof large) && tap_same_int("second", second_count, 1),
          "short messages do not overtake long ones");
}

static void check_any(void)
{
    int from[256] = {0}, ok = 1, value = tap_rank * tap_rank;
    MPI_Status status;
    MPI_Request request;
    for (int to = 0; to < tap_size; to++)
        if (to != tap_rank) {
            MPI_Isend(&value, 1, MPI_INT, to, 100 + tap_rank, world, &request);
            MPI_Request_free(&request);
        }
    for (int i = 1; i < tap_size; i++) {
        int got;
        MPI_Recv(&got, 1, MPI_INT, MPI_ANY_SOURCE, MPI_ANY_TAG, world, &status);
        ok &= tap_same_int("value", got, status.MPI_SOURCE * status.MPI_SOURCE);
        ok &= tap_same_int("tag", status.MPI_TAG, 100 + status.MPI_SOURCE);
        from[status.MPI_SOURCE]++;
    }
    for (int i = 0; i < tap_size; i++)
        ok &= tap_same_int("messages of one source", from[i], i != tap_rank);
    check(ok, "any source and any tag hear everyone once");
    MPI_Barrier(world);
}

static void check_probing(void)
{
    int data[5] = {1, 2, 3, 4, 5}, got[8] = {0}, flag = 0, count = -1, ints = -1;
    MPI_Status status;
    MPI_Request request;
    MPI_Message message = MPI_MESSAGE_NULL;
    MPI_Iprobe(left, 999, world, &flag, &status);
    check(!flag, "iprobe does not see what was not sent");
    MPI_Isend(data, 5, MPI_INT, right, 11, world, &request);
    MPI_Probe(left, 11, world, &status);
    MPI_Get_count(&status, MPI_INT, &ints);
    MPI_Get_count(&status, MPI_BYTE, &count);
    check(tap_same_int("ints", ints, 5) && tap_same_int("bytes", count, 20), "probe tells the count");
    MPI_Recv(got, 8, MPI_INT, left, 11, world, &status);
    MPI_Get_elements(&status, MPI_INT, &count);
    MPI_Wait(&request, MPI_STATUS_IGNORE);
    check(tap_same_int("elements", count, 5) && tap_same_ramp("data", got, 5, 1, 1), "short message in a long buffer");

    MPI_Isend(data, 5, MPI_INT, right, 12, world, &request);
    for (flag = 0; !flag;)
        MPI_Improbe(left, 12, world, &flag, &message, &status);
    int again = 1;
    MPI_Iprobe(left, 12, world, &again, MPI_STATUS_IGNORE);
    MPI_Request receive;
    MPI_Imrecv(got, 5, MPI_INT, &message, &receive);
    MPI_Wait(&receive, &status);
    MPI_Wait(&request, MPI_STATUS_IGNORE);
    check(!again && tap_same_ramp("data", got, 5, 1, 1), "improbe takes the message out of matching");

    MPI_Sendrecv(data, 7, MPI_BYTE, right, 13, got, 7, MPI_BYTE, left, 13, world, &status);
    MPI_Get_count(&status, MPI_INT, &ints);
    check(tap_same_int("count", ints, MPI_UNDEFINED), "count of a broken element is undefined");
}

static void check_buffered(void)
{
    enum { BYTES = 100000 };
    static char data[BYTES], got[BYTES];
    int packed, ok = 1;
    MPI_Pack_size(BYTES, MPI_BYTE, world, &packed);
    int size = 2 * (packed + MPI_BSEND_OVERHEAD), detached;
    char *room = malloc((size_t)size), *back = NULL;
    MPI_Buffer_attach(room, size);
    for (int turn = 0; turn < 2; turn++) {
        memset(data, 'a' + turn, BYTES);
        MPI_Bsend(data, BYTES, MPI_BYTE, right, 20 + turn, world);
    }
    memset(data, 0, BYTES);
    for (int turn = 0; turn < 2; turn++) {
        MPI_Recv(got, BYTES, MPI_BYTE, left, 20 + turn, world, MPI_STATUS_IGNORE);
        for (int i = 0; i < BYTES; i++)
            ok &= got[i] == 'a' + turn;
    }
    MPI_Buffer_detach(&back, &detached);
    check(ok, "bsend keeps what was sent");
    check(back == room && tap_same_int("detached bytes", detached, size), "detach gives the buffer back");
    free(room);

    MPI_Request request;
    memset(got, 0, BYTES);
    memset(data, 'r', BYTES);
    MPI_Irecv(got, BYTES, MPI_BYTE, left, 22, world, &request);
    MPI_Barrier(world);
    MPI_Rsend(data, BYTES, MPI_BYTE, right, 22, world);
    MPI_Wait(&request, MPI_STATUS_IGNORE);
    check(memcmp(got, data, BYTES) == 0, "rsend into a posted receive");
}

static void check_persistent(void)
{
    int out[10], in[10], ok = 1;
    MPI_Request pair[2];
    MPI_Recv_init(in, 10, MPI_INT, left, 30, world, &pair[0]);
    MPI_Send_init(out, 10, MPI_INT, right, 30, world, &pair[1]);
    for (int turn = 0; turn < 5; turn++) {
        for (int i = 0; i < 10; i++)
            out[i] = tap_rank * 1000 + turn * 100 + i;
        MPI_Startall(2, pair);
        MPI_Waitall(2, pair, MPI_STATUSES_IGNORE);
        ok &= tap_same_ramp("persistent", in, 10, left * 1000 + turn * 100, 1);
    }
    ok &= pair[0] != MPI_REQUEST_NULL;
    MPI_Request_free(&pair[0]);
    MPI_Request_free(&pair[1]);
    check(ok && pair[0] == MPI_REQUEST_NULL, "persistent requests start again and again");
}

static void check_completion(void)
{
    int values[8], done = 0, count, indices[8], index, flag, seen = 0;
    MPI_Request receives[8], send;
    for (int i = 0; i < 8; i++)
        MPI_Irecv(&values[i], 1, MPI_INT, left, 40 + i, world, &receives[i]);
    MPI_Testall(8, receives, &flag, MPI_STATUSES_IGNORE);
    int early = flag;
    MPI_Barrier(world);
    for (int i = 0; i < 8; i++) {
        int value = 40 + i;
        MPI_Isend(&value, 1, MPI_INT, right, 40 + i, world, &send);
        MPI_Wait(&send, MPI_STATUS_IGNORE);
    }
    MPI_Waitany(8, receives, &index, MPI_STATUS_IGNORE);
    seen |= 1 << index;
    for (flag = 0; !flag;)
        MPI_Testany(8, receives, &index, &flag, MPI_STATUS_IGNORE);
    seen |= 1 << index;
    for (done = 2; done < 8; done += count) {
        MPI_Waitsome(8, receives, &count, indices, MPI_STATUSES_IGNORE);
        for (int i = 0; i < count; i++)
            seen |= 1 << indices[i];
    }
    check(!early, "testall does not complete what was not sent");
    check(tap_same_int("completed", seen, 255) && tap_same_ramp("value", values, 8, 40, 1),
          "waitany testany waitsome complete each once");
    MPI_Waitany(8, receives, &index, MPI_STATUS_IGNORE);
    check(tap_same_int("index", index, MPI_UNDEFINED), "waitany of null requests is undefined");
}

static void check_edges(void)
{
    int value = 5, flag, cancelled = 0, count = -1;
    MPI_Status status;
    MPI_Request request;
    MPI_Sendrecv(&value, 1, MPI_INT, MPI_PROC_NULL, 1, &value, 1, MPI_INT, MPI_PROC_NULL, 1, world, &status);
    MPI_Get_count(&status, MPI_INT, &count);
    check(value == 5 && tap_same_int("source", status.MPI_SOURCE, MPI_PROC_NULL) &&
          tap_same_int("tag", status.MPI_TAG, MPI_ANY_TAG) && tap_same_int("count", count, 0),
          "proc null swallows all");

    MPI_Irecv(&value, 1, MPI_INT, left, 998, world, &request);
    MPI_Cancel(&request);
    MPI_Wait(&request, &status);
    MPI_Test_cancelled(&status, &cancelled);
    check(cancelled, "a receive is cancelled");

    value = tap_rank;
    MPI_Sendrecv_replace(&value, 1, MPI_INT, right, 50, left, 50, world, MPI_STATUS_IGNORE);
    check(tap_same_int("value", value, left), "sendrecv replace");

    int got = -1;
    value = 77 + tap_rank;
    MPI_Irecv(&got, 1, MPI_INT, tap_rank, 51, world, &request);
    MPI_Send(&value, 1, MPI_INT, tap_rank, 51, world);
    MPI_Wait(&request, MPI_STATUS_IGNORE);
    check(tap_same_int("value", got, 77 + tap_rank), "a rank talks to itself");

    request = MPI_REQUEST_NULL;
    MPI_Test(&request, &flag, &status);
    check(flag && tap_same_int("source", status.MPI_SOURCE, MPI_ANY_SOURCE), "a null request is complete and empty");
}

static void check_errors(void)
{
    MPI_Comm comm;
    int big[4] = {1, 2, 3, 4}, small = -1, code, class, length;
    char text[MPI_MAX_ERROR_STRING] = "";
    MPI_Request request;
    MPI_Comm_dup(world, &comm);
    MPI_Comm_set_errhandler(comm, MPI_ERRORS_RETURN);
    MPI_Isend(big, 4, MPI_INT, right, 60, comm, &request);
    code = MPI_Recv(&small, 1, MPI_INT, left, 60, comm, MPI_STATUS_IGNORE);
    MPI_Wait(&request, MPI_STATUS_IGNORE);
    MPI_Error_class(code, &class);
    check(tap_same_int("class", class, MPI_ERR_TRUNCATE), "a message too long is truncated with its error");
    MPI_Error_string(code, text, &length);
    check(length > 0 && text[0], "an error has words");

    int fresh_class, fresh_code;
    MPI_Add_error_class(&fresh_class);
    MPI_Add_error_code(fresh_class, &fresh_code);
    MPI_Add_error_string(fresh_code, "of our own");
    MPI_Error_class(fresh_code, &class);
    MPI_Error_string(fresh_code, text, &length);
    check(tap_same_int("class", class, fresh_class) && tap_same_str("text", text, "of our own"), "own error codes");
    MPI_Comm_free(&comm);
}

int main(int argc, char **argv)
{
    MPI_Init(&argc, &argv);
    tap_begin();
    right = (tap_rank + 1) % tap_size;
    left = (tap_rank + tap_size - 1) % tap_size;
    check_order();
    check_any();
    check_probing();
    check_buffered();
    check_persistent();
    check_completion();
    check_edges();
    check_errors();
    return tap_end();
}
