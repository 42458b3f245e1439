function fault = licences_of(feature)
% MATLAB's own words for a licence that cannot be had are kept: they say that the site is at fault, not the stack.
    fault = '';
    if ~license('test', feature)
        fault = sprintf('License checkout failed. Feature: %s is in no licence file that MATLAB reads', feature);
        return
    end
    [found, message] = license('checkout', feature);
    if ~found
        fault = sprintf('License checkout failed. Feature: %s. %s', feature, message);
    end
end
