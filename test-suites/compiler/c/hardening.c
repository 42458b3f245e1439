/* What distributions switch on by default must work here too: buffers are guarded at run time, and the program is
 * laid out as the flags ask. The program starts itself again for each overflow. */
#define _GNU_SOURCE
#include "tap.h"
#include "witness.h"

#include <elf.h>
#include <link.h>
#include <stdlib.h>

static volatile size_t length = 24;
static volatile char sink;

static __attribute__((noinline)) void checked_copy(const char *from)
{
    char buffer[16];
    memcpy(buffer, from, length);
    sink = buffer[3];
}

/* A loop the fortified functions know nothing of: only the canary on the stack can catch it. */
static __attribute__((noinline)) void smash(const char *from)
{
    char buffer[16];
    volatile char *to = buffer;
    for (size_t i = 0; i < length * 4; i++) {
        to[i] = from[i % 16];
    }
    sink = buffer[3];
}

struct layout {
    int relro;
    int bind_now;
    int executable_stack;
    int position_independent;
};

static int of_main_program(struct dl_phdr_info *info, size_t size, void *result)
{
    struct layout *layout = result;
    (void)size;
    layout->position_independent = info->dlpi_addr != 0;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *header = &info->dlpi_phdr[i];
        layout->relro |= header->p_type == PT_GNU_RELRO;
        layout->executable_stack |= header->p_type == PT_GNU_STACK && (header->p_flags & PF_X) != 0;
        if (header->p_type != PT_DYNAMIC) {
            continue;
        }
        const ElfW(Dyn) *entry = (const ElfW(Dyn) *)(info->dlpi_addr + header->p_vaddr);
        for (; entry->d_tag != DT_NULL; entry++) {
            layout->bind_now |= entry->d_tag == DT_BIND_NOW;
            layout->bind_now |= entry->d_tag == DT_FLAGS && (entry->d_un.d_val & DF_BIND_NOW) != 0;
            layout->bind_now |= entry->d_tag == DT_FLAGS_1 && (entry->d_un.d_val & DF_1_NOW) != 0;
        }
    }
    return 1; /* the first one is the program itself */
}

int main(int argc, char **argv)
{
    static char source[64] = "0123456789abcdef0123456789abcde";
    if (argc == 2) {
        length = strcmp(argv[1], "clean") == 0 ? 16 : length;
        if (strcmp(argv[1], "smash") == 0) {
            smash(source);
        } else {
            checked_copy(source);
        }
        puts("survived");
        return 0;
    }
    struct layout layout = {0};
    dl_iterate_phdr(of_main_program, &layout);
    tap_int(layout.position_independent, 1, "position-independent executable");
    tap_int(layout.relro * 10 + layout.bind_now, 11, "full relro");
    tap_int(layout.executable_stack, 0, "no executable stack");

    const struct witness *clean = witness_of("/proc/self/exe", "clean");
    tap_ok(clean->exit == 0 && strcmp(clean->output, "survived\n") == 0, "within bounds nothing happens");
    const struct witness *overflow = witness_of("/proc/self/exe", "overflow");
    tap_int(overflow->signal, SIGABRT, "fortified copy aborts");
    tap_contains(overflow->output, "buffer overflow detected", "fortified copy says why");
    const struct witness *smashed = witness_of("/proc/self/exe", "smash");
    tap_int(smashed->signal, SIGABRT, "smashed stack aborts");
    tap_contains(smashed->output, "stack smashing detected", "smashed stack says why");
    return tap_done();
}
