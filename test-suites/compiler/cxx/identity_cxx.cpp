// Is {cxx} the compiler of the loaded module?
#include "identity.h"

int main()
{
    identity_check();
    tap_ok(__cplusplus >= 201402L, "default language is 2014 or later");
    return tap_done();
}
