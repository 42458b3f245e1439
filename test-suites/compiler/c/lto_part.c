/* The other translation unit. Its return address tells whether it was inlined into its caller. */
#include "lto.h"

int lto_scaled(int value)
{
    return value * 3 + 1;
}

void *lto_return_address(void)
{
    return __builtin_return_address(0);
}
