/* The shared libraries that this process really has mapped, from /proc/self/maps: what the loader did, not what
 * the link line hoped for. Include it in one translation unit. */
#ifndef MAPS_H
#define MAPS_H

#include <stdio.h>
#include <string.h>

enum { MAPS_LIBRARIES = 128, MAPS_PATH = 1024 };

struct maps {
    int count;
    char path[MAPS_LIBRARIES][MAPS_PATH];
};

static inline const char *maps_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

/* Every file mapped under a name that holds ".so", once each. Static: a megabyte is no guest for a small stack. */
static inline const struct maps *maps_read(void)
{
    static struct maps maps;
    static char line[MAPS_PATH + 128];
    FILE *file = fopen("/proc/self/maps", "r");
    maps.count = 0;
    if (file == NULL) {
        return &maps;
    }
    while (maps.count < MAPS_LIBRARIES && fgets(line, sizeof line, file) != NULL) {
        char *path = strchr(line, '/');
        if (path == NULL || strlen(path) >= MAPS_PATH) {
            continue;
        }
        path[strcspn(path, "\n")] = '\0';
        if (strstr(maps_name(path), ".so") == NULL) {
            continue;
        }
        if (maps.count > 0 && strcmp(maps.path[maps.count - 1], path) == 0) {
            continue;
        }
        strcpy(maps.path[maps.count], path);
        maps.count += 1;
    }
    fclose(file);
    return &maps;
}

/* The file name begins with `stem` and goes on as a shared library does: "libgomp" finds libgomp.so.1 and not
 * libgomp-plugin.so. */
static inline int maps_is(const char *path, const char *stem)
{
    const char *name = maps_name(path);
    size_t length = strlen(stem);
    return strncmp(name, stem, length) == 0 && (name[length] == '.' || name[length] == '-') &&
           strstr(name, "plugin") == NULL;
}

/* The path under which `stem` is mapped, or NULL. */
static inline const char *maps_find(const struct maps *maps, const char *stem)
{
    for (int i = 0; i < maps->count; i++) {
        if (maps_is(maps->path[i], stem)) {
            return maps->path[i];
        }
    }
    return NULL;
}

#endif
