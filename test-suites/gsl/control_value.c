/* A value that is slightly off is seen. */
#include "proof.h"
#include <gsl/gsl_sf.h>

int main(int argc, char **argv)
{
    proof_begin(&argc, &argv);
    check(near("J0(5)", gsl_sf_bessel_J0(5.0001), -0.17759677131433830, 1e-15), "a Bessel function");
    return proof_end();
}
