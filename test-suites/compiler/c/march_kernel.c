/* Loops that a vectorising compiler turns into the instructions of its target. */
#include "march.h"

int march_features(void)
{
    int features = 0;
#ifdef __AVX__
    features |= MARCH_AVX;
#endif
#ifdef __AVX2__
    features |= MARCH_AVX2;
#endif
#ifdef __FMA__
    features |= MARCH_FMA;
#endif
#ifdef __BMI2__
    features |= MARCH_BMI2;
#endif
#ifdef __AVX512F__
    features |= MARCH_AVX512F;
#endif
#ifdef __AVX512BW__
    features |= MARCH_AVX512BW;
#endif
#ifdef __AVX512VL__
    features |= MARCH_AVX512VL;
#endif
    return features;
}

void march_saxpy(float *restrict y, const float *restrict x, float a, int count)
{
    for (int i = 0; i < count; i++) {
        y[i] = a * x[i] + y[i];
    }
}

double march_dot(const double *x, const double *y, int count)
{
    double lanes[8] = {0};
    for (int i = 0; i + 8 <= count; i += 8) {
        for (int lane = 0; lane < 8; lane++) {
            lanes[lane] += x[i + lane] * y[i + lane];
        }
    }
    return lanes[0] + lanes[1] + lanes[2] + lanes[3] + lanes[4] + lanes[5] + lanes[6] + lanes[7];
}

long march_bits(const unsigned long *words, int count)
{
    long bits = 0;
    for (int i = 0; i < count; i++) {
        bits += __builtin_popcountl(words[i]) + __builtin_ctzl(words[i] | 1ul << 63);
    }
    return bits;
}

void march_mix(short *restrict out, const unsigned char *restrict a, const unsigned char *restrict b, int count)
{
    for (int i = 0; i < count; i++) {
        int difference = a[i] - b[i];
        out[i] = (short)(difference < 0 ? -difference : difference * 2);
    }
}

int march_gather(const int *table, const int *indices, int count)
{
    int sum = 0;
    for (int i = 0; i < count; i++) {
        sum += table[indices[i]];
    }
    return sum;
}
