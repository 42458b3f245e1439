// The C++ library linked statically: nothing of it may be loaded, and exceptions must still unwind.
#include "maps.h"
#include "tap.h"

#include <stdexcept>
#include <string>
#include <vector>

namespace {

int released = 0;

struct guard {
    ~guard() { ++released; }
};

[[gnu::noinline]] int descend(int depth)
{
    const guard local;
    if (depth == 0) {
        throw std::domain_error("from the bottom");
    }
    return descend(depth - 1) + 1;
}

}  // namespace

int main()
{
    std::string message;
    try {
        std::vector<int> results{descend(9)};
        released = -static_cast<int>(results.size());
    } catch (const std::exception &error) {
        message = error.what();
    }
    tap_text(message.c_str(), "from the bottom", "exception");
    tap_int(released, 10, "unwound frames");
    const struct maps *maps = maps_read();
    tap_ok(maps_find(maps, "libstdc++") == nullptr, "libstdcxx is not loaded");
    tap_ok(maps_find(maps, "libgcc_s") == nullptr, "libgcc_s is not loaded");
    tap_ok(maps_find(maps, "libc") != nullptr, "the map is readable");
    return tap_done();
}
