/* A TAP 14 writer for one C or C++ program (https://testanything.org/tap-version-14-specification.html).
 *
 * Include it in one translation unit and report from the main thread only. The plan is written last, so a
 * program that dies half-way leaves no plan and cannot be mistaken for one that passed. Every line is flushed:
 * a later crash does not swallow what was already known. */
#ifndef TAP_H
#define TAP_H

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#if defined(__GNUC__)
#define TAP_PRINTF __attribute__((format(printf, 1, 2)))
#else
#define TAP_PRINTF
#endif

static int tap_count = 0;
static int tap_failures = 0;

/* Diagnostic text, never a verdict: each of its lines is marked, so that the output of another program, quoted here,
 * cannot be read as TAP. */
static inline void TAP_PRINTF tap_note(const char *format, ...)
{
    char text[8192];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    for (const char *line = text; line != NULL;) {
        const char *end = strchr(line, '\n');
        int length = end == NULL ? (int)strlen(line) : (int)(end - line);
        printf("# %.*s\n", length, line);
        line = end == NULL || end[1] == '\0' ? NULL : end + 1;
    }
    fflush(stdout);
}

static inline int tap_ok(int passed, const char *name)
{
    tap_count += 1;
    tap_failures += !passed;
    printf("%sok %d - %s\n", passed ? "" : "not ", tap_count, name);
    fflush(stdout);
    return passed;
}

/* A fact about this machine, not a hope, must stand behind `why`. */
static inline void tap_skip(const char *name, const char *why)
{
    tap_count += 1;
    printf("ok %d - %s # SKIP %s\n", tap_count, name, why);
    fflush(stdout);
}

/* One line of a YAML single-quoted scalar, whatever bytes `text` holds. */
static inline void tap_quoted(const char *key, const char *text)
{
    printf("  %s: '", key);
    for (; *text != '\0'; text++) {
        unsigned char byte = (unsigned char)*text;
        if (byte == '\'') {
            putchar('\'');
        }
        putchar(byte < ' ' || byte > '~' ? '?' : byte);
    }
    puts("'");
}

static inline int tap_int(long long got, long long want, const char *name)
{
    if (!tap_ok(got == want, name)) {
        printf("  ---\n  message: wrong value\n  got: %lld\n  want: %lld\n  ...\n", got, want);
        fflush(stdout);
    }
    return got == want;
}

/* The comparison is written so that a NaN fails. */
static inline int tap_real(double got, double want, double tolerance, const char *name)
{
    double distance = got > want ? got - want : want - got;
    int passed = got == want || distance <= tolerance;
    if (!tap_ok(passed, name)) {
        printf("  ---\n  message: wrong value\n  got: %.17g\n  want: %.17g\n  tolerance: %g\n  ...\n", got, want,
               tolerance);
        fflush(stdout);
    }
    return passed;
}

static inline int tap_text(const char *got, const char *want, const char *name)
{
    int passed = strcmp(got, want) == 0;
    if (!tap_ok(passed, name)) {
        puts("  ---\n  message: wrong text");
        tap_quoted("got", got);
        tap_quoted("want", want);
        puts("  ...");
        fflush(stdout);
    }
    return passed;
}

static inline int tap_contains(const char *text, const char *wanted, const char *name)
{
    int passed = strstr(text, wanted) != NULL;
    if (!tap_ok(passed, name)) {
        puts("  ---\n  message: text not found");
        tap_quoted("wanted", wanted);
        tap_quoted("in", text);
        puts("  ...");
        fflush(stdout);
    }
    return passed;
}

/* Writes the plan; the value is the exit status of main(). */
static inline int tap_done(void)
{
    printf("1..%d\n", tap_count);
    fflush(stdout);
    return tap_failures == 0 ? 0 : 1;
}

#endif
