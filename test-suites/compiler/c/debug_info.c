/* The debug information of this program, read by the tools of the toolchain: without them no crash of a user's code
 * can be explained. The program hands its own function's address to addr2line, and asks gdb about its types; gdb
 * only reads the file, so nothing is traced. */
#define _GNU_SOURCE
#include "tap.h"
#include "witness.h"

#include <link.h>
#include <stdint.h>

struct probe_record {
    int probe_number;
    double probe_values[3];
};

static volatile struct probe_record record = {1, {1, 2, 3}};

#line 700
int probe_target(int value)
{
    record.probe_number += value;
    return record.probe_number;
}

static int load_bias(struct dl_phdr_info *info, size_t size, void *result)
{
    (void)size;
    *(uintptr_t *)result = info->dlpi_addr;
    return 1; /* the first one is the program itself */
}

static void check_addr2line(char *program)
{
    char address[32];
    uintptr_t bias = 0;
    dl_iterate_phdr(load_bias, &bias);
    snprintf(address, sizeof address, "0x%llx", (unsigned long long)((uintptr_t)probe_target - bias));
    char *command[] = {"addr2line", "-f", "-e", program, address, NULL};
    const struct witness *seen = witness_run(command);
    tap_contains(seen->output, "probe_target\n", "addr2line names the function");
    tap_contains(seen->output, "debug_info.c:70", "addr2line names the line");
}

static void check_gdb(char *program)
{
    char *command[] = {"gdb", "-batch",           "-nx", "-ex", "info line probe_target",
                       "-ex", "ptype struct probe_record", "-ex", "print sizeof(record)", program, NULL};
    const struct witness *seen = witness_run(command);
    tap_contains(seen->output, "Line 70", "gdb finds the line");
    tap_contains(seen->output, "double probe_values[3];", "gdb knows the structure");
    tap_contains(seen->output, "= 32", "gdb knows its size");
}

int main(int argc, char **argv)
{
    tap_int(probe_target(41), 42, "function");
    if (argc == 2 && strcmp(argv[1], "addr2line") == 0) {
        check_addr2line(argv[0]);
    } else if (argc == 2 && strcmp(argv[1], "gdb") == 0) {
        check_gdb(argv[0]);
    } else {
        puts("Bail out! usage: addr2line | gdb");
        return 1;
    }
    return tap_done();
}
