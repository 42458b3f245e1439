/* Special functions, an integral, a root, a spline, an equation and random numbers whose values are known. argv: the
 * module's prefix. */
#include "proof.h"
#include <gsl/gsl_errno.h>
#include <gsl/gsl_integration.h>
#include <gsl/gsl_linalg.h>
#include <gsl/gsl_rng.h>
#include <gsl/gsl_roots.h>
#include <gsl/gsl_sf.h>
#include <gsl/gsl_version.h>

static double bell(double x, void *unused)
{
    (void)unused;
    return exp(-x * x);
}

static double cosine(double x, void *unused)
{
    (void)unused;
    return cos(x) - x;
}

int main(int argc, char **argv)
{
    proof_begin(&argc, &argv);
    if (strcmp(GSL_VERSION, gsl_version) != 0)
        because("gsl_version.h is of version %s, the library that answers is %s", GSL_VERSION, gsl_version);
    check(strcmp(GSL_VERSION, gsl_version) == 0, "header and library are of one version");
    check(same_version("GSL", gsl_version, "gsl GSL"), "the library is of the module's version");
    check(answered_by("libgsl", argv[1]), "the libgsl that answers is the module's");
    check(near("J0(5)", gsl_sf_bessel_J0(5), -0.17759677131433830, 1e-15), "a Bessel function");
    check(near("gamma(1/2)", gsl_sf_gamma(0.5), 1.7724538509055160, 1e-14), "the gamma function");
    {
        gsl_integration_workspace *space = gsl_integration_workspace_alloc(200);
        gsl_function f = {bell, NULL};
        double value, error;
        gsl_integration_qagi(&f, 1e-12, 1e-10, 200, space, &value, &error);
        check(near("an integral", value, 1.7724538509055160, 1e-9), "an integral over all numbers");
        gsl_integration_workspace_free(space);
    }
    {
        gsl_root_fsolver *solver = gsl_root_fsolver_alloc(gsl_root_fsolver_brent);
        gsl_function f = {cosine, NULL};
        int i;
        gsl_root_fsolver_set(solver, &f, 0, 1);
        for (i = 0; i < 60; i++)
            gsl_root_fsolver_iterate(solver);
        check(near("a root", gsl_root_fsolver_root(solver), 0.73908513321516064, 1e-12), "a root");
        gsl_root_fsolver_free(solver);
    }
    {
        double a[9] = {4, 1, 0, 1, 3, 1, 0, 1, 2}, b[3] = {6, 10, 8};
        gsl_matrix_view m = gsl_matrix_view_array(a, 3, 3);
        gsl_vector_view v = gsl_vector_view_array(b, 3);
        gsl_vector *x = gsl_vector_alloc(3);
        gsl_permutation *p = gsl_permutation_alloc(3);
        int sign;
        gsl_linalg_LU_decomp(&m.matrix, p, &sign);
        gsl_linalg_LU_solve(&m.matrix, p, &v.vector, x);
        check(near("the first", gsl_vector_get(x, 0), 1, 1e-13) && near("the second", gsl_vector_get(x, 1), 2, 1e-13) &&
                  near("the third", gsl_vector_get(x, 2), 3, 1e-13),
              "a system of linear equations, by the CBLAS that comes with it");
    }
    {
        /* The ten thousandth number of MT19937 with its default seed, as its authors say. */
        gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
        unsigned long last = 0;
        int i;
        gsl_rng_set(rng, 5489);
        for (i = 0; i < 10000; i++)
            last = gsl_rng_get(rng);
        check(same_number("the ten thousandth number", (long long)last, 4123659995LL), "the random numbers of MT19937");
        gsl_rng_free(rng);
    }
    gsl_set_error_handler_off();
    check(gsl_sf_lngamma_e(-1, &(gsl_sf_result){0}) == GSL_EDOM, "an error is told by its number");
    return proof_end();
}
