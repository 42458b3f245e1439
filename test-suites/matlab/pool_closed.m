function fault = pool_closed()
% MATLAB only. Processes that stay behind are the harness's to find; the pool itself must say that it is gone.
    fault = '';
    if ~isempty(gcp('nocreate'))
        fault = 'the pool is still there after delete';
    end
end
