! A transform from Fortran, by the interface that the module brings, against the sum that defines it.
program fortran_fftw
  use, intrinsic :: iso_c_binding
  implicit none
  include 'fftw3.f03'
  integer, parameter :: n = 60
  complex(c_double_complex) :: in(n), out(n), back(n), wanted
  type(c_ptr) :: plan
  integer :: j, k, failures
  double precision :: worst

  failures = 0
  do j = 1, n
    in(j) = cmplx(mod(37 * j, 101) / 101.0d0, mod(53 * j, 97) / 97.0d0, c_double_complex)
  end do
  plan = fftw_plan_dft_1d(n, in, out, FFTW_FORWARD, FFTW_ESTIMATE)
  call fftw_execute_dft(plan, in, out)
  call fftw_destroy_plan(plan)
  worst = 0
  do k = 0, n - 1
    wanted = 0
    do j = 0, n - 1
      wanted = wanted + in(j + 1) * exp(cmplx(0, -8 * atan(1.0d0) * mod(j * k, n) / n, c_double_complex))
    end do
    worst = max(worst, abs(wanted - out(k + 1)))
  end do
  call told(worst < 1d-12, 1, 'forward, against the sum')
  plan = fftw_plan_dft_1d(n, out, back, FFTW_BACKWARD, FFTW_ESTIMATE)
  call fftw_execute_dft(plan, out, back)
  call fftw_destroy_plan(plan)
  call told(maxval(abs(back / n - in)) < 1d-14, 2, 'there and back')
  print '(a)', '1..2'
  if (failures > 0) stop 1

contains

  include 'told.inc'
end program fortran_fftw
