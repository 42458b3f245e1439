/* Which way the bytes go. Over TCP they pass sockets of the ranks, which the kernel counts for each of them, and the
 * loopback interface, whose counter every process may read; through shared memory they pass neither. The interface is
 * shared with whatever else runs in the pod, so its counter is judged with patience and the sockets first. */
#define _GNU_SOURCE
#include "tap_mpi.h"
#include <arpa/inet.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { MESSAGE = 4 << 20, TURNS = 8, WINDOWS = 5, SOCKET_BYTES = 8 << 20, MAPPINGS = 64 };

/* Bytes that the loopback interface has received in this network namespace; -1 where the kernel does not tell. */
static long long loopback_bytes(void)
{
    char line[512];
    long long bytes = -1;
    FILE *counters = fopen("/proc/self/net/dev", "r");
    while (counters && fgets(line, sizeof line, counters)) {
        char *name = line + strspn(line, " ");
        if (strncmp(name, "lo:", 3) == 0)
            bytes = atoll(name + 3);
    }
    if (counters)
        fclose(counters);
    return bytes;
}

/* Bytes that a TCP socket has received; 0 for anything else, and where the kernel does not tell. */
static long long received(int fd)
{
    struct tcp_info info;
    socklen_t length = sizeof info;
    memset(&info, 0, sizeof info);
    if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length) != 0 ||
        length < offsetof(struct tcp_info, tcpi_bytes_received) + sizeof info.tcpi_bytes_received)
        return 0;
    return (long long)info.tcpi_bytes_received;
}

static long long tcp_bytes(void)
{
    long long bytes = 0;
    for (int fd = 0; fd < 1024; fd++)
        bytes += received(fd);
    return bytes;
}

struct drain {
    int server;
    long long received;
};

static void *drain(void *data)
{
    static char sink[65536];
    struct drain *d = data;
    int client = accept(d->server, NULL, NULL);
    while (client >= 0 && read(client, sink, sizeof sink) > 0)
        continue;
    d->received = received(client);
    close(client);
    return NULL;
}

/* What the kernel's counters say of bytes that we send to ourselves through a socket. */
struct calibration {
    long long loopback, tcp; /* loopback is -1 where there is no such interface */
};

static struct calibration calibrate(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    struct drain d = {socket(AF_INET, SOCK_STREAM, 0), 0};
    int client = socket(AF_INET, SOCK_STREAM, 0), sent = 0;
    char *bytes = calloc(1, SOCKET_BYTES);
    struct calibration c = {-1, 0};
    long long before = loopback_bytes();
    pthread_t reader;
    if (bytes && bind(d.server, (struct sockaddr *)&address, length) == 0 && listen(d.server, 1) == 0 &&
        getsockname(d.server, (struct sockaddr *)&address, &length) == 0 &&
        pthread_create(&reader, NULL, drain, &d) == 0) {
        ssize_t n = connect(client, (struct sockaddr *)&address, length) == 0;
        while (n > 0 && sent < SOCKET_BYTES) {
            n = write(client, bytes + sent, (size_t)(SOCKET_BYTES - sent));
            sent += n > 0 ? (int)n : 0;
        }
        close(client);
        shutdown(d.server, SHUT_RDWR);
        pthread_join(reader, NULL);
        if (sent == SOCKET_BYTES)
            c = (struct calibration){loopback_bytes() - before, d.received};
    }
    close(d.server);
    free(bytes);
    return c;
}

struct traffic {
    long long handed, tcp, loopback; /* bytes given to MPI by all ranks, through their sockets, over the interface */
    int intact;
};

/* Rank pairs exchange messages both ways. */
static struct traffic exchange(int turns, char *out, char *in)
{
    int partner = tap_rank ^ 1;
    struct traffic t = {0, -tcp_bytes(), 0, 1};
    MPI_Barrier(MPI_COMM_WORLD);
    t.loopback = -loopback_bytes();
    MPI_Barrier(MPI_COMM_WORLD);
    for (int turn = 0; partner < tap_size && turn < turns; turn++) {
        memset(out, tap_rank * 16 + turn, MESSAGE);
        MPI_Sendrecv(out, MESSAGE, MPI_BYTE, partner, 1, in, MESSAGE, MPI_BYTE, partner, 1, MPI_COMM_WORLD,
                     MPI_STATUS_IGNORE);
        t.intact &= tap_same_int("first byte", in[0], (char)(partner * 16 + turn)) &&
                    tap_same_int("last byte", in[MESSAGE - 1], (char)(partner * 16 + turn));
        t.handed += MESSAGE;
    }
    MPI_Barrier(MPI_COMM_WORLD);
    t.loopback += loopback_bytes();
    t.tcp += tcp_bytes();
    MPI_Allreduce(MPI_IN_PLACE, &t.handed, 1, MPI_LONG_LONG, MPI_SUM, MPI_COMM_WORLD);
    MPI_Allreduce(MPI_IN_PLACE, &t.tcp, 1, MPI_LONG_LONG, MPI_SUM, MPI_COMM_WORLD);
    MPI_Bcast(&t.loopback, 1, MPI_LONG_LONG, 0, MPI_COMM_WORLD);
    return t;
}

/* The quietest of several windows: what others send over the interface comes and goes, what we send is in each. */
static struct traffic quietest(char *out, char *in)
{
    struct traffic best = exchange(TURNS, out, in);
    for (int window = 1; window < WINDOWS && best.loopback * 100 >= best.handed && best.tcp * 100 < best.handed;
         window++) {
        nanosleep(&(struct timespec){.tv_nsec = 200000000}, NULL);
        struct traffic next = exchange(TURNS, out, in);
        next.intact &= best.intact;
        next.tcp = next.tcp > best.tcp ? next.tcp : best.tcp;
        next.loopback = next.loopback < best.loopback ? next.loopback : best.loopback;
        best = next;
    }
    return best;
}

/* Whether the interface carries bytes while no rank sends any. */
static int others_are_sending(void)
{
    MPI_Barrier(MPI_COMM_WORLD);
    long long bytes = -loopback_bytes();
    nanosleep(&(struct timespec){.tv_nsec = 300000000}, NULL);
    bytes += loopback_bytes();
    MPI_Bcast(&bytes, 1, MPI_LONG_LONG, 0, MPI_COMM_WORLD);
    return bytes > 65536;
}

static void check_sockets(const struct traffic *t, const struct calibration *c)
{
    static const char name[] = "no bytes through tcp sockets";
    if (c->loopback >= 0 && c->tcp < SOCKET_BYTES) {
        tap_skip(name, "this kernel does not count the bytes of a socket");
        return;
    }
    if (t->tcp * 100 >= t->handed)
        tap_because("%lld of %lld bytes came through tcp sockets: the library fell back to tcp", t->tcp, t->handed);
    check(t->tcp * 100 < t->handed, "%s", name);
}

static void check_loopback(const struct traffic *t, const struct calibration *c)
{
    static const char name[] = "no bytes over the loopback interface";
    if (c->loopback < 0)
        tap_skip(name, "this network namespace has no loopback interface that is up");
    else if (c->loopback < SOCKET_BYTES)
        tap_skip(name, "this kernel does not count the bytes of the loopback interface");
    else if (t->loopback * 100 >= t->handed && t->tcp * 100 < t->handed && others_are_sending())
        tap_skip(name, "others of this pod are sending over the loopback interface all the time");
    else {
        if (t->loopback * 100 >= t->handed)
            tap_because("%lld bytes passed while %lld were exchanged", t->loopback, t->handed);
        check(t->loopback * 100 < t->handed, "%s", name);
    }
}

/* Where a mapping lies, as a bit of a set. A case's own folders have another name in every run. */
static const char *const places[] = {"/dev/shm", "memfd", "System V", "anonymous memory", "other files"};

static unsigned place_of(const char *path)
{
    static const char *const begins[] = {"/dev/shm/", "/memfd:", "/SYSV", "/dev/zero"};
    for (unsigned i = 0; i < 4; i++)
        if (strncmp(path, begins[i], strlen(begins[i])) == 0)
            return 1u << i;
    return 1u << 4;
}

struct mapping {
    unsigned device_major, device_minor, place;
    unsigned long inode;
};

/* Writable shared mappings that may carry messages: not those that a launcher keeps its bookkeeping in. */
static int shared_mappings(struct mapping *list)
{
    char line[1024], path[700];
    int count = 0;
    FILE *maps = fopen("/proc/self/maps", "r");
    while (maps && fgets(line, sizeof line, maps) && count < MAPPINGS) {
        struct mapping m = {0, 0, 0, 0};
        path[0] = '\0';
        if (sscanf(line, "%*s rw-s %*s %x:%x %lu %699[^\n]", &m.device_major, &m.device_minor, &m.inode, path) < 3 ||
            m.inode == 0 || strstr(path, "pmix") || strstr(path, "hwloc"))
            continue;
        m.place = place_of(path);
        tap_note("shared mapping of rank 0: %s", path);
        list[count++] = m;
    }
    if (maps)
        fclose(maps);
    return count;
}

/* Where the segments lie that a partner maps, too; none if there is no such segment. A segment counts only if the partner
 * maps the same one. */
static unsigned shared_with_partner(void)
{
    unsigned where = 0;
    struct mapping mine[MAPPINGS], theirs[MAPPINGS];
    int partner = tap_rank ^ 1, count, their_count = 0;
    memset(mine, 0, sizeof mine);
    count = shared_mappings(mine);
    if (partner >= tap_size)
        return 1u << 4;
    MPI_Sendrecv(&count, 1, MPI_INT, partner, 2, &their_count, 1, MPI_INT, partner, 2, MPI_COMM_WORLD,
                 MPI_STATUS_IGNORE);
    MPI_Sendrecv(mine, sizeof mine, MPI_BYTE, partner, 3, theirs, sizeof theirs, MPI_BYTE, partner, 3, MPI_COMM_WORLD,
                 MPI_STATUS_IGNORE);
    for (int i = 0; i < count; i++)
        for (int j = 0; j < their_count; j++)
            if (mine[i].device_major == theirs[j].device_major && mine[i].device_minor == theirs[j].device_minor &&
                mine[i].inode == theirs[j].inode)
                where |= mine[i].place;
    if (where == 0)
        tap_because("ranks %d and %d map no segment in common (%d and %d of their own)", tap_rank, partner, count,
                    their_count);
    return where;
}

/* Bytes that the library had the kernel copy from the memory of another rank. Its calls come here, because the program
 * exports this name (-Wl,--export-dynamic) and stands before the C library. */
static long long copied;

ssize_t process_vm_readv(pid_t pid, const struct iovec *local, unsigned long locals, const struct iovec *remote,
                         unsigned long remotes, unsigned long flags)
{
    ssize_t bytes = syscall(SYS_process_vm_readv, pid, local, locals, remote, remotes, flags);
    __atomic_fetch_add(&copied, bytes > 0 ? bytes : 0, __ATOMIC_RELAXED);
    return bytes;
}

/* Whether each rank has CPUs of its own. */
static void observe_binding(void)
{
    cpu_set_t mine, common, *all = calloc((size_t)tap_size, sizeof mine);
    CPU_ZERO(&mine);
    int known = sched_getaffinity(0, sizeof mine, &mine) == 0 && all != NULL, everywhere = 0, same = 1, apart = 1;
    MPI_Allreduce(&known, &everywhere, 1, MPI_INT, MPI_MIN, MPI_COMM_WORLD);
    if (everywhere) {
        MPI_Gather(&mine, sizeof mine, MPI_BYTE, all, sizeof mine, MPI_BYTE, 0, MPI_COMM_WORLD);
        for (int i = 0; tap_rank == 0 && i < tap_size; i++)
            for (int j = 0; j < i; j++) {
                CPU_AND(&common, &all[i], &all[j]);
                same &= CPU_EQUAL(&all[i], &all[j]) != 0;
                apart &= CPU_COUNT(&common) == 0;
            }
        if (same && tap_size > 1)
            tap_observe("binding", "none, every rank on the same %d of the cpus", CPU_COUNT(&mine));
        else if (apart && tap_size > 1)
            tap_observe("binding", "each rank on cpus of its own, rank 0 on %d", CPU_COUNT(&mine));
        else if (tap_size > 1)
            tap_observe("binding", "ranks on cpus that overlap, rank 0 on %d", CPU_COUNT(&mine));
    }
    free(all);
}

/* Which way the bytes went, in words. */
static void observe(const struct traffic *t, const struct calibration *c, unsigned where)
{
    long long single = 0;
    char segments[128] = "";
    int counted = c->loopback < 0 || c->tcp >= SOCKET_BYTES;
    MPI_Allreduce(&copied, &single, 1, MPI_LONG_LONG, MPI_SUM, MPI_COMM_WORLD);
    if (counted && t->tcp * 100 >= t->handed)
        tap_observe("transport", "tcp sockets");
    else if (counted && where)
        tap_observe("transport", "shared memory");
    tap_observe("single copy", single * 2 >= t->handed ? "by process_vm_readv" : "none seen");
    for (unsigned i = 0; i < sizeof places / sizeof *places; i++)
        if (where & (1u << i)) {
            size_t used = strlen(segments);
            snprintf(segments + used, sizeof segments - used, "%s%s", used ? ", " : "", places[i]);
        }
    tap_observe("shared segments", "%s", where ? segments : "none");
    observe_binding();
}

static void note_speed(char *out, char *in)
{
    int turns = tap_repeat(40, 20), partner = tap_rank ^ 1;
    char word = 0;
    double start = MPI_Wtime();
    for (int turn = 0; partner < tap_size && turn < turns; turn++) {
        if (tap_rank < partner)
            MPI_Send(&word, 1, MPI_BYTE, partner, 4, MPI_COMM_WORLD);
        MPI_Recv(&word, 1, MPI_BYTE, partner, 4, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
        if (tap_rank > partner)
            MPI_Send(&word, 1, MPI_BYTE, partner, 4, MPI_COMM_WORLD);
    }
    double middle = MPI_Wtime();
    for (int turn = 0; partner < tap_size && turn < 4; turn++)
        MPI_Sendrecv(out, MESSAGE, MPI_BYTE, partner, 5, in, MESSAGE, MPI_BYTE, partner, 5, MPI_COMM_WORLD,
                     MPI_STATUS_IGNORE);
    double end = MPI_Wtime();
    tap_note("one-way latency %.2f us, bandwidth both ways %.0f MB/s, %d ranks on %d cpus",
             (middle - start) * 5e5 / turns, 8.0 * MESSAGE / 1e6 / (end - middle), tap_size, tap_env("STACKPROBE_CPUS", 1));
}

int main(int argc, char **argv)
{
    MPI_Init(&argc, &argv);
    tap_begin();
    char *out = malloc(MESSAGE), *in = malloc(MESSAGE);
    struct calibration c = {0, 0};
    if (tap_rank == 0)
        c = calibrate();
    MPI_Bcast(&c, sizeof c, MPI_BYTE, 0, MPI_COMM_WORLD);
    struct traffic warm = exchange(1, out, in), t = quietest(out, in);
    tap_note("%lld MiB exchanged, %.4f of it through tcp sockets, %.4f over the loopback interface", t.handed >> 20,
             (double)t.tcp / (double)t.handed, (double)t.loopback / (double)t.handed);
    check(warm.intact && t.intact, "messages arrive intact");
    check_sockets(&t, &c);
    check_loopback(&t, &c);
    unsigned where = shared_with_partner();
    check(where != 0, "ranks map memory that they share");
    observe(&t, &c, where);
    note_speed(out, in);
    free(out);
    free(in);
    return tap_end();
}
