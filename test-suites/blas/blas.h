/* BLAS and LAPACK as Fortran names them, with integers of the width that the install says: INTEGER_64 for ILP64.
 *
 * A 32-bit integer is passed with other bits behind it, as it lies in a caller's frame: a library that counts with 64 bits
 * reads both. */
#ifndef BLAS_H
#define BLAS_H

#include <complex.h>
#include <stdint.h>

#ifdef INTEGER_64
typedef int64_t integer;
#else
typedef int32_t integer;
#endif

struct counted {
    integer value;
#ifndef INTEGER_64
    int32_t behind;
#endif
};

#ifdef INTEGER_64
#define COUNT(n) (&(struct counted){(integer)(n)}.value)
#else
#define COUNT(n) (&(struct counted){(integer)(n), 1}.value)
#endif

/* The same numbers everywhere, between -1 and 1. */
static inline double sample(long i)
{
    unsigned long long x = (unsigned long long)(i + 1) * 6364136223846793005ULL + 1442695040888963407ULL;
    x ^= x >> 29;
    x *= 0xbf58476d1ce4e5b9ULL;
    x ^= x >> 32;
    return (double)(x % 2000001ULL) / 1000000.0 - 1.0;
}

#endif
