// A control: an exception that nobody catches must end the program, after it has said that all is well.
#include "tap.h"

#include <stdexcept>

int main()
{
    tap_ok(1, "before the throw");
    tap_done();
    throw std::runtime_error("seeded uncaught exception");
}
