// What of C++23 the newer compilers share: expected, if consteval, subscripts of several indices, monadic optional.
#include "tap.h"

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace {

enum class fault : unsigned char { empty = 3, letters = 7 };

std::expected<int, fault> parsed(std::string_view text)
{
    if (text.empty()) {
        return std::unexpected(fault::empty);
    }
    int value = 0;
    for (const char letter : text) {
        if (letter < '0' || letter > '9') {
            return std::unexpected(fault::letters);
        }
        value = value * 10 + (letter - '0');
    }
    return value;
}

constexpr int where()
{
    if consteval {
        return 1;
    } else {
        return 2;
    }
}

struct grid {
    int cells[6];
    constexpr int &operator[](int row, int column) { return cells[row * 3 + column]; }
};

}  // namespace

int main()
{
    volatile int two = 2;
    const auto good = parsed("42");
    const auto bad = parsed("4x");
    tap_int(good.value_or(-1) + (bad ? 1000 : static_cast<int>(bad.error())), 49, "expected");
    bool thrown = false;
    try {
        static_cast<void>(parsed("").value());
    } catch (const std::bad_expected_access<fault> &error) {
        thrown = std::to_underlying(error.error()) == 3;
    }
    tap_ok(thrown, "bad_expected_access carries the error");
    constexpr int at_compile_time = where();
    int at_run_time = where();
    tap_int(at_compile_time * 10 + at_run_time, 12, "if consteval");
    grid cells{};
    cells[1, two] = 5;
    tap_int(cells.cells[5], 5, "subscript with two indices");
    tap_ok(std::string_view("toolchain").contains("chain"), "string contains");
    const auto halved = std::optional<int>(two * 4)
                            .transform([](int n) { return n / 2; })
                            .and_then([](int n) { return n > 3 ? std::optional<int>(n) : std::nullopt; });
    tap_int(halved.value_or(-1), 4, "monadic optional");
    tap_int(static_cast<long long>(sizeof(0uz) - sizeof(std::size_t)), 0, "size literal");
    return tap_done();
}
