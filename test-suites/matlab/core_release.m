function fault = core_release()
% The release of the module (R2024a, or 2024a) and of the running MATLAB.
    wanted = regexprep(getenv('STACKPROBE_RUNTIME_VERSION'), '^[Rr]|-.*$', '');
    found = version('-release');
    fault = '';
    if isempty(wanted) || ~strcmpi(wanted, found)
        fault = sprintf('the module is "%s", MATLAB is R%s', getenv('STACKPROBE_RUNTIME_VERSION'), found);
    end
end
