function good = answers_map()
    map = containers.Map();
    map('a') = 5;
    good = map.isKey('a') && ~map.isKey('b') && map('a') == 5;
end
