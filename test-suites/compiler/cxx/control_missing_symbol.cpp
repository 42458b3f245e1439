// A control: the definition of this function is nowhere, so the link must fail.
int seeded_missing_symbol(int value);

int main() { return seeded_missing_symbol(1); }
