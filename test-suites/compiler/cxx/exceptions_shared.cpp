// Exceptions and type information across shared libraries, linked and dlopen'd with RTLD_LOCAL: one unwinder, one
// libstdc++ and the same type identity on both sides.
#include "tap.h"
#include "thrower.hpp"

#include <cstdlib>
#include <dlfcn.h>
#include <exception>
#include <memory>
#include <string>
#include <thread>
#include <typeinfo>

extern "C" void throw_kind(int kind, int *released);
extern "C" int call_back(int (*callback)(int), int value, int *released);
extern "C" shape *make_shape();

namespace {

int throwing_callback(int value)
{
    if (value < 0) {
        throw std::out_of_range("callback " + std::to_string(value));
    }
    return value * 2;
}

std::string check_name(const char *where, const char *what) { return std::string(where) + " " + what; }

template <class Throw, class Back>
void check_exceptions(const char *where, Throw throw_it, Back back)
{
    int released = 0;
    int code = 0;
    try {
        throw_it(0, &released);
    } catch (const library_error &error) {
        code = error.code() + (std::string(error.what()) == "from the library" ? 0 : 1000);
    }
    tap_int(code, 42, check_name(where, "class with its type in the library").c_str());

    int number = 0;
    try {
        throw_it(1, &released);
    } catch (int thrown) {
        number = thrown;
    }
    tap_int(number, 7, check_name(where, "int").c_str());

    bool base = false;
    try {
        throw_it(2, &released);
    } catch (const std::exception &error) {
        base = dynamic_cast<const std::bad_alloc *>(&error) != nullptr;
    }
    tap_ok(base, check_name(where, "standard exception through its base").c_str());

    std::string message;
    try {
        back(throwing_callback, -3, &released);
    } catch (const std::logic_error &error) {
        message = error.what();
    }
    tap_text(message.c_str(), "callback -3", check_name(where, "through a frame of the library").c_str());
    tap_int(back(throwing_callback, 10, &released), 21, check_name(where, "no exception").c_str());
    tap_int(released, 5, check_name(where, "destructors ran while unwinding").c_str());
}

void check_other_thread()
{
    std::exception_ptr caught;
    int released = 0;
    std::thread worker([&] {
        try {
            throw_kind(0, &released);
        } catch (...) {
            caught = std::current_exception();
        }
    });
    worker.join();
    int code = 0;
    try {
        std::rethrow_exception(caught);
    } catch (const library_error &error) {
        code = error.code();
    }
    tap_int(code, 42, "exception_ptr from another thread");
}

}  // namespace

int main(int argc, char **argv)
{
    check_exceptions("linked", throw_kind, call_back);
    check_other_thread();
    std::unique_ptr<shape> made(make_shape());
    const shape &seen = *made;
    tap_ok(seen.corners() == 4 && std::string(typeid(seen).name()).find("square") != std::string::npos,
           "typeid of a type of the library");

    // A copy under another name: its symbols are its own, only names can make the types equal.
    void *library = argc == 2 ? dlopen(argv[1], RTLD_NOW | RTLD_LOCAL) : nullptr;
    if (library == nullptr) {
        std::printf("Bail out! dlopen: %s\n", argc == 2 ? dlerror() : "no library was named");
        return EXIT_FAILURE;
    }
    auto throw_it = reinterpret_cast<void (*)(int, int *)>(dlsym(library, "throw_kind"));
    auto back = reinterpret_cast<int (*)(int (*)(int), int, int *)>(dlsym(library, "call_back"));
    if (throw_it == nullptr || back == nullptr || throw_it == throw_kind) {
        std::puts("Bail out! the dlopen'd library lacks its own symbols");
        return EXIT_FAILURE;
    }
    check_exceptions("dlopened", throw_it, back);
    dlclose(library);
    return tap_done();
}
