#include "mex.h"

/* The subroutine of fortran.f90, which the loaded Fortran compiler has made. */
void stackprobe_product(int n, const double *x, double *y);

/* y = in_fortran(x): x * x', computed in Fortran. */
void mexFunction(int nlhs, mxArray *plhs[], int nrhs, const mxArray *prhs[]) {
    mwSize n;
    if (nrhs != 1 || nlhs > 1) mexErrMsgIdAndTxt("stackprobe:arguments", "one argument, one result");
    n = mxGetM(prhs[0]);
    plhs[0] = mxCreateDoubleMatrix(n, n, mxREAL);
    stackprobe_product((int)n, mxGetPr(prhs[0]), mxGetPr(plhs[0]));
}
