/* Which compiler made this object, from its own macros, against the module that was loaded. A wrapper, a cache or
 * a PATH that leads elsewhere cannot fake a macro. Shared by the C and the C++ identity probe. */
#ifndef IDENTITY_H
#define IDENTITY_H

#include "tap.h"

#include <ctype.h>
#include <stdlib.h>

enum { IDENTITY_PARTS = 3 };

struct identity {
    const char *family;
    int parts[IDENTITY_PARTS];
    int known;
};

/* The order matters: nearly every compiler also claims to be gcc, and AOCC and Intel's also claim to be clang. */
static inline struct identity identity_of_macros(void)
{
    struct identity identity = {"unknown", {0, 0, 0}, 0};
#if defined(__NVCOMPILER)
    identity.family = "nvhpc";
    identity.parts[0] = __NVCOMPILER_MAJOR__;
    identity.parts[1] = __NVCOMPILER_MINOR__;
    identity.known = 2;
#elif defined(__INTEL_LLVM_COMPILER)
    /* Decimal YYYYMMUU: 20240201 is 2024.2.1. */
    identity.family = "intel-oneapi-compilers";
    identity.parts[0] = __INTEL_LLVM_COMPILER / 10000;
    identity.parts[1] = __INTEL_LLVM_COMPILER / 100 % 100;
    identity.parts[2] = __INTEL_LLVM_COMPILER % 100;
    identity.known = 3;
#elif defined(__clang__)
    const char *aocc = strstr(__VERSION__, "AOCC_");
    if (aocc != NULL) {
        /* AOCC's own number stands only in the text: "AOCC_5.0.0-Build#1377"; the macros are of its clang. */
        const char *digits = aocc + 5;
        identity.family = "aocc";
        for (int i = 0; i < IDENTITY_PARTS && isdigit((unsigned char)*digits); i++) {
            char *rest;
            identity.parts[i] = (int)strtol(digits, &rest, 10);
            identity.known = i + 1;
            digits = *rest == '.' || *rest == '_' ? rest + 1 : rest;
        }
    } else {
        identity.family = "llvm";
        identity.parts[0] = __clang_major__;
        identity.parts[1] = __clang_minor__;
        identity.parts[2] = __clang_patchlevel__;
        identity.known = 3;
    }
#elif defined(__GNUC__)
    identity.family = "gcc";
    identity.parts[0] = __GNUC__;
    identity.parts[1] = __GNUC_MINOR__;
    identity.parts[2] = __GNUC_PATCHLEVEL__;
    identity.known = 3;
#endif
    return identity;
}

/* Every number that the module's version gives and the compiler knows must agree: module "12" accepts 12.2.0. */
static inline int identity_agrees(const struct identity *identity, const char *version)
{
    int compared = 0;
    while (compared < identity->known && isdigit((unsigned char)*version)) {
        char *rest;
        if (strtol(version, &rest, 10) != identity->parts[compared]) {
            return 0;
        }
        compared += 1;
        if (*rest != '.') {
            break;
        }
        version = rest + 1;
    }
    return compared > 0;
}

static inline void identity_check(void)
{
    static const char *const families[] = {"gcc", "llvm", "aocc", "intel-oneapi-compilers", "nvhpc"};
    const char *family = getenv("STACKPROBE_CC_FAMILY");
    const char *version = getenv("STACKPROBE_CC_VERSION");
    struct identity identity = identity_of_macros();
    int ruled = 0;

    tap_note("compiled by %s %d.%d.%d: %s", identity.family, identity.parts[0], identity.parts[1], identity.parts[2],
             __VERSION__);
    for (size_t i = 0; family != NULL && i < sizeof families / sizeof *families; i++) {
        ruled |= strcmp(family, families[i]) == 0;
    }
    if (family == NULL || *family == '\0' || !ruled) {
        tap_skip("family", "no rule tells this compiler family from its macros");
        tap_skip("version", "no rule tells this compiler family from its macros");
        return;
    }
    tap_text(identity.family, family, "family");
    if (version == NULL || *version == '\0') {
        tap_skip("version", "the module has no version");
    } else if (!tap_ok(identity_agrees(&identity, version), "version")) {
        printf("  ---\n  message: made by another compiler than the module says\n");
        printf("  got: %d.%d.%d\n", identity.parts[0], identity.parts[1], identity.parts[2]);
        tap_quoted("want", version);
        puts("  ...");
    }
}

#endif
