function fault = core_graphics()
% Without a display.
    file = [tempname() '.png'];
    picture = figure('visible', 'off');
    plot(1:10);
    print(picture, '-dpng', file);
    close(picture);
    stream = fopen(file, 'r');
    if stream < 0
        fault = 'no picture was written';
        return
    end
    first = fread(stream, 4, 'uint8')';
    fclose(stream);
    delete(file);
    fault = '';
    if ~isequal(first, [137 80 78 71])
        fault = 'what was written is no PNG';
    end
end
