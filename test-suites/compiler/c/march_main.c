/* Code built for a newer processor gives the right results here. What the code was built for is compared with what
 * this processor has before any of it runs: an illegal instruction would tell less. */
#include "march.h"
#include "tap.h"

enum { COUNT = 1031 };

static float x[COUNT], y[COUNT];
static double p[COUNT], q[COUNT];
static unsigned long words[COUNT];
static unsigned char a[COUNT], b[COUNT];
static short mixed[COUNT];
static int table[256], indices[COUNT];

static int features_of_this_cpu(void)
{
    int features = 0;
    __builtin_cpu_init();
    features |= __builtin_cpu_supports("avx") ? MARCH_AVX : 0;
    features |= __builtin_cpu_supports("avx2") ? MARCH_AVX2 : 0;
    features |= __builtin_cpu_supports("fma") ? MARCH_FMA : 0;
    features |= __builtin_cpu_supports("bmi2") ? MARCH_BMI2 : 0;
    features |= __builtin_cpu_supports("avx512f") ? MARCH_AVX512F : 0;
    features |= __builtin_cpu_supports("avx512bw") ? MARCH_AVX512BW : 0;
    features |= __builtin_cpu_supports("avx512vl") ? MARCH_AVX512VL : 0;
    return features;
}

int main(int argc, char **argv)
{
    int built = march_features(), here = features_of_this_cpu();
    int wanted = argc == 2 && strcmp(argv[1], "v3") == 0   ? MARCH_AVX2 | MARCH_FMA | MARCH_BMI2
                 : argc == 2 && strcmp(argv[1], "v4") == 0 ? MARCH_AVX512F | MARCH_AVX512BW | MARCH_AVX512VL
                                                           : here; /* native: all that there is */
    tap_note("features built for: %d, of this cpu: %d", built, here);
    tap_int(built & wanted, wanted, "code is built for what was asked");
    if (!tap_ok((built & ~here) == 0, "this cpu has what the code is built for")) {
        return tap_done();
    }

    long bits = 0;
    int gathered = 0, wrong = 0;
    for (int i = 0; i < COUNT; i++) {
        x[i] = (float)(i % 17);
        y[i] = (float)(i % 5);
        p[i] = i % 31;
        q[i] = i % 7 - 3;
        words[i] = 1ul << (i % 64);
        bits += 1 + i % 64;
        a[i] = (unsigned char)(i * 7);
        b[i] = (unsigned char)(i * 3 + 1);
        indices[i] = i * 37 % 256;
    }
    for (int i = 0; i < 256; i++) {
        table[i] = i * i;
    }
    march_saxpy(y, x, 2.5f, COUNT);
    for (int i = 0; i < COUNT; i++) {
        wrong += y[i] != 2.5f * (float)(i % 17) + (float)(i % 5);
    }
    tap_int(wrong, 0, "float multiply and add");

    double dot = 0;
    for (int i = 0; i < COUNT / 8 * 8; i++) {
        dot += (double)(i % 31) * (i % 7 - 3);
    }
    tap_real(march_dot(p, q, COUNT), dot, 0.0, "double dot product");
    tap_int(march_bits(words, COUNT), bits, "bit counts");
    march_mix(mixed, a, b, COUNT);
    wrong = 0;
    for (int i = 0; i < COUNT; i++) {
        int difference = (unsigned char)(i * 7) - (unsigned char)(i * 3 + 1);
        wrong += mixed[i] != (difference < 0 ? -difference : difference * 2);
        gathered += (i * 37 % 256) * (i * 37 % 256);
    }
    tap_int(wrong, 0, "bytes widened and selected");
    tap_int(march_gather(table, indices, COUNT), gathered, "gather");
    return tap_done();
}
