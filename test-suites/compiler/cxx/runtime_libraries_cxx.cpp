// Whose libstdc++ (or libc++) does a C++ program run with, and is it at least as new as the headers?
#include "runtime_libraries.h"

#include <condition_variable>
#include <stdexcept>
#include <string>
#include <thread>

namespace {

// The last symbol version that each release of libstdc++ added; the release is that of the headers.
// https://gcc.gnu.org/onlinedocs/libstdc++/manual/abi.html
const char *needed_version()
{
#ifdef _GLIBCXX_RELEASE
    switch (_GLIBCXX_RELEASE) {
    case 8:
        return "GLIBCXX_3.4.25";
    case 9:
        return "GLIBCXX_3.4.28";
    case 10:
        return "GLIBCXX_3.4.28";
    case 11:
        return "GLIBCXX_3.4.29";
    case 12:
        return "GLIBCXX_3.4.30";
    case 13:
        return "GLIBCXX_3.4.32";
    case 14:
        return "GLIBCXX_3.4.33";
    case 15:
        return "GLIBCXX_3.4.34";
    }
#endif
    return nullptr;
}

std::string thrown_and_caught()
{
    std::string message;
    std::mutex lock;
    std::condition_variable changed;
    bool ready = false;
    std::thread worker([&] {
        try {
            throw std::runtime_error("from a thread");
        } catch (const std::exception &error) {
            const std::lock_guard<std::mutex> hold(lock);
            message = error.what();
            ready = true;
        }
        changed.notify_one();
    });
    std::unique_lock<std::mutex> hold(lock);
    changed.wait(hold, [&] { return ready; });
    hold.unlock();
    worker.join();
    return message;
}

}  // namespace

int main()
{
    static const char *const needed[] = {"libstdc++", "libc++", nullptr};
    tap_text(thrown_and_caught().c_str(), "from a thread", "exception in a thread");
    runtime_check_place(needed);

    const char *path = maps_find(maps_read(), "libstdc++");
    const char *wanted = needed_version();
    if (path == nullptr) {
        tap_skip("library is as new as the headers", "this program runs with libc++, whose headers carry no such number");
    } else if (wanted == nullptr) {
        tap_skip("library is as new as the headers", "no symbol version is known for the release of these headers");
    } else if (!tap_ok(runtime_file_holds(path, wanted), "library is as new as the headers")) {
        tap_note("%s has no %s, which the headers of this compiler go with", path, wanted);
    }
    return tap_done();
}
