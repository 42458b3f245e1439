// The C interface from C++: types made by templates, an operation that is a lambda, errors turned into exceptions.
#include "tap_mpi.h"
#include <array>
#include <complex>
#include <numeric>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

template <class T> MPI_Datatype type_of();
template <> MPI_Datatype type_of<int>() { return MPI_INT; }
template <> MPI_Datatype type_of<double>() { return MPI_DOUBLE; }
template <> MPI_Datatype type_of<bool>() { return MPI_CXX_BOOL; }
template <> MPI_Datatype type_of<std::complex<double>>() { return MPI_CXX_DOUBLE_COMPLEX; }

template <class T> T all_sum(T mine)
{
    T sum{};
    MPI_Allreduce(&mine, &sum, 1, type_of<T>(), MPI_SUM, MPI_COMM_WORLD);
    return sum;
}

template <class T> std::vector<T> gather_all(const std::vector<T> &mine)
{
    std::vector<T> all(mine.size() * static_cast<std::size_t>(tap_size));
    MPI_Allgather(mine.data(), static_cast<int>(mine.size()), type_of<T>(), all.data(),
                  static_cast<int>(mine.size()), type_of<T>(), MPI_COMM_WORLD);
    return all;
}

struct mpi_error : std::runtime_error {
    int error_class;
    explicit mpi_error(int code) : std::runtime_error(words(code)) { MPI_Error_class(code, &error_class); }
    static std::string words(int code)
    {
        std::array<char, MPI_MAX_ERROR_STRING> text{};
        int length = 0;
        MPI_Error_string(code, text.data(), &length);
        return {text.data(), static_cast<std::size_t>(length)};
    }
};

void must(int code)
{
    if (code != MPI_SUCCESS)
        throw mpi_error(code);
}

struct communicator {
    MPI_Comm handle = MPI_COMM_NULL;
    communicator() { must(MPI_Comm_dup(MPI_COMM_WORLD, &handle)); }
    ~communicator() { MPI_Comm_free(&handle); }
    communicator(const communicator &) = delete;
    communicator &operator=(const communicator &) = delete;
};

void check_types()
{
    const int n = tap_size;
    check(tap_same_int("sum", all_sum(tap_rank), n * (n - 1) / 2), "sum of ints");
    check(all_sum(0.5 * tap_rank) == 0.25 * n * (n - 1), "sum of doubles");
    check(all_sum(std::complex<double>(1, tap_rank)) == std::complex<double>(n, n * (n - 1) / 2), "sum of complex");
    bool mine = tap_rank == 0, any = false;
    MPI_Allreduce(&mine, &any, 1, type_of<bool>(), MPI_LOR, MPI_COMM_WORLD);
    check(any, "or of bools");
    std::vector<int> part(100);
    std::iota(part.begin(), part.end(), tap_rank * 100);
    const auto all = gather_all(part);
    check(tap_same_ramp("gathered", all.data(), static_cast<int>(all.size()), 0, 1), "vectors are gathered");
}

void check_lambda()
{
    MPI_Op op;
    MPI_Op_create(
        [](void *in, void *inout, int *length, MPI_Datatype *) {
            for (int i = 0; i < *length; i++) {
                auto &into = static_cast<int *>(inout)[i];
                into = std::gcd(static_cast<int *>(in)[i], into);
            }
        },
        1, &op);
    int mine = 12 * (tap_rank + 2), common = 0, wanted = 0;
    MPI_Allreduce(&mine, &common, 1, MPI_INT, op, MPI_COMM_WORLD);
    for (int r = 0; r < tap_size; r++)
        wanted = std::gcd(wanted, 12 * (r + 2));
    check(tap_same_int("common divisor", common, wanted), "a lambda is an operation");
    MPI_Op_free(&op);
}

void check_exception()
{
    int caught = -1, unwound = 0;
    struct witness {
        int &flag;
        ~witness() { flag = 1; }
    };
    try {
        communicator comm;
        witness seen{unwound};
        must(MPI_Comm_set_errhandler(comm.handle, MPI_ERRORS_RETURN));
        std::array<int, 4> out{};
        int in = 0;
        MPI_Request request;
        must(MPI_Isend(out.data(), 4, MPI_INT, tap_rank, 1, comm.handle, &request));
        const int code = MPI_Recv(&in, 1, MPI_INT, tap_rank, 1, comm.handle, MPI_STATUS_IGNORE);
        must(MPI_Wait(&request, MPI_STATUS_IGNORE));
        must(code);
    } catch (const mpi_error &error) {
        caught = error.error_class;
    }
    check(tap_same_int("class", caught, MPI_ERR_TRUNCATE) && unwound, "an error becomes an exception");
}

} // namespace

int main(int argc, char **argv)
{
    MPI_Init(&argc, &argv);
    tap_begin();
    check_types();
    check_lambda();
    check_exception();
    return tap_end();
}
