/* A plugin: position-independent code, a constructor, a destructor and thread-local state of its own. */
#include "plugin.h"

#include <stddef.h>

static const char *stage = "not constructed";
static _Thread_local int bumps = 40;

/* Absolute addresses in data: each needs a relocation when the library is loaded. */
static const char *const names[] = {"zero", "one", "two"};

/* Defined in the main program, and resolved at load time. */
extern int host_scale(int value);

__attribute__((constructor)) static void construct(void)
{
    stage = names[2];
}

/* The host leaves an address to be written when the library goes. */
int *plugin_farewell = NULL;

__attribute__((destructor)) static void destroy(void)
{
    if (plugin_farewell != NULL) {
        *plugin_farewell = 77;
    }
}

static int each(const int *values, int count, plugin_visit visit, void *context)
{
    int sum = 0;
    for (int i = 0; i < count; i++) {
        sum += visit(host_scale(values[i]), context);
    }
    return sum;
}

static int bump(void)
{
    bumps += 1;
    return bumps;
}

static const char *current_stage(void)
{
    return stage;
}

const struct plugin plugin_table = {each, bump, current_stage};
