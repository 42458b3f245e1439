/* Every blocking collective with equal counts: three sizes, every root, in place too, data verified on every rank. */
#define _GNU_SOURCE
#include "tap_mpi.h"
#include <time.h>

enum { LARGEST = 20000 };

static const int sizes[] = {1, 257, LARGEST};
static int *out, *in;

/* Element i of what rank `from` has for rank `to`: all three can be read off a wrong value. */
static int value(int from, int to, int i)
{
    return from * 10000000 + to * 1000000 + i;
}

static void fill(int *buf, int blocks, int n, int to)
{
    for (int b = 0; b < blocks; b++)
        for (int i = 0; i < n; i++)
            buf[b * n + i] = value(tap_rank, to < 0 ? b : to, i);
}

/* Sum of value(r, to, i) over the ranks first..last-1 is a ramp with this step. */
static int sum_first(int first, int last, int to)
{
    int sum = 0;
    for (int r = first; r < last; r++)
        sum += value(r, to, 0);
    return sum;
}

static int is_sum(const char *what, const int *buf, int n, int first, int last, int to)
{
    return tap_same_ramp(what, buf, n, sum_first(first, last, to), last - first);
}

static int is_gathered(const char *what, const int *buf, int n, int to)
{
    int same = 1;
    for (int r = 0; r < tap_size; r++)
        same &= tap_same_ramp(what, buf + r * n, n, value(r, to, 0), 1);
    return same;
}

static int untouched(const char *what, const int *buf, int n)
{
    return tap_same_ramp(what, buf, n, -1, 0);
}

static void blank(int *buf, int n)
{
    memset(buf, 0xff, (size_t)n * sizeof *buf);
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Ranks share one host and so one clock: no rank may leave before the last one came. */
static void check_barrier(void)
{
    int ok = 1;
    for (int late = 0; late < tap_size; late++) {
        double last = 0;
        if (tap_rank == late)
            nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
        double entered = now();
        MPI_Barrier(MPI_COMM_WORLD);
        double left = now();
        MPI_Allreduce(&entered, &last, 1, MPI_DOUBLE, MPI_MAX, MPI_COMM_WORLD);
        if (left < last)
            tap_because("left %.6f s before the last rank, %d, came", last - left, late);
        ok &= left >= last;
    }
    check(ok, "barrier holds for every late rank");
}

static void check_bcast(int n)
{
    int ok = 1;
    for (int root = 0; root < tap_size; root++) {
        blank(in, n);
        if (tap_rank == root)
            fill(in, 1, n, root);
        MPI_Bcast(in, n, MPI_INT, root, MPI_COMM_WORLD);
        ok &= tap_same_ramp("bcast", in, n, value(root, root, 0), 1);
    }
    check(ok, "bcast %d ints from every root", n);
}

static void check_reduce(int n)
{
    int ok = 1;
    for (int root = 0; root < tap_size; root++) {
        fill(out, 1, n, root);
        blank(in, n);
        MPI_Reduce(out, in, n, MPI_INT, MPI_SUM, root, MPI_COMM_WORLD);
        ok &= tap_rank == root ? is_sum("reduce", in, n, 0, tap_size, root) : untouched("elsewhere", in, n);
    }
    check(ok, "reduce %d ints to every root", n);
}

static void check_gather(int n)
{
    int ok = 1;
    for (int root = 0; root < tap_size; root++) {
        fill(out, 1, n, root);
        blank(in, n * tap_size);
        MPI_Gather(out, n, MPI_INT, in, n, MPI_INT, root, MPI_COMM_WORLD);
        ok &= tap_rank == root ? is_gathered("gather", in, n, root) : untouched("elsewhere", in, n * tap_size);
    }
    check(ok, "gather %d ints to every root", n);
}

static void check_scatter(int n)
{
    int ok = 1;
    fill(out, tap_size, n, -1);
    for (int root = 0; root < tap_size; root++) {
        blank(in, n);
        MPI_Scatter(tap_rank == root ? out : NULL, n, MPI_INT, in, n, MPI_INT, root, MPI_COMM_WORLD);
        ok &= tap_same_ramp("scatter", in, n, value(root, tap_rank, 0), 1);
    }
    check(ok, "scatter %d ints from every root", n);
}

static void check_all(int n)
{
    int ok = 1, counts[256];
    fill(out, 1, n, 0);
    blank(in, n * tap_size);
    MPI_Allreduce(out, in, n, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
    check(is_sum("allreduce", in, n, 0, tap_size, 0), "allreduce %d ints", n);

    MPI_Allgather(out, n, MPI_INT, in, n, MPI_INT, MPI_COMM_WORLD);
    check(is_gathered("allgather", in, n, 0), "allgather %d ints", n);

    blank(in, n);
    MPI_Scan(out, in, n, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
    check(is_sum("scan", in, n, 0, tap_rank + 1, 0), "scan %d ints", n);

    blank(in, n);
    MPI_Exscan(out, in, n, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
    check(tap_rank == 0 || is_sum("exscan", in, n, 0, tap_rank, 0), "exscan %d ints", n);

    fill(out, tap_size, n, -1);
    MPI_Alltoall(out, n, MPI_INT, in, n, MPI_INT, MPI_COMM_WORLD);
    check(is_gathered("alltoall", in, n, tap_rank), "alltoall %d ints", n);

    blank(in, n);
    MPI_Reduce_scatter_block(out, in, n, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
    check(is_sum("reduce_scatter_block", in, n, 0, tap_size, tap_rank), "reduce_scatter_block %d ints", n);

    /* Unequal blocks: the first rank gets nothing, the last what the first would have had. */
    for (int r = 0; r < tap_size; r++)
        counts[r] = r == 0 ? 0 : r == tap_size - 1 ? 2 * n : n;
    blank(in, 2 * n);
    MPI_Reduce_scatter(out, in, counts, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
    for (int i = 0, at = tap_rank == 0 ? 0 : (tap_rank - 1) * n; i < counts[tap_rank]; i += n)
        ok &= is_sum("reduce_scatter", in + i, n, 0, tap_size, (at + i) / n);
    ok &= untouched("behind reduce_scatter", in + counts[tap_rank], 2 * n - counts[tap_rank]);
    check(ok, "reduce_scatter %d ints in unequal blocks", n);
}

static void check_in_place_rooted(int n)
{
    int reduce = 1, gather = 1, scatter = 1;
    for (int root = 0; root < tap_size; root++) {
        int here = tap_rank == root;
        fill(in, 1, n, 0);
        MPI_Reduce(here ? MPI_IN_PLACE : in, here ? in : NULL, n, MPI_INT, MPI_SUM, root, MPI_COMM_WORLD);
        reduce &= !here || is_sum("reduce", in, n, 0, tap_size, 0);
    }
    check(reduce, "reduce in place at every root");
    for (int root = 0; root < tap_size; root++) {
        int here = tap_rank == root;
        blank(in, n * tap_size);
        fill(here ? in + root * n : in, 1, n, 0);
        MPI_Gather(here ? MPI_IN_PLACE : in, n, MPI_INT, here ? in : NULL, n, MPI_INT, root, MPI_COMM_WORLD);
        gather &= !here || is_gathered("gather", in, n, 0);
    }
    check(gather, "gather in place at every root");
    for (int root = 0; root < tap_size; root++) {
        int here = tap_rank == root;
        fill(in, tap_size, n, -1);
        MPI_Scatter(here ? in : NULL, n, MPI_INT, here ? MPI_IN_PLACE : in, n, MPI_INT, root, MPI_COMM_WORLD);
        scatter &= tap_same_ramp("scatter", here ? in + root * n : in, n, value(root, tap_rank, 0), 1);
    }
    check(scatter, "scatter in place at every root");
}

static void check_in_place_all(int n)
{
    fill(in, 1, n, 0);
    MPI_Allreduce(MPI_IN_PLACE, in, n, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
    check(is_sum("allreduce", in, n, 0, tap_size, 0), "allreduce in place");

    fill(in + tap_rank * n, 1, n, 0);
    MPI_Allgather(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, in, n, MPI_INT, MPI_COMM_WORLD);
    check(is_gathered("allgather", in, n, 0), "allgather in place");

    fill(in, tap_size, n, -1);
    MPI_Alltoall(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, in, n, MPI_INT, MPI_COMM_WORLD);
    check(is_gathered("alltoall", in, n, tap_rank), "alltoall in place");

    fill(in, tap_size, n, -1);
    MPI_Reduce_scatter_block(MPI_IN_PLACE, in, n, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
    check(is_sum("reduce_scatter_block", in, n, 0, tap_size, tap_rank), "reduce_scatter_block in place");

    fill(in, 1, n, 0);
    MPI_Scan(MPI_IN_PLACE, in, n, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
    check(is_sum("scan", in, n, 0, tap_rank + 1, 0), "scan in place");

    fill(in, 1, n, 0);
    MPI_Exscan(MPI_IN_PLACE, in, n, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
    check(tap_rank == 0 || is_sum("exscan", in, n, 0, tap_rank, 0), "exscan in place");
}

int main(int argc, char **argv)
{
    MPI_Init(&argc, &argv);
    tap_begin();
    out = malloc(sizeof *out * LARGEST * (size_t)tap_size);
    in = malloc(sizeof *in * LARGEST * (size_t)(tap_size < 2 ? 2 : tap_size));
    check_barrier();
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        check_bcast(sizes[i]);
        check_reduce(sizes[i]);
        check_gather(sizes[i]);
        check_scatter(sizes[i]);
        check_all(sizes[i]);
    }
    check_in_place_rooted(100);
    check_in_place_all(100);
    free(out);
    free(in);
    return tap_end();
}
