function fault = core_mat_file()
    file = [tempname() '.mat'];
    numbers = magic(4);
    text = 'stackprobe';
    save(file, 'numbers', 'text');
    back = load(file);
    delete(file);
    fault = '';
    if ~isequal(back.numbers, numbers) || ~isequal(back.text, text)
        fault = 'what was saved came back changed';
    end
end
