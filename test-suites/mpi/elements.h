/* Elements of every predefined type, by number: written, told apart and reduced without knowing the type.
 *
 * A value is 1 to 5, another one for each rank and place, so that no sum overflows eight bits and no element can be
 * taken for its neighbour. Buffers stand between canaries; what lies between elements is looked at, too. */
#ifndef STACKPROBE_ELEMENTS_H
#define STACKPROBE_ELEMENTS_H

#include "tap_mpi.h"
#include <stddef.h>
#include <stdint.h>

enum { CANARY = 0xa5, GUARD = 64 };

/* How an element looks in memory. */
enum shape { INTEGER, FLOATING, COMPLEX, LOGICAL, BITS, PAIR, GAPPED };

struct kind {
    const char *name;
    MPI_Datatype type;
    enum shape shape;
    int size;   /* of the number, or of one half */
    int second; /* where the other half of a complex or a pair lies, negative if that is an int */
    MPI_Op op;
};

#define WORD(T, shape, size, op) {#T, T, shape, (int)(size), 0, op}
#define TWIN(T, shape, size, second, op) {#T, T, shape, (int)(size), (int)(second), op}

/* Not constant in every library, so filled at run time. */
static struct kind kinds[80];
static int kind_count;

static void add_kind(struct kind kind)
{
    int size = 0;
    if (kind.type == MPI_DATATYPE_NULL || MPI_Type_size(kind.type, &size) != MPI_SUCCESS || size == 0)
        return;
    kinds[kind_count++] = kind;
}

struct short_int {
    short value;
    int place;
};
struct long_int {
    long value;
    int place;
};
struct float_int {
    float value;
    int place;
};
struct double_int {
    double value;
    int place;
};
struct long_double_int {
    long double value;
    int place;
};

TAP_UNUSED static void make_kinds(void)
{
    const struct kind all[] = {
        WORD(MPI_INT, INTEGER, sizeof(int), MPI_SUM),
        WORD(MPI_INT8_T, INTEGER, 1, MPI_SUM),
        WORD(MPI_UINT8_T, INTEGER, 1, MPI_SUM),
        WORD(MPI_DOUBLE, FLOATING, sizeof(double), MPI_SUM),
        WORD(MPI_SIGNED_CHAR, INTEGER, 1, MPI_SUM),
        WORD(MPI_UNSIGNED_CHAR, INTEGER, 1, MPI_SUM),
        WORD(MPI_BYTE, BITS, 1, MPI_BXOR),
        WORD(MPI_SHORT, INTEGER, sizeof(short), MPI_SUM),
        WORD(MPI_UNSIGNED_SHORT, INTEGER, sizeof(short), MPI_SUM),
        WORD(MPI_UNSIGNED, INTEGER, sizeof(int), MPI_SUM),
        WORD(MPI_LONG, INTEGER, sizeof(long), MPI_SUM),
        WORD(MPI_UNSIGNED_LONG, INTEGER, sizeof(long), MPI_SUM),
        WORD(MPI_LONG_LONG, INTEGER, sizeof(long long), MPI_SUM),
        WORD(MPI_UNSIGNED_LONG_LONG, INTEGER, sizeof(long long), MPI_SUM),
        WORD(MPI_INT16_T, INTEGER, 2, MPI_SUM),
        WORD(MPI_INT32_T, INTEGER, 4, MPI_SUM),
        WORD(MPI_INT64_T, INTEGER, 8, MPI_SUM),
        WORD(MPI_UINT16_T, INTEGER, 2, MPI_SUM),
        WORD(MPI_UINT32_T, INTEGER, 4, MPI_SUM),
        WORD(MPI_UINT64_T, INTEGER, 8, MPI_SUM),
        WORD(MPI_AINT, INTEGER, sizeof(MPI_Aint), MPI_SUM),
        WORD(MPI_OFFSET, INTEGER, sizeof(MPI_Offset), MPI_SUM),
        WORD(MPI_COUNT, INTEGER, sizeof(MPI_Count), MPI_SUM),
        WORD(MPI_FLOAT, FLOATING, sizeof(float), MPI_SUM),
        WORD(MPI_LONG_DOUBLE, FLOATING, sizeof(long double), MPI_SUM),
        WORD(MPI_C_BOOL, LOGICAL, sizeof(_Bool), MPI_LXOR),
        TWIN(MPI_C_FLOAT_COMPLEX, COMPLEX, sizeof(float), sizeof(float), MPI_SUM),
        TWIN(MPI_C_DOUBLE_COMPLEX, COMPLEX, sizeof(double), sizeof(double), MPI_SUM),
        TWIN(MPI_C_LONG_DOUBLE_COMPLEX, COMPLEX, sizeof(long double), sizeof(long double), MPI_SUM),
        TWIN(MPI_FLOAT_INT, PAIR, sizeof(float), -(int)offsetof(struct float_int, place), MPI_MAXLOC),
        TWIN(MPI_DOUBLE_INT, PAIR, sizeof(double), -(int)offsetof(struct double_int, place), MPI_MAXLOC),
        TWIN(MPI_LONG_DOUBLE_INT, PAIR, sizeof(long double), -(int)offsetof(struct long_double_int, place), MPI_MAXLOC),
        TWIN(MPI_2INT, PAIR, -(int)sizeof(int), -(int)sizeof(int), MPI_MAXLOC),
        TWIN(MPI_SHORT_INT, PAIR, -(int)sizeof(short), -(int)offsetof(struct short_int, place), MPI_MAXLOC),
        TWIN(MPI_LONG_INT, PAIR, -(int)sizeof(long), -(int)offsetof(struct long_int, place), MPI_MAXLOC),
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        add_kind(all[i]);
    /* Fortran's, as the library was built for: an absent one has no handle or no size. */
    const struct kind fortran[] = {
        WORD(MPI_INTEGER, INTEGER, 4, MPI_SUM),
        WORD(MPI_REAL, FLOATING, 4, MPI_SUM),
        WORD(MPI_DOUBLE_PRECISION, FLOATING, 8, MPI_SUM),
        WORD(MPI_LOGICAL, LOGICAL, 4, MPI_LXOR),
        TWIN(MPI_COMPLEX, COMPLEX, 4, 4, MPI_SUM),
        TWIN(MPI_DOUBLE_COMPLEX, COMPLEX, 8, 8, MPI_SUM),
        WORD(MPI_INTEGER1, INTEGER, 1, MPI_SUM),
        WORD(MPI_INTEGER2, INTEGER, 2, MPI_SUM),
        WORD(MPI_INTEGER4, INTEGER, 4, MPI_SUM),
        WORD(MPI_INTEGER8, INTEGER, 8, MPI_SUM),
        WORD(MPI_REAL4, FLOATING, 4, MPI_SUM),
        WORD(MPI_REAL8, FLOATING, 8, MPI_SUM),
        TWIN(MPI_COMPLEX8, COMPLEX, 4, 4, MPI_SUM),
        TWIN(MPI_COMPLEX16, COMPLEX, 8, 8, MPI_SUM),
        TWIN(MPI_2INTEGER, PAIR, -4, -4, MPI_MAXLOC),
        TWIN(MPI_2REAL, PAIR, 4, 4, MPI_MAXLOC),
        TWIN(MPI_2DOUBLE_PRECISION, PAIR, 8, 8, MPI_MAXLOC),
    };
    for (size_t i = 0; i < sizeof fortran / sizeof *fortran; i++) {
        int size = 0, halves = fortran[i].second ? 2 : 1, half = abs(fortran[i].size);
        if (fortran[i].type != MPI_DATATYPE_NULL && MPI_Type_size(fortran[i].type, &size) == MPI_SUCCESS &&
            size == halves * half)
            add_kind(fortran[i]);
    }
}

/* Two ints with a gap before, between and behind them: 8 bytes of 24. */
static struct kind gapped;

/* With another lower bound, which is none of the data's business. */
TAP_UNUSED static void make_gapped(MPI_Aint lb)
{
    int lengths[2] = {1, 1};
    MPI_Aint places[2] = {4, 12};
    MPI_Datatype parts;
    MPI_Type_create_hindexed(2, lengths, places, MPI_INT, &parts);
    struct kind kind = {"a derived type with gaps", MPI_DATATYPE_NULL, GAPPED, 4, 12, MPI_OP_NULL};
    MPI_Type_create_resized(parts, lb, 24, &kind.type);
    MPI_Type_commit(&kind.type);
    MPI_Type_free(&parts);
    gapped = kind;
}

TAP_UNUSED static size_t extent_of(const struct kind *kind)
{
    MPI_Aint lb, extent;
    MPI_Type_get_extent(kind->type, &lb, &extent);
    return (size_t)extent;
}

static void put_number(unsigned char *at, int size, int floating, long value)
{
    if (floating && size == (int)sizeof(float)) {
        float x = (float)value;
        memcpy(at, &x, sizeof x);
    } else if (floating && size == (int)sizeof(double)) {
        double x = (double)value;
        memcpy(at, &x, sizeof x);
    } else if (floating) {
        long double x = value;
        memset(at, 0, sizeof x);
        memcpy(at, &x, 10);
    } else if (size == 1) {
        *at = (unsigned char)value;
    } else if (size == 2) {
        int16_t x = (int16_t)value;
        memcpy(at, &x, sizeof x);
    } else if (size == 4) {
        int32_t x = (int32_t)value;
        memcpy(at, &x, sizeof x);
    } else {
        int64_t x = value;
        memcpy(at, &x, sizeof x);
    }
}

static int is_number(const unsigned char *at, int size, int floating, long value)
{
    unsigned char wanted[16];
    put_number(wanted, size, floating, value);
    return memcmp(at, wanted, floating && size > 8 ? 10 : (size_t)size) == 0;
}

/* Writes element i. `place` is what MAXLOC carries along. */
TAP_UNUSED static void put_element(const struct kind *kind, unsigned char *buffer, size_t i, long value, long place)
{
    unsigned char *at = buffer + i * extent_of(kind);
    int floating = kind->shape == FLOATING || kind->shape == COMPLEX || (kind->shape == PAIR && kind->size > 0);
    switch (kind->shape) {
    case LOGICAL:
        put_number(at, kind->size, 0, value & 1);
        break;
    case GAPPED:
        put_number(at + 4, 4, 0, value);
        put_number(at + 12, 4, 0, value + 100);
        break;
    default:
        put_number(at, abs(kind->size), floating, value);
    }
    if (kind->shape == COMPLEX)
        put_number(at + kind->second, kind->size, 1, value + 1);
    if (kind->shape == PAIR && kind->second < 0)
        put_number(at - kind->second, 4, 0, place);
    else if (kind->shape == PAIR)
        put_number(at + kind->second, kind->size, 1, place);
}

/* Whether element i is this value; `terms` is how many were added up. */
TAP_UNUSED static int is_element(const struct kind *kind, const unsigned char *buffer, size_t i, size_t extent, long value,
                                 long place, int terms)
{
    const unsigned char *at = buffer + i * extent;
    int floating = kind->shape == FLOATING || kind->shape == COMPLEX || (kind->shape == PAIR && kind->size > 0);
    if (kind->shape == GAPPED) {
        for (int byte = 0; byte < 16; byte++)
            if ((byte < 4 || (byte >= 8 && byte < 12)) && at[byte] != CANARY)
                return 0;
        return is_number(at + 4, 4, 0, value) && is_number(at + 12, 4, 0, value + 100);
    }
    if (kind->shape == LOGICAL)
        return (at[0] & 1) == (value & 1) || (at[0] != 0) == (value & 1);
    if (!is_number(at, abs(kind->size), floating, value))
        return 0;
    if (kind->shape == COMPLEX)
        return is_number(at + kind->second, kind->size, 1, value + terms);
    if (kind->shape == PAIR && kind->second < 0)
        return is_number(at - kind->second, 4, 0, place);
    return kind->shape != PAIR || is_number(at + kind->second, kind->size, 1, place);
}

enum { PERIOD = 251 };

/* What rank r of a communicator has at place i for rank d. */
TAP_UNUSED static long value_of(int r, int d, size_t i)
{
    i %= PERIOD;
    return 1 + (long)((i * 3 + i / 5 + (size_t)r * 2 + (size_t)d) % 5);
}

/* Whether all bytes of an element are its value's or its gaps', so that what comes again may be compared as bytes. */
static int is_dense(const struct kind *kind)
{
    return kind->shape != PAIR && kind->shape != LOGICAL && abs(kind->size) <= 8;
}

/* Writes what rank r has for rank d at the places from `first` on. */
TAP_UNUSED static void put_elements(const struct kind *kind, unsigned char *buffer, int count, int r, int d, size_t first)
{
    size_t extent = extent_of(kind), done = count < PERIOD ? (size_t)count : PERIOD;
    for (size_t i = 0; i < done; i++)
        put_element(kind, buffer, i, value_of(r, d, first + i), r);
    for (; done < (size_t)count; done *= 2) {
        size_t left = (size_t)count - done;
        memcpy(buffer + done * extent, buffer, (left < done ? left : done) * extent);
    }
}

/* The first of `count` elements that is not as it should be, or -1. One period is looked at, the rest must be as it. */
TAP_UNUSED static long first_wrong(const struct kind *kind, const unsigned char *buffer, int count,
                                   int (*is_right)(const struct kind *, const unsigned char *, size_t, size_t, void *),
                                   void *context)
{
    size_t extent = extent_of(kind);
    int dense = is_dense(kind);
    for (int i = 0; i < count && (!dense || i < PERIOD); i++)
        if (!is_right(kind, buffer, (size_t)i, extent, context))
            return i;
    if (!dense || count <= PERIOD || memcmp(buffer, buffer + PERIOD * extent, (size_t)(count - PERIOD) * extent) == 0)
        return -1;
    for (size_t byte = 0;; byte++)
        if (buffer[byte] != buffer[byte + PERIOD * extent])
            return (long)(byte / extent) + PERIOD;
}

struct buffer {
    unsigned char *all, *at;
    size_t bytes;
};

TAP_UNUSED static struct buffer new_buffer(const struct kind *kind, size_t count)
{
    struct buffer buffer;
    buffer.bytes = count * extent_of(kind);
    buffer.all = malloc(buffer.bytes + 2 * GUARD);
    memset(buffer.all, CANARY, buffer.bytes + 2 * GUARD);
    buffer.at = buffer.all + GUARD;
    return buffer;
}

/* Whether nothing was written before and behind it; it is gone then. */
TAP_UNUSED static int end_buffer(struct buffer *buffer, const char *what)
{
    int well = 1;
    for (size_t i = 0; i < GUARD && well; i++)
        well = buffer->all[i] == CANARY && buffer->at[buffer->bytes + i] == CANARY;
    if (!well)
        tap_because("%s: written outside the buffer of %zu bytes", what, buffer->bytes);
    free(buffer->all);
    return well;
}

#endif
