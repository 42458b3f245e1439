// C++20 threads: jthread and stop tokens, latch, barrier, semaphores, waiting on atomics. These live half in headers,
// half in the C++ library and its futex code.
#include "tap.h"

#include <atomic>
#include <barrier>
#include <chrono>
#include <condition_variable>
#include <latch>
#include <mutex>
#include <semaphore>
#include <stop_token>
#include <thread>
#include <vector>

namespace {

constexpr int threads = 4;

void check_jthread()
{
    std::atomic<int> rounds{0};
    std::atomic<int> callbacks{0};
    {
        std::jthread worker([&](std::stop_token token) {
            const std::stop_callback on_stop(token, [&] { ++callbacks; });
            while (!token.stop_requested()) {
                ++rounds;
                std::this_thread::yield();
            }
        });
        while (rounds.load() < 3) {
            std::this_thread::yield();
        }
    }
    tap_ok(rounds >= 3 && callbacks == 1, "jthread stops and joins");

    std::mutex lock;
    std::condition_variable_any never;
    bool stopped = false;
    {
        std::jthread waiter([&](std::stop_token token) {
            std::unique_lock hold(lock);
            stopped = !never.wait(hold, token, [] { return false; });
        });
    }
    tap_ok(stopped, "a stop ends a wait");
}

void check_latch_and_barrier()
{
    std::latch done(threads);
    std::atomic<int> arrived{0};
    std::vector<long> sums(threads, 0);
    int completed = 0;
    std::barrier phase(threads, [&]() noexcept { ++completed; });
    std::vector<std::jthread> team;
    for (int me = 0; me < threads; ++me) {
        team.emplace_back([&, me] {
            for (int step = 1; step <= 50; ++step) {
                sums[static_cast<std::size_t>(me)] += step;
                phase.arrive_and_wait();
                // The right neighbour's work of this step is done, and nobody begins the next before all have looked.
                if (sums[static_cast<std::size_t>((me + 1) % threads)] != step * (step + 1) / 2) {
                    arrived -= 1000;
                }
                phase.arrive_and_wait();
            }
            ++arrived;
            done.count_down();
        });
    }
    done.wait();
    team.clear();
    tap_int(arrived, threads, "barrier orders the phases");
    tap_int(completed, 100, "completion runs once a phase");
    tap_ok(done.try_wait(), "latch");
}

void check_semaphore()
{
    std::counting_semaphore<2> places(2);
    std::atomic<int> inside{0};
    std::atomic<int> most{0};
    {
        std::vector<std::jthread> team;
        for (int i = 0; i < threads; ++i) {
            team.emplace_back([&] {
                for (int round = 0; round < 200; ++round) {
                    places.acquire();
                    const int now = ++inside;
                    int seen = most.load();
                    while (seen < now && !most.compare_exchange_weak(seen, now)) {
                    }
                    --inside;
                    places.release();
                }
            });
        }
    }
    tap_ok(inside == 0 && most >= 1 && most <= 2, "semaphore bounds");
    std::binary_semaphore closed(0);
    tap_ok(!closed.try_acquire_for(std::chrono::milliseconds(1)), "timed acquire gives up");
}

void check_atomic_wait()
{
    std::atomic<int> turn{0};
    std::jthread other([&] {
        for (int i = 1; i < 200; i += 2) {
            turn.wait(i - 1);
            turn.store(i + 1);
            turn.notify_one();
        }
    });
    for (int i = 0; i < 200; i += 2) {
        turn.store(i + 1);
        turn.notify_one();
        turn.wait(i + 1);
    }
    other.join();
    tap_int(turn.load(), 200, "atomic wait and notify");

    int plain = 0;
    {
        std::vector<std::jthread> team;
        for (int i = 0; i < threads; ++i) {
            team.emplace_back([&] {
                for (int round = 0; round < 1000; ++round) {
                    std::atomic_ref(plain).fetch_add(1);
                }
            });
        }
    }
    tap_int(plain, threads * 1000, "atomic_ref");
}

}  // namespace

int main()
{
    check_jthread();
    check_latch_and_barrier();
    check_semaphore();
    check_atomic_wait();
    return tap_done();
}
