/* Whether a sanitizer's report names a source line, and if not, whether that is for want of a symboliser: the program
 * that it asks what an address is called. */
#ifndef SYMBOLISER_H
#define SYMBOLISER_H

#include "tap.h"
#include "witness.h"

/* A frame of the program itself without a name: `#0 0x5555  (/path/program+0x12)`, with one `#0 0x5555 in f /path/a.c:1`. */
static inline int symboliser_missing(const char *report, const char *program)
{
    char place[1024];
    int nameless = 0;
    snprintf(place, sizeof place, "(%s+0x", program);
    for (const char *at = report; (at = strstr(at, place)) != NULL; at++) {
        const char *begin = at;
        while (begin > report && begin[-1] != '\n') {
            begin--;
        }
        const char *name = strstr(begin, " in ");
        if (name != NULL && name < at) {
            return 0;
        }
        nameless = 1;
    }
    return nameless;
}

static inline void symboliser_line(const struct witness *seen, const char *program, const char *line, const char *name)
{
    if (strstr(seen->output, line) != NULL || !symboliser_missing(seen->output, program)) {
        tap_contains(seen->output, line, name);
        return;
    }
    tap_ok(0, name);
    puts("  ---\n  message: the report names addresses only, for the sanitizer found no symboliser");
    tap_quoted("wanted", line);
    tap_quoted("in", seen->output);
    puts("  ...");
    fflush(stdout);
}

#endif
