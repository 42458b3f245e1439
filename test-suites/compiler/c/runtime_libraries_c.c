/* C with OpenMP: whose OpenMP runtime is it? */
#define _GNU_SOURCE
#include "runtime_libraries.h"

int main(void)
{
    static const char *const needed[] = {"libgomp", "libomp", "libiomp5", "libnvomp", NULL};
    int sum = 0;
#pragma omp parallel for reduction(+ : sum)
    for (int i = 0; i < 100; i++) {
        sum += i;
    }
    tap_int(sum, 4950, "parallel sum");
    runtime_check_place(needed);
    return tap_done();
}
