// C++20: concepts, ranges, coroutines, three-way comparison, span, and what constant evaluation gained.
#include "tap.h"

#include <algorithm>
#include <array>
#include <bit>
#include <compare>
#include <concepts>
#include <coroutine>
#include <cstdint>
#include <exception>
#include <numeric>
#include <ranges>
#include <source_location>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace {

template <class Value>
class generator {
public:
    struct promise_type {
        Value current{};
        std::exception_ptr thrown;

        generator get_return_object() { return generator(handle::from_promise(*this)); }
        std::suspend_always initial_suspend() noexcept { return {}; }
        std::suspend_always final_suspend() noexcept { return {}; }
        std::suspend_always yield_value(Value value)
        {
            current = std::move(value);
            return {};
        }
        void return_void() noexcept {}
        void unhandled_exception() { thrown = std::current_exception(); }
    };
    using handle = std::coroutine_handle<promise_type>;

    explicit generator(handle frame) : frame_(frame) {}
    generator(generator &&other) noexcept : frame_(std::exchange(other.frame_, {})) {}
    generator(const generator &) = delete;
    generator &operator=(const generator &) = delete;
    ~generator()
    {
        if (frame_) {
            frame_.destroy();
        }
    }

    bool next()
    {
        frame_.resume();
        if (frame_.promise().thrown) {
            std::rethrow_exception(frame_.promise().thrown);
        }
        return !frame_.done();
    }
    const Value &value() const { return frame_.promise().current; }

private:
    handle frame_;
};

struct sentry {
    int &count;
    ~sentry() { ++count; }
};

generator<long> fibonacci(int count, int &destroyed)
{
    const sentry local{destroyed};
    long a = 0;
    long b = 1;
    for (int i = 0; i < count; ++i) {
        co_yield a;
        a = std::exchange(b, a + b);
    }
    throw std::length_error("exhausted");
}

struct version {
    int major;
    int minor;
    friend auto operator<=>(const version &, const version &) = default;
};

template <std::integral Number>
constexpr int kind(Number)
{
    return 1;
}
template <std::floating_point Number>
constexpr int kind(Number)
{
    return 2;
}
template <class Anything>
    requires requires(Anything value) { value.size(); }
constexpr int kind(const Anything &)
{
    return 3;
}

consteval int squared(int value) { return value * value; }

void check_coroutines()
{
    int destroyed = 0;
    long sum = 0;
    {
        auto numbers = fibonacci(30, destroyed);
        for (int i = 0; i < 20 && numbers.next(); ++i) {
            sum += numbers.value();
        }
        tap_int(sum * 10 + destroyed, 109450, "coroutine yields");
    }
    tap_int(destroyed, 1, "abandoned coroutine is destroyed");
    std::string message;
    auto numbers = fibonacci(2, destroyed);
    try {
        while (numbers.next()) {
        }
    } catch (const std::length_error &error) {
        message = error.what();
    }
    tap_text(message.c_str(), "exhausted", "exception leaves a coroutine");
}

void check_ranges()
{
    namespace views = std::views;
    auto picked = views::iota(1, 100) | views::filter([](int n) { return n % 3 == 0; }) |
                  views::transform([](int n) { return n * n; }) | views::drop(2) | views::take(4);
    int sum = 0;
    for (const int number : picked) {
        sum += number;
    }
    tap_int(sum, 81 + 144 + 225 + 324, "view pipeline");
    std::vector<version> versions{{12, 2}, {11, 3}, {12, 0}, {9, 9}};
    std::ranges::sort(versions, std::ranges::greater{});
    tap_int(versions.front().major * 100 + versions.front().minor * 10 + versions.back().minor, 1229, "ranges sort");
    const auto found = std::ranges::find(versions, 11, &version::major);
    tap_int(found == versions.end() ? -1 : found->minor, 3, "projection");
    std::string joined;
    const std::vector<std::string> pieces{"ab", "", "cd"};
    for (const char letter : pieces | views::join) {
        joined += letter;
    }
    tap_text(joined.c_str(), "abcd", "join");
}

void check_language()
{
    volatile int three = 3;
    tap_int(kind(+three) * 100 + kind(1.0 * three) * 10 + kind(std::string("x")), 123, "concepts choose");
    tap_ok((version{1, 2} <=> version{1, 3}) < 0 && version{2, 0} > version{1, 9} && version{1, 1} == version{1, 1},
           "three-way comparison");
    tap_ok((0.0 / (three - 3) <=> 1.0) == std::partial_ordering::unordered, "partial ordering of nan");
    std::array<int, 5> values{1, 2, 3, 4, 5};
    const std::span<int> middle = std::span(values).subspan(1, 3);
    middle[0] = 20;
    tap_int(std::accumulate(middle.begin(), middle.end(), 0) + values[1], 47, "span");
    tap_int(squared(12), 144, "consteval");
    tap_int(std::popcount(0xf0f0u * static_cast<unsigned>(three)) + std::countl_zero(static_cast<unsigned>(three)),
            8 + 30, "bit operations");
    tap_ok(std::bit_cast<std::uint32_t>(1.0f * static_cast<float>(three)) == 0x40400000u, "bit_cast");
    const auto here = std::source_location::current();
    tap_contains(here.function_name(), "check_language", "source_location");
    const auto total = []<class... Numbers>(Numbers... numbers) { return (numbers + ...); };
    tap_int(total(1, +three, 5L), 9, "template lambda");
    std::vector<int> erased{1, 2, 3, 4, 5, 6};
    tap_int(static_cast<long long>(std::erase_if(erased, [](int n) { return n % 2 == 0; })) * 10 + erased[1], 33,
            "erase_if");
}

}  // namespace

int main()
{
    tap_ok(__cplusplus >= 202002L, "standard version");
    check_language();
    check_ranges();
    check_coroutines();
    return tap_done();
}
