/* A transform with the other sign must not pass for the one that was asked for. */
#include "proof.h"
#include <fftw3.h>

int main(int argc, char **argv)
{
    fftw_complex in[5] = {{0, 0}, {1, 0}, {0, 0}, {0, 0}, {0, 0}}, out[5];
    fftw_plan plan;
    proof_begin(&argc, &argv);
    plan = fftw_plan_dft_1d(5, in, out, FFTW_BACKWARD, FFTW_ESTIMATE);
    fftw_execute(plan);
    check(near("the imaginary part", out[1][1], -sin(8 * atan(1.0) / 5), 1e-12), "forward");
    return proof_end();
}
