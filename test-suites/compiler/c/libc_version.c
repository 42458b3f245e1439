/* The C library of the headers is the one that is loaded, and the limits under which programs run here. */
#define _GNU_SOURCE
#include "maps.h"
#include "tap.h"

#include <stdlib.h>
#include <sys/auxv.h>
#include <sys/resource.h>
#include <unistd.h>

#ifdef __GLIBC__
#include <gnu/libc-version.h>

static void check_version(void)
{
    char headers[32];
    snprintf(headers, sizeof headers, "%d.%d", __GLIBC__, __GLIBC_MINOR__);
    tap_text(gnu_get_libc_version(), headers, "headers and loaded c library are of one version");
}
#else
static void check_version(void)
{
    tap_skip("headers and loaded c library are of one version", "not glibc: its headers name no version");
}
#endif

static void note_limit(const char *name, int resource)
{
    struct rlimit limit;
    if (getrlimit(resource, &limit) != 0) {
        return;
    }
    if (limit.rlim_cur == RLIM_INFINITY) {
        tap_note("limit of %s: unlimited", name);
    } else {
        tap_note("limit of %s: %llu", name, (unsigned long long)limit.rlim_cur);
    }
}

int main(void)
{
    const struct maps *maps = maps_read();
    int libraries = 0;
    check_version();
    for (int i = 0; i < maps->count; i++) {
        libraries += maps_is(maps->path[i], "libc");
        tap_note("mapped: %s", maps->path[i]);
    }
    tap_int(libraries, 1, "one c library is mapped");
    tap_ok((long)getauxval(AT_PAGESZ) == sysconf(_SC_PAGESIZE), "page size");
    tap_ok(sysconf(_SC_NPROCESSORS_ONLN) >= 1 && sysconf(_SC_OPEN_MAX) >= 64, "processors and open files");
    note_limit("stack bytes", RLIMIT_STACK);
    note_limit("locked bytes", RLIMIT_MEMLOCK);
    note_limit("address space bytes", RLIMIT_AS);
    note_limit("processes", RLIMIT_NPROC);
    note_limit("open files", RLIMIT_NOFILE);
    note_limit("core bytes", RLIMIT_CORE);
    return tap_done();
}
