// The library half: throws, and hands out objects whose type it alone defines.
#include "thrower.hpp"

#include <new>

library_error::library_error(const std::string &what, int code) : std::runtime_error(what), code_(code) {}
library_error::~library_error() = default;
int library_error::code() const noexcept { return code_; }

namespace {

struct square : shape {
    int corners() const override { return 4; }
};

struct guard {
    int &released;
    explicit guard(int &counter) : released(counter) {}
    ~guard() { released += 1; }
};

}  // namespace

extern "C" __attribute__((noinline)) void throw_kind(int kind, int *released)
{
    guard unwound(*released);
    switch (kind) {
    case 0:
        throw library_error("from the library", 42);
    case 1:
        throw kind + 6;
    case 2:
        throw std::bad_alloc();
    default:
        return;
    }
}

// Calls back into the program; what that throws must pass through this frame.
extern "C" __attribute__((noinline)) int call_back(int (*callback)(int), int value, int *released)
{
    guard unwound(*released);
    return callback(value) + 1;
}

extern "C" shape *make_shape() { return new square; }
