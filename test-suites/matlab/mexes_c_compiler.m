function fault = mexes_c_compiler()
    [~, told] = in_c(1);
    family = getenv('STACKPROBE_CC_FAMILY');
    version = getenv('STACKPROBE_CC_VERSION');
    fault = '';
    if ~strncmp(told, [family ' ' version ';'], numel(family) + numel(version) + 2)
        fault = sprintf('compiled by %s, loaded is %s %s', told, family, version);
    end
end
