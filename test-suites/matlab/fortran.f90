! y = x * transpose(x); the sum goes through a write, so that the run-time library of Fortran is needed.
subroutine stackprobe_product(n, x, y) bind(c, name='stackprobe_product')
   use iso_c_binding, only: c_int, c_double
   implicit none
   integer(c_int), value :: n
   real(c_double), intent(in) :: x(n, n)
   real(c_double), intent(out) :: y(n, n)
   character(len=32) :: text
   y = matmul(x, transpose(x))
   write (text, '(es24.16)') sum(y)
   if (len_trim(text) == 0) y = 0
end subroutine stackprobe_product
