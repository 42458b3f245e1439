function fault = wrong_sum(found)
    fault = '';
    if found ~= 500500
        fault = sprintf('seeded: %d is not 500500', found);
    end
end
