/* What the dlopen'd plugin and its host agree on. */
#ifndef PLUGIN_H
#define PLUGIN_H

typedef int (*plugin_visit)(int value, void *context);

struct plugin {
    int (*each)(const int *values, int count, plugin_visit visit, void *context);
    int (*bump)(void);
    const char *(*stage)(void);
};

#endif
