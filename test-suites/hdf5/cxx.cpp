// The C++ interface writes and reads, and an error is an exception that can be caught. argv: the module's prefix.
#include "proof.h"
#include <H5Cpp.h>
#include <vector>

int main(int argc, char **argv)
{
    proof_begin(&argc, &argv);
    std::vector<double> out(60), in(60);
    for (std::size_t i = 0; i < out.size(); i++)
        out[i] = 0.5 * static_cast<double>(i);
    {
        H5::H5File file("by-cxx.h5", H5F_ACC_TRUNC);
        hsize_t size[2] = {6, 10};
        H5::DataSet set = file.createDataSet("set", H5::PredType::IEEE_F64BE, H5::DataSpace(2, size));
        set.write(out.data(), H5::PredType::NATIVE_DOUBLE);
    }
    {
        H5::H5File file("by-cxx.h5", H5F_ACC_RDONLY);
        file.openDataSet("set").read(in.data(), H5::PredType::NATIVE_DOUBLE);
    }
    check(in == out, "what C++ wrote is read again");
    int caught = 0;
    H5::Exception::dontPrint();
    try {
        H5::H5File file("there-is-none.h5", H5F_ACC_RDONLY);
    } catch (const H5::FileIException &) {
        caught = 1;
    }
    check(caught, "an error of the library is caught as its exception");
    check(answered_by("libhdf5", argv[1]), "the libhdf5 and libhdf5_cpp that answer are the module's");
    return proof_end();
}
