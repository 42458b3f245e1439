fprintf('started R%s\n', version('-release'));
