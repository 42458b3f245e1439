! A control: the last rank alone expects a wrong sum.
      program control_fortran
      implicit none
      include 'mpif.h'
      integer :: tap_count, tap_failed, tap_rank, tap_size
      character(len=80) :: tap_why
      integer :: error, ones(1), sums(1), seeded

      call MPI_Init(error)
      call tap_begin()
      ones(1) = 1
      call MPI_Allreduce(ones, sums, 1, MPI_INTEGER, MPI_SUM,           &
     &  MPI_COMM_WORLD, error)
      call check(same_int('sum', sums(1), tap_size), 'the true sum')
      seeded = 0
      if (tap_rank == tap_size - 1) seeded = 1
      call check(same_int('sum', sums(1), tap_size + seeded),           &
     &  'seeded wrong sum')
      call tap_end()
      contains
      include 'tap_mpi.inc'
      end program control_fortran
