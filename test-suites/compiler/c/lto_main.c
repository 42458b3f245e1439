/* Link-time optimisation really happened: a function of another translation unit was inlined. An inlined function
 * has the return address of its caller; one that is called has an address inside its caller. */
#include "lto.h"
#include "tap.h"

static volatile int kept;

static __attribute__((noinline)) int optimised_is_inlined(void)
{
    void *mine = __builtin_return_address(0);
    int same = lto_return_address() == mine;
    kept += same; /* after the call: so it cannot be a tail call, which would look like an inlined one */
    return same;
}

static __attribute__((noinline)) int plain_is_inlined(void)
{
    void *mine = __builtin_return_address(0);
    int same = plain_return_address() == mine;
    kept += same;
    return same;
}

int main(void)
{
    volatile int value = 13;
    tap_int(lto_scaled(value), 40, "result across translation units");
    tap_int(plain_is_inlined(), 0, "without lto a call stays a call");
    tap_int(optimised_is_inlined(), 1, "with lto it is inlined");
    return tap_done();
}
