% MATLAB itself: release, root, and whether it computes.
tap('plan', {'release', 'root', 'linear-algebra', 'fft', 'mat-file', 'graphics'});
tap('check', 'release', @core_release);
tap('check', 'root', @core_root);
tap('check', 'linear-algebra', @core_linear_algebra);
tap('check', 'fft', @core_fft);
tap('check', 'mat-file', @core_mat_file);
if in_octave() && isempty(available_graphics_toolkits())
    tap('skip', 'graphics', 'only MATLAB can show it: this Octave has no graphics');
else
    tap('check', 'graphics', @core_graphics);
end
tap('end');
