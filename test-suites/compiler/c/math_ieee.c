/* IEEE 754 as the hardware, the compiler and libm see it together. Operands are volatile: what is tested must
 * happen at run time. Catches start-up code that sets flush-to-zero (crtfastmath.o leaked into the link), a
 * compiler whose default is fast-math, and a libm that is not the one of the headers. */
#include "tap.h"

#include <fenv.h>
#include <float.h>
#include <math.h>
#include <stdint.h>

static volatile double zero = 0.0, one = 1.0, three = 3.0, ten = 10.0;

static double divided(int mode, volatile double *numerator)
{
    int previous = fegetround();
    fesetround(mode);
    volatile double quotient = *numerator / three;
    fesetround(previous);
    return quotient;
}

static void check_rounding(void)
{
    volatile double minus_one = -1.0;
    double up = divided(FE_UPWARD, &one), down = divided(FE_DOWNWARD, &one);
    tap_ok(up > down && nextafter(down, 1.0) == up, "rounding brackets one third");
    tap_real(divided(FE_TONEAREST, &one), 0x1.5555555555555p-2, 0.0, "round to nearest");
    tap_real(divided(FE_TOWARDZERO, &minus_one), -0x1.5555555555555p-2, 0.0, "round toward zero");
    volatile double half = 2.5;
    tap_real(rint(half) + rint(half + one), 6.0, 0.0, "ties to even");
    tap_int(llround(half) * 10 + lrint(half), 32, "lround away and lrint to even");
}

static void check_special(void)
{
    volatile double smallest = DBL_TRUE_MIN, tiny = DBL_MIN;
    tap_ok(smallest > 0.0 && smallest / 2 == 0.0, "smallest subnormal");
    volatile double halved = tiny / 2;
    tap_ok(halved > 0.0 && halved * 2 == tiny && fpclassify(halved) == FP_SUBNORMAL, "subnormals are not flushed");

    volatile double nan_value = zero / zero, infinite = one / zero;
    tap_ok(nan_value != nan_value && !(nan_value < one) && isnan(nan_value), "nan compares unordered");
    tap_ok(infinite > DBL_MAX && isinf(infinite) && one / infinite == 0.0, "infinity");
    volatile double minus_zero = -zero;
    tap_ok(signbit(minus_zero) && one / minus_zero < 0.0 && minus_zero == zero, "signed zero");
    tap_ok(isnan(sqrt(-one)) && isnan(fmod(infinite, one)), "invalid operations give nan");
    tap_real(fmax(nan_value, 2.0) + fmin(3.0, nan_value), 5.0, 0.0, "fmax and fmin ignore nan");
}

static void check_exceptions(void)
{
    volatile double sink;
    feclearexcept(FE_ALL_EXCEPT);
    sink = one / zero;
    int divide = fetestexcept(FE_ALL_EXCEPT);
    feclearexcept(FE_ALL_EXCEPT);
    sink = DBL_MAX * ten;
    int overflow = fetestexcept(FE_ALL_EXCEPT);
    feclearexcept(FE_ALL_EXCEPT);
    sink = one / three;
    int inexact = fetestexcept(FE_ALL_EXCEPT);
    feclearexcept(FE_ALL_EXCEPT);
    sink = zero / zero;
    int invalid = fetestexcept(FE_ALL_EXCEPT);
    feclearexcept(FE_ALL_EXCEPT);
    (void)sink;
    tap_ok((divide & FE_DIVBYZERO) != 0 && (divide & FE_INVALID) == 0, "division by zero is flagged");
    tap_ok((overflow & FE_OVERFLOW) != 0 && (overflow & FE_INEXACT) != 0, "overflow is flagged");
    tap_int(inexact, FE_INEXACT, "inexact is flagged alone");
    tap_ok((invalid & FE_INVALID) != 0, "invalid is flagged");
}

static void check_functions(void)
{
    volatile double x = 0x1.0000001p0, y = 0x1.0000001p0;
    double exact = fma(x, y, -(x * y));
    tap_real(exact, 0x1p-56, 0.0, "fma rounds once");
    volatile double two = 2.0;
    tap_real(sqrt(two), 0x1.6a09e667f3bcdp+0, 0.0, "sqrt is correctly rounded");
    tap_real(exp(one), 2.718281828459045, 4.5e-16, "exp");
    tap_real(log(ten), 2.302585092994046, 4.5e-16, "log");
    tap_real(sin(1e22 * one), -0.8522008497671888, 2.3e-16, "sin reduces a huge argument");
    tap_real(pow(two, 0.5), 1.4142135623730951, 2.3e-16, "pow");
    tap_real(erf(one) + erfc(one), 1.0, 4.5e-16, "erf and erfc");
    tap_real(tgamma(ten), 362880.0, 1e-9, "gamma");
    tap_real(hypot(three * 1e200, 4e200), 5e200, 1e185, "hypot does not overflow");
    tap_real(cbrt(27.0 * one), 3.0, 5e-16, "cbrt");
    int exponent = 0;
    double fraction = frexp(ten, &exponent);
    tap_real(fraction * 100 + exponent, 66.5, 0.0, "frexp");
    tap_real(remainder(ten, three) + fmod(-ten, three), 0.0, 0.0, "remainder and fmod");
}

static void check_widths(void)
{
    volatile float single = 16777216.0f;
    volatile float sum = single + 1.0f;
    tap_real(sum, 16777216.0, 0.0, "float has 24 bits");
    volatile double wide = 9007199254740992.0;
    volatile double rounded = wide + one;
    tap_real(rounded, 9007199254740992.0, 0.0, "double has 53 bits");

    /* 64 bits on x87, 113 in software (aarch64) or hardware: what <float.h> promises must hold. */
    volatile long double large = 1.0L;
    int bits = 0;
    while (large + 1.0L != large && bits < 200) {
        large *= 2.0L;
        bits += 1;
    }
    tap_int(bits, LDBL_MANT_DIG, "long double has the bits it declares");
    volatile long double long_two = 2.0L;
    long double root = sqrtl(long_two);
    long double error = root * root - 2.0L;
    tap_ok(error < 4.0L * LDBL_EPSILON && -error < 4.0L * LDBL_EPSILON, "sqrtl");
    char text[64];
    snprintf(text, sizeof text, "%.20Lf", 1.0L / (long double)three);
    tap_contains(text, LDBL_MANT_DIG >= 64 ? "0.333333333333333333" : "0.3333333333333333", "printf of long double");
}

int main(void)
{
    check_rounding();
    check_special();
    check_exceptions();
    check_functions();
    check_widths();
    return tap_done();
}
