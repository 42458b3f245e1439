/* Memory bugs, one for each argument. The #line directives give each a line that edits cannot move. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static volatile int index_outside = 10;
static volatile char sink;
static volatile int global[10];

static int heap_overflow(int *values)
{
#line 101
    return values[index_outside];
}

static int use_after_free(int *values)
{
    void *volatile doomed = values; /* hides the bug from the compiler's own warning */
    free(doomed);
#line 201
    return values[3];
}

static int stack_overflow(void)
{
    volatile int values[10] = {1, 2, 3};
#line 301
    return values[index_outside];
}

static int global_overflow(void)
{
#line 401
    return global[index_outside];
}

int main(int argc, char **argv)
{
    const char *bug = argc == 2 ? argv[1] : "clean";
    int *values = calloc(10, sizeof *values);
    if (values == NULL) {
        return 3;
    }
    if (strcmp(bug, "heap-overflow") == 0) {
        sink = (char)heap_overflow(values);
    } else if (strcmp(bug, "use-after-free") == 0) {
        sink = (char)use_after_free(values);
        values = NULL;
    } else if (strcmp(bug, "stack-overflow") == 0) {
        sink = (char)stack_overflow();
    } else if (strcmp(bug, "global-overflow") == 0) {
        sink = (char)global_overflow();
    } else {
        index_outside = 9;
        sink = (char)(heap_overflow(values) + stack_overflow() + global_overflow());
    }
    free(values);
    puts("clean");
    return 0;
}
