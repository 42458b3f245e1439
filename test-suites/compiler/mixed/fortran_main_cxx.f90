! A Fortran program that uses C++ code, linked by the Fortran compiler.
program fortran_main_cxx
  use, intrinsic :: iso_c_binding
  use tap
  implicit none

  interface
    type(c_ptr) function series_new() bind(c)
      import :: c_ptr
    end function series_new
    subroutine series_add(handle, item) bind(c)
      import :: c_ptr, c_double
      type(c_ptr), value :: handle
      real(c_double), value :: item
    end subroutine series_add
    real(c_double) function series_median(handle) bind(c)
      import :: c_ptr, c_double
      type(c_ptr), value :: handle
    end function series_median
    subroutine series_delete(handle) bind(c)
      import :: c_ptr
      type(c_ptr), value :: handle
    end subroutine series_delete
    integer(c_int) function lookup(word) bind(c)
      import :: c_int, c_char
      character(kind=c_char), intent(in) :: word(*)
    end function lookup
  end interface

  type(c_ptr) :: series
  integer :: i

  series = series_new()
  call tap_ok(c_associated(series), 'object is made')
  do i = 1, 101
    call series_add(series, real(mod(i * 37, 101), c_double))
  end do
  call tap_real(series_median(series), 50.0_c_double, 0.0_c_double, 'object keeps what it was given')
  call series_delete(series)
  call tap_int(lookup('forty' // c_null_char) + lookup('two' // c_null_char), 42, 'static constructors ran')
  call tap_int(lookup('absent' // c_null_char), -1, 'exception is caught inside')
  call tap_done()
end program fortran_main_cxx
