/* Compiled with no flag at all: is the compiler what its users take for granted, and did each flag arrive where some were
 * given? A driver that adds or drops one compiles every program; only what it then means tells. C and C++. */
#include "flags.h"
#include "tap.h"
#include <float.h>
#include <limits.h>
#include <stddef.h>
#include <stdint.h>
#include <wchar.h>

#ifdef __cplusplus
#include <string>
#include <typeinfo>
#endif

static void holds(int passed, const char *name)
{
    char message[200];
    snprintf(message, sizeof message, "does not hold of this compiler as it was called: %s", name);
    if (!tap_ok(passed, name)) {
        puts("  ---");
        tap_quoted("message", message);
        puts("  ...");
    }
}

struct packed_or_not {
    char letter;
    double number;
    int32_t word;
};

struct bits {
    unsigned a : 3;
    unsigned b : 30;
};

enum small { ONE = 1 };

static volatile double zero = 0, huge = 1e16, one = 1;
static volatile float small_float = 1.0e-30f;

static double tiny_or_flushed(void)
{
    volatile double tiny = DBL_MIN;
    return tiny / 4;
}

static void check_language(void)
{
#if defined(__x86_64__) || defined(__i386__)
    holds((char)-1 < 0, "char is signed on this machine");
    holds(LDBL_MANT_DIG == 64, "long double has 64 bits of mantissa on this machine");
#endif
    holds(sizeof(void *) == 8 && sizeof(long) == 8, "pointers and long have 8 bytes");
    holds(sizeof(enum small) == sizeof(int), "an enumeration is as large as int");
    holds(offsetof(struct packed_or_not, number) == 8 && sizeof(struct packed_or_not) == 24, "structures are not packed");
    holds(sizeof(struct bits) == 8, "bit-fields do not cross their words");
    holds(sizeof(wchar_t) == 4 && (wchar_t)-1 < 0, "wchar_t is a signed word of 4 bytes");
#ifdef NDEBUG
    holds(0, "assertions are on");
#else
    holds(1, "assertions are on");
#endif
#ifdef __OPTIMIZE__
    holds(0, "nothing is optimised that nobody asked for");
#else
    holds(1, "nothing is optimised that nobody asked for");
#endif
#ifdef _OPENMP
    holds(0, "OpenMP is off");
#else
    holds(1, "OpenMP is off");
#endif
}

static void check_numbers(void)
{
    double nan = zero / zero;
#ifdef __FAST_MATH__
    holds(0, "no fast mathematics");
#else
    holds(1, "no fast mathematics");
#endif
#if defined(__FINITE_MATH_ONLY__) && __FINITE_MATH_ONLY__ > 0
    holds(0, "NaN is looked for");
#else
    holds(nan != nan && !(nan < one) && !(nan >= one), "NaN is looked for");
#endif
    holds((huge + one) - huge == 0, "sums are not put in another order");
    holds(tiny_or_flushed() > 0 && (float)(small_float * 1.0e-10f) > 0, "subnormals are not flushed to zero");
    holds(1 / (-zero) < 0, "zero has a sign");
    holds(FLT_EVAL_METHOD == 0, "expressions are as wide as their type");
#ifdef __SSE2__
    holds(1, "floating point is done by SSE2");
#elif defined(__x86_64__)
    holds(0, "floating point is done by SSE2");
#endif
#ifdef __AVX512F__
    holds(0, "code runs on processors without AVX-512");
#else
    holds(1, "code runs on processors without AVX-512");
#endif
}

#ifdef __cplusplus
static void check_cxx(void)
{
#ifdef __GLIBCXX__
    holds(_GLIBCXX_USE_CXX11_ABI == 1, "strings and lists have the C++11 ABI");
#ifdef _GLIBCXX_DEBUG
    holds(0, "containers are not in debug mode");
#else
    holds(1, "containers are not in debug mode");
#endif
    holds(sizeof(std::string) == 32, "a string has 32 bytes");
#endif
#if defined(__cpp_exceptions) || defined(__EXCEPTIONS)
    holds(1, "exceptions are on");
#else
    holds(0, "exceptions are on");
#endif
#if defined(__cpp_rtti) || defined(__GXX_RTTI)
    holds(1, "type information is on");
#else
    holds(0, "type information is on");
#endif
#ifdef __cpp_threadsafe_static_init
    holds(1, "local statics are initialised once, whatever the threads");
#else
    holds(0, "local statics are initialised once, whatever the threads");
#endif
#if defined(__GXX_ABI_VERSION)
    holds(__GXX_ABI_VERSION >= 1002, "the C++ ABI is not an old one");
#endif
    holds(__cplusplus >= 201402L, "C++14 at least is what is compiled");
}
#endif

int main(void)
{
    int bits = seen();
    check_language();
    check_numbers();
#ifdef __cplusplus
    check_cxx();
#else
    holds(__STDC_VERSION__ >= 201112L, "C11 at least is what is compiled");
#endif
    holds((bits & DEFINED) != 0, "-D arrives");
    holds((bits & UNDEFINED) != 0, "-U arrives");
    holds((bits & HEADER) != 0, "-I arrives");
    holds((bits & OPTIMISED) != 0, "-O2 arrives");
    holds((bits & STANDARD) != 0, "-std arrives");
    holds((bits & PIC) != 0, "-fPIC arrives");
    holds((bits & CHAR_IS_UNSIGNED) != 0, "-funsigned-char arrives");
    holds((bits & THREADED) != 0, "-pthread arrives");
    holds((bits & OPENMP) == 0, "OpenMP is on only where it is asked for");
    return tap_done();
}
