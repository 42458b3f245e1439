! OpenMP from Fortran: team size, worksharing, reductions, private and firstprivate. Run with OMP_NUM_THREADS=3.
program openmp_f
  use omp_lib
  use, intrinsic :: iso_fortran_env, only: real64
  use tap
  implicit none
  integer, parameter :: n = 3000
  integer :: i, me, inside, ran, hidden, wrong, shared_sum, once
  real(real64) :: values(n), total

  inside = 0
  ran = 0
  !$omp parallel private(me)
  me = omp_get_thread_num()
  !$omp critical
  ran = ran + 10**me
  !$omp end critical
  !$omp master
  inside = omp_get_num_threads()
  !$omp end master
  !$omp end parallel
  call tap_int(omp_get_max_threads(), 3, 'omp_num_threads is honoured')
  call tap_int(inside, 3, 'team size')
  call tap_int(ran, 111, 'every thread ran once')

  !$omp parallel do
  do i = 1, n
    values(i) = real(i, real64) / 2
  end do
  !$omp end parallel do
  total = 0.0_real64
  !$omp parallel do reduction(+:total)
  do i = 1, n
    total = total + values(i)
  end do
  !$omp end parallel do
  call tap_real(total, real(n, real64) * (n + 1) / 4, 0.0_real64, 'reduction')

  hidden = 5
  wrong = 0
  !$omp parallel private(me) firstprivate(hidden)
  me = omp_get_thread_num()
  hidden = hidden + me
  !$omp barrier
  if (hidden /= 5 + me) then
    !$omp critical
    wrong = wrong + 1
    !$omp end critical
  end if
  !$omp end parallel
  call tap_int(wrong * 10 + hidden, 5, 'firstprivate')

  shared_sum = 0
  once = 0
  !$omp parallel private(me)
  do me = 1, 100
    !$omp critical
    shared_sum = shared_sum + 1
    !$omp end critical
  end do
  !$omp single
  once = once + 1
  !$omp end single
  !$omp do
  do i = 1, 100
    !$omp critical
    shared_sum = shared_sum + 1
    !$omp end critical
  end do
  !$omp end do
  !$omp end parallel
  call tap_int(shared_sum * 10 + once, 4001, 'critical and single')
  call tap_done()
end program openmp_f
