/* Two leaks of known size, or none. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *volatile kept;

static __attribute__((noinline)) void leak(size_t bytes)
{
#line 101
    char *lost = malloc(bytes);
    if (lost != NULL) {
        memset(lost, 1, bytes);
        kept = lost;
    }
    kept = NULL;
}

/* Overwrites what a register or an old frame still holds of the pointer, which would hide the leak. */
static __attribute__((noinline)) int forget(int depth)
{
    volatile char frame[512];
    memset((char *)frame, depth, sizeof frame);
    return depth == 0 ? frame[7] : forget(depth - 1) + frame[depth];
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "leak") == 0) {
        for (int i = 0; i < 3; i++) {
            leak(1414);
        }
    } else {
        kept = malloc(1414);
        free(kept);
    }
    if (forget(20) == 12345) {
        return 3;
    }
    puts("clean");
    return 0;
}
