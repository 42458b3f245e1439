// Locales, facets, streams and regular expressions: the corner of the C++ library that is bound to the C library's
// locale data. Kept small: <regex> is the dearest header to compile.
#include "tap.h"

#include <iomanip>
#include <locale>
#include <regex>
#include <sstream>
#include <stdexcept>
#include <string>

namespace {

struct grouped : std::numpunct<char> {
    char do_thousands_sep() const override { return '.'; }
    char do_decimal_point() const override { return ','; }
    std::string do_grouping() const override { return "\3"; }
};

void check_locale()
{
    std::ostringstream classic;
    classic.imbue(std::locale::classic());
    classic << 1234567.891;
    tap_text(classic.str().c_str(), "1.23457e+06", "classic locale");
    std::ostringstream own;
    own.imbue(std::locale(std::locale::classic(), new grouped));
    own << std::fixed << std::setprecision(2) << 1234567.891;
    tap_text(own.str().c_str(), "1.234.567,89", "facet of our own");

    std::string refused;
    try {
        const std::locale absent("xx_XX.NOSUCH");
    } catch (const std::runtime_error &) {
        refused = "runtime_error";
    }
    tap_text(refused.c_str(), "runtime_error", "an unknown locale is refused");
    // The locale of the environment is C.UTF-8 here; a C++ library built for the "generic" model knows only C.
    std::string environment;
    try {
        environment = std::locale("").name();
    } catch (const std::runtime_error &error) {
        environment = error.what();
    }
    tap_contains(environment.c_str(), "C", "locale of the environment");

    std::istringstream stamp("2024-02-29 13:45");
    std::tm when{};
    stamp.imbue(std::locale::classic());
    stamp >> std::get_time(&when, "%Y-%m-%d %H:%M");
    tap_int(stamp.fail() ? -1 : when.tm_year * 100 + when.tm_min, 12445, "get_time");
    tap_ok(std::tolower('Q', std::locale::classic()) == 'q', "ctype");
}

void check_regex()
{
    const std::regex module("([a-z][a-z0-9-]*)/(\\d+)(?:\\.(\\d+))*");
    std::smatch match;
    const std::string text = "load intel-oneapi-mpi/2021.14 and gcc/12";
    const bool found = std::regex_search(text, match, module);
    tap_text(found ? (match[1].str() + " " + match[2].str() + " " + match[3].str()).c_str() : "none",
             "intel-oneapi-mpi 2021 14", "search and groups");
    bool thrown = false;
    try {
        const std::regex broken("(unclosed");
    } catch (const std::regex_error &error) {
        thrown = error.code() == std::regex_constants::error_paren;
    }
    tap_ok(thrown, "a broken pattern is refused");
}

}  // namespace

int main()
{
    check_locale();
    check_regex();
    return tap_done();
}
