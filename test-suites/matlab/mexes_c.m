function fault = mexes_c()
    mex('-output', fullfile(getenv('TMPDIR'), 'in_c'), fullfile(pwd(), 'in_c.c'));
    fault = '';
    if in_c(1000) ~= 333833500
        fault = 'the sum of squares is wrong';
    end
end
