/* As many threads as the environment says: argv: how many. */
#include "proof.h"
#include "blas.h"
#include "tasks.h"

void dgemm_(const char *, const char *, const integer *, const integer *, const integer *, const double *, const double *,
            const integer *, const double *, const integer *, const double *, double *, const integer *);

int main(int argc, char **argv)
{
    enum { N = 600 };
    double *a = calloc(N * N, sizeof *a), *c = calloc(N * N, sizeof *c), one = 1, zero = 0;
    int wanted = atoi(argv[1]), i, seen;
    proof_begin(&argc, &argv);
    for (i = 0; i < N * N; i++)
        a[i] = sample(i);
    dgemm_("N", "T", COUNT(N), COUNT(N), COUNT(N), &one, a, COUNT(N), a, COUNT(N), &zero, c, COUNT(N));
    seen = now();
    for (i = 0; i < N && proof_why[0] == '\0'; i++) {
        double sum = 0;
        int k;
        for (k = 0; k < N; k++)
            sum += a[i + k * N] * a[i + k * N];
        near("an element of the diagonal", c[i + i * N], sum, 1e-9);
    }
    check(proof_why[0] == '\0', "a product of large matrices");
    if (wanted == 1 ? seen != 1 : seen < 2)
        because("the environment says %d, and %d threads were seen: the library does not obey", wanted, seen);
    check(proof_why[0] == '\0', "as many threads as the environment says: %d", wanted);
    return proof_end();
}
