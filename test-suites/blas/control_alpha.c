/* A product that is off by one part in ten thousand is seen in double precision. */
#include "proof.h"
#include "blas.h"

void daxpy_(const integer *, const double *, const double *, const integer *, double *, const integer *);

int main(int argc, char **argv)
{
    double x[3] = {1, 2, 3}, y[3] = {0, 0, 0}, alpha = 1.0001;
    proof_begin(&argc, &argv);
    daxpy_(COUNT(3), &alpha, x, COUNT(1), y, COUNT(1));
    check(near("the last element", y[2], 3, 1e-12), "a multiple of a vector");
    return proof_end();
}
