function fault = pool_workers(wanted)
% MATLAB only. Every worker is a process of its own, and none is this one.
    processes = zeros(1, 100 * wanted);
    parfor i = 1:numel(processes)
        processes(i) = feature('getpid');
        pause(0.002);
    end
    found = unique(processes);
    fault = '';
    if numel(found) ~= wanted || any(found == feature('getpid'))
        fault = sprintf('%d worker processes wanted, %d found', wanted, numel(found));
    end
end
