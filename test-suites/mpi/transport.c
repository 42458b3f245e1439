/* Which way the bytes go. A message over TCP to a rank of the same host passes the loopback interface, whose counters
 * every process may read; a message through shared memory does not. */
#define _GNU_SOURCE
#include "tap_mpi.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MESSAGE = 4 << 20, TURNS = 16, SOCKET_BYTES = 8 << 20, MAPPINGS = 64 };

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

static void *drain(void *data)
{
    static char sink[65536];
    int client = accept(*(int *)data, NULL, NULL);
    while (client >= 0 && read(client, sink, sizeof sink) > 0)
        continue;
    close(client);
    return NULL;
}

/* Send known bytes to ourselves through a socket: proves that the counter counts. -1: there is no loopback at all. */
static long long counted_for_socket(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int server = socket(AF_INET, SOCK_STREAM, 0), client = socket(AF_INET, SOCK_STREAM, 0), sent = 0;
    char *bytes = calloc(1, SOCKET_BYTES);
    long long before = loopback_bytes(), counted = -1;
    pthread_t reader;
    if (bytes && bind(server, (struct sockaddr *)&address, length) == 0 && listen(server, 1) == 0 &&
        getsockname(server, (struct sockaddr *)&address, &length) == 0 &&
        pthread_create(&reader, NULL, drain, &server) == 0) {
        if (connect(client, (struct sockaddr *)&address, length) == 0)
            while (sent < SOCKET_BYTES) {
                ssize_t n = write(client, bytes + sent, (size_t)(SOCKET_BYTES - sent));
                if (n <= 0)
                    break;
                sent += (int)n;
            }
        close(client);
        shutdown(server, SHUT_RDWR);
        pthread_join(reader, NULL);
        if (sent == SOCKET_BYTES)
            counted = loopback_bytes() - before;
    }
    close(server);
    free(bytes);
    return counted;
}

/* Rank pairs exchange TURNS messages both ways; the value is the bytes that were handed to MPI by all ranks. */
static long long exchange(char *out, char *in, int *intact)
{
    int partner = tap_rank ^ 1;
    long long bytes = 0;
    *intact = 1;
    if (partner < tap_size)
        for (int turn = 0; turn < TURNS; turn++) {
            memset(out, tap_rank * 16 + turn, MESSAGE);
            MPI_Sendrecv(out, MESSAGE, MPI_BYTE, partner, 1, in, MESSAGE, MPI_BYTE, partner, 1, MPI_COMM_WORLD,
                         MPI_STATUS_IGNORE);
            *intact &= tap_same_int("first byte", in[0], (char)(partner * 16 + turn)) &&
                       tap_same_int("last byte", in[MESSAGE - 1], (char)(partner * 16 + turn));
            bytes += MESSAGE;
        }
    MPI_Allreduce(MPI_IN_PLACE, &bytes, 1, MPI_LONG_LONG, MPI_SUM, MPI_COMM_WORLD);
    return bytes;
}

struct mapping {
    unsigned device_major, device_minor;
    unsigned long inode;
};

/* Writable shared mappings that may carry messages: not those that a launcher keeps its bookkeeping in. */
static int shared_mappings(struct mapping *list)
{
    char line[1024], path[700];
    int count = 0;
    FILE *maps = fopen("/proc/self/maps", "r");
    while (maps && fgets(line, sizeof line, maps) && count < MAPPINGS) {
        struct mapping m;
        path[0] = '\0';
        if (sscanf(line, "%*s rw-s %*s %x:%x %lu %699[^\n]", &m.device_major, &m.device_minor, &m.inode, path) < 3 ||
            m.inode == 0 || strstr(path, "pmix") || strstr(path, "hwloc"))
            continue;
        tap_note("shared mapping of rank 0: %s", path);
        list[count++] = m;
    }
    if (maps)
        fclose(maps);
    return count;
}

/* A segment counts only if the partner maps the same one. */
static int shared_with_partner(void)
{
    struct mapping mine[MAPPINGS], theirs[MAPPINGS];
    int partner = tap_rank ^ 1, count, their_count = 0, common = 0;
    memset(mine, 0, sizeof mine);
    count = shared_mappings(mine);
    if (partner >= tap_size)
        return 1;
    MPI_Sendrecv(&count, 1, MPI_INT, partner, 2, &their_count, 1, MPI_INT, partner, 2, MPI_COMM_WORLD,
                 MPI_STATUS_IGNORE);
    MPI_Sendrecv(mine, sizeof mine, MPI_BYTE, partner, 3, theirs, sizeof theirs, MPI_BYTE, partner, 3, MPI_COMM_WORLD,
                 MPI_STATUS_IGNORE);
    for (int i = 0; i < count; i++)
        for (int j = 0; j < their_count; j++)
            common += mine[i].device_major == theirs[j].device_major &&
                      mine[i].device_minor == theirs[j].device_minor && mine[i].inode == theirs[j].inode;
    if (common == 0)
        tap_because("ranks %d and %d map no segment in common (%d and %d of their own)", tap_rank, partner, count,
                    their_count);
    return common > 0;
}

static void note_speed(char *out, char *in)
{
    int turns = tap_repeat(1000, 20), partner = tap_rank ^ 1;
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
    tap_note("one-way latency %.2f us, bandwidth both ways %.0f MB/s, %d ranks on %d cpus", (middle - start) * 5e5 / turns,
             8.0 * MESSAGE / 1e6 / (end - middle), tap_size, tap_env("STACKPROBE_CPUS", 1));
}

int main(int argc, char **argv)
{
    MPI_Init(&argc, &argv);
    tap_begin();
    char *out = malloc(MESSAGE), *in = malloc(MESSAGE);
    int intact, warm;

    long long counted = tap_rank == 0 ? counted_for_socket() : 0;
    MPI_Bcast(&counted, 1, MPI_LONG_LONG, 0, MPI_COMM_WORLD);
    exchange(out, in, &warm);
    MPI_Barrier(MPI_COMM_WORLD);
    long long before = loopback_bytes();
    MPI_Barrier(MPI_COMM_WORLD);
    long long bytes = exchange(out, in, &intact);
    MPI_Barrier(MPI_COMM_WORLD);
    double ratio = (double)(loopback_bytes() - before) / (double)bytes;
    tap_note("%lld MiB exchanged, %.4f of it over the loopback interface", bytes >> 20, ratio);

    check(warm && intact, "messages arrive intact");
    if (counted < 0) {
        tap_skip("the loopback counter counts", "this network namespace has no loopback interface that is up");
        tap_skip("no bytes over the loopback interface", "there is no loopback interface to carry them");
    } else {
        if (counted < SOCKET_BYTES)
            tap_because("%d bytes were sent to ourselves, %lld were counted", SOCKET_BYTES, counted);
        check(counted >= SOCKET_BYTES, "the loopback counter counts");
        if (ratio >= 0.01)
            tap_because("%.3f of the bytes passed the loopback interface: the library fell back to tcp", ratio);
        check(ratio < 0.01, "no bytes over the loopback interface");
    }
    check(shared_with_partner(), "ranks map memory that they share");
    note_speed(out, in);
    free(out);
    free(in);
    return tap_end();
}
