/* A program that uses the library. */
#include <gsl/gsl_sf.h>

int main(void) { return gsl_sf_bessel_J0(0) != 1; }
