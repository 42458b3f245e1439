/* A library that the program finds through $ORIGIN in its run path. */
#include <stdint.h>

static int calls;

int origin_calls(void)
{
    calls += 1;
    return calls;
}

uint64_t origin_hash(const char *text)
{
    uint64_t hash = UINT64_C(14695981039346656037);
    for (; *text != '\0'; text++) {
        hash = (hash ^ (unsigned char)*text) * UINT64_C(1099511628211);
    }
    return hash;
}
