/* What of C23 the compilers of today's stacks share under their C2x or C23 switch. */
#include "tap.h"

#include <assert.h>

#if __has_c_attribute(nodiscard) && __has_c_attribute(maybe_unused) && __has_c_attribute(fallthrough)
#define HAS_ATTRIBUTES 1
#else
#define HAS_ATTRIBUTES 0
#endif

#ifdef __STDC_VERSION__
#if __STDC_VERSION__ > 201710L
#define LATER 1
#endif
#elifdef NEVER_DEFINED
#error "one branch too many"
#endif

static_assert(sizeof(int) >= 4);

[[nodiscard]] static int answer(int value, [[maybe_unused]] int)
{
    switch (value) {
    case 1:
        value += 10;
        [[fallthrough]];
    case 2:
        return value + 1;
    default:
        return 0;
    }
}

int main(void)
{
    volatile int one = 1;
#ifdef LATER
    tap_ok(1, "standard version");
#else
    tap_ok(0, "standard version");
#endif
    tap_int(0b1011'0001 + one - 1, 177, "binary literal with separators");
    tap_int(1'000'000 * one, 1000000, "digit separators");
    tap_int(answer(one, 0), 12, "attributes and unnamed parameter");
    tap_int(HAS_ATTRIBUTES, 1, "__has_c_attribute");
    unsigned char letter = u8'A';
    tap_int(letter, 65, "u8 character");
    return tap_done();
}
