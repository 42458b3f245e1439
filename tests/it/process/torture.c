/* A program that behaves as badly as its first argument says. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static void ignore_all(void) {
    for (int number = 1; number < 65; number++) signal(number, SIG_IGN);
    signal(SIGCHLD, SIG_DFL);
}

static void wait_for_ever(void) {
    for (;;) pause();
}

static void nap(long milliseconds) {
    struct timespec time = {milliseconds / 1000, milliseconds % 1000 * 1000000};
    nanosleep(&time, NULL);
}

/* Never two of it for long: each forks, leaves its session, and dies, so that its pid is always new. */
static void comet(long microseconds) {
    ignore_all();
    for (;;) {
        if (fork() != 0) _exit(0);
        setsid();
        if (microseconds) usleep(microseconds);
    }
}

/* Every process makes two more, until `depth` generations are there. */
static void bomb(int depth) {
    ignore_all();
    for (int i = 0; i < 2 && depth > 0; i++)
        if (fork() == 0) {
            setpgid(0, 0);
            bomb(depth - 1);
        }
    wait_for_ever();
}

static void daemonise(void) {
    if (fork() != 0) return;
    setsid();
    if (fork() != 0) _exit(0);
    if (chdir("/")) _exit(1);
    int null = open("/dev/null", O_RDWR);
    for (int number = 0; number < 3; number++) dup2(null, number);
    wait_for_ever();
}

/* A FUSE daemon that never answers, and somebody who asks it. */
static void ask_dead_server(void) {
    char options[99];
    struct stat facts;
    int fuse = open("/dev/fuse", O_RDWR);
    snprintf(options, sizeof options, "fd=%d,rootmode=40000,user_id=0,group_id=0", fuse);
    if (fuse < 0 || unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL)
        || mkdir("server", 0755) || mount("dead", "server", "fuse", 0, options)) {
        perror("cannot mount a FUSE file system");
        exit(9);
    }
    stat("server/file", &facts);
}

int main(int argc, char **argv) {
    const char *how = argc > 1 ? argv[1] : "";
    long number = argc > 2 ? atol(argv[2]) : 0;
    if (!strcmp(how, "server")) {
        ask_dead_server();
    } else if (!strcmp(how, "vfork")) {
        if (vfork() == 0) wait_for_ever();
    } else if (!strcmp(how, "ignore")) {
        ignore_all();
        wait_for_ever();
    } else if (!strcmp(how, "comet")) {
        for (int i = argc > 3 ? atoi(argv[3]) : 1; i > 0; i--)
            if (fork() == 0) comet(number);
        wait_for_ever();
    } else if (!strcmp(how, "comet-left")) {
        if (fork() == 0) comet(number);
        nap(20);
    } else if (!strcmp(how, "bomb")) {
        bomb(number);
    } else if (!strcmp(how, "daemon")) {
        daemonise();
        nap(20);
    } else if (!strcmp(how, "nameless")) { /* a daemon that wipes its environment */
        char *none[] = {NULL}, *sleeper[] = {"sleep", "60", NULL};
        if (fork() == 0) {
            setsid();
            if (fork() != 0) _exit(0);
            execve("/bin/sleep", sleeper, none);
        }
        nap(20);
    } else if (!strcmp(how, "stop")) {
        raise(SIGSTOP);
        wait_for_ever();
    } else if (!strcmp(how, "raise")) {
        raise(number);
        wait_for_ever();
    } else if (!strcmp(how, "flood")) {
        static char block[1 << 16];
        memset(block, 'x', sizeof block);
        for (long left = number; left > 0; left -= sizeof block)
            if (write(1, block, sizeof block) < 0) return 1;
    } else if (!strcmp(how, "segments")) { /* makes shared memory until it is killed */
        for (int i = 0;; i++) {
            char name[256];
            snprintf(name, sizeof name, "/dev/shm/segments.%s.%d", getenv("TRIAL"), i);
            int file = open(name, O_CREAT | O_RDWR, 0600);
            if (ftruncate(file, 4096) || mmap(NULL, 4096, PROT_READ, MAP_SHARED, file, 0) == MAP_FAILED) return 1;
            close(file);
            usleep(20);
        }
    } else if (!strcmp(how, "burst")) { /* all at once, into a pipe that was made large enough */
        char *block = calloc(1, number);
        if (fcntl(1, F_SETPIPE_SZ, number) < number || write(1, block, number) != number) return 1;
    } else if (!strcmp(how, "closed")) {
        close(1);
        close(2);
        nap(50);
    } else if (!strcmp(how, "spin")) {
        for (volatile long turn = 0;; turn++) {
        }
    } else if (!strcmp(how, "allocate")) {
        return malloc(number) == NULL ? 3 : 0;
    } else if (!strcmp(how, "fill")) {
        volatile char *memory = malloc(number);
        for (long at = 0; at < number; at += 4096) memory[at] = 1;
    } else if (!strcmp(how, "grow")) {
        int file = open("grown", O_CREAT | O_WRONLY, 0600);
        if (ftruncate(file, number) != 0) return 4;
    } else {
        return 2;
    }
    return 0;
}
