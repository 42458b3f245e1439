! The Fortran half of a C or C++ program: numbers, arrays, text, I/O of its own, and calls back into its caller.
module fortran_side
  use, intrinsic :: iso_c_binding
  implicit none

  type, bind(c) :: summary
    integer(c_int) :: count
    real(c_double) :: mean, largest
  end type summary

contains

  real(c_double) function f_dot(x, y, n) bind(c)
    integer(c_int), value :: n
    real(c_double), intent(in) :: x(n), y(n)
    f_dot = dot_product(x, y)
  end function f_dot

  subroutine f_summary(values, n, answer) bind(c)
    integer(c_int), value :: n
    real(c_double), intent(in) :: values(n)
    type(summary), intent(out) :: answer
    answer%count = n
    answer%mean = sum(values) / n
    answer%largest = maxval(values)
  end subroutine f_summary

  ! Formats with the Fortran run-time library: it must work although the main program is not Fortran.
  subroutine f_format(value, text, length) bind(c)
    real(c_double), value :: value
    integer(c_int), value :: length
    character(kind=c_char), intent(out) :: text(length)
    character(len=24) :: line
    integer :: i
    write (line, '(f10.3, ";", i5.4)') value, nint(value)
    text = c_null_char
    do i = 1, min(len_trim(line), length - 1)
      text(i) = line(i:i)
    end do
  end subroutine f_format

  ! Writes and reads a file of its own unit.
  integer(c_int) function f_scratch(n) bind(c)
    integer(c_int), value :: n
    integer :: unit, i, value
    f_scratch = 0
    open (newunit=unit, status='scratch', form='unformatted')
    do i = 1, n
      write (unit) i * i
    end do
    rewind (unit)
    do i = 1, n
      read (unit) value
      f_scratch = f_scratch + value
    end do
    close (unit)
  end function f_scratch

  ! Trapezoids over a function of the caller: every call goes back across the border.
  real(c_double) function f_integral(f, a, b, n) bind(c)
    interface
      real(c_double) function f(x) bind(c)
        import :: c_double
        real(c_double), value :: x
      end function f
    end interface
    real(c_double), value :: a, b
    integer(c_int), value :: n
    real(c_double) :: step
    integer :: i
    step = (b - a) / n
    f_integral = (f(a) + f(b)) / 2
    do i = 1, n - 1
      f_integral = f_integral + f(a + i * step)
    end do
    f_integral = f_integral * step
  end function f_integral

  subroutine f_sort(values, n) bind(c)
    integer(c_int), value :: n
    integer(c_int), intent(inout) :: values(n)
    integer, allocatable :: sorted(:)
    integer :: i, place
    allocate (sorted(n))
    sorted = values
    do i = 1, n
      place = minloc(sorted, dim=1)
      values(i) = sorted(place)
      sorted(place) = huge(1)
    end do
  end subroutine f_sort
end module fortran_side
