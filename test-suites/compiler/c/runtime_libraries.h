/* Whose run-time libraries does this process run with? Shared by the C, the C++ and the Fortran probe.
 *
 * A program built by the stack's compiler may start with the host's libstdc++ or libgomp and still print hello; only
 * the process's own map shows it. What a compiler brings itself must come from below STACKPROBE_CC_PREFIX. */
#ifndef RUNTIME_LIBRARIES_H
#define RUNTIME_LIBRARIES_H

#ifndef _GNU_SOURCE
#error "define _GNU_SOURCE before the first include: realpath is needed"
#endif

#include "maps.h"
#include "tap.h"

#include <limits.h>
#include <stdlib.h>

enum { RUNTIME_OWN = 14 };

struct runtime_family {
    const char *family;
    const char *own[RUNTIME_OWN]; /* what the compiler's package itself installs */
};

/* Clang, AOCC, icx and nvc take libstdc++ and libgcc_s from a gcc, which may be another package: for them these are
 * judged by age, not by place. */
static const struct runtime_family runtime_families[] = {
    {"gcc", {"libstdc++", "libgcc_s", "libgfortran", "libquadmath", "libgomp", "libatomic", "libcaf_single"}},
    {"llvm", {"libomp", "libc++", "libc++abi", "libunwind", "libFortranRuntime", "libflang_rt.runtime"}},
    {"aocc", {"libomp", "libc++", "libflang", "libflangrti", "libpgmath", "libompstub"}},
    {"intel-oneapi-compilers",
     {"libiomp5", "libimf", "libsvml", "libirng", "libintlc", "libifcore", "libifcoremt", "libifport"}},
    {"nvhpc", {"libnvomp", "libnvf", "libnvc", "libnvcpumath", "libnvhpcatm", "libacchost"}},
};

static inline const struct runtime_family *runtime_family(void)
{
    const char *family = getenv("STACKPROBE_CC_FAMILY");
    for (size_t i = 0; family != NULL && i < sizeof runtime_families / sizeof *runtime_families; i++) {
        if (strcmp(runtime_families[i].family, family) == 0) {
            return &runtime_families[i];
        }
    }
    return NULL;
}

static inline int runtime_below(const char *path, const char *root)
{
    size_t length = strlen(root);
    /* Where /lib is not a link to /usr/lib, a compiler of prefix /usr has libraries in both. */
    if (strcmp(root, "/usr") == 0 && strncmp(path, "/lib", 4) == 0) {
        return 1;
    }
    return strncmp(path, root, length) == 0 && (path[length] == '/' || strcmp(root, "/") == 0);
}

/* One of `needed` must be mapped, or the check would be empty. Without `needed` (a compiler that may link its
 * run-time library statically) it is skipped where there is nothing to judge. */
static inline void runtime_check_place(const char *const *needed)
{
    static const char *const name = "runtime libraries are of the compiler";
    const struct maps *maps = maps_read();
    const struct runtime_family *family = runtime_family();
    const char *prefix = getenv("STACKPROBE_CC_PREFIX");
    char root[PATH_MAX];
    int mapped = 0, own = 0, foreign = 0;

    for (int i = 0; i < maps->count; i++) {
        tap_note("mapped: %s", maps->path[i]);
    }
    if (needed != NULL) {
        for (; *needed != NULL; needed++) {
            mapped |= maps_find(maps, *needed) != NULL;
        }
        tap_ok(mapped, "the runtime library is a shared one");
    }
    if (family == NULL || prefix == NULL || *prefix == '\0') {
        tap_skip(name, "the compiler's family or prefix is not known");
        return;
    }
    if (realpath(prefix, root) == NULL) {
        tap_ok(0, name);
        tap_note("no such folder: %s", prefix);
        return;
    }
    for (int i = 0; i < maps->count; i++) {
        for (int j = 0; j < RUNTIME_OWN && family->own[j] != NULL; j++) {
            if (!maps_is(maps->path[i], family->own[j])) {
                continue;
            }
            own += 1;
            if (!runtime_below(maps->path[i], root)) {
                tap_note("foreign: %s is not below %s", maps->path[i], root);
                foreign += 1;
            }
        }
    }
    if (own == 0 && needed == NULL) {
        tap_skip(name, "this compiler's run-time library is linked statically");
        return;
    }
    tap_int(foreign, 0, name);
}

/* Whether `wanted`, a version name, stands in the string table of the file. */
static inline int runtime_file_holds(const char *path, const char *wanted)
{
    size_t length = strlen(wanted) + 1, matched = 0;
    FILE *file = fopen(path, "rb");
    int byte;
    if (file == NULL) {
        return 0;
    }
    while (matched < length && (byte = getc_unlocked(file)) != EOF) {
        if (byte == (unsigned char)wanted[matched]) {
            matched += 1;
        } else {
            matched = byte == (unsigned char)wanted[0];
        }
    }
    fclose(file);
    return matched == length;
}

#endif
