/* One BLAS in this process, and it is the module's. argv: the module's prefix. */
#define _GNU_SOURCE
#include "proof.h"
#include "blas.h"
#include <dlfcn.h>

void dgemm_(const char *, const char *, const integer *, const integer *, const integer *, const double *, const double *,
            const integer *, const double *, const integer *, const double *, double *, const integer *);

int main(int argc, char **argv)
{
    double a[4] = {1, 2, 3, 4}, b[4] = {5, 6, 7, 8}, c[4] = {0}, one = 1, zero = 0;
    char *(*config)(void) = (char *(*)(void))dlsym(RTLD_DEFAULT, "openblas_get_config");
    Dl_info who;
    char folder[4096], own[4096];
    proof_begin(&argc, &argv);
    check(answered_by("libopenblas libopenblasp libopenblas64 libblas libcblas libatlas libf77blas libblis libblis-mt libmkl_rt libmkl_core libgslcblas", argv[1]),
          "every BLAS in this process is the module's");
    if (dladdr((void *)(size_t)dgemm_, &who) == 0 || realpath(who.dli_fname, folder) == NULL || realpath(argv[1], own) == NULL)
        because("the file of dgemm cannot be found");
    else if (strncmp(folder, own, strlen(own)) != 0)
        because("%s is in this process, and not from the prefix %s", folder, own);
    check(proof_why[0] == '\0', "dgemm is the module's");
    if (config == NULL) {
        skip("the library is of the module's version", "it does not say its version as OpenBLAS does");
        skip("its integers are as wide as the install says", "it does not say so as OpenBLAS does");
    } else {
        char version[64] = "";
        sscanf(config(), "OpenBLAS %63s", version);
        check(same_version("OpenBLAS", version, "openblas OpenBLAS"), "the library is of the module's version");
        {
            int is_wide = strstr(config(), "USE64BITINT") != NULL, wanted = sizeof(integer) == 8;
            if (is_wide != wanted)
                because("the install says %s, and the library says: %s", wanted ? "+ilp64" : "~ilp64", config());
            check(is_wide == wanted, "its integers are as wide as the install says");
        }
    }
    /* Last: a library of other integers does not come back from it. */
    dgemm_("N", "N", COUNT(2), COUNT(2), COUNT(2), &one, a, COUNT(2), b, COUNT(2), &zero, c, COUNT(2));
    check(near("an element", c[0], 23, 0) && near("an element", c[3], 46, 0), "a product of two small matrices");
    return proof_end();
}
