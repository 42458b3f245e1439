/* What a probe of a library says, as TAP 14 (https://testanything.org/tap-version-14-specification.html), for C and C++,
 * with MPI where PROOF_MPI is defined: check() is collective then, and true only if it is so on every rank.
 *
 *     proof_begin(&argc, &argv);
 *     check(same_text("the header", H5_VERS, "1.14"), "the header is of this version");
 *     return proof_end();
 *
 * The plan is written last, so a program that dies half-way leaves none. */
#ifndef PROOF_H
#define PROOF_H

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef PROOF_MPI
#include <mpi.h>
#endif

#if defined(__GNUC__)
#define PROOF_PRINTF(text, first) __attribute__((format(printf, text, first), unused))
#define PROOF_UNUSED __attribute__((unused))
#else
#define PROOF_PRINTF(text, first)
#define PROOF_UNUSED
#endif

enum { PROOF_TEXT = 1024 };
static int proof_count, proof_failed, proof_rank, proof_size = 1;
static char proof_why[PROOF_TEXT];

/* The first reason of this rank; the next check() takes it along. */
PROOF_PRINTF(1, 2) static void because(const char *format, ...)
{
    va_list args;
    if (proof_why[0] != '\0')
        return;
    va_start(args, format);
    vsnprintf(proof_why, sizeof proof_why, format, args);
    va_end(args);
}

PROOF_UNUSED static int same_text(const char *what, const char *found, const char *wanted)
{
    if (strcmp(found, wanted) != 0)
        because("%s: wanted %s, found %s", what, wanted, found);
    return strcmp(found, wanted) == 0;
}

PROOF_UNUSED static int same_number(const char *what, long long found, long long wanted)
{
    if (found != wanted)
        because("%s: wanted %lld, found %lld", what, wanted, found);
    return found == wanted;
}

/* A NaN is near nothing. */
PROOF_UNUSED static int near(const char *what, double found, double wanted, double tolerance)
{
    int is = fabs(found - wanted) <= tolerance;
    if (!is)
        because("%s: wanted %.17g within %.3g, found %.17g", what, wanted, tolerance, found);
    return is;
}

static void proof_quoted(const char *key, const char *text)
{
    printf("  %s: '", key);
    for (; *text != '\0'; text++) {
        unsigned char byte = (unsigned char)*text;
        if (byte == '\'')
            putchar('\'');
        putchar(byte < ' ' || byte > '~' ? ' ' : byte);
    }
    puts("'");
}

static int proof_told(int ok, const char *name)
{
    char why[PROOF_TEXT];
    snprintf(why, sizeof why, "%s", proof_why[0] != '\0' ? proof_why : "the condition is false");
    proof_why[0] = '\0';
#ifdef PROOF_MPI
    {
        int mine = ok ? proof_size : proof_rank, first;
        MPI_Allreduce(&mine, &first, 1, MPI_INT, MPI_MIN, MPI_COMM_WORLD);
        ok = first == proof_size;
        if (!ok) {
            char told[PROOF_TEXT + 64];
            MPI_Bcast(why, sizeof why, MPI_CHAR, first, MPI_COMM_WORLD);
            snprintf(told, sizeof told, "rank %d of %d: %s", first, proof_size, why);
            memcpy(why, told, sizeof why);
            why[sizeof why - 1] = '\0';
        }
    }
#endif
    proof_count++;
    proof_failed += !ok;
    if (proof_rank == 0) {
        printf("%sok %d - %s\n", ok ? "" : "not ", proof_count, name);
        if (!ok) {
            puts("  ---");
            proof_quoted("message", why);
            puts("  ...");
        }
        fflush(stdout);
    }
    return ok;
}

PROOF_PRINTF(2, 3) static int check(int ok, const char *format, ...)
{
    char name[PROOF_TEXT];
    va_list args;
    va_start(args, format);
    vsnprintf(name, sizeof name, format, args);
    va_end(args);
    return proof_told(ok, name);
}

/* A fact about this library, not a hope, must stand behind `why`. */
PROOF_UNUSED static void skip(const char *name, const char *why)
{
    proof_count++;
    if (proof_rank == 0) {
        printf("ok %d - %s # SKIP %s\n", proof_count, name, why);
        fflush(stdout);
    }
}

PROOF_UNUSED static void proof_begin(int *argc, char ***argv)
{
#ifdef PROOF_MPI
    MPI_Init(argc, argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &proof_rank);
    MPI_Comm_size(MPI_COMM_WORLD, &proof_size);
#else
    (void)argc;
    (void)argv;
#endif
}

PROOF_UNUSED static int proof_end(void)
{
    if (proof_rank == 0) {
        printf("1..%d\n", proof_count);
        fflush(stdout);
    }
#ifdef PROOF_MPI
    MPI_Finalize();
#endif
    return proof_failed != 0;
}

/* The version of a loaded module, without what a site appends to it; empty where none of the name is loaded. */
PROOF_UNUSED static const char *module_version(const char *names)
{
    static char version[128];
    const char *loaded = getenv("LOADEDMODULES");
    version[0] = '\0';
    for (; loaded != NULL && *loaded != '\0'; loaded += *loaded == ':') {
        size_t length = strcspn(loaded, ":"), family = strcspn(loaded, "/:");
        const char *name = names;
        for (; *name != '\0'; name += *name == ' ') {
            size_t own = strcspn(name, " ");
            if (own == family && strncmp(name, loaded, own) == 0 && family < length)
                snprintf(version, sizeof version, "%.*s", (int)(length - family - 1), loaded + family + 1);
            name += own;
        }
        loaded += length;
    }
    version[strcspn(version, "-_")] = '\0';
    return version;
}

/* Whether the module and the library are of one version: 1.14 of a module fits 1.14.3 of a library. */
PROOF_UNUSED static int same_version(const char *what, const char *found, const char *names)
{
    const char *module = module_version(names);
    size_t length = strlen(module);
    int is = length > 0 && strncmp(found, module, length) == 0 && strchr("0123456789", found[length] == '\0' ? '.' : found[length]) == NULL;
    is = is || (length > 0 && strcmp(found, module) == 0);
    if (!is)
        because("%s is %s, the module is of version %s", what, found, length == 0 ? "none: it is not loaded" : module);
    return is;
}

/* Every shared library of this process whose file name begins with one of `stems` and goes on as libraries do must lie
 * below `folder`, and there must be one. Links are followed. */
PROOF_UNUSED static int answered_by(const char *stems, const char *folder)
{
    static char line[4096], own[4096], real[4096];
    char seen[PROOF_TEXT] = "";
    FILE *maps = fopen("/proc/self/maps", "r");
    int good = 0, bad = 0;
    if (maps == NULL || realpath(folder, own) == NULL) {
        because("%s cannot be looked at", maps == NULL ? "/proc/self/maps" : folder);
        if (maps != NULL)
            fclose(maps);
        return 0;
    }
    while (fgets(line, sizeof line, maps) != NULL) {
        char *path = strchr(line, '/'), *name, *deleted;
        const char *stem = stems;
        if (path == NULL)
            continue;
        path[strcspn(path, "\n")] = '\0';
        deleted = strstr(path, " (deleted)");
        if (deleted != NULL)
            *deleted = '\0';
        name = strrchr(path, '/') + 1;
        for (; *stem != '\0'; stem += *stem == ' ') {
            size_t length = strcspn(stem, " ");
            char next = strncmp(name, stem, length) == 0 ? name[length] : 'x';
            stem += length;
            if ((next != '.' && next != '-' && next != '_') || strstr(name, ".so") == NULL || strcmp(seen, path) == 0)
                continue;
            snprintf(seen, sizeof seen, "%s", path);
            if (realpath(path, real) == NULL)
                snprintf(real, sizeof real, "%s", path);
            if (strncmp(real, own, strlen(own)) == 0 && real[strlen(own)] == '/') {
                good++;
            } else {
                bad++;
                because("%s is in this process, and not from the prefix %s", real, own);
            }
        }
    }
    fclose(maps);
    if (good == 0 && bad == 0)
        because("no library called %s is in this process", stems);
    return good > 0 && bad == 0;
}

#endif
