// Imports a module that was compiled before.
#include "tap.h"

import shapes;

// The module's own variable of this name has module linkage: this is another one.
static int hidden = 1000;

int main()
{
    const square made{7};
    tap_int(made.area(), 49, "exported type");
    tap_int(scaled(made) + hidden, 1098, "exported template sees the variable of its module");
    return tap_done();
}
