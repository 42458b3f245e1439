/* A TAP 14 writer for MPI programs, C and C++.
 *
 * check() is collective over MPI_COMM_WORLD: its line is "ok" only if the condition held on every rank. The verdicts
 * travel to rank 0 as small point-to-point messages on a communicator of their own, because a collective is usually
 * what is being checked, and by the library's profiling names, so that a tool in front of it cannot garble them. Ranks other than 0 print nothing on stdout.
 *
 *     tap_begin();
 *     check(tap_same_int("element 3", buf[3], 7), "bcast from root %d", root);
 *     return tap_end();
 */
#ifndef STACKPROBE_TAP_MPI_H
#define STACKPROBE_TAP_MPI_H

#include <mpi.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TAP_NAME = 96, TAP_WHY = 200 };

struct tap_verdict {
    int ok;
    char name[TAP_NAME];
    char why[TAP_WHY];
};

static MPI_Comm tap_comm;
static int tap_rank, tap_size;
static int tap_count, tap_failed;
static char tap_why[TAP_WHY];

#ifdef __GNUC__
#define TAP_PRINTF(fmt, args) __attribute__((format(printf, fmt, args), unused))
#define TAP_UNUSED __attribute__((unused))
#else
#define TAP_PRINTF(fmt, args)
#define TAP_UNUSED
#endif

/* A number that the harness gives to the case, or `otherwise` where the program is started by hand. */
TAP_UNUSED static int tap_env(const char *name, int otherwise)
{
    const char *text = getenv(name);
    return text && *text ? atoi(text) : otherwise;
}

/* Repetitions that suit the machine: with more ranks than CPUs a busy-waiting MPI gives a rank its turn only at the
 * next scheduler tick, and MPICH was seen to be ten thousand times slower. */
TAP_UNUSED static int tap_repeat(int when_idle, int when_crowded)
{
    return tap_size > tap_env("STACKPROBE_CPUS", 1) ? when_crowded : when_idle;
}

/* Keep the first reason of this rank; the next check() sends it along. */
TAP_PRINTF(1, 2) static void tap_because(const char *fmt, ...)
{
    if (tap_why[0])
        return;
    va_list args;
    va_start(args, fmt);
    vsnprintf(tap_why, sizeof tap_why, fmt, args);
    va_end(args);
}

TAP_UNUSED static int tap_same_int(const char *what, long long found, long long wanted)
{
    if (found != wanted)
        tap_because("%s: wanted %lld, found %lld", what, wanted, found);
    return found == wanted;
}

TAP_UNUSED static int tap_same_str(const char *what, const char *found, const char *wanted)
{
    if (strcmp(found, wanted) != 0)
        tap_because("%s: wanted %s, found %s", what, wanted, found);
    return strcmp(found, wanted) == 0;
}

/* buf[i] == first + i * step for all i < n */
TAP_UNUSED static int tap_same_ramp(const char *what, const int *buf, int n, int first, int step)
{
    for (int i = 0; i < n; i++)
        if (buf[i] != first + i * step) {
            tap_because("%s[%d]: wanted %d, found %d", what, i, first + i * step, buf[i]);
            return 0;
        }
    return 1;
}

/* YAML's single-quoted style has one escape, '' for '. */
static void tap_quoted(const char *key, const char *text)
{
    printf("  %s: '", key);
    for (; *text; text++)
        if (*text == '\'')
            fputs("''", stdout);
        else
            putchar((unsigned char)*text < ' ' ? ' ' : *text);
    puts("'");
}

TAP_UNUSED static void tap_bail(const char *why)
{
    if (tap_rank == 0) {
        printf("Bail out! %s\n", why);
        fflush(stdout);
    }
    fprintf(stderr, "rank %d: %s\n", tap_rank, why);
    MPI_Abort(MPI_COMM_WORLD, 1);
}

static void tap_line(const char *name, const char *failing, int first, const char *why)
{
    printf("%s %d - %s\n", first < 0 ? "ok" : "not ok", ++tap_count, name);
    if (first >= 0) {
        char message[TAP_WHY + 64];
        snprintf(message, sizeof message, "rank %d of %d: %s", first, tap_size, *why ? why : "the condition is false");
        tap_failed++;
        puts("  ---");
        tap_quoted("message", message);
        printf("  ranks: [%s]\n  ...\n", failing);
    }
    fflush(stdout);
}

TAP_PRINTF(2, 3) static void check(int ok, const char *fmt, ...)
{
    struct tap_verdict mine, other;
    memset(&mine, 0, sizeof mine);
    mine.ok = ok != 0;
    va_list args;
    va_start(args, fmt);
    vsnprintf(mine.name, sizeof mine.name, fmt, args);
    va_end(args);
    memcpy(mine.why, tap_why, sizeof mine.why);
    tap_why[0] = '\0';
    if (!ok)
        fprintf(stderr, "rank %d: not ok: %s: %s\n", tap_rank, mine.name, mine.why);
    if (tap_rank != 0) {
        PMPI_Send(&mine, sizeof mine, MPI_BYTE, 0, tap_count++, tap_comm);
        return;
    }
    char failing[256] = "", why[TAP_WHY] = "";
    int first = -1;
    for (int rank = 0; rank < tap_size; rank++) {
        if (rank == 0)
            other = mine;
        else
            PMPI_Recv(&other, sizeof other, MPI_BYTE, rank, tap_count, tap_comm, MPI_STATUS_IGNORE);
        if (strcmp(other.name, mine.name) != 0) {
            fprintf(stderr, "rank %d is at '%s', rank 0 at '%s'\n", rank, other.name, mine.name);
            tap_bail("the ranks disagree on which check comes next");
        }
        if (other.ok)
            continue;
        if (first < 0) {
            first = rank;
            memcpy(why, other.why, sizeof why);
        }
        size_t used = strlen(failing);
        snprintf(failing + used, sizeof failing - used, "%s%d", used ? ", " : "", rank);
    }
    tap_line(mine.name, failing, first, why);
}

/* Every rank must come to the same decision to skip. */
TAP_UNUSED static void tap_skip(const char *name, const char *reason)
{
    tap_count++;
    if (tap_rank == 0) {
        printf("ok %d - %s # SKIP %s\n", tap_count, name, reason);
        fflush(stdout);
    }
}

/* A remark for the log: measured, not judged. */
TAP_PRINTF(1, 2) static void tap_note(const char *fmt, ...)
{
    if (tap_rank != 0)
        return;
    va_list args;
    va_start(args, fmt);
    fputs("# ", stdout);
    vprintf(fmt, args);
    putchar('\n');
    va_end(args);
}

/* What this place does to the library, in words that are the same in every run here: it is kept in the case's record,
 * and comparisons are made of it. */
TAP_PRINTF(2, 3) static void tap_observe(const char *name, const char *fmt, ...)
{
    if (tap_rank != 0)
        return;
    va_list args;
    va_start(args, fmt);
    printf("# observed %s: ", name);
    vprintf(fmt, args);
    putchar('\n');
    va_end(args);
}

/* After MPI_Init. A launcher of another MPI starts N singletons that each believe to be rank 0 of 1: they stop here. */
TAP_UNUSED static void tap_begin(void)
{
    MPI_Comm_rank(MPI_COMM_WORLD, &tap_rank);
    MPI_Comm_size(MPI_COMM_WORLD, &tap_size);
    int wanted = tap_env("STACKPROBE_RANKS", tap_size);
    if (tap_rank == 0)
        puts("TAP version 14");
    if (wanted != tap_size) {
        if (tap_rank == 0)
            printf("Bail out! wanted %d ranks, found %d in MPI_COMM_WORLD: launcher and library do not fit\n", wanted,
                   tap_size);
        fflush(stdout);
        /* Not MPI_Abort: launchers then drop what was just printed. Every rank comes here, so all may finalize. */
        MPI_Finalize();
        exit(1);
    }
    MPI_Comm_dup(MPI_COMM_WORLD, &tap_comm);
    /* Files return errors by default, and an unread error would leave the check to guess. */
    MPI_File_set_errhandler(MPI_FILE_NULL, MPI_ERRORS_ARE_FATAL);
}

/* The value is main's. */
TAP_UNUSED static int tap_plan(void)
{
    if (tap_rank == 0) {
        printf("1..%d\n", tap_count);
        fflush(stdout);
    }
    return tap_failed ? 1 : 0;
}

TAP_UNUSED static int tap_end(void)
{
    int status = tap_plan();
    MPI_Comm_free(&tap_comm);
    MPI_Finalize();
    return status;
}

#endif
