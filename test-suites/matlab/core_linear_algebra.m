function fault = core_linear_algebra()
    n = 60;
    [j, i] = meshgrid(1:n);
    a = 1 ./ (i + j) + eye(n);
    x = (1:n)';
    fault = '';
    if norm(mldivide(a, a * x) - x) > 1e-9 * norm(x)
        fault = 'mldivide does not solve';
    elseif abs(sum(svd(a) .^ 2) - norm(a, 'fro') ^ 2) > 1e-9 * norm(a, 'fro') ^ 2
        fault = 'svd: the singular values do not add up';
    elseif abs(sum(eig(a)) - trace(a)) > 1e-9 * trace(a)
        fault = 'eig: the eigenvalues do not add up';
    elseif norm(chol(a)' * chol(a) - a) > 1e-12 * n
        fault = 'chol does not factor';
    end
end
