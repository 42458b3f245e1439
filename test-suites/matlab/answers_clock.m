function good = answers_clock()
    start = tic();
    pause(0.05);
    passed = toc(start);
    good = passed > 0.03 && passed < 30;
end
