% The parallel toolbox: a pool of processes, parfor and spmd in it, and nothing of it left behind.
tap('plan', {'toolbox', 'pool', 'parfor', 'parfor-workers', 'spmd', 'closed'});
found = ver();
if ~any(strcmp({found.Name}, 'Parallel Computing Toolbox')) ...
        && isempty(strfind(getenv('STACKPROBE_MATLAB_TOOLBOXES'), 'Distrib_Computing_Toolbox'))
    for name = {'toolbox', 'pool', 'parfor', 'parfor-workers', 'spmd', 'closed'}
        tap('skip', name{1}, 'the Parallel Computing Toolbox is not installed, and the site does not want it');
    end
    tap('end');
end
tap('check', 'toolbox', @() licences_of('Distrib_Computing_Toolbox'));
cluster = parcluster('Processes');
% The default is one folder in the home for all jobs of a user.
cluster.JobStorageLocation = tempname();
mkdir(cluster.JobStorageLocation);
pool = [];
try
    pool = parpool(cluster, 2);
    tap('check', 'pool', @() pool_size(pool, 2));
catch problem
    tap('check', 'pool', @() problem.message);
end
if isempty(pool)
    for name = {'parfor', 'parfor-workers', 'spmd', 'closed'}
        tap('skip', name{1}, 'needs `pool`, which failed');
    end
    tap('end');
end
tap('check', 'parfor', @pool_parfor);
if in_octave()
    for name = {'parfor-workers', 'spmd', 'closed'}
        tap('skip', name{1}, 'only MATLAB can show it: Octave has neither worker processes nor spmd');
    end
    tap('end');
end
tap('check', 'parfor-workers', @() pool_workers(2));
tap('check', 'spmd', @() pool_spmd(2));
delete(pool);
tap('check', 'closed', @pool_closed);
tap('end');
