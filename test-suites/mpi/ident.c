/* One MPI, and the one that was asked for: header, library, wrapper and module must name the same version. */
#define _GNU_SOURCE
#include "tap_mpi.h"
#include <ctype.h>
#include <dlfcn.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#define TEXT_(x) #x
#define TEXT(x) TEXT_(x)

#if defined(I_MPI_VERSION)
static const char header_family[] = "intel-oneapi-mpi", header_version[] = I_MPI_VERSION;
#elif defined(MVAPICH_VERSION)
static const char header_family[] = "mvapich", header_version[] = MVAPICH_VERSION;
#elif defined(MVAPICH2_VERSION)
static const char header_family[] = "mvapich", header_version[] = MVAPICH2_VERSION;
#elif defined(OMPI_MAJOR_VERSION)
static const char header_family[] = "openmpi",
    header_version[] = TEXT(OMPI_MAJOR_VERSION) "." TEXT(OMPI_MINOR_VERSION) "." TEXT(OMPI_RELEASE_VERSION);
#elif defined(MPICH_VERSION)
static const char header_family[] = "mpich", header_version[] = MPICH_VERSION;
#else
static const char header_family[] = "unknown", header_version[] = "unknown";
#endif

/* How each family begins the text of MPI_Get_library_version. */
static const struct { const char *family, *words; } banners[] = {
    {"openmpi", "Open MPI v"},
    {"intel-oneapi-mpi", "Intel(R) MPI Library"},
    {"mvapich", "MVAPICH"},
    {"mpich", "MPICH Version"},
};

static const char *family_of(const char *banner)
{
    for (size_t i = 0; i < sizeof banners / sizeof *banners; i++)
        if (strstr(banner, banners[i].words))
            return banners[i].family;
    return "unknown";
}

/* `version` as a whole word: 5.0.1 is not in "v5.0.11". */
static int names_version(const char *text, const char *version)
{
    size_t length = strlen(version);
    for (const char *at = text; (at = strstr(at, version)) != NULL; at++) {
        char before = at == text ? ' ' : at[-1], after = at[length];
        if (!isdigit((unsigned char)before) && before != '.' && !isdigit((unsigned char)after) &&
            !(after == '.' && isdigit((unsigned char)at[length + 1])))
            return 1;
    }
    tap_because("wanted version %s, found %.150s", version, text);
    return 0;
}

static int same_file(const char *one, const char *other)
{
    struct stat a, b;
    return stat(one, &a) == 0 && stat(other, &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

/* Directly or by way of links: a prefix may be a view whose files are links to where they were installed. */
static int is_under(const char *path, const char *prefix)
{
    char real[PATH_MAX], root[PATH_MAX];
    if (!realpath(path, real) || !realpath(prefix, root)) {
        tap_because("%s or %s does not exist", path, prefix);
        return 0;
    }
    size_t length = strlen(root);
    if (strncmp(real, root, length) == 0 && real[length] == '/')
        return 1;
    const char *base = strrchr(path, '/');
    static const char *const folders[] = {"lib", "lib64", "lib/release", "lib/x86_64-linux-gnu"};
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        snprintf(root, sizeof root, "%s/%s%s", prefix, folders[i], base ? base : path);
        if (same_file(root, real))
            return 1;
    }
    tap_because("wanted a file under %.60s, found %.100s", prefix, real);
    return 0;
}

/* Distinct mapped files whose name begins with libmpi.so or libmpich.so. */
static int mapped_mpis(void)
{
    static char seen[8][PATH_MAX];
    char line[PATH_MAX + 128];
    int count = 0;
    FILE *maps = fopen("/proc/self/maps", "r");
    while (maps && fgets(line, sizeof line, maps)) {
        char *path = strchr(line, '/'), *base = strrchr(line, '/');
        if (!path || (strncmp(base, "/libmpi.so", 10) != 0 && strncmp(base, "/libmpich.so", 12) != 0))
            continue;
        path[strcspn(path, "\n")] = '\0';
        int known = 0;
        for (int i = 0; i < count; i++)
            known |= strcmp(seen[i], path) == 0;
        if (!known && count < 8)
            snprintf(seen[count++], PATH_MAX, "%s", path);
    }
    if (maps)
        fclose(maps);
    if (count != 1)
        tap_because("wanted one MPI library in the process, found %d: %.70s %.70s", count, count > 0 ? seen[0] : "",
                    count > 1 ? seen[1] : "");
    return count == 1;
}

/* What the wrapper really called, as the compiler itself says. */
#if defined(__INTEL_LLVM_COMPILER)
static const char compiler_family[] = "intel-oneapi-compilers";
#elif defined(__NVCOMPILER)
static const char compiler_family[] = "nvhpc";
#elif defined(__clang__)
static const char compiler_family[] = "llvm";
#else
static const char compiler_family[] = "gcc";
#endif

static void compiler_version(char *text, size_t size)
{
#if defined(__INTEL_LLVM_COMPILER)
    snprintf(text, size, "%d.%d.%d", __INTEL_LLVM_COMPILER / 10000, __INTEL_LLVM_COMPILER / 100 % 100,
             __INTEL_LLVM_COMPILER % 100);
#elif defined(__NVCOMPILER)
    snprintf(text, size, "%d.%d", __NVCOMPILER_MAJOR__, __NVCOMPILER_MINOR__);
#elif defined(__clang__)
    /* AOCC numbers its releases itself and says so in the text only. */
    const char *aocc = strstr(__VERSION__, "AOCC_");
    if (aocc)
        snprintf(text, size, "%.*s", (int)strspn(aocc + 5, "0123456789."), aocc + 5);
    else
        snprintf(text, size, "%d.%d.%d", __clang_major__, __clang_minor__, __clang_patchlevel__);
#else
    snprintf(text, size, "%d.%d.%d", __GNUC__, __GNUC_MINOR__, __GNUC_PATCHLEVEL__);
#endif
}

static const char *text_env(const char *name)
{
    const char *text = getenv(name);
    return text ? text : "";
}

/* Whether `compiler_family` can be this one. */
static int has_rule(const char *family)
{
    static const char *const families[] = {"gcc", "llvm", "aocc", "intel-oneapi-compilers", "nvhpc"};
    for (size_t i = 0; i < sizeof families / sizeof *families; i++)
        if (strcmp(family, families[i]) == 0)
            return 1;
    return 0;
}

static void check_wrapper(void)
{
    const char *family = text_env("STACKPROBE_CC_FAMILY"), *version = text_env("STACKPROBE_CC_VERSION");
    char compiled[64];
    compiler_version(compiled, sizeof compiled);
    tap_note("compiled by %s %s: %s", compiler_family, compiled, __VERSION__);
    const char *found = strstr(__VERSION__, "AOCC") ? "aocc" : compiler_family;
    if (*family && !has_rule(family))
        tap_skip("wrapper calls the loaded compiler", "no rule tells this compiler from its macros");
    else if (*family)
        check(tap_same_str("compiler behind the wrapper", found, family), "wrapper calls the loaded compiler");
    else
        tap_skip("wrapper calls the loaded compiler", "STACKPROBE_CC_FAMILY is not set");
    if (*version && !has_rule(family))
        tap_skip("wrapper calls the loaded compiler version", "no rule tells this compiler from its macros");
    else if (*version)
        check(names_version(compiled, version) || names_version(version, compiled),
              "wrapper calls the loaded compiler version");
    else
        tap_skip("wrapper calls the loaded compiler version", "STACKPROBE_CC_VERSION is not set");
}

static void check_module(const char *banner)
{
    const char *family = text_env("STACKPROBE_MPI_FAMILY"), *version = text_env("STACKPROBE_MPI_VERSION");
    if (strcmp(header_family, "unknown") == 0) {
        tap_skip("header is of the module family", "no rule tells this MPI from its header");
        tap_skip("library is of the module family", "no rule tells this MPI from its header");
    } else if (*family) {
        check(tap_same_str("family of the header", header_family, family), "header is of the module family");
        check(tap_same_str("family of the library", family_of(banner), family), "library is of the module family");
    } else {
        tap_skip("header is of the module family", "STACKPROBE_MPI_FAMILY is not set");
        tap_skip("library is of the module family", "STACKPROBE_MPI_FAMILY is not set");
    }
    if (*version) {
        check(names_version(header_version, version), "header is of the module version");
        check(names_version(banner, version), "library is of the module version");
    } else {
        tap_skip("header is of the module version", "STACKPROBE_MPI_VERSION is not set");
        tap_skip("library is of the module version", "STACKPROBE_MPI_VERSION is not set");
    }
}

static void check_path(void)
{
    const char *prefix = text_env("STACKPROBE_MPI_PREFIX");
    Dl_info info = {0};
    int known = dladdr(dlsym(RTLD_DEFAULT, "MPI_Init"), &info) != 0 && info.dli_fname;
    const char *path = known ? info.dli_fname : "unknown";
    char first[PATH_MAX] = "";
    tap_note("library: %s", path);
    char parent[64], launcher[PATH_MAX] = "";
    snprintf(parent, sizeof parent, "/proc/%d/exe", (int)getppid());
    if (readlink(parent, launcher, sizeof launcher - 1) > 0)
        tap_note("rank 0 was started by %s", launcher);
    if (*prefix)
        check(known && is_under(path, prefix), "library is under the module prefix");
    else
        tap_skip("library is under the module prefix", "STACKPROBE_MPI_PREFIX is not set");
    snprintf(first, sizeof first, "%s", path);
    MPI_Bcast(first, sizeof first, MPI_CHAR, 0, MPI_COMM_WORLD);
    check(tap_same_str("library", path, first), "every rank has the same library");
    check(mapped_mpis(), "one mpi library in the process");
}

int main(int argc, char **argv)
{
    char banner[MPI_MAX_LIBRARY_VERSION_STRING];
    int version, subversion, length, *tag_ub, flag;
    MPI_Get_version(&version, &subversion);
    MPI_Get_library_version(banner, &length);
    MPI_Init(&argc, &argv);
    tap_begin();
    tap_note("standard %d.%d, header %s %s", version, subversion, header_family, header_version);

    check(tap_same_int("version", version, MPI_VERSION) && tap_same_int("subversion", subversion, MPI_SUBVERSION),
          "header and library agree on the standard");
    check(version >= 3, "standard is 3.0 or newer");
    /* Open MPI counts the terminating zero as well. */
    check(length > 0 && (size_t)length - strlen(banner) <= 1, "library names itself");
    /* MPICH goes on with how it was configured. */
    banner[strcspn(banner, "\n")] = '\0';
    tap_note("%s", banner);
    check(tap_same_str("family of the library", family_of(banner), header_family), "header and library are one family");
    check(names_version(banner, header_version), "header and library are one version");
    check_module(banner);
    check_wrapper();
    check_path();

    MPI_Comm_get_attr(MPI_COMM_WORLD, MPI_TAG_UB, &tag_ub, &flag);
    check(flag && *tag_ub >= 32767, "tag upper bound is 32767 or more");
    double start = MPI_Wtime(), tick = MPI_Wtick(), now = start;
    for (int i = 0; i < 10000000 && now <= start; i++)
        now = MPI_Wtime();
    check(now > start && tick > 0 && tick < 1, "clock advances");
    return tap_end();
}
