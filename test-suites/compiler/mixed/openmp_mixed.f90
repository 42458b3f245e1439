! One OpenMP runtime for both languages: C sees the team that Fortran opened. Run with OMP_NUM_THREADS=3.
program openmp_mixed
  use, intrinsic :: iso_c_binding, only: c_int
  use tap
  implicit none

  interface
    integer(c_int) function c_team() bind(c)
      import :: c_int
    end function c_team
    integer(c_int) function c_level_inside() bind(c)
      import :: c_int
    end function c_level_inside
    integer(c_int) function c_runtimes() bind(c)
      import :: c_int
    end function c_runtimes
  end interface

  integer :: seen, wrong

  seen = 0
  wrong = 0
  !$omp parallel
  if (c_level_inside() /= 131) then
    !$omp critical
    wrong = wrong + 1
    !$omp end critical
  end if
  !$omp critical
  seen = seen + 1
  !$omp end critical
  !$omp end parallel
  call tap_int(seen, 3, 'team of fortran')
  call tap_int(int(c_team()), 3, 'team of c')
  call tap_int(wrong, 0, 'c is inside the team of fortran')
  call tap_int(int(c_level_inside()), 10, 'outside there is no team')
  call tap_int(int(c_runtimes()), 1, 'exactly one openmp runtime')
  call tap_done()
end program openmp_mixed
