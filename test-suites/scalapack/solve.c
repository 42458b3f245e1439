/* A system that is spread over a grid of ranks by blocks is solved, and its residual is small; what is uneven stays right.
 * argv: the prefixes of ScaLAPACK and of the loaded MPI. */
#define PROOF_MPI
#include "proof.h"

extern void Cblacs_pinfo(int *, int *);
extern void Cblacs_get(int, int, int *);
extern void Cblacs_gridinit(int *, const char *, int, int);
extern void Cblacs_gridinfo(int, int *, int *, int *, int *);
extern void Cblacs_gridexit(int);
extern int numroc_(const int *, const int *, const int *, const int *, const int *);
extern void descinit_(int *, const int *, const int *, const int *, const int *, const int *, const int *, const int *,
                      const int *, int *);
extern void pdgesv_(const int *, const int *, double *, const int *, const int *, const int *, int *, double *, const int *,
                    const int *, const int *, int *);
extern void pdgemm_(const char *, const char *, const int *, const int *, const int *, const double *, const double *,
                    const int *, const int *, const int *, const double *, const int *, const int *, const int *,
                    const double *, double *, const int *, const int *, const int *);

static double value(int i, int j)
{
    return (double)((i * 131 + j * 37 + (i + 1) * (j + 1)) % 97) / 97.0 + (i == j ? 10 : 0);
}

static double solution(int i) { return 0.5 * i - 3; }

/* The global index of a local one, of cyclic blocks. */
static int global(int local, int block, int me, int all) { return (local / block * all + me) * block + local % block; }

static int solved(int context, int n, int block)
{
    int rows, columns, row, column, i, j, zero = 0, one = 1, info, desc_a[9], desc_b[9], ok = 1;
    int mine, across, lda, *pivots;
    double *a, *b;
    Cblacs_gridinfo(context, &rows, &columns, &row, &column);
    mine = numroc_(&n, &block, &row, &zero, &rows);
    across = numroc_(&n, &block, &column, &zero, &columns);
    lda = mine > 0 ? mine : 1;
    a = calloc((size_t)lda * (size_t)(across + 1), sizeof *a);
    b = calloc((size_t)lda, sizeof *b);
    pivots = calloc((size_t)(mine + block), sizeof *pivots);
    for (j = 0; j < across; j++)
        for (i = 0; i < mine; i++)
            a[i + (long)j * lda] = value(global(i, block, row, rows), global(j, block, column, columns));
    for (i = 0; i < mine; i++) {
        int at = global(i, block, row, rows);
        for (j = 0; j < n; j++)
            b[i] += value(at, j) * solution(j);
    }
    descinit_(desc_a, &n, &n, &block, &block, &zero, &zero, &context, &lda, &info);
    descinit_(desc_b, &n, &one, &block, &one, &zero, &zero, &context, &lda, &info);
    pdgesv_(&n, &one, a, &one, &one, desc_a, pivots, b, &one, &one, desc_b, &info);
    ok = same_number("info of pdgesv", info, 0);
    for (i = 0; i < mine && column == 0 && ok; i++)
        ok = near("an element of the solution", b[i], solution(global(i, block, row, rows)), 1e-10 * n);
    free(a);
    free(b);
    free(pivots);
    return ok;
}

static int multiplied(int context, int n, int block)
{
    int rows, columns, row, column, i, j, k, zero = 0, one = 1, info, desc[9], ok = 1, mine, across, lda;
    double *a, *c, unit = 1, none = 0;
    Cblacs_gridinfo(context, &rows, &columns, &row, &column);
    mine = numroc_(&n, &block, &row, &zero, &rows);
    across = numroc_(&n, &block, &column, &zero, &columns);
    lda = mine > 0 ? mine : 1;
    a = calloc((size_t)lda * (size_t)(across + 1), sizeof *a);
    c = calloc((size_t)lda * (size_t)(across + 1), sizeof *c);
    for (j = 0; j < across; j++)
        for (i = 0; i < mine; i++)
            a[i + (long)j * lda] = value(global(i, block, row, rows), global(j, block, column, columns));
    descinit_(desc, &n, &n, &block, &block, &zero, &zero, &context, &lda, &info);
    pdgemm_("N", "T", &n, &n, &n, &unit, a, &one, &one, desc, a, &one, &one, desc, &none, c, &one, &one, desc);
    for (j = 0; j < across && ok; j++)
        for (i = 0; i < mine && ok; i++) {
            int at = global(i, block, row, rows), over = global(j, block, column, columns);
            double sum = 0;
            for (k = 0; k < n; k++)
                sum += value(at, k) * value(over, k);
            ok = near("an element of the product", c[i + (long)j * lda], sum, 1e-10 * n);
        }
    free(a);
    free(c);
    return ok;
}

int main(int argc, char **argv)
{
    int context, rank, size, row, column, rows, columns;
    proof_begin(&argc, &argv);
    Cblacs_pinfo(&rank, &size);
    check(same_number("ranks of BLACS", size, proof_size) && same_number("my rank in BLACS", rank, proof_rank),
          "BLACS has the ranks of the MPI");
    Cblacs_get(-1, 0, &context);
    Cblacs_gridinit(&context, "Row", 2, 2);
    Cblacs_gridinfo(context, &rows, &columns, &row, &column);
    check(rows == 2 && columns == 2 && row == proof_rank / 2 && column == proof_rank % 2, "the grid is two by two");
    check(solved(context, 64, 8), "a system of even blocks");
    check(solved(context, 61, 7), "a system whose blocks are uneven");
    check(solved(context, 5, 4), "a system that most ranks have little of");
    check(multiplied(context, 53, 6), "a product");
    check(answered_by("libscalapack", argv[1]), "the libscalapack that answers is the module's");
    check(answered_by("libmpi libmpich", argv[2]), "the MPI in this process is the loaded one, and there is one");
    check(answered_by("libopenblas libopenblasp libblas libcblas libblis libmkl_rt libmkl_core", getenv("PROOF_BLAS")),
          "every BLAS in this process is the one that is loaded");
    Cblacs_gridexit(context);
    return proof_end();
}
