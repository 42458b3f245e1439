! Data written by C are read by Fortran, and the other way round. The order of dimensions is the reverse of C's.
program fortran_and_c
  use hdf5
  use, intrinsic :: iso_c_binding, only: c_int, c_double
  implicit none
  interface
    subroutine c_writes() bind(c)
    end subroutine c_writes
    integer(c_int) function c_reads() bind(c)
      import :: c_int
    end function c_reads
  end interface
  integer :: status, failures, i, j, major, minor, release
  integer(hid_t) :: file, set, space
  integer(hsize_t) :: extent(2), got(2), most(2)
  real(c_double) :: table(5, 3), written(4, 6)
  logical :: same

  failures = 0
  call h5open_f(status)
  call told(status == 0, 1, 'the Fortran interface opens')
  call h5get_libversion_f(major, minor, release, status)
  call told(major == H5_VERS(1) .and. minor == H5_VERS(2), 2, 'the library under Fortran is the one of the C header')

  call c_writes()
  call h5fopen_f('by-c.h5', H5F_ACC_RDONLY_F, file, status)
  call h5dopen_f(file, 'table', set, status)
  call h5dget_space_f(set, space, status)
  call h5sget_simple_extent_dims_f(space, got, most, status)
  call told(all(got == [5_hsize_t, 3_hsize_t]), 3, 'dimensions are the reverse of those in C')
  extent = [5, 3]
  table = -1
  call h5dread_f(set, H5T_NATIVE_DOUBLE, table, extent, status)
  same = .true.
  do j = 1, 3
    do i = 1, 5
      same = same .and. table(i, j) == 10 * (j - 1) + (i - 1) + 0.5_c_double
    end do
  end do
  call told(status == 0 .and. same, 4, 'Fortran reads what C wrote')
  call h5dclose_f(set, status)
  call h5sclose_f(space, status)
  call h5fclose_f(file, status)

  do j = 1, 6
    do i = 1, 4
      written(i, j) = 100 * (j - 1) + (i - 1) + 0.25_c_double
    end do
  end do
  extent = [4, 6]
  call h5fcreate_f('by-fortran.h5', H5F_ACC_TRUNC_F, file, status)
  call h5screate_simple_f(2, extent, space, status)
  call h5dcreate_f(file, 'table', H5T_NATIVE_DOUBLE, space, set, status)
  call h5dwrite_f(set, H5T_NATIVE_DOUBLE, written, extent, status)
  call h5dclose_f(set, status)
  call h5sclose_f(space, status)
  call h5fclose_f(file, status)
  call told(status == 0, 5, 'Fortran writes')
  call told(c_reads() == 0, 6, 'C reads what Fortran wrote')
  call h5close_f(status)
  print '(a)', '1..6'
  if (failures > 0) stop 1

contains

  function H5_VERS(part) result(value)
    integer, intent(in) :: part
    integer :: value
    interface
      integer(c_int) function c_version(part) bind(c)
        import :: c_int
        integer(c_int), value :: part
      end function c_version
    end interface
    value = c_version(int(part, c_int))
  end function H5_VERS

  include 'told.inc'
end program fortran_and_c
