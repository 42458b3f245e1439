/* Runs another program and keeps what it said and how it ended: for probes whose proof is that a program *fails* in
 * the right way. Needs POSIX: define _GNU_SOURCE first. */
#ifndef WITNESS_H
#define WITNESS_H

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WITNESS_OUTPUT = 65536 };

struct witness {
    int exit;   /* exit status, or -1 when a signal ended it or it never started */
    int signal; /* the signal that ended it, or 0 */
    char output[WITNESS_OUTPUT];
};

/* Standard output and error come together, cut at WITNESS_OUTPUT. No core file is left. */
static inline const struct witness *witness_run(char *const arguments[])
{
    static struct witness witness;
    int ends[2];
    witness.exit = -1;
    witness.signal = 0;
    witness.output[0] = '\0';
    if (pipe(ends) != 0) {
        snprintf(witness.output, sizeof witness.output, "pipe: %s", strerror(errno));
        return &witness;
    }
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        const struct rlimit none = {0, 0};
        setrlimit(RLIMIT_CORE, &none);
        dup2(ends[1], STDOUT_FILENO);
        dup2(ends[1], STDERR_FILENO);
        close(ends[0]);
        close(ends[1]);
        execvp(arguments[0], arguments);
        fprintf(stderr, "exec %s: %s\n", arguments[0], strerror(errno));
        _exit(127);
    }
    close(ends[1]);
    size_t used = 0;
    char spare[4096];
    for (;;) {
        size_t room = sizeof witness.output - 1 - used;
        ssize_t count = read(ends[0], room > 0 ? witness.output + used : spare, room > 0 ? room : sizeof spare);
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count <= 0) {
            break;
        }
        used += room > 0 ? (size_t)count : 0;
    }
    close(ends[0]);
    witness.output[used] = '\0';
    int status = 0;
    while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    if (child > 0 && WIFEXITED(status)) {
        witness.exit = WEXITSTATUS(status);
    } else if (child > 0 && WIFSIGNALED(status)) {
        witness.signal = WTERMSIG(status);
    }
    return &witness;
}

/* The usual case: a program with one argument, or none when `argument` is NULL. */
static inline const struct witness *witness_of(const char *program, const char *argument)
{
    char *arguments[] = {(char *)program, (char *)argument, NULL};
    return witness_run(arguments);
}

#endif
