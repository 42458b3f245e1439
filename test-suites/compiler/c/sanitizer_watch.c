/* Runs a program in which bugs are seeded, once for each bug and once clean, and reads what the sanitizer says.
 *
 * A sanitizer that was linked but finds nothing is worse than none: each seeded bug must end the program with a
 * failure and a report that names the kind of bug and the source line; the clean twin must pass in silence.
 *
 * Arguments: the program, the name that every report holds, then for each bug its argument, a text of its report
 * and the source line. */
#define _GNU_SOURCE
#include "symboliser.h"

static void check(const char *program, const char *report, const char *bug, const char *kind, const char *line)
{
    char name[96];
    const struct witness *seen = witness_of(program, bug);

    snprintf(name, sizeof name, "%s ends the program", bug);
    if (!tap_ok(seen->signal != 0 || seen->exit > 0, name)) {
        tap_note("the program ran on: exit %d, output: %s", seen->exit, seen->output);
    }
    snprintf(name, sizeof name, "%s is reported", bug);
    tap_contains(seen->output, report, name);
    snprintf(name, sizeof name, "%s is called by its name", bug);
    tap_contains(seen->output, kind, name);
    snprintf(name, sizeof name, "%s has its source line", bug);
    symboliser_line(seen, program, line, name);
}

int main(int argc, char **argv)
{
    if (argc < 6 || (argc - 3) % 3 != 0) {
        puts("Bail out! usage: PROGRAM REPORT (BUG KIND LINE)...");
        return 1;
    }
    const struct witness *clean = witness_of(argv[1], "clean");
    if (!tap_ok(clean->exit == 0 && strcmp(clean->output, "clean\n") == 0, "the clean twin passes in silence")) {
        tap_note("exit %d, signal %d, output: %s", clean->exit, clean->signal, clean->output);
    }
    for (int i = 3; i < argc; i += 3) {
        check(argv[1], argv[2], argv[i], argv[i + 1], argv[i + 2]);
    }
    return tap_done();
}
