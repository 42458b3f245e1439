/* Built twice: first to count its branches, then with what was counted. Both builds must give the same results;
 * that the counts were found is what the second compilation is told to insist on. */
#include "tap.h"

#include <stdint.h>

static __attribute__((noinline)) uint32_t step(uint32_t state, unsigned *rare)
{
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    if ((state & 1023) == 0) {
        *rare += 1;
    }
    return state;
}

static __attribute__((noinline)) int kind(uint32_t state)
{
    switch (state % 16) {
    case 0:
        return 5;
    case 1:
    case 2:
        return 3;
    default:
        return 1;
    }
}

int main(void)
{
    volatile uint32_t seed = 2463534242u;
    uint32_t state = seed;
    unsigned rare = 0;
    long sum = 0;
    for (int i = 0; i < 200000; i++) {
        state = step(state, &rare);
        sum += kind(state);
    }
    tap_int(state, 1045134780, "generator ends where it must");
    tap_int(rare, 191, "rare branch");
    tap_int(sum, 299908, "switch");
    return tap_done();
}
