/* A feature that the install promises. argv: its name. */
#include "proof.h"
#include <hdf5.h>

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    proof_begin(&argc, &argv);
    if (strcmp(what, "threadsafe") == 0) {
        hbool_t safe = 0;
        H5is_library_threadsafe(&safe);
        if (!safe)
            because("the install says +threadsafe, and H5is_library_threadsafe says no");
        check(safe, "the library is thread-safe");
    } else if (strcmp(what, "szip") == 0) {
        unsigned config = 0;
        int known = H5Zfilter_avail(H5Z_FILTER_SZIP) > 0 && H5Zget_filter_info(H5Z_FILTER_SZIP, &config) >= 0;
        if (!known || !(config & H5Z_FILTER_CONFIG_ENCODE_ENABLED))
            because("the install says +szip, and the library has %s", known ? "no encoder for it" : "no such filter");
        check(known && (config & H5Z_FILTER_CONFIG_ENCODE_ENABLED), "szip compresses");
    }
    return proof_end();
}
