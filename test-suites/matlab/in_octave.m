function yes = in_octave()
% Whether this is Octave behind the name of MATLAB: what only MATLAB can show is then skipped, and said so.
    yes = exist('OCTAVE_VERSION', 'builtin') ~= 0;
end
