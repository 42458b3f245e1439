/* Every rank that was asked for is there, once, on this host, talks to rank 0 and gets through MPI_Finalize. */
#define _GNU_SOURCE
#include "tap_mpi.h"
#include <time.h>
#include <unistd.h>

struct card {
    int rank, size, pid;
    char host[64], processor[MPI_MAX_PROCESSOR_NAME];
};

static struct card own_card(void)
{
    struct card card;
    int length;
    memset(&card, 0, sizeof card);
    card.rank = tap_rank;
    card.size = tap_size;
    card.pid = (int)getpid();
    gethostname(card.host, sizeof card.host - 1);
    MPI_Get_processor_name(card.processor, &length);
    return card;
}

static int set_is_exact(const struct card *cards)
{
    for (int i = 0; i < tap_size; i++) {
        int seen = 0;
        for (int j = 0; j < tap_size; j++)
            seen += cards[j].rank == i;
        if (seen != 1) {
            tap_because("rank %d answered %d times", i, seen);
            return 0;
        }
    }
    return 1;
}

static int pids_differ(const struct card *cards)
{
    for (int i = 0; i < tap_size; i++)
        for (int j = 0; j < i; j++)
            if (cards[i].pid == cards[j].pid) {
                tap_because("ranks %d and %d are both process %d", j, i, cards[i].pid);
                return 0;
            }
    return 1;
}

/* After MPI_Finalize MPI carries no news, so each rank leaves a file behind. */
static void finalized_mark(char *path, size_t size, int pid, int rank)
{
    const char *folder = getenv("TMPDIR");
    snprintf(path, size, "%s/hello-finalized.%d.%d", folder && *folder ? folder : "/tmp", pid, rank);
}

/* The first rank whose file does not appear within five seconds, or -1. */
static int unfinalized(int pid)
{
    char path[512];
    int rank = 0;
    for (int waited_ms = 0; waited_ms < 5000 && rank < tap_size; waited_ms += 5) {
        finalized_mark(path, sizeof path, pid, rank);
        if (unlink(path) == 0)
            rank++;
        else
            nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
    }
    return rank == tap_size ? -1 : rank;
}

int main(int argc, char **argv)
{
    int initialized = 0, finalized = 1;
    MPI_Initialized(&initialized);
    int early = initialized;
    MPI_Init(&argc, &argv);
    MPI_Initialized(&initialized);
    MPI_Finalized(&finalized);
    tap_begin();

    check(tap_same_int("size", tap_size, tap_env("STACKPROBE_RANKS", tap_size)), "size is as launched");
    check(!early && initialized && !finalized, "initialized is told truly");
    check(argc == 2 && tap_same_str("argument", argv[1], "one word, two"), "arguments reach every rank");

    struct card mine = own_card(), *cards = calloc((size_t)tap_size, sizeof *cards);
    if (tap_rank != 0)
        MPI_Send(&mine, sizeof mine, MPI_BYTE, 0, 1, MPI_COMM_WORLD);
    cards[0] = mine;
    for (int source = 1; tap_rank == 0 && source < tap_size; source++)
        MPI_Recv(&cards[source], sizeof mine, MPI_BYTE, MPI_ANY_SOURCE, 1, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    MPI_Bcast(cards, tap_size * (int)sizeof mine, MPI_BYTE, 0, MPI_COMM_WORLD);

    check(set_is_exact(cards), "rank set is exact");
    check(tap_same_int("size of rank 0", cards[0].size, mine.size), "ranks agree on the size");
    check(pids_differ(cards), "each rank is a process of its own");
    check(tap_same_str("host", mine.host, cards[0].host), "ranks share one host");
    check(tap_same_str("processor", mine.processor, cards[0].processor), "ranks share one processor name");

    int sum = tap_rank + 1;
    MPI_Allreduce(MPI_IN_PLACE, &sum, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
    check(tap_same_int("sum", sum, tap_size * (tap_size + 1) / 2), "allreduce over all ranks");

    char path[512];
    finalized_mark(path, sizeof path, cards[0].pid, tap_rank);
    free(cards);
    MPI_Comm_free(&tap_comm);
    MPI_Finalize();
    MPI_Finalized(&finalized);
    FILE *mark = finalized ? fopen(path, "w") : NULL;
    if (mark)
        fclose(mark);
    if (tap_rank != 0)
        return 0;
    int late = unfinalized(mine.pid);
    tap_line("every rank is through finalize", "", late, "no word from it within 5 s after rank 0 finalized");
    return tap_plan();
}
