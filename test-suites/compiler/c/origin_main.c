/* The tree that holds this program and its library was moved after it was linked: only $ORIGIN can still find the
 * library, an absolute path or a search list cannot. */
#define _GNU_SOURCE
#include "maps.h"
#include "tap.h"

#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

int origin_calls(void);
uint64_t origin_hash(const char *text);

int main(void)
{
    char self[MAPS_PATH], wanted[MAPS_PATH + 32];
    ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    if (length <= 0) {
        puts("Bail out! /proc/self/exe cannot be read");
        return 1;
    }
    self[length] = '\0';
    *strrchr(self, '/') = '\0';
    *strrchr(self, '/') = '\0';
    snprintf(wanted, sizeof wanted, "%s/lib/liborigin.so", self);
    const char *path = maps_find(maps_read(), "liborigin");
    tap_text(path == NULL ? "not mapped" : path, wanted, "found beside the moved program");
    origin_calls();
    tap_int(origin_calls(), 2, "library keeps its state");
    tap_ok(origin_hash("stack") == UINT64_C(0xee9094ad45d8799f), "library computes");
    return tap_done();
}
