/* One HDF5 in this process, the module's, of the version that its header was written for. argv: the module's prefix. */
#include "proof.h"
#include <hdf5.h>
#include <sys/stat.h>

/* The library looks there for filters, and says nothing of a folder that is not there. */
static int plugins_are_there(void)
{
    char folders[4096], *folder, *rest = NULL;
    const char *set = getenv("HDF5_PLUGIN_PATH");
    struct stat found;
    snprintf(folders, sizeof folders, "%s", set == NULL ? "" : set);
    for (folder = strtok_r(folders, ":", &rest); folder != NULL; folder = strtok_r(NULL, ":", &rest))
        if (stat(folder, &found) != 0)
            because("HDF5_PLUGIN_PATH names %s, which is not there: no filter plugin is found", folder);
    return proof_why[0] == '\0';
}

int main(int argc, char **argv)
{
    unsigned major, minor, release;
    char header[64], library[64], path[4096], line[512];
    FILE *settings;
    proof_begin(&argc, &argv);
    H5get_libversion(&major, &minor, &release);
    snprintf(header, sizeof header, "%d.%d.%d", H5_VERS_MAJOR, H5_VERS_MINOR, H5_VERS_RELEASE);
    snprintf(library, sizeof library, "%u.%u.%u", major, minor, release);
    if (strcmp(header, library) != 0)
        because("hdf5.h is of version %s, the library that answers is %s", header, library);
    check(strcmp(header, library) == 0, "header and library are of one version");
    check(same_version("HDF5", library, "hdf5 HDF5 phdf5"), "the library is of the module's version");
    check(answered_by("libhdf5", argv[1]), "the libhdf5 that answers is the module's");
#ifdef H5_HAVE_FILTER_DEFLATE
    check(H5Zfilter_avail(H5Z_FILTER_DEFLATE) > 0, "the deflate filter that the header names is there");
#else
    skip("the deflate filter that the header names is there", "the header names none");
#endif
#ifdef H5_HAVE_FILTER_SZIP
    check(H5Zfilter_avail(H5Z_FILTER_SZIP) > 0, "the szip filter that the header names is there");
#else
    skip("the szip filter that the header names is there", "the header names none");
#endif
    {
        hbool_t safe = 0;
#ifdef H5_HAVE_THREADSAFE
        int wanted = 1;
#else
        int wanted = 0;
#endif
        H5is_library_threadsafe(&safe);
        if (!!safe != wanted)
            because("the library is %sbuilt thread-safe, its header says otherwise", safe ? "" : "not ");
        check(!!safe == wanted, "header and library agree on thread safety");
    }
    check(plugins_are_there(), "the folders of HDF5_PLUGIN_PATH are there");
    snprintf(path, sizeof path, "%s/libhdf5.settings", argv[2]);
    settings = fopen(path, "r");
    if (settings == NULL) {
        skip("libhdf5.settings is of this version", "there is no such file");
    } else {
        int is = 0;
        char *said = NULL;
        while (fgets(line, sizeof line, settings) != NULL && (said = strstr(line, "HDF5 Version:")) == NULL)
            ;
        fclose(settings);
        if (said != NULL) {
            said += strlen("HDF5 Version:");
            said += strspn(said, " \t");
            said[strcspn(said, " \n")] = '\0';
            is = same_text("libhdf5.settings", said, library);
        }
        check(is, "libhdf5.settings is of this version");
    }
    return proof_end();
}
