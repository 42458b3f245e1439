/* What only newer Fortran compilers pass to C: structures by value, procedure pointers, shared global variables. */
#include <stdint.h>

struct small {
    int32_t a;
    float b;
};

struct mixed {
    double x;
    int64_t n;
};

struct large {
    double values[5];
    int32_t tag;
};

int c_counter = 5;

double c_by_value(struct small small, struct mixed mixed, struct large large, int last)
{
    double sum = small.a + 10.0 * small.b + 100.0 * mixed.x + 1000.0 * (double)mixed.n + large.tag;
    for (int i = 0; i < 5; i++) {
        sum += large.values[i];
    }
    return sum + last * 1e6;
}

typedef int (*c_operation)(int);

static int c_twice(int value)
{
    c_counter += 1;
    return value * 2;
}

c_operation c_choose(int kind)
{
    return kind == 2 ? c_twice : 0;
}

int c_apply(c_operation operation, int value)
{
    return operation(value) + 1;
}
