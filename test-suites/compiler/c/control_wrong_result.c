/* A control: one check is wrong on purpose. If this probe passes, no red of this suite means anything. */
#include "tap.h"

int main(void)
{
    volatile int two = 2;
    tap_int(two + two, 4, "sound");
    tap_int(two + two, 5, "seeded wrong result");
    return tap_done();
}
