/* C11 threads, atomics and thread-local storage: needs threads in the C library, lock-free atomics in the code
 * generator and TLS in both. */
#include "tap.h"

#include <errno.h>
#include <stdatomic.h>
#include <threads.h>
#include <time.h>

enum { THREADS = 4, ROUNDS = 20000 };

static atomic_long counted;
static long guarded;
static mtx_t lock;
static _Thread_local long mine = 100;
static once_flag once = ONCE_FLAG_INIT;
static atomic_int initialised;

static void initialise(void)
{
    atomic_fetch_add(&initialised, 1);
}

static int count(void *argument)
{
    call_once(&once, initialise);
    for (int i = 0; i < ROUNDS; i++) {
        atomic_fetch_add_explicit(&counted, 1, memory_order_relaxed);
        mtx_lock(&lock);
        guarded += 1;
        mtx_unlock(&lock);
        mine += 1;
    }
    *(long *)argument = mine;
    return (int)(mine % 1000);
}

static cnd_t changed;
static int turn;

/* Answers each of the main thread's turns: a ping-pong over one condition variable. */
static int answer(void *rounds)
{
    mtx_lock(&lock);
    for (int i = 0; i < *(int *)rounds; i++) {
        while (turn % 2 == 0) {
            cnd_wait(&changed, &lock);
        }
        turn += 1;
        cnd_signal(&changed);
    }
    mtx_unlock(&lock);
    return turn;
}

static atomic_int payload_ready;
static int payload[256];

static int publish(void *unused)
{
    (void)unused;
    for (int i = 0; i < 256; i++) {
        payload[i] = i * i;
    }
    atomic_store_explicit(&payload_ready, 1, memory_order_release);
    return 0;
}

static void check_counters(void)
{
    thrd_t threads[THREADS];
    long own[THREADS] = {0};
    int started = 0, returned = 0;
    for (int i = 0; i < THREADS; i++) {
        started += thrd_create(&threads[i], count, &own[i]) == thrd_success;
    }
    tap_int(started, THREADS, "threads start");
    if (started != THREADS) {
        return;
    }
    long sum = 0;
    for (int i = 0; i < THREADS; i++) {
        int result = -1;
        thrd_join(threads[i], &result);
        returned += result == (100 + ROUNDS) % 1000;
        sum += own[i];
    }
    tap_int(returned, THREADS, "thread results");
    tap_int(atomic_load(&counted), (long)THREADS * ROUNDS, "atomic counter");
    tap_int(guarded, (long)THREADS * ROUNDS, "mutex counter");
    tap_int(sum, THREADS * (100L + ROUNDS), "thread-local counters");
    tap_int(mine, 100, "thread-local of main untouched");
    tap_int(atomic_load(&initialised), 1, "call_once");
}

static void check_condition(void)
{
    int rounds = 200, result = 0;
    thrd_t other;
    if (thrd_create(&other, answer, &rounds) != thrd_success) {
        tap_ok(0, "condition variable");
        return;
    }
    mtx_lock(&lock);
    for (int i = 0; i < rounds; i++) {
        while (turn % 2 == 1) {
            cnd_wait(&changed, &lock);
        }
        turn += 1;
        cnd_signal(&changed);
    }
    mtx_unlock(&lock);
    thrd_join(other, &result);
    tap_int(turn, 2L * rounds, "condition variable");
}

static void check_publication(void)
{
    thrd_t other;
    if (thrd_create(&other, publish, NULL) != thrd_success) {
        tap_ok(0, "release and acquire");
        return;
    }
    while (atomic_load_explicit(&payload_ready, memory_order_acquire) == 0) {
        thrd_yield();
    }
    long sum = 0;
    for (int i = 0; i < 256; i++) {
        sum += payload[i];
    }
    thrd_join(other, NULL);
    tap_int(sum, 5559680, "release and acquire");
}

int main(void)
{
    if (mtx_init(&lock, mtx_plain) != thrd_success || cnd_init(&changed) != thrd_success) {
        puts("Bail out! mutex or condition variable cannot be made");
        return 1;
    }
    check_counters();
    check_condition();
    check_publication();

    atomic_int word = 5;
    int expected = 4;
    int swapped = atomic_compare_exchange_strong(&word, &expected, 9);
    tap_int(swapped * 100 + expected * 10 + atomic_exchange(&word, 6), 55, "compare and exchange");
    tap_int(atomic_fetch_or(&word, 9) * 100 + atomic_fetch_xor(&word, 2) * 10 + atomic_load(&word), 600 + 150 + 13,
            "atomic bit operations");
    tap_int(ATOMIC_INT_LOCK_FREE * 10 + ATOMIC_POINTER_LOCK_FREE, 22, "always lock-free");

    mtx_t timed;
    mtx_init(&timed, mtx_timed);
    mtx_lock(&timed);
    struct timespec now;
    int base = timespec_get(&now, TIME_UTC);
    tap_ok(base == TIME_UTC && mtx_trylock(&timed) == thrd_busy, "trylock of a held mutex");
    mtx_unlock(&timed);
    mtx_destroy(&timed);
    cnd_destroy(&changed);
    mtx_destroy(&lock);
    return tap_done();
}
