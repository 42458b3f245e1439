/* Compiled with flags: which of them have arrived? C and C++. */
#include "flags.h"

#ifdef __has_include
#if __has_include("there.h")
#include "there.h"
#endif
#endif

int seen(void)
{
    int bits = 0;
#if defined(SP_WORD) && SP_WORD == 7
    bits |= DEFINED;
#endif
#ifdef __OPTIMIZE__
    bits |= OPTIMISED;
#endif
#ifdef SP_HEADER
    bits |= HEADER;
#endif
#ifdef __PIC__
    bits |= PIC;
#endif
    bits |= (char)-1 > 0 ? CHAR_IS_UNSIGNED : 0;
#if defined(__cplusplus) ? __cplusplus == 201402L : defined(__STDC_VERSION__) && __STDC_VERSION__ == 199901L
    bits |= STANDARD;
#endif
#ifdef _REENTRANT
    bits |= THREADED;
#endif
#ifndef SP_GONE
    bits |= UNDEFINED;
#endif
#ifdef _OPENMP
    bits |= OPENMP;
#endif
    return bits;
}
