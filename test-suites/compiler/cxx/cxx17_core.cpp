// C++17: the language and the parts of the standard library that live in libstdc++.so (or libc++), so that headers
// of one version over a library of another show up here.
#include "tap.h"

#include <algorithm>
#include <any>
#include <array>
#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <memory_resource>
#include <numeric>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <variant>
#include <vector>

namespace {

template <class... Visitors>
struct overloaded : Visitors... {
    using Visitors::operator()...;
};
template <class... Visitors>
overloaded(Visitors...) -> overloaded<Visitors...>;

template <class... Numbers>
constexpr auto folded(Numbers... numbers)
{
    return (0 + ... + (numbers * numbers));
}

template <class Value>
std::string described(const Value &value)
{
    if constexpr (std::is_integral_v<Value>) {
        return "integer " + std::to_string(value);
    } else {
        return "text " + std::string(value);
    }
}

struct counted {
    static inline int alive = 0;
    counted() { ++alive; }
    counted(const counted &) { ++alive; }
    ~counted() { --alive; }
};

void check_language()
{
    volatile int two = 2;
    const auto [quotient, remainder] = std::div(17, 5 * two / 2);
    tap_int(quotient * 10 + remainder, 32, "structured bindings");
    tap_int(folded(1, +two, 3), 14, "fold expression");
    tap_text((described(41 + two / 2) + described("x")).c_str(), "integer 42text x", "if constexpr");
    {
        std::vector<counted> many(4);
        many.push_back(many.front());
        many.erase(many.begin());
    }
    tap_int(counted::alive, 0, "constructors and destructors balance");
    const auto fibonacci = [](auto self, int n) -> long { return n < 2 ? n : self(self, n - 1) + self(self, n - 2); };
    tap_int(fibonacci(fibonacci, 8 * two), 987, "generic lambda");
}

void check_vocabulary()
{
    std::variant<int, double, std::string> value = 7;
    const auto name = [&value] {
        return std::visit(overloaded{[](int) { return "int"; }, [](double) { return "double"; },
                                     [](const std::string &) { return "string"; }},
                          value);
    };
    const std::string before = name();
    value = std::string("now text");
    tap_text((before + name()).c_str(), "intstring", "variant and visit");
    bool thrown = false;
    try {
        std::get<int>(value) = 1;
    } catch (const std::bad_variant_access &) {
        thrown = true;
    }
    tap_ok(thrown, "bad_variant_access is thrown");

    std::optional<int> none;
    std::optional<int> some = none.value_or(5);
    tap_int(*some + (none.has_value() ? 100 : 0), 5, "optional");
    std::any anything = std::string("abc");
    tap_ok(std::any_cast<std::string>(anything) == "abc" && std::any_cast<int>(&anything) == nullptr, "any");
    std::string_view view = "key=value";
    tap_int(static_cast<long long>(view.find('=')) * 10 + static_cast<long long>(view.substr(4).size()), 35,
            "string_view");
}

void check_library()
{
    std::vector<int> numbers(1000);
    std::iota(numbers.begin(), numbers.end(), -500);
    std::stable_sort(numbers.begin(), numbers.end(), [](int a, int b) { return std::abs(a) < std::abs(b); });
    tap_int(std::reduce(numbers.begin(), numbers.end(), 0L) * 10000 + numbers[1] * 100 + numbers[2], -500 * 10000 - 99,
            "sort and reduce");
    std::unordered_map<std::string, int> lengths;
    for (const char *word : {"alpha", "be", "gam", "alpha"}) {
        lengths[word] += 1;
    }
    std::map<std::string, int> ordered(lengths.begin(), lengths.end());
    tap_ok(ordered.size() == 3 && ordered.begin()->second == 2, "maps");

    double parsed = 0;
    const std::string_view text = "6.02214076e23!";
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), parsed);
    tap_ok(error == std::errc() && *end == '!' && parsed == 6.02214076e23, "from_chars of double");
    std::array<char, 32> buffer{};
    const auto written = std::to_chars(buffer.data(), buffer.data() + buffer.size(), 0.1 + 0.2);
    tap_ok(std::string_view(buffer.data(), static_cast<std::size_t>(written.ptr - buffer.data())) ==
               "0.30000000000000004",
           "to_chars is shortest");

    std::array<std::byte, 4096> arena{};
    std::pmr::monotonic_buffer_resource resource(arena.data(), arena.size(), std::pmr::null_memory_resource());
    std::pmr::vector<int> local({1, 2, 3}, &resource);
    const auto *inside = reinterpret_cast<const std::byte *>(local.data());
    bool exhausted = false;
    try {
        local.resize(10000);
    } catch (const std::bad_alloc &) {
        exhausted = true;
    }
    tap_ok(inside >= arena.data() && inside < arena.data() + arena.size() && exhausted, "memory_resource");

    auto shared = std::make_shared<counted>();
    std::weak_ptr<counted> weak = shared;
    shared.reset();
    tap_ok(weak.expired() && counted::alive == 0, "shared and weak pointer");
    std::ostringstream stream;
    stream << std::hex << 255 << ' ' << 1.5 << ' ' << std::boolalpha << true;
    tap_text(stream.str().c_str(), "ff 1.5 true", "string stream");
}

void check_filesystem()
{
    namespace fs = std::filesystem;
    const fs::path root = fs::temp_directory_path() / "cxx17_core.tree";
    fs::remove_all(root);
    fs::create_directories(root / "a" / "b");
    std::ofstream(root / "a" / "b" / "file.txt") << "12345";
    fs::create_symlink("b/file.txt", root / "a" / "link");
    std::uintmax_t bytes = 0;
    int entries = 0;
    for (const auto &entry : fs::recursive_directory_iterator(root)) {
        ++entries;
        bytes += entry.is_regular_file() && !entry.is_symlink() ? entry.file_size() : 0;
    }
    tap_int(entries * 10 + static_cast<long long>(bytes), 45, "filesystem walk");
    tap_ok(fs::equivalent(root / "a" / "link", root / "a" / "b" / "file.txt"), "filesystem link");
    std::error_code code;
    const auto absent_size = fs::file_size(root / "absent", code);
    tap_ok(absent_size == static_cast<std::uintmax_t>(-1) && code == std::errc::no_such_file_or_directory,
           "filesystem error code");
    tap_int(static_cast<long long>(fs::remove_all(root)), 5, "filesystem remove");
}

}  // namespace

int main()
{
    tap_ok(__cplusplus >= 201703L, "standard version");
    check_language();
    check_vocabulary();
    check_library();
    check_filesystem();
    return tap_done();
}
