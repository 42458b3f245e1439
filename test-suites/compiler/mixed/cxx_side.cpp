// The C++ half of a Fortran program: objects behind a handle, static constructors, exceptions that stay inside.
#include <algorithm>
#include <map>
#include <new>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

// Constructed before main; the program is Fortran's, so only the linker's start-up code can see to it.
const std::map<std::string, int> known{{"one", 1}, {"two", 2}, {"forty", 40}};

struct series {
    std::vector<double> values;
};

}  // namespace

extern "C" void *series_new() { return new (std::nothrow) series; }

extern "C" void series_add(void *handle, double value) { static_cast<series *>(handle)->values.push_back(value); }

extern "C" double series_median(void *handle)
{
    auto values = static_cast<series *>(handle)->values;
    std::nth_element(values.begin(), values.begin() + static_cast<long>(values.size() / 2), values.end());
    return values.at(values.size() / 2);
}

extern "C" void series_delete(void *handle) { delete static_cast<series *>(handle); }

// The value of a known word; -1 when the map throws.
extern "C" int lookup(const char *word)
{
    try {
        return known.at(word);
    } catch (const std::out_of_range &) {
        return -1;
    }
}
