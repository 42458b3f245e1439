function fault = core_root()
    prefix = regexprep(getenv('STACKPROBE_RUNTIME_PREFIX'), '/+$', '');
    fault = '';
    if isempty(prefix)
        return
    end
    if ~strncmp([matlabroot() '/'], [prefix '/'], numel(prefix) + 1)
        fault = sprintf('matlabroot is %s, wanted under %s', matlabroot(), prefix);
    end
end
