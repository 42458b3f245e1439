/* MPI_Isendrecv_replace with a type that has gaps and another lower bound: alone, because some releases crash in it. */
#include "elements.h"

#if MPI_VERSION >= 4 || (defined(OPEN_MPI) && OMPI_MAJOR_VERSION >= 5)
static int is_others(const struct kind *kind, const unsigned char *buffer, size_t i, size_t extent, void *context)
{
    int from = *(int *)context;
    return is_element(kind, buffer, i, extent, value_of(from, 0, i), from, 1);
}

static void exchange(void)
{
    int other = 1 - tap_rank;
    MPI_Request request = MPI_REQUEST_NULL;
    make_gapped(-4);
    struct buffer both = new_buffer(&gapped, 7);
    put_elements(&gapped, both.at, 7, tap_rank, 0, 0);
    MPI_Isendrecv_replace(both.at, 7, gapped.type, other, 5, other, 5, MPI_COMM_WORLD, &request);
    MPI_Wait(&request, MPI_STATUS_IGNORE);
    long wrong = first_wrong(&gapped, both.at, 7, is_others, &other);
    if (wrong >= 0)
        tap_because("element %ld is not the other rank's", wrong);
    int well = end_buffer(&both, gapped.name) && wrong < 0;
    check(well, "isendrecv_replace of a type with gaps");
    MPI_Type_free(&gapped.type);
}
#endif

int main(int argc, char **argv)
{
    MPI_Init(&argc, &argv);
    tap_begin();
    if (tap_size != 2)
        tap_bail("two ranks are wanted");
#if MPI_VERSION >= 4 || (defined(OPEN_MPI) && OMPI_MAJOR_VERSION >= 5)
    exchange();
#else
    tap_skip("isendrecv_replace of a type with gaps", "the library follows an older standard");
#endif
    return tap_end();
}
