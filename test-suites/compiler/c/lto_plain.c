/* Built without link-time optimisation: the sample of what "not inlined" looks like. */
#include "lto.h"

void *plain_return_address(void)
{
    return __builtin_return_address(0);
}
