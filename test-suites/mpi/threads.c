/* MPI_THREAD_MULTIPLE: four threads of each rank send, receive and run collectives at the same time. */
#define _GNU_SOURCE
#include "tap_mpi.h"
#include <pthread.h>

enum { THREADS = 4, N = 2000 };

struct worker {
    pthread_t thread;
    MPI_Comm comm;
    int id, turns, wrong, is_main;
};

static void *exchange(void *data)
{
    struct worker *w = data;
    int out[N], in[N], right = (tap_rank + 1) % tap_size, left = (tap_rank + tap_size - 1) % tap_size;
    MPI_Is_thread_main(&w->is_main);
    for (int turn = 0; turn < w->turns; turn++) {
        for (int i = 0; i < N; i++)
            out[i] = tap_rank * 1000000 + w->id * 100000 + turn * 1000 + i;
        MPI_Sendrecv(out, N, MPI_INT, right, w->id, in, N, MPI_INT, left, w->id, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
        for (int i = 0; i < N; i++)
            w->wrong += in[i] != left * 1000000 + w->id * 100000 + turn * 1000 + i;
    }
    return NULL;
}

static void *reduce(void *data)
{
    struct worker *w = data;
    for (int turn = 0; turn < w->turns; turn++) {
        int sum = tap_rank + w->id * 100 + turn;
        MPI_Allreduce(MPI_IN_PLACE, &sum, 1, MPI_INT, MPI_SUM, w->comm);
        w->wrong += sum != tap_size * (tap_size - 1) / 2 + tap_size * (w->id * 100 + turn);
    }
    return NULL;
}

/* A thread that waits for a message must not keep the others from making progress. */
static void *wait_for_word(void *data)
{
    struct worker *w = data;
    int word = 0;
    MPI_Recv(&word, 1, MPI_INT, tap_rank, 99, w->comm, MPI_STATUS_IGNORE);
    w->wrong = word != 4711;
    return NULL;
}

static int run_all(struct worker *workers, int n, void *(*job)(void *), int turns)
{
    int wrong = 0, started = 0;
    for (int i = 0; i < n; i++) {
        workers[i].turns = turns;
        workers[i].wrong = 0;
        started += pthread_create(&workers[i].thread, NULL, job, &workers[i]) == 0;
    }
    if (started != n)
        tap_bail("no more threads may be started");
    for (int i = 0; i < n; i++) {
        pthread_join(workers[i].thread, NULL);
        wrong += workers[i].wrong;
    }
    return wrong;
}

int main(int argc, char **argv)
{
    int provided, queried, is_main, turns;
    struct worker workers[THREADS];
    MPI_Init_thread(&argc, &argv, MPI_THREAD_MULTIPLE, &provided);
    tap_begin();
    turns = tap_size * THREADS > tap_env("STACKPROBE_CPUS", 1) ? 20 : 200;
    MPI_Query_thread(&queried);
    MPI_Is_thread_main(&is_main);
    check(tap_same_int("queried level", queried, provided), "the level is told again");
    check(is_main, "the main thread is main");
    check(tap_same_int("level", provided, MPI_THREAD_MULTIPLE), "level multiple is given");
    if (provided < MPI_THREAD_MULTIPLE)
        return tap_end();
    for (int i = 0; i < THREADS; i++) {
        workers[i].id = i;
        MPI_Comm_dup(MPI_COMM_WORLD, &workers[i].comm);
    }
    check(tap_same_int("wrong values", run_all(workers, THREADS, exchange, turns), 0), "threads exchange messages");
    check(!workers[0].is_main && !workers[THREADS - 1].is_main, "other threads are not main");
    check(tap_same_int("wrong values", run_all(workers, THREADS, reduce, turns), 0),
          "threads run collectives side by side");

    struct worker waiting = {.comm = workers[0].comm};
    int word = 4711, sum = 1;
    pthread_create(&waiting.thread, NULL, wait_for_word, &waiting);
    MPI_Allreduce(MPI_IN_PLACE, &sum, 1, MPI_INT, MPI_SUM, workers[1].comm);
    MPI_Send(&word, 1, MPI_INT, tap_rank, 99, workers[0].comm);
    pthread_join(waiting.thread, NULL);
    check(!waiting.wrong && tap_same_int("sum", sum, tap_size), "a waiting thread does not stop the others");
    for (int i = 0; i < THREADS; i++)
        MPI_Comm_free(&workers[i].comm);
    return tap_end();
}
