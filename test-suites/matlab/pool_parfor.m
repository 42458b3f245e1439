function fault = pool_parfor()
    total = 0;
    parfor i = 1:1000
        total = total + i * i;
    end
    fault = '';
    if total ~= 333833500
        fault = sprintf('the sum of squares is %g', total);
    end
end
