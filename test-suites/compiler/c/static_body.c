/* Linked statically by static_watch.c: threads, mathematics and formatted output without any shared library. */
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

static _Thread_local int mine = 20;

static void *work(void *result)
{
    mine += 1;
    *(int *)result = mine * 2;
    return NULL;
}

int main(void)
{
    char line[512];
    int result = 0, shared = 0;
    volatile double two = 2.0;
    pthread_t thread;
    if (pthread_create(&thread, NULL, work, &result) != 0 || pthread_join(thread, NULL) != 0) {
        return 3;
    }
    FILE *maps = fopen("/proc/self/maps", "r");
    while (maps != NULL && fgets(line, sizeof line, maps) != NULL) {
        shared += strstr(line, ".so") != NULL;
    }
    if (maps != NULL) {
        fclose(maps);
    }
    printf("thread %d root %.6f shared %d\n", result, sqrt(two), maps == NULL ? -1 : shared);
    return 0;
}
