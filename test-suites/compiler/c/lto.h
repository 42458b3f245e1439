/* What lto_main.c calls in another translation unit, built with and without link-time optimisation. */
#ifndef LTO_H
#define LTO_H

int lto_scaled(int value);
void *lto_return_address(void);
void *plain_return_address(void);

#endif
