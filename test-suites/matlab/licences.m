% A licence for MATLAB and for each toolbox that the site wants: is it offered, and can it be had now?
wanted = strsplit(strtrim(['MATLAB ' getenv('STACKPROBE_MATLAB_TOOLBOXES')]));
wanted = wanted(~cellfun(@isempty, wanted));
names = {};
for at = 1:numel(wanted)
    names = [names, {lower(strrep(wanted{at}, '_', '-'))}];
end
tap('plan', names);
for at = 1:numel(wanted)
    tap('check', names{at}, @() licences_of(wanted{at}));
end
tap('end');
