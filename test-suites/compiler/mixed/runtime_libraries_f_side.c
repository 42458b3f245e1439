/* The judgement of runtime_libraries_f.f90, in C: it reads the map of the process that Fortran made. */
#define _GNU_SOURCE
#include "runtime_libraries.h"

int judge_runtime_libraries(int sum)
{
    static const char *const of_gcc[] = {"libgfortran", NULL};
    const struct runtime_family *family = runtime_family();
    tap_int(sum, 5050, "formatted i/o works");
    runtime_check_place(family != NULL && strcmp(family->family, "gcc") == 0 ? of_gcc : NULL);
    return tap_done();
}
