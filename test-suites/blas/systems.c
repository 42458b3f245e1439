/* LAPACK: solutions, eigenvalues and singular values, judged by what they must satisfy. */
#include "proof.h"
#include "blas.h"
#include <float.h>

void dgesv_(const integer *, const integer *, double *, const integer *, integer *, double *, const integer *, integer *);
void dsyev_(const char *, const char *, const integer *, double *, const integer *, double *, double *, const integer *, integer *);
void dgesvd_(const char *, const char *, const integer *, const integer *, double *, const integer *, double *, double *,
             const integer *, double *, const integer *, double *, const integer *, integer *);
void dpotrf_(const char *, const integer *, double *, const integer *, integer *);
void dgels_(const char *, const integer *, const integer *, const integer *, double *, const integer *, double *, const integer *,
            double *, const integer *, integer *);
void zheev_(const char *, const char *, const integer *, double _Complex *, const integer *, double *, double _Complex *,
            const integer *, double *, integer *);

enum { MOST = 130 };
static double a[MOST * MOST], b[MOST * MOST], c[MOST * MOST], w[MOST], u[MOST * MOST], v[MOST * MOST], work[64 * MOST];
static integer pivots[MOST];

static void fill(double *m, int n, long seed)
{
    int i;
    for (i = 0; i < n * n; i++)
        m[i] = sample(seed + i);
}

static int solved(int n)
{
    struct counted status = {0};
    int i, j, ok;
    fill(a, n, 1);
    for (i = 0; i < n; i++)
        a[i + i * n] += 4;
    memcpy(c, a, sizeof *a * (size_t)(n * n));
    for (i = 0; i < n; i++)
        b[i] = sample(900000 + i);
    memcpy(w, b, sizeof *b * (size_t)n);
    dgesv_(COUNT(n), COUNT(1), a, COUNT(n), pivots, b, COUNT(n), &status.value);
    ok = same_number("info of dgesv", (long long)status.value, 0);
    for (i = 0; i < n && ok; i++) {
        double sum = 0;
        for (j = 0; j < n; j++)
            sum += c[i + j * n] * b[j];
        ok = near("a row of the solved system", sum, w[i], 1e-11 * n);
    }
    return ok;
}

static int eigenvalues(int n)
{
    struct counted status = {0};
    int i, j, k, ok;
    fill(a, n, 2);
    for (i = 0; i < n; i++)
        for (j = 0; j < i; j++)
            a[i + j * n] = a[j + i * n];
    memcpy(c, a, sizeof *a * (size_t)(n * n));
    dsyev_("V", "U", COUNT(n), a, COUNT(n), w, work, COUNT(64 * MOST), &status.value);
    ok = same_number("info of dsyev", (long long)status.value, 0);
    for (k = 0; k < n && ok; k++) {
        ok = k == 0 || w[k] >= w[k - 1];
        for (i = 0; i < n && ok; i++) {
            double sum = 0;
            for (j = 0; j < n; j++)
                sum += c[i + j * n] * a[j + k * n];
            ok = near("a row of A v = w v", sum, w[k] * a[i + k * n], 1e-11 * n);
        }
    }
    return ok;
}

static int singular_values(int n)
{
    struct counted status = {0};
    int i, j, k, ok;
    fill(a, n, 3);
    memcpy(c, a, sizeof *a * (size_t)(n * n));
    dgesvd_("A", "A", COUNT(n), COUNT(n), a, COUNT(n), w, u, COUNT(n), v, COUNT(n), work, COUNT(64 * MOST), &status.value);
    ok = same_number("info of dgesvd", (long long)status.value, 0);
    for (i = 0; i < n && ok; i++)
        for (j = 0; j < n && ok; j++) {
            double sum = 0;
            for (k = 0; k < n; k++)
                sum += u[i + k * n] * w[k] * v[k + j * n];
            ok = near("an element of U S V", sum, c[i + j * n], 1e-11 * n);
        }
    return ok;
}

static int factored(int n)
{
    struct counted status = {0};
    int i, j, k, ok;
    for (j = 0; j < n; j++)
        for (i = 0; i < n; i++)
            a[i + j * n] = c[i + j * n] = 1.0 / (1 + abs(i - j)) + (i == j ? 2 : 0);
    dpotrf_("L", COUNT(n), a, COUNT(n), &status.value);
    ok = same_number("info of dpotrf", (long long)status.value, 0);
    for (i = 0; i < n && ok; i++)
        for (j = 0; j <= i && ok; j++) {
            double sum = 0;
            for (k = 0; k <= j; k++)
                sum += a[i + k * n] * a[j + k * n];
            ok = near("an element of L L'", sum, c[i + j * n], 1e-12 * n);
        }
    return ok;
}

/* A line through points on a line. */
static int fitted(void)
{
    struct counted status = {0};
    int i;
    for (i = 0; i < 20; i++) {
        a[i] = 1;
        a[20 + i] = i;
        b[i] = 3 - 0.5 * i;
    }
    dgels_("N", COUNT(20), COUNT(2), COUNT(1), a, COUNT(20), b, COUNT(20), work, COUNT(64 * MOST), &status.value);
    return same_number("info of dgels", (long long)status.value, 0) && near("where it begins", b[0], 3, 1e-12) &&
           near("how it falls", b[1], -0.5, 1e-12);
}

static int hermitian(void)
{
    static double _Complex m[9] = {2, -I, 0, I, 2, -I, 0, I, 2}, space[200];
    struct counted status = {0};
    double real[20];
    zheev_("N", "U", COUNT(3), m, COUNT(3), w, space, COUNT(200), real, &status.value);
    return same_number("info of zheev", (long long)status.value, 0) && near("the first", w[0], 2 - sqrt(2), 1e-13) &&
           near("the second", w[1], 2, 1e-13) && near("the third", w[2], 2 + sqrt(2), 1e-13);
}

int main(int argc, char **argv)
{
    static const int sizes[] = {1, 2, 5, 16, 31, 33, 64, 65, 130};
    int i, ok;
    proof_begin(&argc, &argv);
#define EACH(of, name)                              \
    for (ok = 1, i = 0; i < 9; i++)                 \
        ok = ok && of(sizes[i]);                    \
    check(ok, name)
    EACH(solved, "systems of linear equations");
    EACH(factored, "Cholesky's factors");
    EACH(eigenvalues, "eigenvalues and eigenvectors");
    EACH(singular_values, "singular values and vectors");
    check(fitted(), "a least-squares fit");
    check(hermitian(), "eigenvalues of a Hermitian matrix");
    return proof_end();
}
