#include "mex.h"

#include "compiler.h"

/* [sum, compiler] = in_c(n): the sum of i * i for 1 <= i <= n, and who compiled this. */
void mexFunction(int nlhs, mxArray *plhs[], int nrhs, const mxArray *prhs[]) {
    double sum = 0, n;
    if (nrhs != 1 || nlhs > 2) mexErrMsgIdAndTxt("stackprobe:arguments", "one argument, two results");
    n = mxGetScalar(prhs[0]);
    for (double i = 1; i <= n; i++) sum += i * i;
    plhs[0] = mxCreateDoubleScalar(sum);
    if (nlhs > 1) plhs[1] = mxCreateString(STACKPROBE_COMPILER "; " __VERSION__);
}
