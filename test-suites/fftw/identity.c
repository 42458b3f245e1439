/* One FFTW in this process, the module's, of the module's version; plans that are made once are known again. argv: the
 * module's prefix. */
#include "proof.h"
#include <fftw3.h>

int main(int argc, char **argv)
{
    char version[64];
    const char *from = strchr(fftw_version, '-');
    fftw_complex *data = fftw_malloc(sizeof *data * 360);
    fftw_plan plan;
    char *wisdom;
    proof_begin(&argc, &argv);
    snprintf(version, sizeof version, "%s", from == NULL ? fftw_version : from + 1);
    version[strcspn(version, "-")] = '\0';
    check(same_version(fftw_version, version, "fftw FFTW amdfftw"), "the library is of the module's version");
    check(answered_by("libfftw3", argv[1]), "the libfftw3 that answers is the module's");
    plan = fftw_plan_dft_1d(360, data, data, FFTW_FORWARD, FFTW_MEASURE);
    check(plan != NULL, "a plan is measured");
    fftw_destroy_plan(plan);
    wisdom = fftw_export_wisdom_to_string();
    check(wisdom != NULL && strstr(wisdom, "fftw") != NULL, "what was learnt is exported");
    fftw_forget_wisdom();
    plan = fftw_plan_dft_1d(360, data, data, FFTW_FORWARD, FFTW_MEASURE | FFTW_WISDOM_ONLY);
    check(plan == NULL, "what is forgotten is not known");
    check(fftw_import_wisdom_from_string(wisdom), "what was learnt is imported");
    plan = fftw_plan_dft_1d(360, data, data, FFTW_FORWARD, FFTW_MEASURE | FFTW_WISDOM_ONLY);
    check(plan != NULL, "the plan is known again");
    return proof_end();
}
