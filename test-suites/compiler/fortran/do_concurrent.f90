! do concurrent, with masks and several indices, against the same loops written plainly.
program do_concurrent
  use, intrinsic :: iso_fortran_env, only: int64
  use tap
  implicit none
  integer, parameter :: n = 200
  integer :: i, j
  integer :: grid(n, n), wanted(n, n)
  real :: line(n), smooth(n)
  integer(int64) :: seed
  integer(int64), volatile :: start

  start = 12345_int64
  seed = start
  do concurrent (i = 1:n)
    line(i) = real(mod(i * 7, 13))
  end do
  call tap_real(sum(line), real(sum([(mod(i * 7, 13), i=1, n)])), 0.0, 'one index')

  grid = 0
  do concurrent (i = 1:n, j = 1:n, mod(i + j, 3) == 0)
    grid(i, j) = i * j + int(mod(seed, 7_int64))
  end do
  wanted = 0
  do j = 1, n
    do i = 1, n
      if (mod(i + j, 3) == 0) wanted(i, j) = i * j + int(mod(12345_int64, 7_int64))
    end do
  end do
  call tap_int(count(grid /= wanted), 0, 'two indices and a mask')
  call tap_int(maxval(grid), wanted(199, 200), 'largest element')

  smooth = line
  do concurrent (i = 2:n - 1:2)
    smooth(i) = (line(i - 1) + 2 * line(i) + line(i + 1)) / 4
  end do
  call tap_real(smooth(2) * 10000 + smooth(3) + smooth(100), &
    & (7 + 2 * 1 + 8) / 4.0 * 10000 + 8 + (mod(693, 13) + 2 * mod(700, 13) + mod(707, 13)) / 4.0, 1e-2, 'stride and stencil')
  forall (i = 1:n) grid(i, i) = -i
  call tap_int(sum([(grid(i, i), i=1, n)]), -n * (n + 1) / 2, 'forall')
  call tap_done()
end program do_concurrent
