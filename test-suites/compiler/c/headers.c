/* Every header of the C library, alone and all together, in the strict modes and in the one that shows everything.
 *
 * A compiler that carries "fixed" copies of another C library's headers, or whose own limits.h hides the library's,
 * compiles hello world without a word; a header that does not go with the others breaks somebody's program much later.
 *
 *   headers LANGUAGE COMPILER          LANGUAGE is c or c++
 */
#define _POSIX_C_SOURCE 200809L
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include "tap.h"

extern char **environ;

/* In C++ they belong to C only, or are other headers. */
static const char *const c_only[] = {"stdatomic.h", "stdnoreturn.h", "threads.h", "tgmath.h", "complex.h", "stdalign.h"};

static const char *const standard[] = {
    "assert.h", "complex.h", "ctype.h", "errno.h", "fenv.h", "float.h", "inttypes.h", "iso646.h", "limits.h", "locale.h",
    "math.h", "setjmp.h", "signal.h", "stdalign.h", "stdarg.h", "stdatomic.h", "stdbool.h", "stddef.h", "stdint.h",
    "stdio.h", "stdlib.h", "stdnoreturn.h", "string.h", "tgmath.h", "threads.h", "time.h", "uchar.h", "wchar.h", "wctype.h",
};

static const char *const posix[] = {
    "aio.h", "arpa/inet.h", "cpio.h", "dirent.h", "dlfcn.h", "fcntl.h", "fmtmsg.h", "fnmatch.h", "ftw.h", "glob.h", "grp.h",
    "iconv.h", "langinfo.h", "libgen.h", "monetary.h", "mqueue.h", "net/if.h", "netdb.h", "netinet/in.h", "netinet/tcp.h",
    "nl_types.h", "poll.h", "pthread.h", "pwd.h", "regex.h", "sched.h", "search.h", "semaphore.h", "spawn.h", "strings.h",
    "sys/ipc.h", "sys/mman.h", "sys/msg.h", "sys/resource.h", "sys/select.h", "sys/sem.h", "sys/shm.h", "sys/socket.h",
    "sys/stat.h", "sys/statvfs.h", "sys/time.h", "sys/times.h", "sys/types.h", "sys/uio.h", "sys/un.h", "sys/utsname.h",
    "sys/wait.h", "syslog.h", "tar.h", "termios.h", "unistd.h", "utime.h", "utmpx.h", "wordexp.h",
};

static const char *const library[] = {
    "alloca.h", "argz.h", "byteswap.h", "crypt.h", "elf.h", "endian.h", "err.h", "error.h", "execinfo.h", "features.h",
    "fts.h", "getopt.h", "gnu/libc-version.h", "ifaddrs.h", "link.h", "malloc.h", "mcheck.h", "mntent.h", "obstack.h",
    "paths.h", "printf.h", "pty.h", "resolv.h", "shadow.h", "stdio_ext.h", "sys/auxv.h", "sys/epoll.h", "sys/eventfd.h",
    "sys/file.h", "sys/inotify.h", "sys/ioctl.h", "sys/mount.h", "sys/param.h", "sys/personality.h", "sys/prctl.h",
    "sys/ptrace.h", "sys/random.h", "sys/sendfile.h", "sys/signalfd.h", "sys/syscall.h", "sys/sysinfo.h",
    "sys/sysmacros.h", "sys/timerfd.h", "sys/vfs.h", "sys/xattr.h", "ucontext.h", "values.h", "wait.h",
};

#define COUNT(list) (sizeof(list) / sizeof(list)[0])

static int is_cxx;
static char *compiler;

static void bail_out(const char *why)
{
    printf("Bail out! %s\n", why);
    exit(1);
}

static int is_one_of(const char *name, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!strcmp(name, list[i]))
            return 1;
    return 0;
}

/* Not every image has every header of the library's extras (crypt.h): what is not there cannot be wrong. */
static int is_there(const char *header)
{
    char path[256];
    FILE *file;
    snprintf(path, sizeof path, "/usr/include/%s", header);
    if (!(file = fopen(path, "r"))) {
        snprintf(path, sizeof path, "/usr/include/x86_64-linux-gnu/%s", header);
        file = fopen(path, "r");
    }
    if (file)
        fclose(file);
    return file != NULL;
}

static void include_all(FILE *source, const char *const *list, size_t count, int optional)
{
    for (size_t i = 0; i < count; i++)
        if (!(is_cxx && is_one_of(list[i], c_only, COUNT(c_only))) && (!optional || is_there(list[i])))
            fprintf(source, "#include <%s>\n", list[i]);
}

/* Compiles what was written, and reports it; the compiler's first error is the reason. */
static void compiles(const char *standard_flag, const char *macro, const char *name)
{
    char *argv[] = {compiler, (char *)standard_flag, (char *)"-pedantic", (char *)macro, (char *)"-S",
                    (char *)(is_cxx ? "all.cpp" : "all.c"), (char *)"-o", (char *)"/dev/null", NULL};
    posix_spawn_file_actions_t actions;
    char line[1024], reason[1024] = "the compiler did not say why";
    int status = 0, passed, told = 0;
    pid_t child;
    FILE *log;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 2, "all.log", O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (posix_spawnp(&child, compiler, &actions, NULL, argv, environ) != 0)
        bail_out("the compiler could not be started");
    posix_spawn_file_actions_destroy(&actions);
    passed = waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
    log = fopen("all.log", "r");
    while (log && fgets(line, sizeof line, log)) {
        if (!passed)
            fputs(line, stderr);
        if (!told && strstr(line, "rror")) {
            line[strcspn(line, "\n")] = '\0';
            strcpy(reason, line);
            told = 1;
        }
    }
    if (log)
        fclose(log);
    if (!tap_ok(passed, name)) {
        puts("  ---");
        tap_quoted("message", reason);
        puts("  ...");
        fflush(stdout);
    }
}

static FILE *begin(void)
{
    FILE *source = fopen(is_cxx ? "all.cpp" : "all.c", "w");
    if (!source)
        bail_out("cannot write the source");
    return source;
}

static void end(FILE *source)
{
    fputs("int main(void) { return 0; }\n", source);
    if (fclose(source) != 0)
        bail_out("cannot write the source");
}

/* Set 0: the standard's; 1: POSIX's as well; 2: the C library's own as well. */
static void together(int set, const char *standard_flag, const char *macro, const char *what)
{
    char name[128];
    FILE *source = begin();
    include_all(source, standard, COUNT(standard), 0);
    if (set > 0)
        include_all(source, posix, COUNT(posix), 0);
    if (set > 1)
        include_all(source, library, COUNT(library), 1);
    end(source);
    snprintf(name, sizeof name, "%s, %s", what, standard_flag + strlen("-std="));
    compiles(standard_flag, macro, name);
}

static void alone(const char *const *list, size_t count, const char *standard_flag, const char *macro, int optional)
{
    for (size_t i = 0; i < count; i++) {
        char name[128];
        FILE *source;
        if ((is_cxx && is_one_of(list[i], c_only, COUNT(c_only))) || (optional && !is_there(list[i])))
            continue;
        source = begin();
        /* Twice: a header must be able to stand behind itself. */
        fprintf(source, "#include <%s>\n#include <%s>\n", list[i], list[i]);
        end(source);
        snprintf(name, sizeof name, "%s alone", list[i]);
        compiles(standard_flag, macro, name);
    }
}

int main(int argc, char **argv)
{
    const char *posix_macro = "-D_POSIX_C_SOURCE=200809L", *gnu_macro = "-D_GNU_SOURCE";
    const char *old, *new, *gnu;
    if (argc != 3)
        bail_out("wanted: LANGUAGE COMPILER");
    is_cxx = !strcmp(argv[1], "c++");
    /* Its quotes shall be straight. */
    setenv("LC_ALL", "C", 1);
    compiler = argv[2];
    old = is_cxx ? "-std=c++11" : "-std=c11";
    new = is_cxx ? "-std=c++17" : "-std=c17";
    gnu = is_cxx ? "-std=gnu++17" : "-std=gnu17";
    together(0, old, "-DNOTHING", "the headers of the standard");
    together(0, new, "-DNOTHING", "the headers of the standard");
    together(1, old, posix_macro, "those of POSIX as well, strictly");
    together(1, new, posix_macro, "those of POSIX as well, strictly");
    together(2, gnu, gnu_macro, "those of the C library as well, with _GNU_SOURCE");
    alone(standard, COUNT(standard), new, "-DNOTHING", 0);
    alone(posix, COUNT(posix), new, posix_macro, 0);
    alone(library, COUNT(library), gnu, gnu_macro, 1);
    return tap_done();
}
