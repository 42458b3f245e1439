/* More static data than a 32-bit offset reaches, as climate codes with static arrays have. Only a few pages are
 * touched, so it costs no memory. */
#include "tap.h"

#include <stdint.h>

#define HUGE_BYTES (UINT64_C(5) << 29) /* 2.5 GiB */

static char huge[HUGE_BYTES];
static double small = 1.5;
static int zeros[16];

static __attribute__((noinline)) void touch(volatile char *data, uint64_t stride)
{
    for (uint64_t at = 0; at < HUGE_BYTES; at += stride) {
        data[at] = (char)(at / stride + 1);
    }
}

int main(void)
{
    volatile uint64_t last = HUGE_BYTES - 1;
    long sum = 0;
    touch(huge, UINT64_C(1) << 28);
    huge[last] = 99;
    for (uint64_t at = 0; at < HUGE_BYTES; at += UINT64_C(1) << 28) {
        sum += huge[at];
    }
    tap_int(sum, 55, "pages beyond two gigabytes keep their values");
    tap_int(huge[HUGE_BYTES - 1] + huge[HUGE_BYTES - 2], 99, "last byte");
    tap_note("data at %p, small data at %p", (void *)huge, (void *)&small);
    small *= 2;
    zeros[3] += 4;
    tap_real(small + zeros[3] + zeros[5], 7.0, 0.0, "small data beside it");
    return tap_done();
}
