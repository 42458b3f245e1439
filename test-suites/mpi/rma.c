/* One-sided communication: every synchronisation, put, get and accumulate, with memory verified on every rank. */
#include "tap_mpi.h"

enum { N = 1000 };

static int right, left;

static MPI_Win allocate(int **base, int n)
{
    MPI_Win win;
    MPI_Win_allocate((MPI_Aint)sizeof(int) * n, sizeof(int), MPI_INFO_NULL, MPI_COMM_WORLD, base, &win);
    for (int i = 0; i < n; i++)
        (*base)[i] = -1;
    return win;
}

static void check_fence(void)
{
    int *base, out[N], in[N];
    MPI_Win win = allocate(&base, N);
    for (int i = 0; i < N; i++)
        out[i] = tap_rank * 10000 + i;
    MPI_Win_fence(0, win);
    MPI_Put(out, N - 10, MPI_INT, right, 5, N - 10, MPI_INT, win);
    MPI_Win_fence(0, win);
    check(tap_same_ramp("put", base + 5, N - 10, left * 10000, 1) && tap_same_ramp("before", base, 5, -1, 0) &&
          tap_same_ramp("behind", base + N - 5, 5, -1, 0), "put between fences");
    MPI_Get(in, N - 10, MPI_INT, right, 5, N - 10, MPI_INT, win);
    MPI_Win_fence(0, win);
    check(tap_same_ramp("get", in, N - 10, tap_rank * 10000, 1), "get between fences");

    int one = tap_rank + 1, size = tap_size;
    if (tap_rank == 0)
        base[0] = 0;
    MPI_Win_fence(0, win);
    MPI_Accumulate(&one, 1, MPI_INT, 0, 0, 1, MPI_INT, MPI_SUM, win);
    MPI_Win_fence(0, win);
    check(tap_rank != 0 || tap_same_int("sum", base[0], size * (size + 1) / 2), "accumulate of every rank");

    MPI_Datatype strided;
    MPI_Type_vector(20, 1, 3, MPI_INT, &strided);
    MPI_Type_commit(&strided);
    for (int i = 0; i < N; i++)
        base[i] = -1;
    MPI_Win_fence(0, win);
    MPI_Put(out, 20, MPI_INT, right, 0, 1, strided, win);
    MPI_Win_fence(MPI_MODE_NOSUCCEED, win);
    int ok = 1;
    for (int i = 0; i < 20; i++)
        ok &= tap_same_int("strided", base[3 * i], left * 10000 + i) && tap_same_int("gap", base[3 * i + 1], -1);
    check(ok, "put into a strided type");
    MPI_Type_free(&strided);
    MPI_Win_free(&win);
    check(win == MPI_WIN_NULL, "a freed window is null");
}

static void check_lock(void)
{
    int *base, value, turns = tap_repeat(200, 20);
    MPI_Win win = allocate(&base, 4);
    base[0] = base[1] = 0;
    MPI_Barrier(MPI_COMM_WORLD);
    for (int turn = 0; turn < turns; turn++) {
        MPI_Win_lock(MPI_LOCK_EXCLUSIVE, 0, 0, win);
        MPI_Get(&value, 1, MPI_INT, 0, 0, 1, MPI_INT, win);
        MPI_Win_flush(0, win);
        value++;
        MPI_Put(&value, 1, MPI_INT, 0, 0, 1, MPI_INT, win);
        MPI_Win_unlock(0, win);
    }
    MPI_Barrier(MPI_COMM_WORLD);
    MPI_Win_lock(MPI_LOCK_SHARED, 0, 0, win);
    MPI_Get(&value, 1, MPI_INT, 0, 0, 1, MPI_INT, win);
    MPI_Win_unlock(0, win);
    check(tap_same_int("counter", value, turns * tap_size), "an exclusive lock excludes");
    MPI_Win_free(&win);
}

static void check_lock_all(void)
{
    int *base, one = 1, tickets[64], mine, before, ok = 1;
    MPI_Win win = allocate(&base, 64);
    MPI_Win_lock_all(0, win);
    base[0] = 0;
    base[1] = 100;
    MPI_Win_sync(win);
    MPI_Barrier(MPI_COMM_WORLD);
    MPI_Fetch_and_op(&one, &mine, MPI_INT, 0, 0, MPI_SUM, win);
    MPI_Win_flush(0, win);
    MPI_Allgather(&mine, 1, MPI_INT, tickets, 1, MPI_INT, MPI_COMM_WORLD);
    for (int t = 0; t < tap_size; t++) {
        int holders = 0;
        for (int r = 0; r < tap_size; r++)
            holders += tickets[r] == t;
        ok &= tap_same_int("holders of a ticket", holders, 1);
    }
    check(ok, "fetch_and_op deals each ticket once");

    int new_value = 200 + tap_rank;
    MPI_Fetch_and_op(&new_value, &before, MPI_INT, right, 1, MPI_REPLACE, win);
    MPI_Win_flush(right, win);
    MPI_Barrier(MPI_COMM_WORLD);
    MPI_Win_sync(win);
    check(tap_same_int("before", before, 100) && tap_same_int("after", base[1], 200 + left), "fetch_and_op replaces");

    int out[3] = {1, 2, 3}, found[3] = {0};
    for (int i = 10; i < 13; i++)
        base[i] = i;
    MPI_Win_sync(win);
    MPI_Barrier(MPI_COMM_WORLD);
    MPI_Get_accumulate(out, 3, MPI_INT, found, 3, MPI_INT, right, 10, 3, MPI_INT, MPI_SUM, win);
    MPI_Win_flush_all(win);
    MPI_Barrier(MPI_COMM_WORLD);
    MPI_Win_sync(win);
    check(tap_same_ramp("before", found, 3, 10, 1) && tap_same_ramp("after", base + 10, 3, 11, 2),
          "get_accumulate returns what was there");
    MPI_Win_unlock_all(win);
    MPI_Win_free(&win);
}

static void check_requests(void)
{
    int *base, out[64], in[64];
    MPI_Request request;
    MPI_Win win = allocate(&base, 64);
    for (int i = 0; i < 64; i++)
        out[i] = tap_rank * 100 + i;
    MPI_Barrier(MPI_COMM_WORLD);
    MPI_Win_lock_all(MPI_MODE_NOCHECK, win);
    MPI_Rput(out, 64, MPI_INT, right, 0, 64, MPI_INT, win, &request);
    MPI_Wait(&request, MPI_STATUS_IGNORE);
    MPI_Win_flush(right, win);
    MPI_Barrier(MPI_COMM_WORLD);
    MPI_Rget(in, 64, MPI_INT, right, 0, 64, MPI_INT, win, &request);
    MPI_Wait(&request, MPI_STATUS_IGNORE);
    MPI_Win_unlock_all(win);
    check(tap_same_ramp("rget", in, 64, tap_rank * 100, 1), "rput and rget by request");
    MPI_Win_free(&win);
}

static void check_created(void)
{
    int *memory, out = tap_rank, flag;
    void *base;
    MPI_Aint *size;
    MPI_Win win;
    MPI_Alloc_mem(sizeof(int) * 8, MPI_INFO_NULL, &memory);
    memset(memory, 0xff, sizeof(int) * 8);
    MPI_Win_create(memory, sizeof(int) * 8, sizeof(int), MPI_INFO_NULL, MPI_COMM_WORLD, &win);
    MPI_Win_get_attr(win, MPI_WIN_BASE, &base, &flag);
    int base_ok = flag && base == (void *)memory;
    MPI_Win_get_attr(win, MPI_WIN_SIZE, &size, &flag);
    check(base_ok && flag && tap_same_int("size", *size, sizeof(int) * 8), "a window tells its base and size");
    MPI_Win_fence(0, win);
    MPI_Put(&out, 1, MPI_INT, right, 3, 1, MPI_INT, win);
    MPI_Win_fence(0, win);
    check(tap_same_int("put", memory[3], left) && tap_same_int("beside", memory[4], -1), "put into memory of our own");
    MPI_Win_free(&win);
    MPI_Free_mem(memory);
}

/* Each rank exposes its memory to the left and writes to the right. */
static void check_pscw(void)
{
    int *base, out[N];
    MPI_Group world, to, from;
    MPI_Win win = allocate(&base, N);
    MPI_Comm_group(MPI_COMM_WORLD, &world);
    MPI_Group_incl(world, 1, &right, &to);
    MPI_Group_incl(world, 1, &left, &from);
    for (int i = 0; i < N; i++)
        out[i] = tap_rank * 10000 + i;
    MPI_Win_post(from, 0, win);
    MPI_Win_start(to, 0, win);
    MPI_Put(out, N, MPI_INT, right, 0, N, MPI_INT, win);
    MPI_Win_complete(win);
    MPI_Win_wait(win);
    check(tap_same_ramp("put", base, N, left * 10000, 1), "post start complete wait");
    MPI_Group_free(&world);
    MPI_Group_free(&to);
    MPI_Group_free(&from);
    MPI_Win_free(&win);
}

/* 49 ints are no multiple of 16 bytes: a library that lays the parts out back to back gets them at odd addresses, and
 * some transports round those (pmodels/mpich #6110). */
static void check_odd_size(void)
{
    int *base, out[49];
    MPI_Win win = allocate(&base, 49);
    for (int i = 0; i < 49; i++)
        out[i] = tap_rank * 100 + i;
    MPI_Win_fence(0, win);
    MPI_Put(out, 49, MPI_INT, right, 0, 49, MPI_INT, win);
    MPI_Win_fence(0, win);
    check(tap_same_ramp("put", base, 49, left * 100, 1), "put into parts of 196 bytes");
    MPI_Win_free(&win);
}

static void check_dynamic(void)
{
    int memory[10], out[10];
    MPI_Aint mine, of_right;
    MPI_Win win;
    for (int i = 0; i < 10; i++) {
        memory[i] = -1;
        out[i] = tap_rank * 100 + i;
    }
    MPI_Win_create_dynamic(MPI_INFO_NULL, MPI_COMM_WORLD, &win);
    MPI_Win_attach(win, memory, sizeof memory);
    MPI_Get_address(memory, &mine);
    MPI_Sendrecv(&mine, 1, MPI_AINT, left, 1, &of_right, 1, MPI_AINT, right, 1, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    MPI_Win_fence(0, win);
    MPI_Put(out, 10, MPI_INT, right, of_right, 10, MPI_INT, win);
    MPI_Win_fence(0, win);
    check(tap_same_ramp("put", memory, 10, left * 100, 1), "put into attached memory");
    MPI_Win_detach(win, memory);
    MPI_Win_free(&win);
}

int main(int argc, char **argv)
{
    MPI_Init(&argc, &argv);
    tap_begin();
    right = (tap_rank + 1) % tap_size;
    left = (tap_rank + tap_size - 1) % tap_size;
    check_fence();
    check_lock();
    check_lock_all();
    check_requests();
    check_created();
    check_pscw();
    check_dynamic();
    check_odd_size();
    return tap_end();
}
