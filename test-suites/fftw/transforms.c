/* Every kind of transform of one precision against the sum that defines it, with sizes of every kind of factor.
 * Compiled with PRECISION 1 (single), 2 (double) or 3 (long double). argv: the module's prefix. */
#include "proof.h"
#include <complex.h>
#include <float.h>
#include <fftw3.h>

#if PRECISION == 1
#define X(name) fftwf_##name
typedef float real;
#define EPSILON FLT_EPSILON
#elif PRECISION == 3
#define X(name) fftwl_##name
typedef long double real;
#define EPSILON LDBL_EPSILON
#else
#define X(name) fftw_##name
typedef double real;
#define EPSILON DBL_EPSILON
#endif
typedef long double _Complex wide;

static const long double PI = 3.14159265358979323846264338327950288L;

/* The same numbers everywhere, between -1 and 1. */
static long double sample(long i)
{
    unsigned long long x = (unsigned long long)i * 6364136223846793005ULL + 1442695040888963407ULL;
    x ^= x >> 29;
    x *= 0xbf58476d1ce4e5b9ULL;
    x ^= x >> 32;
    return (long double)(x % 2000001ULL) / 1000000.0L - 1.0L;
}

static long double tolerance(long n) { return 40.0L * EPSILON * (long double)n; }

/* The defining sum along one axis of an array seen as [before][n][after]. */
static void sums(wide *data, long before, long n, long after, int sign)
{
    wide *line = malloc((size_t)n * sizeof *line);
    long b, a, j, k;
    for (b = 0; b < before; b++)
        for (a = 0; a < after; a++) {
            for (k = 0; k < n; k++) {
                line[k] = 0;
                for (j = 0; j < n; j++)
                    line[k] += data[(b * n + j) * after + a] * cexpl(sign * 2 * PI * I * (long double)((j * k) % n) / n);
            }
            for (k = 0; k < n; k++)
                data[(b * n + k) * after + a] = line[k];
        }
    free(line);
}

static int same(const X(complex) *found, const wide *wanted, long count, long n)
{
    long i;
    for (i = 0; i < count; i++) {
        const real *one = (const real *)&found[i];
        long double off = fabsl(one[0] - creall(wanted[i])) + fabsl(one[1] - cimagl(wanted[i]));
        if (!(off <= tolerance(n))) {
            because("size %ld, element %ld: wanted %.12Lg%+.12Lgi, found %.12Lg%+.12Lgi", n, i, creall(wanted[i]),
                    cimagl(wanted[i]), (long double)one[0], (long double)one[1]);
            return 0;
        }
    }
    return 1;
}

static int complex_of(int rank, const int *n, int sign, int in_place)
{
    long total = 1, i, before = 1;
    int axis, ok;
    for (axis = 0; axis < rank; axis++)
        total *= n[axis];
    {
        X(complex) *in = X(malloc)(sizeof *in * (size_t)total), *out = in_place ? in : X(malloc)(sizeof *out * (size_t)total);
        wide *wanted = malloc(sizeof *wanted * (size_t)total);
        X(plan) plan = X(plan_dft)(rank, n, in, out, sign, FFTW_ESTIMATE);
        if (plan == NULL) {
            because("size %ld: no plan", total);
            return 0;
        }
        for (i = 0; i < total; i++) {
            ((real *)&in[i])[0] = (real)sample(2 * i);
            ((real *)&in[i])[1] = (real)sample(2 * i + 1);
            wanted[i] = (long double)((real *)&in[i])[0] + I * (long double)((real *)&in[i])[1];
        }
        for (axis = 0; axis < rank; axis++) {
            sums(wanted, before, n[axis], total / before / n[axis], sign);
            before *= n[axis];
        }
        X(execute)(plan);
        ok = same(out, wanted, total, total);
        X(destroy_plan)(plan);
        if (!in_place)
            X(free)(out);
        X(free)(in);
        free(wanted);
    }
    return ok;
}

/* Real to half of a complex spectrum, and back: n times the input. */
static int real_of(int n)
{
    real *in = X(malloc)(sizeof *in * (size_t)n), *back = X(malloc)(sizeof *back * (size_t)n);
    X(complex) *out = X(malloc)(sizeof *out * (size_t)(n / 2 + 1));
    wide *wanted = malloc(sizeof *wanted * (size_t)n);
    X(plan) there = X(plan_dft_r2c_1d)(n, in, out, FFTW_ESTIMATE), again = X(plan_dft_c2r_1d)(n, out, back, FFTW_ESTIMATE);
    int i, ok;
    for (i = 0; i < n; i++)
        wanted[i] = in[i] = (real)sample(7 + i);
    sums(wanted, 1, n, 1, -1);
    X(execute)(there);
    ok = same(out, wanted, n / 2 + 1, n);
    X(execute)(again);
    for (i = 0; i < n && ok; i++)
        ok = near("there and back, off by", (double)(back[i] / n - in[i]), 0, (double)tolerance(n));
    X(destroy_plan)(there);
    X(destroy_plan)(again);
    X(free)(in);
    X(free)(back);
    X(free)(out);
    free(wanted);
    return ok;
}

/* The cosine transform of the second kind, and its inverse. */
static int cosines_of(int n)
{
    real *in = X(malloc)(sizeof *in * (size_t)n), *out = X(malloc)(sizeof *out * (size_t)n);
    X(plan) there = X(plan_r2r_1d)(n, in, out, FFTW_REDFT10, FFTW_ESTIMATE);
    X(plan) again = X(plan_r2r_1d)(n, out, out, FFTW_REDFT01, FFTW_ESTIMATE);
    int i, k, ok = 1;
    for (i = 0; i < n; i++)
        in[i] = (real)sample(90 + i);
    X(execute)(there);
    for (k = 0; k < n && ok; k++) {
        long double sum = 0;
        for (i = 0; i < n; i++)
            sum += 2 * in[i] * cosl(PI * (i + 0.5L) * k / n);
        ok = near("how far a cosine sum is off", (double)(out[k] - sum), 0, (double)(2 * tolerance(n)));
    }
    X(execute)(again);
    for (i = 0; i < n && ok; i++)
        ok = near("there and back, off by", (double)(out[i] / (2 * n) - in[i]), 0, (double)tolerance(n));
    X(destroy_plan)(there);
    X(destroy_plan)(again);
    X(free)(in);
    X(free)(out);
    return ok;
}

/* Columns of a matrix with a gap after each row, all by one plan; the gap must stay as it is. */
static int strided(void)
{
    enum { N = 30, HOWMANY = 7, WIDTH = 9 };
    X(complex) *data = X(malloc)(sizeof *data * N * WIDTH);
    wide *wanted = malloc(sizeof *wanted * N * HOWMANY);
    int n = N, i, j, ok = 1;
    X(plan) plan = X(plan_many_dft)(1, &n, HOWMANY, data, NULL, WIDTH, 1, data, NULL, WIDTH, 1, FFTW_BACKWARD, FFTW_ESTIMATE);
    for (i = 0; i < N * WIDTH; i++) {
        ((real *)&data[i])[0] = (real)sample(i);
        ((real *)&data[i])[1] = (real)sample(1000 + i);
    }
    for (i = 0; i < N; i++)
        for (j = 0; j < HOWMANY; j++)
            wanted[i * HOWMANY + j] = (long double)((real *)&data[i * WIDTH + j])[0] + I * (long double)((real *)&data[i * WIDTH + j])[1];
    sums(wanted, 1, N, HOWMANY, 1);
    X(execute)(plan);
    for (i = 0; i < N && ok; i++) {
        ok = same(&data[i * WIDTH], &wanted[i * HOWMANY], HOWMANY, N);
        for (j = HOWMANY; j < WIDTH && ok; j++)
            ok = near("the gap", (double)((real *)&data[i * WIDTH + j])[0], (double)(real)sample(i * WIDTH + j), 0);
    }
    X(destroy_plan)(plan);
    X(free)(data);
    free(wanted);
    return ok;
}

int main(int argc, char **argv)
{
    /* Powers, small and large primes, and products of them: each has an algorithm of its own. */
    static const int sizes[] = {1, 2, 3, 4, 5, 7, 8, 11, 13, 16, 17, 27, 31, 32, 49, 60, 64, 97, 100, 121, 125, 128, 210, 256, 257};
    static const int planes[][2] = {{1, 5}, {4, 4}, {8, 15}, {17, 6}, {32, 32}}, boxes[][3] = {{2, 3, 5}, {8, 8, 8}, {7, 4, 9}};
    int i, forward = 1, backward = 1, in_place = 1, reals = 1, cosines = 1, two = 1, three = 1;
    proof_begin(&argc, &argv);
    for (i = 0; i < (int)(sizeof sizes / sizeof *sizes); i++)
        forward = forward && complex_of(1, &sizes[i], FFTW_FORWARD, 0);
    check(forward, "forward, of 25 sizes");
    for (i = 0; i < (int)(sizeof sizes / sizeof *sizes); i++)
        backward = backward && complex_of(1, &sizes[i], FFTW_BACKWARD, 0);
    check(backward, "backward, of 25 sizes");
    for (i = 0; i < (int)(sizeof sizes / sizeof *sizes); i++)
        in_place = in_place && complex_of(1, &sizes[i], FFTW_FORWARD, 1);
    check(in_place, "in place, of 25 sizes");
    for (i = 0; i < (int)(sizeof sizes / sizeof *sizes); i++)
        reals = reals && real_of(sizes[i]);
    check(reals, "real to complex and back, of 25 sizes");
    for (i = 0; i < (int)(sizeof sizes / sizeof *sizes); i++)
        cosines = cosines && cosines_of(sizes[i]);
    check(cosines, "cosine transforms and their inverse, of 25 sizes");
    for (i = 0; i < 5; i++)
        two = two && complex_of(2, planes[i], FFTW_FORWARD, 0);
    check(two, "two dimensions");
    for (i = 0; i < 3; i++)
        three = three && complex_of(3, boxes[i], FFTW_BACKWARD, 0);
    check(three, "three dimensions");
    check(strided(), "many at once, with strides and gaps");
    check(answered_by(PRECISION == 1 ? "libfftw3f" : PRECISION == 3 ? "libfftw3l" : "libfftw3", argv[1]),
          "the library that answers is the module's");
    return proof_end();
}
