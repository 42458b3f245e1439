/* Every predefined operation on every predefined type that it is defined for. */
#include "tap_mpi.h"
#include <complex.h>
#include <stdbool.h>
#include <stdint.h>

enum { N = 23 };

/* Small values: sums and products of all ranks stay exact in every type, an int8_t too. */
static int factor(int rank, int i)
{
    return 1 + (rank + i) % 2;
}

static int bits(int rank, int i)
{
    return (rank * 37 + i * 11 + 5) & 0x7f;
}

enum op { SUM, PROD, MAX, MIN, LAND, LOR, LXOR, BAND, BOR, BXOR, OPS };

static const char *const op_names[OPS] = {"sum", "prod", "max", "min", "land", "lor", "lxor", "band", "bor", "bxor"};
static MPI_Op ops[OPS];

static int operand(enum op op, int rank, int i)
{
    switch (op) {
    case LAND: return i % 2 || rank != i / 2 % tap_size;
    case LOR: case LXOR: return (i >> rank % 4) & 1;
    case BAND: case BOR: case BXOR: return bits(rank, i);
    case SUM: case PROD: return factor(rank, i);
    default: return bits(rank, i) % 50;
    }
}

static int combined(enum op op, int i)
{
    int result = operand(op, 0, i);
    for (int rank = 1; rank < tap_size; rank++) {
        int next = operand(op, rank, i);
        switch (op) {
        case SUM: result += next; break;
        case PROD: result *= next; break;
        case MAX: result = next > result ? next : result; break;
        case MIN: result = next < result ? next : result; break;
        case LAND: result = result && next; break;
        case LOR: result = result || next; break;
        case LXOR: result = !result != !next; break;
        case BAND: result &= next; break;
        case BOR: result |= next; break;
        default: result ^= next; break;
        }
    }
    return result;
}

/* One allreduce and one reduce to the last rank; both must give the exact result. */
#define REDUCE(ctype, mpitype, name, op)                                                                             \
    do {                                                                                                             \
        ctype out[N], all[N], last[N];                                                                               \
        int ok = 1, root = tap_size - 1;                                                                             \
        for (int i = 0; i < N; i++) {                                                                                \
            out[i] = (ctype)operand(op, tap_rank, i);                                                                \
            all[i] = last[i] = (ctype)0;                                                                             \
        }                                                                                                            \
        MPI_Allreduce(out, all, N, mpitype, ops[op], MPI_COMM_WORLD);                                                \
        MPI_Reduce(out, last, N, mpitype, ops[op], root, MPI_COMM_WORLD);                                            \
        for (int i = 0; i < N && ok; i++) {                                                                          \
            ok = all[i] == (ctype)combined(op, i) && (tap_rank != root || last[i] == all[i]);                        \
            if (!ok)                                                                                                 \
                tap_because("%s %s, element %d of %d: wanted %d", name, op_names[op], i, N, combined(op, i));        \
        }                                                                                                            \
        all_ok &= ok;                                                                                                \
    } while (0)

#define OVER(ctype, mpitype, name, first, last)                                                                      \
    do {                                                                                                             \
        int all_ok = 1;                                                                                              \
        for (int op = first; op <= last; op++)                                                                       \
            REDUCE(ctype, mpitype, name, op);                                                                        \
        check(all_ok, "%s %s to %s", name, op_names[first], op_names[last]);                                         \
    } while (0)

#define INTEGER(ctype, mpitype, name)                                                                                \
    do {                                                                                                             \
        OVER(ctype, mpitype, name, SUM, PROD);                                                                       \
        OVER(ctype, mpitype, name, MAX, MIN);                                                                        \
        OVER(ctype, mpitype, name, LAND, LXOR);                                                                      \
        OVER(ctype, mpitype, name, BAND, BXOR);                                                                      \
    } while (0)

#define FLOATING(ctype, mpitype, name)                                                                               \
    do {                                                                                                             \
        OVER(ctype, mpitype, name, SUM, PROD);                                                                       \
        OVER(ctype, mpitype, name, MAX, MIN);                                                                        \
    } while (0)

/* Each element is (re, im) with small whole numbers: products are exact, and the imaginary part must take part. */
#define COMPLEX(ctype, mpitype, name)                                                                                \
    do {                                                                                                             \
        ctype out = (ctype)(tap_rank + 1) + (ctype)I, sum = 0, product = 0, wanted = 1;                               \
        for (int rank = 0; rank < tap_size; rank++)                                                                  \
            wanted *= (ctype)(rank + 1) + (ctype)I;                                                                  \
        MPI_Allreduce(&out, &sum, 1, mpitype, MPI_SUM, MPI_COMM_WORLD);                                              \
        MPI_Allreduce(&out, &product, 1, mpitype, MPI_PROD, MPI_COMM_WORLD);                                         \
        check(sum == (ctype)(tap_size * (tap_size + 1) / 2) + (ctype)tap_size * (ctype)I, "%s sum", name);           \
        check(product == wanted, "%s prod", name);                                                                   \
    } while (0)

static void check_addresses(void)
{
    MPI_Aint aint = (MPI_Aint)1 << 40, aint_sum = 0;
    MPI_Offset offset = ((MPI_Offset)1 << 40) + tap_rank, offset_max = 0;
    MPI_Count count = ((MPI_Count)1 << 40) - tap_rank, count_min = 0;
    MPI_Allreduce(&aint, &aint_sum, 1, MPI_AINT, MPI_SUM, MPI_COMM_WORLD);
    MPI_Allreduce(&offset, &offset_max, 1, MPI_OFFSET, MPI_MAX, MPI_COMM_WORLD);
    MPI_Allreduce(&count, &count_min, 1, MPI_COUNT, MPI_MIN, MPI_COMM_WORLD);
    check(tap_same_int("sum", aint_sum, ((long long)1 << 40) * tap_size), "aint sum");
    check(tap_same_int("max", offset_max, ((long long)1 << 40) + tap_size - 1), "offset max");
    check(tap_same_int("min", count_min, ((long long)1 << 40) - tap_size + 1), "count min");
}

/* The same reduction of the same numbers must give the same bits each time, and on every rank. */
static void check_same_bits(void)
{
    double out[N], first[N], again[N], of_root[N];
    int ok = 1;
    for (int i = 0; i < N; i++)
        out[i] = 1.0 / (3 + tap_rank * 7 + i);
    MPI_Allreduce(out, first, N, MPI_DOUBLE, MPI_SUM, MPI_COMM_WORLD);
    for (int turn = 0; turn < 3; turn++) {
        MPI_Allreduce(out, again, N, MPI_DOUBLE, MPI_SUM, MPI_COMM_WORLD);
        ok &= memcmp(first, again, sizeof first) == 0;
    }
    check(ok, "sum of doubles has the same bits each time");
    memcpy(of_root, first, sizeof first);
    MPI_Bcast(of_root, N, MPI_DOUBLE, 0, MPI_COMM_WORLD);
    check(memcmp(first, of_root, sizeof first) == 0, "sum of doubles has the same bits on every rank");
}

int main(int argc, char **argv)
{
    MPI_Init(&argc, &argv);
    tap_begin();
    MPI_Op all[OPS] = {MPI_SUM, MPI_PROD, MPI_MAX, MPI_MIN, MPI_LAND, MPI_LOR, MPI_LXOR, MPI_BAND, MPI_BOR, MPI_BXOR};
    memcpy(ops, all, sizeof ops);
    INTEGER(signed char, MPI_SIGNED_CHAR, "signed char");
    INTEGER(unsigned char, MPI_UNSIGNED_CHAR, "unsigned char");
    INTEGER(short, MPI_SHORT, "short");
    INTEGER(unsigned short, MPI_UNSIGNED_SHORT, "unsigned short");
    INTEGER(int, MPI_INT, "int");
    INTEGER(unsigned, MPI_UNSIGNED, "unsigned");
    INTEGER(long, MPI_LONG, "long");
    INTEGER(unsigned long, MPI_UNSIGNED_LONG, "unsigned long");
    INTEGER(long long, MPI_LONG_LONG, "long long");
    INTEGER(unsigned long long, MPI_UNSIGNED_LONG_LONG, "unsigned long long");
    INTEGER(int8_t, MPI_INT8_T, "int8");
    INTEGER(uint8_t, MPI_UINT8_T, "uint8");
    INTEGER(int16_t, MPI_INT16_T, "int16");
    INTEGER(uint16_t, MPI_UINT16_T, "uint16");
    INTEGER(int32_t, MPI_INT32_T, "int32");
    INTEGER(uint32_t, MPI_UINT32_T, "uint32");
    INTEGER(int64_t, MPI_INT64_T, "int64");
    INTEGER(uint64_t, MPI_UINT64_T, "uint64");
    OVER(unsigned char, MPI_BYTE, "byte", BAND, BXOR);
    OVER(bool, MPI_C_BOOL, "bool", LAND, LXOR);
    FLOATING(float, MPI_FLOAT, "float");
    FLOATING(double, MPI_DOUBLE, "double");
    FLOATING(long double, MPI_LONG_DOUBLE, "long double");
    COMPLEX(float complex, MPI_C_FLOAT_COMPLEX, "float complex");
    COMPLEX(double complex, MPI_C_DOUBLE_COMPLEX, "double complex");
    COMPLEX(long double complex, MPI_C_LONG_DOUBLE_COMPLEX, "long double complex");
    check_addresses();
    check_same_bits();
    return tap_end();
}
