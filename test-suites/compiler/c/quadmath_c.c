/* libquadmath: 113-bit arithmetic, functions and printing. */
#include "tap.h"

#include <quadmath.h>

int main(void)
{
    volatile __float128 two = 2.0Q, one = 1.0Q;
    __float128 root = sqrtq(two);
    char text[64];

    tap_int(FLT128_MANT_DIG, 113, "mantissa bits");
    tap_ok(fabsq(root * root - two) <= 2 * FLT128_EPSILON, "sqrtq");
    volatile __float128 sum = one + FLT128_EPSILON;
    tap_ok(sum > one && sum - one == FLT128_EPSILON, "epsilon counts");
    quadmath_snprintf(text, sizeof text, "%.33Qf", acosq(-one));
    tap_text(text, "3.141592653589793238462643383279503", "pi to 33 digits");
    tap_ok(strtoflt128("0.1", NULL) != (__float128)0.1, "strtoflt128 keeps more than double");
    quadmath_snprintf(text, sizeof text, "%.30Qg", expq(one));
    tap_text(text, "2.71828182845904523536028747135", "expq");
    tap_ok(fabsq(sinq(acosq(-one) / 6) - 0.5Q) < 4 * FLT128_EPSILON, "sinq");
    return tap_done();
}
