// C++11 threads as every C++ program uses them: futures, exceptions through them, call_once, condition variables,
// thread-local objects.
#include "tap.h"

#include <condition_variable>
#include <future>
#include <mutex>
#include <numeric>
#include <queue>
#include <shared_mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

std::mutex destroyed_lock;
int destroyed = 0;

struct per_thread {
    int value = 5;
    ~per_thread()
    {
        const std::lock_guard<std::mutex> hold(destroyed_lock);
        destroyed += value;
    }
};
thread_local per_thread mine;

void check_futures()
{
    auto sum = std::async(std::launch::async, [] {
        std::vector<long> numbers(1000);
        std::iota(numbers.begin(), numbers.end(), 1L);
        return std::accumulate(numbers.begin(), numbers.end(), 0L);
    });
    auto failing = std::async(std::launch::async, []() -> int { throw std::invalid_argument("inside a task"); });
    auto lazy = std::async(std::launch::deferred, [caller = std::this_thread::get_id()] {
        return std::this_thread::get_id() == caller;
    });
    tap_int(sum.get(), 500500, "async result");
    std::string message;
    try {
        failing.get();
    } catch (const std::invalid_argument &error) {
        message = error.what();
    }
    tap_text(message.c_str(), "inside a task", "exception through a future");
    tap_ok(lazy.get(), "deferred task runs in the caller");

    std::promise<int> broken;
    auto orphan = broken.get_future();
    {
        const std::promise<int> gone = std::move(broken);
    }
    bool noticed = false;
    try {
        orphan.get();
    } catch (const std::future_error &error) {
        noticed = error.code() == std::future_errc::broken_promise;
    }
    tap_ok(noticed, "broken promise");
    std::packaged_task<int(int)> task([](int n) { return n * n; });
    auto squared = task.get_future();
    std::thread(std::move(task), 12).join();
    tap_int(squared.get(), 144, "packaged task");
}

void check_queue()
{
    std::queue<int> items;
    std::mutex lock;
    std::condition_variable changed;
    bool closed = false;
    long consumed[2] = {0, 0};
    std::vector<std::thread> consumers;
    for (long &total : consumed) {
        consumers.emplace_back([&] {
            std::unique_lock<std::mutex> hold(lock);
            for (;;) {
                changed.wait(hold, [&] { return closed || !items.empty(); });
                if (items.empty()) {
                    return;
                }
                total += items.front();
                items.pop();
            }
        });
    }
    for (int i = 1; i <= 500; ++i) {
        const std::lock_guard<std::mutex> hold(lock);
        items.push(i);
        changed.notify_one();
    }
    {
        const std::lock_guard<std::mutex> hold(lock);
        closed = true;
    }
    changed.notify_all();
    for (std::thread &consumer : consumers) {
        consumer.join();
    }
    tap_int(consumed[0] + consumed[1], 125250, "queue of two consumers");
}

void check_once()
{
    std::once_flag once;
    int calls = 0;
    int seen = 0;
    std::mutex lock;
    bool failed = false;
    try {
        std::call_once(once, [] { throw 1; });
    } catch (int) {
        failed = true;
    }
    std::vector<std::thread> team;
    for (int i = 0; i < 4; ++i) {
        team.emplace_back([&] {
            std::call_once(once, [&] { ++calls; });
            mine.value += 1;
            const std::lock_guard<std::mutex> hold(lock);
            seen += calls * mine.value;
        });
    }
    for (std::thread &member : team) {
        member.join();
    }
    tap_ok(failed && calls == 1, "call_once retries after an exception");
    tap_int(seen, 24, "thread-local objects");
    tap_int(destroyed, 24, "thread-local objects are destroyed");

    std::shared_mutex shared;
    std::shared_lock first(shared);
    bool reader = false;
    bool writer = true;
    std::thread([&] {
        reader = shared.try_lock_shared();
        if (reader) {
            shared.unlock_shared();
        }
        writer = shared.try_lock();
    }).join();
    tap_ok(reader && !writer, "shared mutex");
}

}  // namespace

int main()
{
    check_futures();
    check_queue();
    check_once();
    return tap_done();
}
