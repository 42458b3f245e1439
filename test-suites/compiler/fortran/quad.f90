! real128: the widest real, its arithmetic and its formatted output.
program quad
  use, intrinsic :: iso_fortran_env, only: real64, real128
  use tap
  implicit none
  real(real128), volatile :: two, three
  real(real128) :: root, third
  integer :: i
  character(len=48) :: text

  two = 2.0_real128
  three = 3.0_real128
  call tap_int(digits(two), 113, 'mantissa digits')
  third = 1.0_real128 / three
  call tap_ok(abs(third * 3 - 1) <= 0 .and. abs(real(real(third, real64), real128) - third) > 1e-18_real128, 'division')
  call tap_ok(1 + epsilon(two) * two / 2 > 1, 'epsilon counts')

  ! Newton's iteration: arithmetic alone.
  root = 1.0_real128
  do i = 1, 8
    root = (root + two / root) / 2
  end do
  call tap_ok(abs(root * root - two) <= 4 * epsilon(root), 'square root by newton')
  write (text, '(f35.33)') root
  call tap_text(trim(adjustl(text)), '1.414213562373095048801688724209698', 'formatted output')
  read (text, *) third
  call tap_ok(abs(third - root) < 1e-33_real128, 'formatted input')
  call tap_done()
end program quad
