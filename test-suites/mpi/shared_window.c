/* A window that all ranks map: loads and stores of one rank are seen by the others, at the addresses MPI tells. */
#include "tap_mpi.h"

enum { N = 1 << 16 };

static void check_content(MPI_Win win, int *mine, int contiguous)
{
    const char *kind = contiguous ? "contiguous" : "separate";
    int ok = 1, unit;
    MPI_Aint size;
    int *first = NULL, *others;
    MPI_Win_lock_all(MPI_MODE_NOCHECK, win);
    for (int i = 0; i < N; i++)
        mine[i] = tap_rank * 1000000 + i;
    MPI_Win_sync(win);
    MPI_Barrier(MPI_COMM_WORLD);
    MPI_Win_sync(win);
    for (int r = 0; r < tap_size; r++) {
        MPI_Win_shared_query(win, r, &size, &unit, &others);
        ok &= tap_same_int("size", size, N * (long long)sizeof(int)) && tap_same_int("unit", unit, sizeof(int)) &&
              tap_same_ramp("memory of another rank", others, N, r * 1000000, 1);
        if (r == 0)
            first = others;
        if (contiguous)
            ok &= tap_same_int("distance", others - first, (long long)r * N);
    }
    check(ok, "%s parts are seen by every rank", kind);

    /* Write into the neighbour's part; the owner must find it there. */
    int right = (tap_rank + 1) % tap_size;
    MPI_Barrier(MPI_COMM_WORLD);
    MPI_Win_shared_query(win, right, &size, &unit, &others);
    others[7] = -tap_rank - 1;
    MPI_Win_sync(win);
    MPI_Barrier(MPI_COMM_WORLD);
    MPI_Win_sync(win);
    check(tap_same_int("stored by the left", mine[7], -((tap_rank + tap_size - 1) % tap_size) - 1),
          "%s parts take stores of another rank", kind);
    MPI_Win_unlock_all(win);
}

int main(int argc, char **argv)
{
    MPI_Init(&argc, &argv);
    tap_begin();
    MPI_Comm node;
    MPI_Win win;
    MPI_Info info;
    int *mine, *model, flag, size;
    MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &node);
    MPI_Comm_size(node, &size);
    check(tap_same_int("ranks that share memory", size, tap_size), "every rank shares memory");

    MPI_Win_allocate_shared(N * sizeof(int), sizeof(int), MPI_INFO_NULL, node, &mine, &win);
    MPI_Win_get_attr(win, MPI_WIN_MODEL, &model, &flag);
    check(flag && *model == MPI_WIN_UNIFIED, "a shared window has the unified model");
    check_content(win, mine, 1);
    MPI_Win_free(&win);

    MPI_Info_create(&info);
    MPI_Info_set(info, "alloc_shared_noncontig", "true");
    MPI_Win_allocate_shared(N * sizeof(int), sizeof(int), info, node, &mine, &win);
    check_content(win, mine, 0);
    MPI_Win_free(&win);
    MPI_Info_free(&info);

    /* One rank owns all of it, as codes do that keep one table for each node. */
    int unit;
    MPI_Aint bytes;
    MPI_Win_allocate_shared(tap_rank == 0 ? 64 * sizeof(int) : 0, sizeof(int), MPI_INFO_NULL, node, &mine, &win);
    MPI_Win_shared_query(win, MPI_PROC_NULL, &bytes, &unit, &mine);
    MPI_Win_fence(0, win);
    mine[tap_rank] = tap_rank * 3;
    MPI_Win_fence(0, win);
    check(tap_same_int("size", bytes, 64 * sizeof(int)) && tap_same_ramp("table", mine, tap_size, 0, 3),
          "one rank owns a table for all");
    MPI_Win_free(&win);
    MPI_Comm_free(&node);
    return tap_end();
}
