function fault = mexes_fortran()
    mex('-output', fullfile(getenv('TMPDIR'), 'in_fortran'), fullfile(pwd(), 'in_fortran.c'), ...
        fullfile(pwd(), 'fortran.o'), '-lgfortran');
    x = magic(4);
    fault = '';
    if ~isequal(in_fortran(x), x * x')
        fault = 'the product is wrong';
    end
end
