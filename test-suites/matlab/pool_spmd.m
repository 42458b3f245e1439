function fault = pool_spmd(wanted)
% MATLAB only: Octave cannot parse spmd, so that it stands in a file of its own.
    spmd
        place = spmdIndex();
        count = spmdSize();
        total = spmdPlus(place);
    end
    places = sort([place{:}]);
    fault = '';
    if ~isequal(places, 1:wanted) || any([count{:}] ~= wanted) || any([total{:}] ~= wanted * (wanted + 1) / 2)
        fault = sprintf('ranks %s of %s', mat2str(places), mat2str([count{:}]));
    end
end
