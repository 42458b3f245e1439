/* Two threads that write one variable, with and without a lock. Neither is ordered before the other, so the race is
 * there however they are scheduled. */
#include <pthread.h>
#include <stdio.h>
#include <string.h>

static long shared;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static __attribute__((noinline)) void add(void)
{
#line 101
    shared += 1;
}

static void *racing(void *unused)
{
    (void)unused;
    for (int i = 0; i < 1000; i++) {
        add();
    }
    return NULL;
}

static void *locking(void *unused)
{
    (void)unused;
    for (int i = 0; i < 1000; i++) {
        pthread_mutex_lock(&lock);
        add();
        pthread_mutex_unlock(&lock);
    }
    return NULL;
}

int main(int argc, char **argv)
{
    void *(*body)(void *) = argc == 2 && strcmp(argv[1], "data-race") == 0 ? racing : locking;
    pthread_t threads[2];
    for (int i = 0; i < 2; i++) {
        if (pthread_create(&threads[i], NULL, body, NULL) != 0) {
            return 3;
        }
    }
    for (int i = 0; i < 2; i++) {
        pthread_join(threads[i], NULL);
    }
    puts(shared == 2000 ? "clean" : "lost updates");
    return 0;
}
