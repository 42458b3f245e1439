/* A program that uses the library, and says whether it answers as its header says. */
#include <hdf5.h>
#include <stdio.h>

int main(void)
{
    unsigned major, minor, release;
    H5get_libversion(&major, &minor, &release);
    if (major == H5_VERS_MAJOR && minor == H5_VERS_MINOR && release == H5_VERS_RELEASE)
        return 0;
    printf("the header is of %d.%d.%d, the library of %u.%u.%u\n", H5_VERS_MAJOR, H5_VERS_MINOR, H5_VERS_RELEASE, major,
           minor, release);
    return 1;
}
