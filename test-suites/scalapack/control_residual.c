/* A residual that is not small is seen. */
#define PROOF_MPI
#include "proof.h"

int main(int argc, char **argv)
{
    proof_begin(&argc, &argv);
    check(near("an element of the solution", 1.0 + 1e-6 * proof_rank, 1, 1e-9), "the solution");
    return proof_end();
}
