/* C17 and the C library: conversions, search and sort, wide characters, time, and signals. */
#include "tap.h"

#include <inttypes.h>
#include <limits.h>
#include <locale.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>
#include <wchar.h>
#include <wctype.h>

static jmp_buf back;
static volatile sig_atomic_t caught;
static atomic_int exits;

static void handler(int signal_number)
{
    caught = signal_number;
}

static __attribute__((noinline)) void jump(int depth)
{
    if (depth < 0) {
        return;
    }
    if (depth == 0) {
        longjmp(back, 7);
    }
    jump(depth - 1);
    atomic_fetch_add(&exits, 1);
}

static int by_length(const void *left, const void *right)
{
    size_t a = strlen(*(const char *const *)left), b = strlen(*(const char *const *)right);
    return (a > b) - (a < b);
}

static void check_text(void)
{
    char buffer[80];
    const char *words[] = {"threes", "a", "four", "bb"};
    qsort(words, 4, sizeof *words, by_length);
    snprintf(buffer, sizeof buffer, "%s%s%s%s", words[0], words[1], words[2], words[3]);
    tap_text(buffer, "abbfourthrees", "qsort");

    char list[] = "alpha,,beta;gamma";
    int pieces = 0;
    size_t letters = 0;
    for (char *piece = strtok(list, ",;"); piece != NULL; piece = strtok(NULL, ",;")) {
        pieces += 1;
        letters += strlen(piece);
    }
    tap_int(pieces * 100 + (int)letters, 314, "strtok");

    int a = 0, b = 0;
    char word[8] = "";
    int fields = sscanf("17 0x1f rest!", "%d %i %4[a-z]", &a, &b, word);
    tap_int(fields * 10000 + a * 100 + b, 31731, "sscanf numbers");
    tap_text(word, "rest", "sscanf set");

    char *end = NULL;
    tap_ok(strtoll("-9223372036854775808x", &end, 10) == LLONG_MIN && *end == 'x', "strtoll at its limit");
    snprintf(buffer, sizeof buffer, "%" PRIu64 " %" PRIxMAX " %+.2e %5.1f%% %-4d|", UINT64_MAX, (uintmax_t)48879, -0.00123,
             99.5, 7);
    tap_text(buffer, "18446744073709551615 beef -1.23e-03  99.5% 7   |", "snprintf");
    tap_int(snprintf(NULL, 0, "%0*d", 12, 5), 12, "snprintf measures");

    char overlap[] = "abcdefgh";
    memmove(overlap + 2, overlap, 6);
    tap_text(overlap, "ababcdef", "memmove");
    tap_real(strtod("2.2250738585072014e-308", NULL) * 0x1p1022, 1.0, 0.0, "strtod of the smallest normal");
}

static void check_wide(void)
{
    /* The probes run under C.UTF-8; where the C library has no such locale, C answers with one byte for each. */
    const char *locale = setlocale(LC_ALL, "");
    wchar_t wide[16];
    char narrow[32];
    if (locale == NULL || strstr(locale, "UTF-8") == NULL) {
        tap_skip("multibyte", "the C library has no UTF-8 locale here");
        tap_skip("wide output", "the C library has no UTF-8 locale here");
        return;
    }
    size_t length = mbstowcs(wide, "na\xc3\xafve \xe2\x82\xac", 16);
    tap_ok(length == 7 && wide[2] == 0xef && wide[6] == 0x20ac && iswalpha((wint_t)wide[2]), "multibyte");
    swprintf(wide, 16, L"%ls|%3d", L"\u00fc", 42);
    wcstombs(narrow, wide, sizeof narrow);
    tap_text(narrow, "\xc3\xbc| 42", "wide output");
    setlocale(LC_ALL, "C");
}

static void check_control(void)
{
    volatile int before = 5;
    int code = setjmp(back);
    if (code == 0) {
        before = 6;
        jump(10);
    }
    tap_int(code * 100 + before * 10 + atomic_load(&exits), 760, "longjmp over frames");

    void (*previous)(int) = signal(SIGTERM, handler);
    raise(SIGTERM);
    signal(SIGTERM, previous);
    tap_int(caught, SIGTERM, "signal handler");

    struct tm date = {.tm_year = 124, .tm_mon = 1, .tm_mday = 29 + 1, .tm_hour = 12, .tm_isdst = -1};
    time_t stamp = mktime(&date);
    char text[32];
    strftime(text, sizeof text, "%Y-%m-%d %j", &date);
    tap_text(text, "2024-03-01 061", "mktime normalises a leap year");
    tap_ok(difftime(stamp, stamp - 60) == 60.0, "difftime");

    char *grown = malloc(10);
    if (grown != NULL) {
        strcpy(grown, "kept");
        char *larger = realloc(grown, 1 << 20);
        tap_ok(larger != NULL && strcmp(larger, "kept") == 0, "realloc keeps the content");
        free(larger != NULL ? larger : grown);
    }
    lldiv_t parts = lldiv(-1000000000007LL, 10);
    tap_int(parts.quot * 10 + parts.rem, -1000000000007LL, "lldiv");
}

int main(void)
{
    tap_ok(__STDC_VERSION__ >= 201710L, "standard version");
    check_text();
    check_wide();
    check_control();
    return tap_done();
}
