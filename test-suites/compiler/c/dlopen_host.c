/* Loads a plugin built as a shared library: relocations, constructor and destructor, calls in both directions, and
 * thread-local storage that is made for threads older than the library. */
#define _GNU_SOURCE /* RTLD_DEFAULT */
#include "plugin.h"
#include "tap.h"

#include <dlfcn.h>
#include <pthread.h>
#include <semaphore.h>

int host_scale(int value)
{
    return value * 10;
}

static int visit(int value, void *context)
{
    *(int *)context += 1;
    return value + 1;
}

static const struct plugin *plugin;
static sem_t loaded;

/* Starts before the library is there: its thread-local block is made later, on first use. */
static void *bump_twice(void *result)
{
    while (sem_wait(&loaded) != 0) {
    }
    plugin->bump();
    *(int *)result = plugin->bump();
    return NULL;
}

int main(int argc, char **argv)
{
    pthread_t early;
    int from_thread = 0, farewell = 0, visits = 0;
    const int values[] = {1, 2, 3};

    if (argc != 2 || sem_init(&loaded, 0, 0) != 0 || pthread_create(&early, NULL, bump_twice, &from_thread) != 0) {
        puts("Bail out! a thread or semaphore cannot be made, or no plugin was named");
        return 1;
    }
    void *library = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) {
        const char *why = dlerror();
        printf("Bail out! dlopen: %s\n", why);
        return 1;
    }
    plugin = (const struct plugin *)dlsym(library, "plugin_table");
    int **goodbye = (int **)dlsym(library, "plugin_farewell");
    if (plugin == NULL || goodbye == NULL) {
        puts("Bail out! the plugin lacks its symbols");
        return 1;
    }
    tap_text(plugin->stage(), "two", "constructor ran and data is relocated");
    tap_int(plugin->each(values, 3, visit, &visits) * 10 + visits, 633, "calls in both directions");
    plugin->bump();
    plugin->bump();
    sem_post(&loaded);
    pthread_join(early, NULL);
    tap_int(from_thread, 42, "thread-local of an older thread");
    tap_int(plugin->bump(), 43, "thread-local of main");
    tap_ok(dlsym(library, "no_such_symbol") == NULL && dlerror() != NULL, "a missing symbol is an error");
    tap_ok(dlsym(RTLD_DEFAULT, "plugin_table") == NULL, "rtld_local keeps symbols private");
    *goodbye = &farewell;
    tap_int(dlclose(library), 0, "dlclose");
    tap_int(farewell, 77, "destructor ran");
    sem_destroy(&loaded);
    return tap_done();
}
