function good = answers_factor(a)
    [l, u, p] = lu(a);
    [q, r] = qr(a);
    good = norm(l * u - p * a) < 1e-10 && norm(q * r - a) < 1e-10 && norm(q' * q - eye(size(a, 1))) < 1e-10;
end
