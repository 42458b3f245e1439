/* What a translation unit was compiled with, as it sees it itself: bits of one number. */
#ifndef STACKPROBE_FLAGS_H
#define STACKPROBE_FLAGS_H

enum { DEFINED = 1, OPTIMISED = 2, HEADER = 4, PIC = 8, CHAR_IS_UNSIGNED = 16, STANDARD = 32, THREADED = 64, UNDEFINED = 128, OPENMP = 256 };

#ifdef __cplusplus
extern "C"
#endif
int seen(void);

#endif
