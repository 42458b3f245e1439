/* Compare and swap: a lock built of it must exclude, and the loser must learn the winner. */
#include "tap_mpi.h"
#include <stdint.h>

int main(int argc, char **argv)
{
    int64_t *base, none = -1, before = 0, mine;
    MPI_Win win;
    MPI_Init(&argc, &argv);
    tap_begin();
    mine = tap_rank;
    MPI_Win_allocate(2 * sizeof *base, sizeof *base, MPI_INFO_NULL, MPI_COMM_WORLD, &base, &win);
    MPI_Win_lock_all(0, win);
    base[0] = -1;
    base[1] = 0;
    MPI_Win_sync(win);
    MPI_Barrier(MPI_COMM_WORLD);

    MPI_Compare_and_swap(&mine, &none, &before, MPI_INT64_T, 0, 0, win);
    MPI_Win_flush(0, win);
    int won = before == -1, winners = won, winner = won ? tap_rank : 0;
    MPI_Allreduce(MPI_IN_PLACE, &winners, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
    MPI_Allreduce(MPI_IN_PLACE, &winner, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
    check(tap_same_int("winners", winners, 1), "one rank wins the swap");
    check(won || tap_same_int("value seen", before, winner), "the others see the winner");

    /* A counter raised by retrying: every increment counts once. */
    int turns = tap_repeat(500, 50);
    for (int turn = 0; turn < turns; turn++) {
        int64_t seen = 0, next;
        do {
            int64_t expected = seen;
            next = expected + 1;
            MPI_Compare_and_swap(&next, &expected, &seen, MPI_INT64_T, 0, 1, win);
            MPI_Win_flush(0, win);
        } while (seen != next - 1);
    }
    MPI_Barrier(MPI_COMM_WORLD);
    int64_t total = 0;
    MPI_Fetch_and_op(NULL, &total, MPI_INT64_T, 0, 1, MPI_NO_OP, win);
    MPI_Win_flush(0, win);
    check(tap_same_int("counter", total, (long long)turns * tap_size), "each increment counts once");
    MPI_Win_unlock_all(win);
    MPI_Win_free(&win);
    return tap_end();
}
