/* Products of vectors and matrices against loops, in one type: TYPE 1 to 4 for s, d, c and z. argv: the module's prefix. */
#include "proof.h"
#include "blas.h"
#include <float.h>

#if TYPE == 1
typedef float number;
#define F(name) s##name##_
#elif TYPE == 2
typedef double number;
#define F(name) d##name##_
#elif TYPE == 3
typedef float _Complex number;
#define F(name) c##name##_
#else
typedef double _Complex number;
#define F(name) z##name##_
#endif
#if TYPE == 1 || TYPE == 3
#define EPSILON FLT_EPSILON
#else
#define EPSILON DBL_EPSILON
#endif
#if TYPE >= 3
#define CONJ(x) conj(x)
#define PART(i) ((number)(sample(i) + I * sample((i) + 77777)))
#else
#define CONJ(x) (x)
#define PART(i) ((number)sample(i))
#endif
typedef double _Complex wide;

void F(gemm)(const char *, const char *, const integer *, const integer *, const integer *, const number *, const number *,
             const integer *, const number *, const integer *, const number *, number *, const integer *);
void F(gemv)(const char *, const integer *, const integer *, const number *, const number *, const integer *, const number *,
             const integer *, const number *, number *, const integer *);
void F(trsm)(const char *, const char *, const char *, const char *, const integer *, const integer *, const number *,
             const number *, const integer *, number *, const integer *);
void F(syrk)(const char *, const char *, const integer *, const integer *, const number *, const number *, const integer *,
             const number *, number *, const integer *);
void F(axpy)(const integer *, const number *, const number *, const integer *, number *, const integer *);
void F(swap)(const integer *, number *, const integer *, number *, const integer *);

static number alpha, beta;

static int close_to(const char *what, wide found, wide wanted, double terms)
{
    double off = cabs(found - wanted), most = 30 * EPSILON * (terms + 4);
    int is = off <= most;
    if (!is)
        because("%s: wanted %.9g%+.9gi within %.3g, found %.9g%+.9gi", what, creal(wanted), cimag(wanted), most, creal(found),
                cimag(found));
    return is;
}

static wide element(const number *a, int lda, char how, int i, int j)
{
    return how == 'N' ? a[i + (long)j * lda] : how == 'T' ? a[j + (long)i * lda] : CONJ((wide)a[j + (long)i * lda]);
}

static number *filled(long count, long seed)
{
    number *data = malloc(sizeof *data * (size_t)(count + 1));
    long i;
    for (i = 0; i < count; i++)
        data[i] = PART(seed + i);
    return data;
}

/* Leading dimensions are larger than they must be, and what is between must stay as it is. */
static int product(char how_a, char how_b, int m, int n, int k, int zero)
{
    int rows_a = how_a == 'N' ? m : k, columns_a = how_a == 'N' ? k : m, rows_b = how_b == 'N' ? k : n;
    int columns_b = how_b == 'N' ? n : k, lda = rows_a + 3, ldb = rows_b + 1, ldc = m + 2, i, j, p, ok = 1;
    number *a = filled((long)lda * columns_a, 1), *b = filled((long)ldb * columns_b, 100003), *c = filled((long)ldc * n, 200003);
    number *before = filled((long)ldc * n, 200003), none = 0;
    char what[96];
    snprintf(what, sizeof what, "%c%c of %d x %d by %d", how_a, how_b, m, n, k);
    /* With beta 0 the output is not read: it may hold anything. */
    if (zero)
        for (j = 0; j < n; j++)
            for (i = 0; i < m; i++)
                c[i + (long)j * ldc] = (number)NAN;
    F(gemm)(&how_a, &how_b, COUNT(m), COUNT(n), COUNT(k), &alpha, a, COUNT(lda), b, COUNT(ldb), zero ? &none : &beta, c, COUNT(ldc));
    for (j = 0; j < n && ok; j++) {
        for (i = 0; i < m && ok; i++) {
            wide sum = 0;
            for (p = 0; p < k; p++)
                sum += element(a, lda, how_a, i, p) * element(b, ldb, how_b, p, j);
            sum = (wide)alpha * sum + (zero ? 0 : (wide)beta * (wide)before[i + (long)j * ldc]);
            ok = close_to(what, (wide)c[i + (long)j * ldc], sum, 2.0 * k);
        }
        for (i = m; i < ldc && ok; i++)
            if (c[i + (long)j * ldc] != before[i + (long)j * ldc]) {
                because("%s: what is between two columns was written to", what);
                ok = 0;
            }
    }
    free(a);
    free(b);
    free(c);
    free(before);
    return ok;
}

static int with_vector(char how, int m, int n)
{
    int lda = m + 2, rows = how == 'N' ? m : n, columns = how == 'N' ? n : m, i, j, ok = 1;
    number *a = filled((long)lda * n, 5), *x = filled(3L * columns, 9), *y = filled(2L * rows, 11), *before = filled(2L * rows, 11);
    F(gemv)(&how, COUNT(m), COUNT(n), &alpha, a, COUNT(lda), x, COUNT(3), &beta, y, COUNT(2));
    for (i = 0; i < rows && ok; i++) {
        wide sum = 0;
        for (j = 0; j < columns; j++)
            sum += element(a, lda, how, i, j) * (wide)x[3L * j];
        ok = close_to("a matrix by a vector", (wide)y[2L * i], (wide)alpha * sum + (wide)beta * (wide)before[2L * i], 2.0 * columns);
        ok = ok && y[2L * i + 1] == before[2L * i + 1];
    }
    free(a);
    free(x);
    free(y);
    free(before);
    return ok;
}

/* The solution of a triangular system, put into it again. */
static int triangle(char side, char part, int m, int n)
{
    int order = side == 'L' ? m : n, lda = order + 1, ldb = m + 1, i, j, p, ok = 1;
    number *a = filled((long)lda * order, 21), *b = filled((long)ldb * n, 31), *x = filled((long)ldb * n, 31);
    for (i = 0; i < order; i++) {
        for (j = 0; j < order; j++)
            a[i + (long)j * lda] /= (number)(2 * order);
        a[i + (long)i * lda] += 2;
    }
    F(trsm)(&side, &part, "N", "N", COUNT(m), COUNT(n), &alpha, a, COUNT(lda), x, COUNT(ldb));
    for (i = 0; i < m && ok; i++)
        for (j = 0; j < n && ok; j++) {
            wide sum = 0;
            for (p = 0; p < order; p++) {
                int row = side == 'L' ? i : p, column = side == 'L' ? p : j;
                if (part == 'U' ? row <= column : row >= column)
                    sum += (wide)a[row + (long)column * lda] * (wide)(side == 'L' ? x[p + (long)j * ldb] : x[i + (long)p * ldb]);
            }
            ok = close_to("a triangular system", sum, (wide)alpha * (wide)b[i + (long)j * ldb], 4.0 * order);
        }
    free(a);
    free(b);
    free(x);
    return ok;
}

/* Only one triangle is written. */
static int square(char part, int n, int k)
{
    int lda = n + 1, ldc = n + 1, i, j, p, ok = 1;
    number *a = filled((long)lda * k, 41), *c = filled((long)ldc * n, 51), *before = filled((long)ldc * n, 51);
    F(syrk)(&part, "N", COUNT(n), COUNT(k), &alpha, a, COUNT(lda), &beta, c, COUNT(ldc));
    for (i = 0; i < n && ok; i++)
        for (j = 0; j < n && ok; j++) {
            wide sum = 0;
            if (part == 'U' ? i > j : i < j) {
                ok = c[i + (long)j * ldc] == before[i + (long)j * ldc];
                continue;
            }
            for (p = 0; p < k; p++)
                sum += (wide)a[i + (long)p * lda] * (wide)a[j + (long)p * lda];
            ok = close_to("a matrix by its transpose", (wide)c[i + (long)j * ldc],
                          (wide)alpha * sum + (wide)beta * (wide)before[i + (long)j * ldc], 2.0 * k);
        }
    free(a);
    free(c);
    free(before);
    return ok;
}

static int vectors(int n)
{
    number *x = filled(2L * n, 61), *y = filled(3L * n, 71), *before = filled(3L * n, 71);
    int i, ok = 1;
    F(axpy)(COUNT(n), &alpha, x, COUNT(2), y, COUNT(3));
    for (i = 0; i < n && ok; i++)
        ok = close_to("a vector and a multiple of one", (wide)y[3L * i], (wide)before[3L * i] + (wide)alpha * (wide)x[2L * i], 2);
    F(swap)(COUNT(n), x, COUNT(2), y, COUNT(3));
    for (i = 0; i < n && ok; i++)
        ok = y[3L * i] == (number)PART(61 + 2L * i);
    free(x);
    free(y);
    free(before);
    return ok;
}

int main(int argc, char **argv)
{
    /* Around the edges of the blocks and of the vector registers. */
    static const int sizes[] = {1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 128, 129};
    static const char hows[] = "NTC";
    int count = (int)(sizeof sizes / sizeof *sizes), i, j, ok;
    proof_begin(&argc, &argv);
    alpha = (number)(TYPE >= 3 ? 0.75 - 0.5 * I : 0.75);
    beta = (number)(TYPE >= 3 ? -0.25 + 1.5 * I : -0.25);
    for (ok = 1, i = 0; i < count; i++)
        ok = ok && product('N', 'N', sizes[i], sizes[i], sizes[i], 0);
    check(ok, "matrix products of 20 sizes");
    for (ok = 1, i = 0; i < 3; i++)
        for (j = 0; j < 3; j++)
            ok = ok && product(hows[i], hows[j], 33, 19, 70, 0) && product(hows[i], hows[j], 5, 66, 3, 0);
    check(ok, "matrix products, transposed and conjugated in every way");
    ok = product('N', 'N', 257, 3, 300, 0) && product('N', 'T', 1, 130, 1, 0) && product('T', 'N', 2, 2, 700, 0);
    check(ok, "matrix products of odd shapes");
    check(product('N', 'N', 40, 41, 42, 1), "with beta 0 the output is not read");
    for (ok = 1, i = 0; i < count; i++)
        ok = ok && with_vector('N', sizes[i], sizes[count - 1 - i]) && with_vector('T', sizes[i], sizes[count - 1 - i]) &&
             with_vector('C', sizes[i], sizes[i]);
    check(ok, "matrix by vector, with strides");
    for (ok = 1, i = 0; i < count; i++)
        ok = ok && triangle('L', 'U', sizes[i], 7) && triangle('R', 'L', 9, sizes[i]);
    check(ok, "triangular systems");
    for (ok = 1, i = 0; i < count; i++)
        ok = ok && square('U', sizes[i], 17) && square('L', sizes[i], 33);
    check(ok, "a matrix by its transpose, one triangle");
    for (ok = 1, i = 0; i < count; i++)
        ok = ok && vectors(sizes[i]);
    check(ok, "vectors with strides");
    return proof_end();
}
