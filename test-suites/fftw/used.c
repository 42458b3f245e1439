/* A program that uses the library. */
#include <fftw3.h>

int main(void)
{
    fftw_complex data[8] = {{1, 0}};
    fftw_plan plan = fftw_plan_dft_1d(8, data, data, FFTW_FORWARD, FFTW_ESTIMATE);
    fftw_execute(plan);
    return !(data[5][0] == 1 && data[5][1] == 0);
}
