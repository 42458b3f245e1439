! netCDF for Fortran reads what C wrote, and the other way round; its libraries are the modules'.
program fortran_and_c
  use netcdf
  use, intrinsic :: iso_c_binding, only: c_int
  implicit none
  interface
    subroutine c_writes() bind(c)
    end subroutine c_writes
    integer(c_int) function c_reads() bind(c)
      import :: c_int
    end function c_reads
  end interface
  integer :: file, variable, dims(2), i, j, failures, length
  double precision :: grid(4, 3), written(2, 6)
  character(len=nf90_max_name) :: title
  logical :: same

  failures = 0
  call c_writes()
  call told(nf90_open('by-c.nc', nf90_nowrite, file) == nf90_noerr, 1, 'Fortran opens what C wrote')
  same = nf90_inq_varid(file, 'grid', variable) == nf90_noerr
  same = same .and. nf90_inquire_variable(file, variable, dimids=dims) == nf90_noerr
  same = same .and. nf90_inquire_dimension(file, dims(1), len=length) == nf90_noerr
  call told(same .and. length == 4, 2, 'dimensions are the reverse of those in C')
  grid = -1
  same = nf90_get_var(file, variable, grid) == nf90_noerr
  do j = 1, 3
    do i = 1, 4
      same = same .and. grid(i, j) == 10 * (j - 1) + (i - 1) + 0.5d0
    end do
  end do
  call told(same, 3, 'Fortran reads what C wrote')
  title = ''
  same = nf90_get_att(file, nf90_global, 'title', title) == nf90_noerr
  call told(same .and. trim(title) == 'by C', 4, 'Fortran reads an attribute that C wrote')
  same = nf90_close(file) == nf90_noerr

  same = nf90_create('by-fortran.nc', ior(nf90_netcdf4, nf90_clobber), file) == nf90_noerr
  same = same .and. nf90_def_dim(file, 'x', 2, dims(1)) == nf90_noerr
  same = same .and. nf90_def_dim(file, 'y', nf90_unlimited, dims(2)) == nf90_noerr
  same = same .and. nf90_def_var(file, 'field', nf90_double, dims, variable, deflate_level=3) == nf90_noerr
  same = same .and. nf90_enddef(file) == nf90_noerr
  do j = 1, 6
    written(:, j) = [100 * j + 0.25d0, 100 * j + 1.25d0]
  end do
  same = same .and. nf90_put_var(file, variable, written) == nf90_noerr
  same = same .and. nf90_close(file) == nf90_noerr
  call told(same, 5, 'Fortran writes netCDF 4, compressed')
  call told(c_reads() == 0, 6, 'C reads what Fortran wrote')
  call told(nf90_open('there-is-none.nc', nf90_nowrite, file) /= nf90_noerr, 7, 'an error is told by its number')
  print '(a)', '1..7'
  if (failures > 0) stop 1

contains

  include 'told.inc'
end program fortran_and_c
