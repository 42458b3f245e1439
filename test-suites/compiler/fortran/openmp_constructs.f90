! OpenMP beyond loops: atomics, reductions of a whole region, ordered, sections, tasks. Run with OMP_NUM_THREADS=3.
program openmp_constructs
  use omp_lib
  use tap
  implicit none
  integer :: i, counted, region, place, wrong, first, second, total, held
  integer, save :: kept = 0
  !$omp threadprivate(kept)
  logical :: all_good

  counted = 0
  region = 0
  all_good = .true.
  !$omp parallel reduction(+:region) reduction(.and.:all_good) private(i)
  region = region + 1
  all_good = omp_in_parallel()
  do i = 1, 500
    !$omp atomic update
    counted = counted + 1
  end do
  !$omp end parallel
  call tap_int(counted, 1500, 'atomic')
  call tap_int(region, 3, 'reduction of a region')
  call tap_ok(all_good, 'logical reduction')

  place = 0
  wrong = 0
  !$omp parallel do ordered schedule(static, 1)
  do i = 1, 60
    !$omp ordered
    place = place + 1
    if (place /= i) wrong = wrong + 1
    !$omp end ordered
  end do
  !$omp end parallel do
  call tap_int(place * 100 + wrong, 6000, 'ordered')

  first = 0
  second = 0
  !$omp parallel sections
  !$omp section
  first = first + 1
  !$omp section
  second = second + 1
  !$omp end parallel sections
  call tap_int(first * 10 + second, 11, 'sections')

  total = 0
  !$omp parallel
  !$omp single
  do i = 1, 40
    !$omp task firstprivate(i) shared(total)
    !$omp atomic
    total = total + i
    !$omp end task
  end do
  !$omp taskwait
  !$omp end single
  !$omp end parallel
  call tap_int(total, 820, 'tasks')

  held = 0
  !$omp parallel
  kept = omp_get_thread_num() + 5
  !$omp end parallel
  !$omp parallel reduction(+:held)
  held = held + kept
  !$omp end parallel
  call tap_int(held, 18, 'threadprivate persists')
  call tap_done()
end program openmp_constructs
