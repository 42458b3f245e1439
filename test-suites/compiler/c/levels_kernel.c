/* Integer code with plenty for an optimiser to do. Built once for each level, under a name of its own. */
#include <stdint.h>
#include <string.h>

#ifndef KERNEL
#error "define KERNEL, the name of the function"
#endif

struct node {
    int32_t key;
    int16_t left, right;
    unsigned flags : 5;
};

static uint64_t mixed(uint64_t x)
{
    x ^= x >> 33;
    x *= UINT64_C(0xff51afd7ed558ccd);
    x ^= x >> 29;
    return x * UINT64_C(0xc4ceb9fe1a85ec53);
}

static int inserted(struct node *tree, int count, int32_t key)
{
    int at = 0;
    tree[count] = (struct node){.key = key, .left = -1, .right = -1, .flags = (unsigned)key % 32};
    while (count > 0) {
        int16_t *next = key < tree[at].key ? &tree[at].left : &tree[at].right;
        if (*next < 0) {
            *next = (int16_t)count;
            break;
        }
        at = *next;
    }
    return count + 1;
}

static uint64_t walked(const struct node *tree, int at, uint64_t sum)
{
    if (at < 0) {
        return sum;
    }
    sum = walked(tree, tree[at].left, sum);
    sum = mixed(sum + (uint64_t)(int64_t)tree[at].key + tree[at].flags);
    return walked(tree, tree[at].right, sum);
}

static int64_t kind(unsigned value)
{
    switch (value % 9) {
    case 0:
        return -7;
    case 1:
        return (int8_t)(value * 3);
    case 2:
        return (int16_t)(value << 9);
    case 4:
        return (int64_t)value / -5;
    case 5:
        return (int64_t)value % 11 - 20;
    case 8:
        return (int32_t)(value * 2654435761u) >> 3;
    default:
        return value & 15;
    }
}

uint64_t KERNEL(uint64_t seed)
{
    struct node tree[200];
    unsigned char text[257];
    uint64_t sum = seed;
    int count = 0;
    for (int i = 0; i < 200; i++) {
        seed = mixed(seed + (uint64_t)i);
        count = inserted(tree, count, (int32_t)(seed >> 32));
        sum += (uint64_t)kind((unsigned)seed);
    }
    for (int i = 0; i < 256; i++) {
        text[i] = (unsigned char)(sum >> (i % 57));
    }
    text[256] = 0;
    memmove(text + 3, text, 200);
    for (int i = 0; i < 256; i++) {
        sum = sum << 7 | sum >> 57;
        sum += text[i] > 127 ? text[255 - i] : (uint64_t)text[i] * 3;
    }
    return walked(tree, 0, sum);
}
