/* The same code at every level of optimisation must give the same result, and the right one. */
#include "tap.h"

#include <stdint.h>

uint64_t kernel_o0(uint64_t seed);
uint64_t kernel_o1(uint64_t seed);
uint64_t kernel_o2(uint64_t seed);
uint64_t kernel_o3(uint64_t seed);
uint64_t kernel_os(uint64_t seed);

int main(void)
{
    static const struct {
        const char *name;
        uint64_t (*kernel)(uint64_t);
    } levels[] = {{"o0", kernel_o0}, {"o1", kernel_o1}, {"o2", kernel_o2}, {"o3", kernel_o3}, {"os", kernel_os}};
    const uint64_t wanted = UINT64_C(0x1a9436a1204faa08);
    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++) {
        volatile uint64_t seed = 20240229;
        uint64_t got = levels[i].kernel(seed);
        if (!tap_ok(got == wanted, levels[i].name)) {
            tap_note("got 0x%016llx", (unsigned long long)got);
        }
    }
    return tap_done();
}
