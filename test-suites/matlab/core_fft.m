function fault = core_fft()
% A pure tone has one line on each side, of half the length.
    n = 256;
    lines = abs(fft(cos(2 * pi * 5 * (0:n - 1) / n)));
    wanted = zeros(1, n);
    wanted([6, n - 4]) = n / 2;
    fault = '';
    if norm(lines - wanted) > 1e-9 * n
        fault = 'the spectrum of a pure tone is wrong';
    end
end
