/* LeakSanitizer stops the program with ptrace to look at its memory. Whether this pod allows that is found out
 * first, without the sanitizer: where it is forbidden nothing can be told about the compiler. */
#define _GNU_SOURCE
#include "symboliser.h"

#include <sys/ptrace.h>

/* 0, or the errno with which a child of ours may not be traced. */
static int trace_refused(void)
{
    int refused = 0, status = 0;
    pid_t child = fork();
    if (child == 0) {
        alarm(10); /* should its parent die, it does not stay */
        for (;;) {
            pause();
        }
    }
    if (child < 0) {
        return errno;
    }
    if (ptrace(PTRACE_ATTACH, child, NULL, NULL) != 0) {
        refused = errno;
    } else {
        waitpid(child, &status, 0);
    }
    kill(child, SIGKILL);
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    return refused;
}

int main(int argc, char **argv)
{
    int refused = trace_refused();
    if (argc != 2) {
        puts("Bail out! usage: PROGRAM");
        return 1;
    }
    if (refused != 0) {
        char why[128];
        snprintf(why, sizeof why, "this pod forbids ptrace, which LeakSanitizer needs (%s)", strerror(refused));
        tap_skip("leak is reported", why);
        return tap_done();
    }
    const struct witness *clean = witness_of(argv[1], "clean");
    if (!tap_ok(clean->exit == 0 && strcmp(clean->output, "clean\n") == 0, "the clean twin passes in silence")) {
        tap_note("exit %d, signal %d, output: %s", clean->exit, clean->signal, clean->output);
    }
    const struct witness *leak = witness_of(argv[1], "leak");
    tap_int(leak->exit, 23, "a leak ends with its own status");
    tap_contains(leak->output, "detected memory leaks", "leak is reported");
    tap_contains(leak->output, "4242 byte(s) leaked in 3 allocation(s)", "leaked bytes are counted");
    symboliser_line(leak, argv[1], "lsan_bugs.c:101", "leak has its source line");
    return tap_done();
}
