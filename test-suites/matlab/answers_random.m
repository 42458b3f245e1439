function good = answers_random()
% The same seed gives the same numbers, another number each time, within their bounds.
    rand('seed', 1);
    first = rand(1, 100);
    rand('seed', 1);
    again = rand(1, 100);
    good = isequal(first, again) && numel(unique(first)) > 90 && all(first > 0 & first < 1) && ...
        isequal(sort(randperm(9)), 1:9) && abs(mean(randn(1, 4000))) < 0.2;
end
