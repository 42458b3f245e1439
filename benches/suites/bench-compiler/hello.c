#include <stdio.h>

int main(void) { return puts("hello") == EOF; }
