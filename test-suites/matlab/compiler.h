/* The name and version of the compiler that is at work, as `family version`, in the names that Spack uses.
   AMD's compiler has no macro of its own; only `__VERSION__` holds its name. */
#ifndef STACKPROBE_COMPILER_H
#define STACKPROBE_COMPILER_H

#define STACKPROBE_TEXT_(x) #x
#define STACKPROBE_TEXT(x) STACKPROBE_TEXT_(x)
#define STACKPROBE_VERSION(a, b, c) STACKPROBE_TEXT(a) "." STACKPROBE_TEXT(b) "." STACKPROBE_TEXT(c)

/* The order matters: Intel's, NVIDIA's and AMD's compilers all claim to be Clang or GCC as well. */
#if defined(__INTEL_LLVM_COMPILER)
#define STACKPROBE_COMPILER "intel-oneapi-compilers " STACKPROBE_TEXT(__INTEL_LLVM_COMPILER)
#elif defined(__NVCOMPILER)
#define STACKPROBE_COMPILER \
    "nvhpc " STACKPROBE_VERSION(__NVCOMPILER_MAJOR__, __NVCOMPILER_MINOR__, __NVCOMPILER_PATCHLEVEL__)
#elif defined(__clang__)
#define STACKPROBE_COMPILER "llvm " STACKPROBE_VERSION(__clang_major__, __clang_minor__, __clang_patchlevel__)
#elif defined(__GNUC__)
#define STACKPROBE_COMPILER "gcc " STACKPROBE_VERSION(__GNUC__, __GNUC_MINOR__, __GNUC_PATCHLEVEL__)
#else
#define STACKPROBE_COMPILER "unknown 0"
#endif

#endif
