! The calls of fortran_calls.inc through this interface.
program fortran_calls_mpifh
  implicit none
  include 'mpif.h'
  integer :: tap_count, tap_failed, tap_rank, tap_size
  character(len=80) :: tap_why
  integer :: calls_out(200), calls_in(200), peer, error
  integer :: comm, comm2, group, group2, type1, request
  integer :: status1(MPI_STATUS_SIZE)
  integer :: info1, win1, file1

  call MPI_Init(error)
  call tap_begin()
  peer = 1 - tap_rank
  call MPI_Comm_dup(MPI_COMM_WORLD, comm, error)
  call calls_collective()
  call calls_messages()
  call calls_queries()
  call more_started()
  call more_windows()
  call more_files()
  call more_queries()
  call MPI_Comm_free(comm, error)
  call tap_end()

contains
  include 'tap_mpi.inc'
  include 'fortran_calls.inc'
  include 'fortran_more.inc'

  integer function source_of()
    source_of = status1(MPI_SOURCE)
  end function source_of

  integer function tag_of()
    tag_of = status1(MPI_TAG)
  end function tag_of
end program fortran_calls_mpifh
