/* The C half of a program whose two languages both use OpenMP. */
#include "maps.h"

#include <omp.h>

int c_team(void)
{
    int team = 0;
#pragma omp parallel reduction(+ : team)
    team += 1;
    return team;
}

int c_level_inside(void)
{
    return omp_get_level() * 100 + omp_get_num_threads() * 10 + omp_in_parallel();
}

/* How many OpenMP runtimes are in this process; each thinks itself alone and starts its own threads. */
int c_runtimes(void)
{
    static const char *const runtimes[] = {"libgomp", "libomp", "libiomp5", "libnvomp"};
    int mapped = 0;
    for (size_t i = 0; i < sizeof runtimes / sizeof *runtimes; i++) {
        mapped += maps_find(maps_read(), runtimes[i]) != NULL;
    }
    return mapped;
}
