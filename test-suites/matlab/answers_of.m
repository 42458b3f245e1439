function fault = answers_of(texts)
% Each text is an expression that must be true.
    fault = '';
    for place = 1:numel(texts)
        try
            found = eval(texts{place});
        catch wrong
            fault = [texts{place} ': ' wrong.message];
            return
        end
        if ~isscalar(found) || ~islogical(found) || ~found
            fault = [texts{place} ' does not hold'];
            return
        end
    end
end
