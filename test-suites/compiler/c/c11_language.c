/* C11 as a language: what the front end, the code generator and the C library must agree on. */
#include "tap.h"

#include <complex.h>
#include <stdalign.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <uchar.h>

_Static_assert(sizeof(void *) == sizeof(intptr_t), "intptr_t holds a pointer");

#define KIND(x) _Generic((x), int: 1, unsigned: 2, double: 3, const char *: 4, default: 9)

struct tagged {
    int kind;
    union {
        int whole;
        float part;
    };
};

struct packet {
    unsigned short length;
    unsigned char data[];
};

struct fields {
    unsigned low : 3;
    unsigned high : 13;
    signed small : 5;
};

/* Larger than two registers: returned through memory. */
struct wide {
    long a, b, c;
    double d;
};

static __attribute__((noinline)) struct wide make_wide(long seed)
{
    return (struct wide){.a = seed, .c = seed * 3, .d = (double)seed / 2};
}

static __attribute__((noinline)) int variadic_sum(int count, ...)
{
    va_list arguments;
    double sum = 0;
    va_start(arguments, count);
    for (int i = 0; i < count; i++) {
        sum += i % 2 == 0 ? va_arg(arguments, int) : va_arg(arguments, double);
    }
    va_end(arguments);
    return (int)(sum * 4);
}

static int compare_ints(const void *left, const void *right)
{
    int a = *(const int *)left, b = *(const int *)right;
    return (a > b) - (a < b);
}

int main(void)
{
    volatile int three = 3;

    tap_ok(__STDC_VERSION__ >= 201112L, "standard version");

    tap_int(KIND(1) * 1000 + KIND(1u) * 100 + KIND(1.0) * 10 + KIND((const char *)"x"), 1234, "generic selection");

    struct tagged tagged = {.kind = 1, .whole = 0x3f800000};
    tap_real(tagged.part, 1.0, 0.0, "anonymous union");

    int table[] = {[2] = 20, [5] = 50, 60};
    tap_int((long long)(sizeof table / sizeof *table) * 1000 + table[2] + table[3] + table[6], 7080,
            "designated initialisers");

    struct packet *packet = malloc(sizeof *packet + 16);
    if (packet != NULL) {
        packet->length = 16;
        memset(packet->data, three, packet->length);
        tap_int(packet->data[15] + (int)offsetof(struct packet, data), 3 + 2, "flexible array member");
    }
    free(packet);

    struct fields fields = {.low = 5, .high = 8000, .small = -9};
    fields.low += (unsigned)three;
    fields.high += 200u;
    tap_int(fields.low * 100000 + fields.high * 10 + (unsigned)(fields.small + 9), 80, "bit-fields wrap");

    struct wide wide = make_wide(three);
    tap_real((double)(wide.a + wide.b + wide.c) + wide.d, 13.5, 0.0, "struct by value");

    tap_int(variadic_sum(4, three, 0.5, 7, 0.25), 43, "variadic arguments");

    alignas(64) unsigned char line[64] = {0};
    line[0] = (unsigned char)three;
    void *page = aligned_alloc(4096, 8192);
    tap_ok((uintptr_t)line % 64 == 0 && line[0] == 3, "alignas");
    tap_ok(page != NULL && (uintptr_t)page % 4096 == 0, "aligned_alloc");
    free(page);

    double complex z = (three + 4.0 * I) * (three - 4.0 * I);
    tap_real(creal(z) + cimag(z), 25.0, 0.0, "complex product");
    tap_real(cabs(three + 4.0 * I), 5.0, 1e-15, "complex magnitude");

    char16_t sixteen[] = u"\u20ac\U0001f600";
    char32_t thirty_two[] = U"\U0001f600";
    tap_int((long long)sizeof sixteen / 2 * 1000000 + (long long)thirty_two[0], 4128512, "unicode literals");
    tap_text(u8"\u00e9", "\xc3\xa9", "utf-8 literal");

    int rows = three, columns = three + 1;
    int grid[rows][columns];
    for (int i = 0; i < rows * columns; i++) {
        grid[i / columns][i % columns] = i;
    }
    int (*row)[columns] = &grid[2];
    tap_int((*row)[3] + (int)(sizeof grid / sizeof(int)), 23, "variable length array");

    int values[] = {9, -4, 7, three, 0, 7};
    qsort(values, 6, sizeof *values, compare_ints);
    int key = 7;
    int *found = bsearch(&key, values, 6, sizeof *values, compare_ints);
    tap_int(values[0] * 100 + values[5] + (found != NULL && *found == 7), -390, "qsort and bsearch");

    char text[64];
    snprintf(text, sizeof text, "%a %zu %jd %.3e %08.3f", 0x1.8p3 * three, sizeof(int), (intmax_t)-5, 12345.678,
             -3.14159);
    tap_text(text, "0x1.2p+5 4 -5 1.235e+04 -003.142", "printf conversions");
    tap_real(strtod("0x1.999999999999ap-4", NULL), 0.1, 0.0, "strtod of hexadecimal");

    uint64_t big = UINT64_C(0xfedcba9876543210);
    tap_ok(big / (uint64_t)three == UINT64_C(0x54f43e32d21c10b0) && big % (uint64_t)(three + 4) == 2,
           "64-bit division");
    tap_int(INT64_C(-7) / three * 10 + INT64_C(-7) % three, -21, "signed division");
    return tap_done();
}
