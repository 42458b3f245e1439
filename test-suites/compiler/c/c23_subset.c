/* What of C23 the compilers of today's stacks share under their C2x or C23 switch. */
#include "tap.h"

#include <assert.h>

#if __has_c_attribute(nodiscard) && __has_c_attribute(maybe_unused) && __has_c_attribute(fallthrough)
#define HAS_ATTRIBUTES 1
#else
#define HAS_ATTRIBUTES 0
#endif

#ifdef NEVER_DEFINED
#define BRANCH 1
#elifdef __STDC_VERSION__
#define BRANCH 2
#else
#define BRANCH 3
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
    tap_ok(__STDC_VERSION__ > 201710L, "standard version");
    tap_int(BRANCH, 2, "elifdef");
    tap_int(0b1011'0001 + one - 1, 177, "binary literal with separators");
    tap_int(1'000'000 * one, 1000000, "digit separators");
    tap_int(answer(one, 0), 12, "attributes and unnamed parameter");
    tap_int(HAS_ATTRIBUTES, 1, "__has_c_attribute");
    unsigned char letter = u8'A';
    tap_int(letter, 65, "u8 character");
    return tap_done();
}
