% MEX functions in C and over Fortran, by the loaded compiler.
tap('plan', {'c', 'c-compiler', 'fortran'});
addpath(getenv('TMPDIR'));
tap('check', 'c', @mexes_c);
if isempty(getenv('STACKPROBE_CC_FAMILY'))
    tap('skip', 'c-compiler', 'no compiler module is loaded');
else
    tap('check', 'c-compiler', @mexes_c_compiler);
end
tap('check', 'fortran', @mexes_fortran);
tap('end');
