/* Derived datatypes: what they select, their size and extent, packing, and both byte orders. */
#include "tap_mpi.h"
#include <stddef.h>

enum { ROWS = 6, COLS = 8 };

static int right, left;

/* A grid whose cell (i, j) of `rank` is known to every rank. */
static int cell(int rank, int i, int j)
{
    return rank * 10000 + i * 100 + j;
}

static void fill(int grid[ROWS][COLS])
{
    for (int i = 0; i < ROWS; i++)
        for (int j = 0; j < COLS; j++)
            grid[i][j] = cell(tap_rank, i, j);
}

static void pass_on(const void *out, int n, MPI_Datatype type, void *in, int m, MPI_Datatype in_type)
{
    MPI_Sendrecv(out, n, type, right, 1, in, m, in_type, left, 1, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
}

static int size_and_extent(MPI_Datatype type, int size, MPI_Aint extent)
{
    int found;
    MPI_Aint lower, found_extent;
    MPI_Type_size(type, &found);
    MPI_Type_get_extent(type, &lower, &found_extent);
    return tap_same_int("size", found, size) && tap_same_int("extent", found_extent, extent);
}

static void check_vector(void)
{
    int out[ROWS][COLS], in[ROWS * 2], ok = 1;
    MPI_Datatype columns;
    MPI_Type_vector(ROWS, 2, COLS, MPI_INT, &columns);
    MPI_Type_commit(&columns);
    fill(out);
    pass_on(&out[0][3], 1, columns, in, ROWS * 2, MPI_INT);
    for (int i = 0; i < ROWS; i++)
        ok &= tap_same_ramp("columns", in + 2 * i, 2, cell(left, i, 3), 1);
    check(ok, "vector sends two columns");
    check(size_and_extent(columns, ROWS * 2 * 4, (MPI_Aint)sizeof(int) * ((ROWS - 1) * COLS + 2)),
          "vector has its size and extent");

    memset(out, 0xff, sizeof out);
    for (int i = 0; i < ROWS * 2; i++)
        in[i] = tap_rank * 1000 + i;
    pass_on(in, ROWS * 2, MPI_INT, &out[0][5], 1, columns);
    ok = 1;
    for (int i = 0; i < ROWS; i++)
        ok &= tap_same_ramp("columns", &out[i][5], 2, left * 1000 + 2 * i, 1) &&
              tap_same_ramp("gap", out[i], 5, -1, 0) && tap_same_int("gap", out[i][7], -1);
    check(ok, "vector receives and leaves the gaps");
    MPI_Type_free(&columns);
}

static void check_transpose(void)
{
    int out[ROWS][COLS], in[COLS][ROWS], ok = 1;
    MPI_Datatype column, resized;
    MPI_Type_vector(ROWS, 1, COLS, MPI_INT, &column);
    MPI_Type_create_resized(column, 0, sizeof(int), &resized);
    MPI_Type_commit(&resized);
    fill(out);
    pass_on(out, COLS, resized, in, ROWS * COLS, MPI_INT);
    for (int j = 0; j < COLS; j++)
        ok &= tap_same_ramp("transposed", in[j], ROWS, cell(left, 0, j), 100);
    check(ok, "resized columns transpose a grid");
    check(size_and_extent(resized, ROWS * 4, sizeof(int)), "resized type has its extent");
    MPI_Type_free(&resized);
    MPI_Type_free(&column);
}

struct record {
    char letter;
    double number;
    int list[3];
    short last;
};

static void check_struct(void)
{
    struct record out[50], in[50];
    int lengths[] = {1, 1, 3, 1}, ok = 1;
    MPI_Aint displs[] = {offsetof(struct record, letter), offsetof(struct record, number),
                         offsetof(struct record, list), offsetof(struct record, last)};
    MPI_Datatype parts[] = {MPI_CHAR, MPI_DOUBLE, MPI_INT, MPI_SHORT}, raw, type;
    MPI_Type_create_struct(4, lengths, displs, parts, &raw);
    MPI_Type_create_resized(raw, 0, sizeof(struct record), &type);
    MPI_Type_commit(&type);
    memset(in, 0xff, sizeof in);
    for (int i = 0; i < 50; i++)
        out[i] = (struct record){(char)('a' + i % 26), tap_rank + i / 4.0, {i, tap_rank, -i}, (short)(i - 7)};
    pass_on(out, 50, type, in, 50, type);
    for (int i = 0; i < 50; i++)
        ok &= in[i].letter == 'a' + i % 26 && in[i].number == left + i / 4.0 &&
              tap_same_int("list", in[i].list[0], i) && tap_same_int("list", in[i].list[1], left) &&
              tap_same_int("list", in[i].list[2], -i) && tap_same_int("last", in[i].last, i - 7);
    check(ok, "structs arrive member by member");
    check(size_and_extent(type, 1 + 8 + 12 + 2, sizeof(struct record)), "struct has its size and extent");
    MPI_Type_free(&raw);
    MPI_Type_free(&type);
}

static void check_subarray(void)
{
    int out[ROWS][COLS], in[6], sizes[] = {ROWS, COLS}, part[] = {2, 3}, start[] = {3, 4}, ok = 1;
    MPI_Datatype c, fortran;
    MPI_Type_create_subarray(2, sizes, part, start, MPI_ORDER_C, MPI_INT, &c);
    MPI_Type_commit(&c);
    fill(out);
    pass_on(out, 1, c, in, 6, MPI_INT);
    check(tap_same_ramp("row", in, 3, cell(left, 3, 4), 1) && tap_same_ramp("row", in + 3, 3, cell(left, 4, 4), 1),
          "subarray in c order");
    int columns_first[] = {COLS, ROWS}, part_f[] = {3, 2}, start_f[] = {4, 3};
    MPI_Type_create_subarray(2, columns_first, part_f, start_f, MPI_ORDER_FORTRAN, MPI_INT, &fortran);
    MPI_Type_commit(&fortran);
    memset(in, 0xff, sizeof in);
    pass_on(out, 1, fortran, in, 6, MPI_INT);
    ok = tap_same_ramp("row", in, 3, cell(left, 3, 4), 1) && tap_same_ramp("row", in + 3, 3, cell(left, 4, 4), 1);
    check(ok, "subarray in fortran order");
    MPI_Type_free(&c);
    MPI_Type_free(&fortran);
}

static void check_indexed(void)
{
    int out[ROWS * COLS], in[10], lengths[] = {3, 0, 2}, displs[] = {10, 0, 2}, block_displs[] = {7, 1}, ok;
    MPI_Aint bytes[] = {20 * sizeof(int), 4 * sizeof(int)};
    MPI_Datatype indexed, block, hindexed;
    for (int i = 0; i < ROWS * COLS; i++)
        out[i] = tap_rank * 1000 + i;
    MPI_Type_indexed(3, lengths, displs, MPI_INT, &indexed);
    MPI_Type_commit(&indexed);
    pass_on(out, 1, indexed, in, 5, MPI_INT);
    ok = tap_same_ramp("first", in, 3, left * 1000 + 10, 1) && tap_same_ramp("last", in + 3, 2, left * 1000 + 2, 1);
    check(ok, "indexed blocks keep their order");
    MPI_Type_create_indexed_block(2, 2, block_displs, MPI_INT, &block);
    MPI_Type_commit(&block);
    pass_on(out, 1, block, in, 4, MPI_INT);
    ok = tap_same_ramp("first", in, 2, left * 1000 + 7, 1) && tap_same_ramp("last", in + 2, 2, left * 1000 + 1, 1);
    check(ok, "indexed block");
    MPI_Type_create_hindexed(2, (int[]){1, 2}, bytes, MPI_INT, &hindexed);
    MPI_Type_commit(&hindexed);
    pass_on(out, 1, hindexed, in, 3, MPI_INT);
    ok = tap_same_int("first", in[0], left * 1000 + 20) && tap_same_ramp("last", in + 1, 2, left * 1000 + 4, 1);
    check(ok, "hindexed blocks at byte offsets");
    MPI_Type_free(&indexed);
    MPI_Type_free(&block);
    MPI_Type_free(&hindexed);
}

/* Contiguous of hvector of struct: nested types, many elements, through a collective. */
static void check_nested(void)
{
    enum { CELLS = 500 };
    struct { int a, skipped; double b; } out[CELLS], in[CELLS];
    int lengths[] = {1, 1}, ok = 1;
    MPI_Aint displs[] = {0, 8};
    MPI_Datatype parts[] = {MPI_INT, MPI_DOUBLE}, pair, spread, whole;
    MPI_Type_create_struct(2, lengths, displs, parts, &pair);
    MPI_Type_create_hvector(CELLS / 2, 1, 2 * sizeof out[0], pair, &spread);
    MPI_Type_contiguous(1, spread, &whole);
    MPI_Type_commit(&whole);
    memset(in, 0xff, sizeof in);
    for (int i = 0; i < CELLS; i++) {
        out[i].a = i;
        out[i].skipped = 0;
        out[i].b = i * 0.5;
    }
    MPI_Bcast(tap_rank == 0 ? (void *)out : (void *)in, 1, whole, 0, MPI_COMM_WORLD);
    for (int i = 0; tap_rank != 0 && i < CELLS; i++)
        ok &= tap_same_int("a", in[i].a, i % 2 ? -1 : i) && tap_same_int("skipped", in[i].skipped, -1) &&
              (i % 2 || in[i].b == i * 0.5);
    check(ok, "nested types through a bcast");
    MPI_Type_free(&pair);
    MPI_Type_free(&spread);
    MPI_Type_free(&whole);
}

static void check_packing(void)
{
    int ints[4] = {1, 2, 3, 4}, back[4] = {0}, at = 0, bound, bound2, total;
    double number = 2.5, number_back = 0;
    char packed[200], arrived[200];
    MPI_Pack_size(4, MPI_INT, MPI_COMM_WORLD, &bound);
    MPI_Pack_size(1, MPI_DOUBLE, MPI_COMM_WORLD, &bound2);
    MPI_Pack(ints, 4, MPI_INT, packed, sizeof packed, &at, MPI_COMM_WORLD);
    MPI_Pack(&number, 1, MPI_DOUBLE, packed, sizeof packed, &at, MPI_COMM_WORLD);
    total = at;
    pass_on(packed, total, MPI_PACKED, arrived, sizeof arrived, MPI_PACKED);
    at = 0;
    MPI_Unpack(arrived, sizeof arrived, &at, back, 4, MPI_INT, MPI_COMM_WORLD);
    MPI_Unpack(arrived, sizeof arrived, &at, &number_back, 1, MPI_DOUBLE, MPI_COMM_WORLD);
    check(tap_same_ramp("ints", back, 4, 1, 1) && number_back == 2.5 && total <= bound + bound2,
          "pack and unpack across ranks");

    static const unsigned char big_endian[12] = {0x01, 0x02, 0x03, 0x04, 0x3f, 0xf8};
    int word = 0x01020304, word_back = 0;
    double one_and_half = 1.5, half_back = 0;
    unsigned char portable[16] = {0};
    MPI_Aint where = 0, need = 0;
    MPI_Pack_external_size("external32", 1, MPI_INT, &need);
    MPI_Pack_external("external32", &word, 1, MPI_INT, portable, sizeof portable, &where);
    MPI_Pack_external("external32", &one_and_half, 1, MPI_DOUBLE, portable, sizeof portable, &where);
    check(tap_same_int("bytes", where, 12) && need == 4 && memcmp(portable, big_endian, 12) == 0,
          "external32 is big endian");
    where = 0;
    MPI_Unpack_external("external32", portable, 12, &where, &word_back, 1, MPI_INT);
    MPI_Unpack_external("external32", portable, 12, &where, &half_back, 1, MPI_DOUBLE);
    check(tap_same_int("int", word_back, word) && half_back == 1.5, "external32 is read back");
}

static void check_description(void)
{
    int ints, addresses, types, combiner, numbers[3], length = 0;
    MPI_Datatype vector, copy, inner[1];
    char name[MPI_MAX_OBJECT_NAME] = "";
    MPI_Type_vector(2, 3, 5, MPI_FLOAT, &vector);
    MPI_Type_get_envelope(vector, &ints, &addresses, &types, &combiner);
    MPI_Type_get_contents(vector, 3, 0, 1, numbers, NULL, inner);
    check(combiner == MPI_COMBINER_VECTOR && tap_same_int("ints", ints, 3) && tap_same_int("count", numbers[0], 2) &&
          tap_same_int("block", numbers[1], 3) && tap_same_int("stride", numbers[2], 5) && inner[0] == MPI_FLOAT,
          "a type tells how it was made");
    MPI_Type_dup(vector, &copy);
    MPI_Type_set_name(copy, "two by three");
    MPI_Type_get_name(copy, name, &length);
    check(tap_same_str("name", name, "two by three"), "a type keeps its name");
    MPI_Aint lower, extent;
    MPI_Type_get_true_extent(copy, &lower, &extent);
    check(tap_same_int("true extent", extent, 8 * 4), "a copy has the true extent");
    MPI_Type_free(&vector);
    MPI_Type_free(&copy);
    check(vector == MPI_DATATYPE_NULL, "a freed type is null");
}

static void check_darray(void)
{
    int sizes[] = {tap_size * 4}, how[] = {MPI_DISTRIBUTE_CYCLIC}, arg[] = {1}, procs[] = {tap_size}, ok = 1;
    int *global = malloc(sizeof *global * (size_t)sizes[0]), mine[4] = {0};
    MPI_Datatype cyclic;
    MPI_Type_create_darray(tap_size, tap_rank, 1, sizes, how, arg, procs, MPI_ORDER_C, MPI_INT, &cyclic);
    MPI_Type_commit(&cyclic);
    for (int i = 0; i < sizes[0]; i++)
        global[i] = i;
    MPI_Sendrecv(global, 1, cyclic, tap_rank, 3, mine, 4, MPI_INT, tap_rank, 3, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    ok = tap_same_ramp("cyclic", mine, 4, tap_rank, tap_size);
    check(ok, "cyclic darray deals the elements out");
    MPI_Type_free(&cyclic);
    free(global);
}

int main(int argc, char **argv)
{
    MPI_Init(&argc, &argv);
    tap_begin();
    right = (tap_rank + 1) % tap_size;
    left = (tap_rank + tap_size - 1) % tap_size;
    check_vector();
    check_transpose();
    check_struct();
    check_subarray();
    check_indexed();
    check_nested();
    check_packing();
    check_description();
    check_darray();
    return tap_end();
}
