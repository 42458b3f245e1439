/* OpenMP as the program sees it: the threads that were asked for really run, constructs give the right results,
 * and one OpenMP runtime is in the process. Run with OMP_NUM_THREADS=3. */
#include "maps.h"
#include "tap.h"

#include <omp.h>

enum { SIZE = 6000 };

static double values[SIZE];
static int seen[64];
static long per_thread;
#pragma omp threadprivate(per_thread)

static long fibonacci(int n)
{
    long left, right;
    if (n < 2) {
        return n;
    }
#pragma omp task shared(left) firstprivate(n)
    left = fibonacci(n - 1);
#pragma omp task shared(right) firstprivate(n)
    right = fibonacci(n - 2);
#pragma omp taskwait
    return left + right;
}

static void check_threads(void)
{
    int inside = 0;
#pragma omp parallel
    {
        int me = omp_get_thread_num();
#pragma omp atomic
        seen[me % 64] += 1;
#pragma omp master
        inside = omp_get_num_threads();
    }
    tap_int(omp_get_max_threads(), 3, "omp_num_threads is honoured");
    tap_int(inside, 3, "team size");
    tap_int(seen[0] * 100 + seen[1] * 10 + seen[2], 111, "every thread ran once");
    inside = 0;
#pragma omp parallel num_threads(2) reduction(+ : inside)
    inside += 1;
    tap_int(inside, 2, "num_threads clause");
}

static void check_worksharing(void)
{
    double sum = 0;
    double largest = -1;
#pragma omp parallel for schedule(dynamic, 7)
    for (int i = 0; i < SIZE; i++) {
        values[i] = (double)i * 0.5;
    }
#pragma omp parallel for reduction(+ : sum) reduction(max : largest)
    for (int i = 0; i < SIZE; i++) {
        sum += values[i];
        largest = values[i] > largest ? values[i] : largest;
    }
    tap_real(sum, 0.25 * SIZE * (SIZE - 1), 0.0, "reduction sum");
    tap_real(largest, 0.5 * (SIZE - 1), 0.0, "reduction max");

    int order = 0, wrong = 0;
#pragma omp parallel for ordered schedule(static, 1)
    for (int i = 0; i < 50; i++) {
#pragma omp ordered
        {
            wrong += order != i;
            order += 1;
        }
    }
    tap_int(order * 100 + wrong, 5000, "ordered");

    int first = 0, second = 0, once = 0;
    long critical = 0;
#pragma omp parallel
    {
#pragma omp sections
        {
#pragma omp section
            first += 1;
#pragma omp section
            second += 1;
        }
#pragma omp single
        once += 1;
        for (int i = 0; i < 500; i++) {
#pragma omp critical
            critical += 1;
        }
    }
    tap_int(first * 100 + second * 10 + once, 111, "sections and single run once");
    tap_int(critical, 1500, "critical");

    int last = -1, offset = 10;
#pragma omp parallel for firstprivate(offset) lastprivate(last)
    for (int i = 0; i < 40; i++) {
        last = i + offset;
    }
    tap_int(last, 49, "firstprivate and lastprivate");

    int cells = 0;
#pragma omp parallel for collapse(2) reduction(+ : cells)
    for (int i = 0; i < 13; i++) {
        for (int j = 0; j < 7; j++) {
            cells += i * j;
        }
    }
    tap_int(cells, 78 * 21, "collapse");
}

static void check_simd(void)
{
    double dot = 0;
#pragma omp simd reduction(+ : dot)
    for (int i = 0; i < 1000; i++) {
        dot += values[i] * 2;
    }
    tap_real(dot, 499500.0, 0.0, "simd reduction");
}

static void check_tasks(void)
{
    long result = 0;
#pragma omp parallel
#pragma omp single
    result = fibonacci(14);
    tap_int(result, 377, "recursive tasks");

    int a = 0, b = 0;
#pragma omp parallel
#pragma omp single
    {
#pragma omp task depend(out : a)
        a = 21;
#pragma omp task depend(in : a) depend(out : b)
        b = a * 2;
    }
    tap_int(b, 42, "task dependences");

    long total = 0;
#pragma omp parallel
#pragma omp single
#pragma omp taskloop grainsize(10)
    for (int i = 0; i < 100; i++) {
#pragma omp atomic
        total += i;
    }
    tap_int(total, 4950, "taskloop");
}

static void check_state(void)
{
    int kept = 0;
#pragma omp parallel
    per_thread = omp_get_thread_num() + 1;
#pragma omp parallel reduction(+ : kept)
    kept += per_thread == omp_get_thread_num() + 1;
    tap_int(kept, 3, "threadprivate persists");

    int inner = 0;
    omp_set_max_active_levels(2);
#pragma omp parallel num_threads(2)
#pragma omp parallel num_threads(2)
    {
#pragma omp atomic
        inner += omp_get_level();
    }
    tap_int(inner, 8, "nested regions");

    omp_lock_t lock;
    omp_init_lock(&lock);
    omp_set_lock(&lock);
    int busy = omp_test_lock(&lock);
    omp_unset_lock(&lock);
    int free_now = omp_test_lock(&lock);
    omp_unset_lock(&lock);
    omp_destroy_lock(&lock);
    tap_int(busy * 10 + free_now, 1, "locks");
}

static void check_runtime(void)
{
    static const char *const runtimes[] = {"libgomp", "libomp", "libiomp5", "libnvomp"};
    const struct maps *maps = maps_read();
    int mapped = 0;
    for (size_t i = 0; i < sizeof runtimes / sizeof *runtimes; i++) {
        const char *path = maps_find(maps, runtimes[i]);
        if (path != NULL) {
            tap_note("openmp runtime: %s (version macro %d)", path, _OPENMP);
            mapped += 1;
        }
    }
    tap_int(mapped, 1, "exactly one openmp runtime");
}

int main(void)
{
    check_threads();
    check_worksharing();
    check_simd();
    check_tasks();
    check_state();
    check_runtime();
    return tap_done();
}
