/* Collectives with unequal counts: every gap stays as it was, empty parts are allowed, alltoallw mixes types. */
#include "tap_mpi.h"

enum { GAP = 3, LARGE = 3000 };

static int unit;                         /* rank r holds r * unit elements: rank 0 has none */
static int counts[64], displs[64], room; /* with a gap behind every part */
static int *all, *mine;

static int value(int from, int i)
{
    return from * 1000000 + i;
}

static void lay_out(void)
{
    room = 0;
    for (int r = 0; r < tap_size; r++) {
        counts[r] = r * unit;
        displs[r] = room;
        room += counts[r] + GAP;
    }
}

static void blank(int *buf, int n)
{
    memset(buf, 0xff, (size_t)n * sizeof *buf);
}

static void fill(int *buf, int rank, int n)
{
    for (int i = 0; i < n; i++)
        buf[i] = value(rank, i);
}

static int parts_and_gaps(const int *buf)
{
    int ok = 1;
    for (int r = 0; r < tap_size; r++) {
        ok &= tap_same_ramp("part", buf + displs[r], counts[r], value(r, 0), 1);
        ok &= tap_same_ramp("gap", buf + displs[r] + counts[r], GAP, -1, 0);
    }
    return ok;
}

static void check_gatherv(void)
{
    int ok = 1, in_place = 1;
    fill(mine, tap_rank, counts[tap_rank]);
    for (int root = 0; root < tap_size; root++) {
        blank(all, room);
        MPI_Gatherv(mine, counts[tap_rank], MPI_INT, all, counts, displs, MPI_INT, root, MPI_COMM_WORLD);
        ok &= tap_rank == root ? parts_and_gaps(all) : tap_same_ramp("elsewhere", all, room, -1, 0);
    }
    check(ok, "gatherv unit %d to every root", unit);
    for (int root = 0; root < tap_size; root++) {
        int here = tap_rank == root;
        blank(all, room);
        if (here)
            fill(all + displs[root], root, counts[root]);
        MPI_Gatherv(here ? MPI_IN_PLACE : mine, counts[tap_rank], MPI_INT, all, counts, displs, MPI_INT, root,
                    MPI_COMM_WORLD);
        in_place &= !here || parts_and_gaps(all);
    }
    check(in_place, "gatherv unit %d in place", unit);
}

static void check_scatterv(void)
{
    int ok = 1, in_place = 1;
    for (int root = 0; root < tap_size; root++) {
        blank(all, room);
        blank(mine, counts[tap_rank] + GAP);
        for (int r = 0; tap_rank == root && r < tap_size; r++)
            fill(all + displs[r], r, counts[r]);
        MPI_Scatterv(all, counts, displs, MPI_INT, mine, counts[tap_rank], MPI_INT, root, MPI_COMM_WORLD);
        ok &= tap_same_ramp("part", mine, counts[tap_rank], value(tap_rank, 0), 1) &&
              tap_same_ramp("behind", mine + counts[tap_rank], GAP, -1, 0);
    }
    check(ok, "scatterv unit %d from every root", unit);
    blank(all, room);
    for (int r = 0; r < tap_size; r++)
        fill(all + displs[r], r, counts[r]);
    for (int root = 0; root < tap_size; root++) {
        int here = tap_rank == root;
        blank(mine, counts[tap_rank]);
        MPI_Scatterv(all, counts, displs, MPI_INT, here ? MPI_IN_PLACE : mine, counts[tap_rank], MPI_INT, root,
                     MPI_COMM_WORLD);
        in_place &= here ? parts_and_gaps(all) : tap_same_ramp("part", mine, counts[tap_rank], value(tap_rank, 0), 1);
    }
    check(in_place, "scatterv unit %d in place", unit);
}

static void check_allgatherv(void)
{
    fill(mine, tap_rank, counts[tap_rank]);
    blank(all, room);
    MPI_Allgatherv(mine, counts[tap_rank], MPI_INT, all, counts, displs, MPI_INT, MPI_COMM_WORLD);
    check(parts_and_gaps(all), "allgatherv unit %d", unit);
    blank(all, room);
    fill(all + displs[tap_rank], tap_rank, counts[tap_rank]);
    MPI_Allgatherv(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, all, counts, displs, MPI_INT, MPI_COMM_WORLD);
    check(parts_and_gaps(all), "allgatherv unit %d in place", unit);
}

/* Rank s sends rank r (s + r) % size * unit ints: all parts differ and some are empty. */
static void check_alltoallv(void)
{
    int scounts[64], sdispls[64], rcounts[64], rdispls[64], total = 0, ok = 1, in_place = 1;
    for (int r = 0; r < tap_size; r++) {
        scounts[r] = rcounts[r] = (tap_rank + r) % tap_size * unit;
        sdispls[r] = rdispls[r] = total;
        total += scounts[r] + GAP;
    }
    int *out = malloc(sizeof *out * (size_t)total), *in = malloc(sizeof *in * (size_t)total);
    for (int r = 0; r < tap_size; r++)
        for (int i = 0; i < scounts[r] + GAP; i++)
            out[sdispls[r] + i] = value(tap_rank * 10 + r, i);
    blank(in, total);
    MPI_Alltoallv(out, scounts, sdispls, MPI_INT, in, rcounts, rdispls, MPI_INT, MPI_COMM_WORLD);
    for (int r = 0; r < tap_size; r++) {
        ok &= tap_same_ramp("part", in + rdispls[r], rcounts[r], value(r * 10 + tap_rank, 0), 1);
        ok &= tap_same_ramp("gap", in + rdispls[r] + rcounts[r], GAP, -1, 0);
    }
    check(ok, "alltoallv unit %d", unit);
    MPI_Alltoallv(MPI_IN_PLACE, NULL, NULL, MPI_DATATYPE_NULL, out, rcounts, rdispls, MPI_INT, MPI_COMM_WORLD);
    for (int r = 0; r < tap_size; r++)
        in_place &= tap_same_ramp("part", out + rdispls[r], rcounts[r], value(r * 10 + tap_rank, 0), 1);
    check(in_place, "alltoallv unit %d in place", unit);
    free(out);
    free(in);
}

/* Even receivers take a strided column of ints, odd ones a block of doubles, at byte displacements. */
static void check_alltoallw(void)
{
    enum { N = 40 };
    int ones[64], sdispls[64], rdispls[64], ok = 1;
    MPI_Datatype stypes[64], rtypes[64], column, block;
    MPI_Type_vector(N, 1, 2, MPI_INT, &column);
    MPI_Type_contiguous(N, MPI_DOUBLE, &block);
    MPI_Type_commit(&column);
    MPI_Type_commit(&block);
    size_t slot = N * sizeof(double);
    char *out = malloc(slot * (size_t)tap_size), *in = malloc(slot * (size_t)tap_size);
    memset(in, 0xff, slot * (size_t)tap_size);
    for (int r = 0; r < tap_size; r++) {
        ones[r] = 1;
        sdispls[r] = rdispls[r] = r * (int)slot;
        stypes[r] = r % 2 ? block : column;
        rtypes[r] = tap_rank % 2 ? block : column;
        for (int i = 0; i < N; i++)
            if (r % 2)
                ((double *)(out + sdispls[r]))[i] = value(tap_rank, i) + 0.5;
            else
                ((int *)(out + sdispls[r]))[2 * i] = value(tap_rank, i);
    }
    MPI_Alltoallw(out, ones, sdispls, stypes, in, ones, rdispls, rtypes, MPI_COMM_WORLD);
    for (int r = 0; r < tap_size; r++)
        for (int i = 0; i < N; i++) {
            const int *ints = (const int *)(in + rdispls[r]);
            const double *doubles = (const double *)(in + rdispls[r]);
            if (tap_rank % 2)
                ok &= doubles[i] == value(r, i) + 0.5;
            else
                ok &= tap_same_int("column", ints[2 * i], value(r, i)) &&
                      (i == N - 1 || tap_same_int("gap", ints[2 * i + 1], -1));
        }
    check(ok, "alltoallw with a type for each pair");
    MPI_Type_free(&column);
    MPI_Type_free(&block);
    free(out);
    free(in);
}

static void check_subset(void)
{
    MPI_Comm reverse;
    int sum = tap_rank + 1, rank, last = tap_rank;
    MPI_Comm_split(MPI_COMM_WORLD, tap_rank % 2, -tap_rank, &reverse);
    MPI_Comm_rank(reverse, &rank);
    MPI_Allreduce(MPI_IN_PLACE, &sum, 1, MPI_INT, MPI_SUM, reverse);
    int wanted = 0, highest = 0;
    for (int r = tap_rank % 2; r < tap_size; r += 2) {
        wanted += r + 1;
        highest = r;
    }
    MPI_Bcast(&last, 1, MPI_INT, 0, reverse);
    check(tap_same_int("sum", sum, wanted) && tap_same_int("first", last, highest), "halves work side by side");
    MPI_Comm_free(&reverse);
}

int main(int argc, char **argv)
{
    MPI_Init(&argc, &argv);
    tap_begin();
    static const int units[] = {1, 50, LARGE};
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        unit = units[i];
        lay_out();
        all = malloc(sizeof *all * (size_t)room);
        mine = malloc(sizeof *mine * (size_t)(tap_size * unit + GAP));
        check_gatherv();
        check_scatterv();
        check_allgatherv();
        check_alltoallv();
        free(all);
        free(mine);
    }
    check_alltoallw();
    check_subset();
    return tap_end();
}
