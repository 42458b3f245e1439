function good = answers_file()
    file = tempname();
    id = fopen(file, 'w');
    fprintf(id, '%d %s\n', 42, 'probe');
    fclose(id);
    id = fopen(file, 'r');
    text = fgetl(id);
    fclose(id);
    words = textscan(text, '%d %s');
    there = exist(file, 'file') == 2;
    value = magic(3);
    save(file, 'value');
    value = 0;
    load(file);
    kept = isequal(value, magic(3));
    delete(file);
    good = isequal(text, '42 probe') && words{1} == 42 && there && kept && exist(file, 'file') == 0;
end
