/* Messages of sizes around the eager and rendezvous limits, in every send mode, each byte verified. */
#include "tap_mpi.h"

enum { LARGEST = 4 << 20, GUARD = 64, SEED = 131 };

static const int sizes[] = {0,    1,    7,     64,    255,   256,   1023,  1024,   1025,    4095,
                            4096, 4097, 8192,  16384, 32768, 65535, 65537, 262144, 1 << 20, LARGEST};

static unsigned char *out, *in;

static unsigned char pattern(int sender, int size, int i)
{
    return (unsigned char)(i * 31 + (i >> 8) * 7 + sender * SEED + size);
}

static void prepare(int size)
{
    for (int i = 0; i < size; i++)
        out[i] = pattern(tap_rank, size, i);
    memset(in, 0xA5, (size_t)size + GUARD);
}

static int arrived(int sender, int size)
{
    for (int i = 0; i < size; i++)
        if (in[i] != pattern(sender, size, i)) {
            tap_because("byte %d of %d from rank %d: wanted %d, found %d", i, size, sender, pattern(sender, size, i),
                        in[i]);
            return 0;
        }
    for (int i = size; i < size + GUARD; i++)
        if (in[i] != 0xA5) {
            tap_because("byte %d behind a message of %d was overwritten", i - size, size);
            return 0;
        }
    return 1;
}

static int status_tells(MPI_Status *status, int source, int tag, int size)
{
    int count;
    MPI_Get_count(status, MPI_BYTE, &count);
    return tap_same_int("count", count, size) && tap_same_int("source", status->MPI_SOURCE, source) &&
           tap_same_int("tag", status->MPI_TAG, tag);
}

int main(int argc, char **argv)
{
    MPI_Init(&argc, &argv);
    tap_begin();
    out = malloc(LARGEST);
    in = malloc(LARGEST + GUARD);
    int right = (tap_rank + 1) % tap_size, left = (tap_rank + tap_size - 1) % tap_size;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        int size = sizes[i];
        MPI_Status status;
        MPI_Request request, both[2];
        MPI_Message message;

        prepare(size);
        MPI_Sendrecv(out, size, MPI_BYTE, right, 1, in, size, MPI_BYTE, left, 1, MPI_COMM_WORLD, &status);
        check(arrived(left, size) && status_tells(&status, left, 1, size), "sendrecv %d bytes", size);

        prepare(size);
        MPI_Irecv(in, size, MPI_BYTE, left, 2, MPI_COMM_WORLD, &both[0]);
        MPI_Isend(out, size, MPI_BYTE, right, 2, MPI_COMM_WORLD, &both[1]);
        MPI_Waitall(2, both, MPI_STATUSES_IGNORE);
        check(arrived(left, size), "isend irecv %d bytes", size);

        prepare(size);
        MPI_Issend(out, size, MPI_BYTE, right, 3, MPI_COMM_WORLD, &request);
        MPI_Recv(in, size, MPI_BYTE, left, 3, MPI_COMM_WORLD, &status);
        MPI_Wait(&request, MPI_STATUS_IGNORE);
        check(arrived(left, size) && status_tells(&status, left, 3, size), "issend %d bytes", size);

        /* A later message that has arrived proves that this one waits unexpected before it is matched. */
        prepare(size);
        MPI_Isend(out, size, MPI_BYTE, right, 4, MPI_COMM_WORLD, &request);
        MPI_Sendrecv(NULL, 0, MPI_BYTE, right, 5, NULL, 0, MPI_BYTE, left, 5, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
        MPI_Mprobe(left, 4, MPI_COMM_WORLD, &message, &status);
        int told = status_tells(&status, left, 4, size);
        MPI_Mrecv(in, size, MPI_BYTE, &message, &status);
        MPI_Wait(&request, MPI_STATUS_IGNORE);
        check(told && arrived(left, size) && message == MPI_MESSAGE_NULL, "unexpected mprobe mrecv %d bytes", size);
    }
    free(out);
    free(in);
    return tap_end();
}
