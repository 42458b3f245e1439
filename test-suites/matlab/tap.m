function tap(what, varargin)
% Speaks TAP 14 for a list of checks that is fixed before the first one: what is not reached is told, never silent.
%   tap('plan', {'a', 'b'})        tap('check', 'a', @() fault())
%   tap('skip', 'b', 'reason')     tap('end')
% A check's function gives what is wrong as text, '' when nothing is; an error is what is wrong too.
    persistent names told
    switch what
        case 'plan'
            names = varargin{1};
            told = zeros(1, numel(names));
            fprintf('TAP version 14\n1..%d\n', numel(names));
        case 'check'
            started = tic();
            try
                fault = feval(varargin{2});
            catch problem
                fault = problem.message;
            end
            at = find(strcmp(names, varargin{1}));
            if isempty(fault)
                told(at) = 1;
                fprintf('ok %d - %s\n  ---\n', at, varargin{1});
            else
                told(at) = -1;
                fprintf('not ok %d - %s\n  ---\n  message: "%s"\n', at, varargin{1}, quoted(fault));
            end
            fprintf('  duration_ms: %d\n  ...\n', round(1000 * toc(started)));
        case 'skip'
            at = find(strcmp(names, varargin{1}));
            told(at) = 2;
            fprintf('ok %d - %s # SKIP %s\n', at, varargin{1}, varargin{2});
        case 'end'
            for at = find(told == 0)
                told(at) = -1;
                fprintf('not ok %d - %s\n  ---\n  message: "not reached"\n  ...\n', at, names{at});
            end
            exit(double(any(told < 0)));
    end
end

function text = quoted(text)
    text = strrep(strrep(text, '\', '\\'), '"', '\"');
    text = strrep(strrep(text, char(13), ''), char(10), '\n');
end
