// Types that cross the border of a shared library.
#pragma once

#include <stdexcept>
#include <string>

struct shape {
    virtual ~shape() = default;
    virtual int corners() const = 0;
};

// Key functions live in the library: its type information exists there only.
class __attribute__((visibility("default"))) library_error : public std::runtime_error {
public:
    library_error(const std::string &what, int code);
    ~library_error() override;
    int code() const noexcept;

private:
    int code_;
};
