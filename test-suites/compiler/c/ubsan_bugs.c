/* Undefined behaviour, one kind for each argument; built so that the first one ends the program. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static volatile int large = INT_MAX, wide = 40, ten = 10, sink;

static int overflow(int by)
{
#line 101
    return large + by;
}

static int shift(int by)
{
#line 201
    return 1 << by;
}

static int outside(int index)
{
    int table[10] = {0};
    table[1] = ten;
#line 301
    return table[index];
}

static int null_read(const int *pointer)
{
#line 401
    return *pointer;
}

int main(int argc, char **argv)
{
    const char *bug = argc == 2 ? argv[1] : "clean";
    int *volatile pointer = NULL;
    if (strcmp(bug, "signed-overflow") == 0) {
        sink = overflow(1);
    } else if (strcmp(bug, "shift") == 0) {
        sink = shift(wide);
    } else if (strcmp(bug, "array-bounds") == 0) {
        sink = outside(ten);
    } else if (strcmp(bug, "null-pointer") == 0) {
        sink = null_read(pointer);
    } else {
        int here = 1;
        pointer = &here;
        sink = overflow(-1);
        sink = shift(ten);
        sink = outside(ten - 1) + null_read(pointer);
    }
    puts("clean");
    return 0;
}
