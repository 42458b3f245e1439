/* The kernels of march_kernel.c, built for more than the baseline processor. */
#ifndef MARCH_H
#define MARCH_H

enum {
    MARCH_AVX = 1,
    MARCH_AVX2 = 2,
    MARCH_FMA = 4,
    MARCH_BMI2 = 8,
    MARCH_AVX512F = 16,
    MARCH_AVX512BW = 32,
    MARCH_AVX512VL = 64
};

int march_features(void);
void march_saxpy(float *y, const float *x, float a, int count);
double march_dot(const double *x, const double *y, int count);
long march_bits(const unsigned long *words, int count);
void march_mix(short *out, const unsigned char *a, const unsigned char *b, int count);
int march_gather(const int *table, const int *indices, int count);

#endif
