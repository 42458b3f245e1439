/* Sixteen-byte atomics: the compiler calls libatomic for them (or emits cmpxchg16b), and two threads must never see
 * half of a value. */
#include "tap.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

#ifdef __clang__
/* That these calls go to libatomic is what is tested here. */
#pragma clang diagnostic ignored "-Watomic-alignment"
#endif

struct pair {
    uint64_t value;
    uint64_t check;
};

static _Atomic struct pair shared;
static atomic_int torn;
static atomic_int stop;

enum { ROUNDS = 20000 };

static void *add(void *unused)
{
    (void)unused;
    for (int i = 0; i < ROUNDS; i++) {
        struct pair seen = atomic_load(&shared);
        struct pair wanted;
        do {
            wanted.value = seen.value + 1;
            wanted.check = ~wanted.value;
        } while (!atomic_compare_exchange_weak(&shared, &seen, wanted));
    }
    return NULL;
}

static void *watch(void *unused)
{
    (void)unused;
    while (!atomic_load(&stop)) {
        struct pair seen = atomic_load(&shared);
        atomic_fetch_add(&torn, seen.check != ~seen.value);
    }
    return NULL;
}

int main(void)
{
    pthread_t adders[2], watcher;
    atomic_store(&shared, ((struct pair){0, ~UINT64_C(0)}));
    if (pthread_create(&watcher, NULL, watch, NULL) != 0 || pthread_create(&adders[0], NULL, add, NULL) != 0 ||
        pthread_create(&adders[1], NULL, add, NULL) != 0) {
        puts("Bail out! threads cannot be made");
        return 1;
    }
    pthread_join(adders[0], NULL);
    pthread_join(adders[1], NULL);
    atomic_store(&stop, 1);
    pthread_join(watcher, NULL);
    struct pair last = atomic_load(&shared);
    tap_int((long long)last.value, 2 * ROUNDS, "no update is lost");
    tap_int(atomic_load(&torn), 0, "no value is torn");

    struct pair old = atomic_exchange(&shared, ((struct pair){5, 6}));
    struct pair now = atomic_load(&shared);
    tap_int((long long)(old.value + now.check), 2 * ROUNDS + 6, "exchange");
    struct pair expected = {1, 1};
    int swapped = atomic_compare_exchange_strong(&shared, &expected, ((struct pair){9, 9}));
    tap_int(swapped * 1000 + (long long)(expected.value * 10 + expected.check), 56, "failed compare gives the value");
    tap_note("lock-free: %d", atomic_is_lock_free(&shared));
    return tap_done();
}
