/* Is {cc} the compiler of the loaded module? */
#include "identity.h"

int main(void)
{
    identity_check();
    tap_ok(__STDC__ == 1 && __STDC_VERSION__ >= 199901L, "default language is c99 or later");
    return tap_done();
}
