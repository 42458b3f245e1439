function fault = pool_size(pool, wanted)
    fault = '';
    if pool.NumWorkers ~= wanted
        fault = sprintf('%d workers wanted, %d found', wanted, pool.NumWorkers);
    end
end
