% The sum of 1 to 1000, off by one.
tap('plan', {'sum'});
tap('check', 'sum', @() wrong_sum(sum(1:1000) + 1));
tap('end');
