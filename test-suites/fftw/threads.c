/* A transform by several threads gives the numbers of one thread, and there are several. argv: the module's prefix. */
#include "proof.h"
#include "tasks.h"
#include <fftw3.h>
#include <pthread.h>
#include <unistd.h>

enum { N = 512, THREADS = 3 };
static volatile int most, over;

static void *watch(void *unused)
{
    while (!over) {
        int count = now();
        if (count > most)
            most = count;
        usleep(200);
    }
    return unused;
}

int main(int argc, char **argv)
{
    fftw_complex *in = fftw_malloc(sizeof *in * N * N), *one = fftw_malloc(sizeof *one * N * N), *many = fftw_malloc(sizeof *many * N * N);
    fftw_plan plan;
    pthread_t watcher;
    int i, ok = 1;
    proof_begin(&argc, &argv);
    check(fftw_init_threads(), "threads are there");
    plan = fftw_plan_dft_2d(N, N, in, one, FFTW_FORWARD, FFTW_ESTIMATE);
    for (i = 0; i < N * N; i++) {
        in[i][0] = (i * 37 % 1001) / 1001.0;
        in[i][1] = (i * 53 % 997) / 997.0;
    }
    fftw_execute(plan);
    fftw_destroy_plan(plan);
    fftw_plan_with_nthreads(THREADS);
    plan = fftw_plan_dft_2d(N, N, in, many, FFTW_FORWARD, FFTW_ESTIMATE);
    pthread_create(&watcher, NULL, watch, NULL);
    for (i = 0; i < 60; i++)
        fftw_execute(plan);
    over = 1;
    pthread_join(watcher, NULL);
    for (i = 0; i < N * N && ok; i++)
        ok = near("an element", many[i][0], one[i][0], 1e-9) && near("an element", many[i][1], one[i][1], 1e-9);
    check(ok, "the numbers are those of one thread");
    /* The watcher and the program itself are two. */
    if (most <= 2)
        because("fftw_plan_with_nthreads(%d) was called, and no thread of the library was seen", THREADS);
    check(most > 2, "there are several threads");
    check(answered_by("libfftw3", argv[1]), "the libfftw3_threads that answers is the module's");
    return proof_end();
}
