/* Links a program statically and runs it. Static C libraries are a package of their own (glibc-static on Red Hat
 * systems): where the linker says that libc.a itself is not there, nothing can be told about the compiler.
 *
 * Arguments: the compiler and its flags. */
#define _GNU_SOURCE
#include "tap.h"
#include "witness.h"

enum { WORDS = 32 };

int main(int argc, char **argv)
{
    static char output[] = "./static_body";
    static char *const rest[] = {"-std=c11", "-O2", "-static", "-pthread", "static_body.c", "-o", output, "-lm"};
    char *command[WORDS + sizeof rest / sizeof *rest + 1] = {NULL};
    int words = 0;
    if (argc < 2 || argc > WORDS) {
        puts("Bail out! usage: CC [FLAG]...");
        return 1;
    }
    for (int i = 1; i < argc; i++) {
        command[words++] = argv[i];
    }
    for (size_t i = 0; i < sizeof rest / sizeof *rest; i++) {
        command[words++] = rest[i];
    }
    const struct witness *link = witness_run(command);
    if (link->exit != 0 &&
        (strstr(link->output, "cannot find -lc\n") != NULL || strstr(link->output, "cannot find -lc:") != NULL ||
         strstr(link->output, "unable to find library -lc\n") != NULL)) {
        tap_skip("links", "the system has no libc.a (libc6-dev, glibc-static)");
        return tap_done();
    }
    if (!tap_int(link->exit, 0, "links")) {
        tap_note("%s", link->output);
        return tap_done();
    }
    const struct witness *run = witness_of(output, NULL);
    tap_int(run->exit, 0, "runs");
    tap_text(run->output, "thread 42 root 1.414214 shared 0\n", "results without a shared library");
    return tap_done();
}
