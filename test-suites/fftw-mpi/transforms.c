/* Transforms that are spread over ranks, transposed or not, against the same by one rank. argv: the prefixes of FFTW and of
 * the loaded MPI. */
#define PROOF_MPI
#include "proof.h"
#include <fftw3-mpi.h>

static double sample(long i) { return (double)((i * 7919 + 13) % 1009) / 1009.0 - 0.5; }

/* n[0] is spread over the ranks, n[1] after a transposed transform. */
static int plane(ptrdiff_t n0, ptrdiff_t n1, unsigned flags)
{
    ptrdiff_t rows, first, rows_out, first_out, i, j, room;
    fftw_complex *part, *whole = fftw_alloc_complex((size_t)(n0 * n1));
    fftw_plan plan;
    int ok = 1;
    room = fftw_mpi_local_size_2d_transposed(n0, n1, MPI_COMM_WORLD, &rows, &first, &rows_out, &first_out);
    part = fftw_alloc_complex((size_t)(room > 0 ? room : 1));
    plan = fftw_mpi_plan_dft_2d(n0, n1, part, part, MPI_COMM_WORLD, FFTW_FORWARD, FFTW_ESTIMATE | flags);
    for (i = 0; i < rows; i++)
        for (j = 0; j < n1; j++) {
            part[i * n1 + j][0] = sample((first + i) * n1 + j);
            part[i * n1 + j][1] = sample(5000 + (first + i) * n1 + j);
        }
    fftw_execute(plan);
    fftw_destroy_plan(plan);
    plan = fftw_plan_dft_2d((int)n0, (int)n1, whole, whole, FFTW_FORWARD, FFTW_ESTIMATE);
    for (i = 0; i < n0 * n1; i++) {
        whole[i][0] = sample(i);
        whole[i][1] = sample(5000 + i);
    }
    fftw_execute(plan);
    fftw_destroy_plan(plan);
    if (flags & FFTW_MPI_TRANSPOSED_OUT) {
        for (j = 0; j < rows_out && ok; j++)
            for (i = 0; i < n0 && ok; i++)
                ok = near("an element", part[j * n0 + i][0], whole[i * n1 + first_out + j][0], 1e-10) &&
                     near("an element", part[j * n0 + i][1], whole[i * n1 + first_out + j][1], 1e-10);
    } else {
        for (i = 0; i < rows && ok; i++)
            for (j = 0; j < n1 && ok; j++)
                ok = near("an element", part[i * n1 + j][0], whole[(first + i) * n1 + j][0], 1e-10) &&
                     near("an element", part[i * n1 + j][1], whole[(first + i) * n1 + j][1], 1e-10);
    }
    fftw_free(part);
    fftw_free(whole);
    return ok;
}

/* Real to complex in three dimensions and back: the input times its size. */
static int box(ptrdiff_t n0, ptrdiff_t n1, ptrdiff_t n2)
{
    ptrdiff_t rows, first, i, room = fftw_mpi_local_size_3d(n0, n1, n2 / 2 + 1, MPI_COMM_WORLD, &rows, &first);
    double *data = fftw_alloc_real((size_t)(2 * (room > 0 ? room : 1)));
    ptrdiff_t width = 2 * (n2 / 2 + 1), j, k;
    fftw_plan there = fftw_mpi_plan_dft_r2c_3d(n0, n1, n2, data, (fftw_complex *)data, MPI_COMM_WORLD, FFTW_ESTIMATE);
    fftw_plan again = fftw_mpi_plan_dft_c2r_3d(n0, n1, n2, (fftw_complex *)data, data, MPI_COMM_WORLD, FFTW_ESTIMATE);
    double sum = 0, total;
    int ok = 1;
    for (i = 0; i < rows; i++)
        for (j = 0; j < n1; j++)
            for (k = 0; k < n2; k++) {
                data[(i * n1 + j) * width + k] = sample(((first + i) * n1 + j) * n2 + k);
                sum += data[(i * n1 + j) * width + k];
            }
    fftw_execute(there);
    MPI_Allreduce(&sum, &total, 1, MPI_DOUBLE, MPI_SUM, MPI_COMM_WORLD);
    if (first == 0 && rows > 0)
        ok = near("the constant part", data[0], total, 1e-9);
    fftw_execute(again);
    for (i = 0; i < rows && ok; i++)
        for (j = 0; j < n1 && ok; j++)
            for (k = 0; k < n2 && ok; k++)
                ok = near("there and back", data[(i * n1 + j) * width + k] / (double)(n0 * n1 * n2),
                          sample(((first + i) * n1 + j) * n2 + k), 1e-12);
    fftw_destroy_plan(there);
    fftw_destroy_plan(again);
    fftw_free(data);
    return ok;
}

int main(int argc, char **argv)
{
    proof_begin(&argc, &argv);
    fftw_mpi_init();
    check(answered_by("libfftw3", argv[1]), "the libfftw3_mpi that answers is the module's");
    check(answered_by("libmpi libmpich", argv[2]), "the MPI in this process is the loaded one, and there is one");
    check(plane(12, 10, 0), "a plane");
    check(plane(13, 7, 0), "a plane whose rows the ranks share unequally");
    check(plane(2, 16, 0), "a plane with fewer rows than ranks");
    check(plane(12, 10, FFTW_MPI_TRANSPOSED_OUT), "a plane, transposed");
    check(plane(9, 14, FFTW_MPI_TRANSPOSED_OUT), "a plane, transposed, with unequal shares");
    check(box(6, 5, 8), "a box of reals, there and back");
    check(box(7, 4, 9), "a box of reals of odd size, there and back");
    {
        int status = proof_end();
        return status;
    }
}
