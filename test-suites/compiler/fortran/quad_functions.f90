! The functions of real128: libquadmath, or the compiler's own library.
program quad_functions
  use, intrinsic :: iso_fortran_env, only: real128
  use tap
  implicit none
  real(real128), volatile :: one, two
  real(real128) :: series, term
  integer :: i
  character(len=48) :: text

  one = 1.0_real128
  two = 2.0_real128
  call tap_ok(abs(sqrt(two)**2 - two) <= 4 * epsilon(two), 'square root')
  series = 1.0_real128
  term = 1.0_real128
  do i = 1, 40
    term = term / i
    series = series + term
  end do
  call tap_ok(abs(series - exp(one)) < 1e-32_real128, 'exp agrees with its series')
  write (text, '(f36.33)') 4 * atan(one)
  call tap_text(trim(adjustl(text)), '3.141592653589793238462643383279503', 'pi to 33 digits')
  call tap_ok(abs(sin(asin(one / 3)) - one / 3) < 1e-32_real128, 'sin and asin')
  call tap_ok(abs(gamma(5 * one) - 24) < 1e-30_real128, 'gamma')
  call tap_done()
end program quad_functions
