! The calls of fortran_calls.inc through this interface.
! What the library calls back.
module heard_back
  implicit none
  integer :: heard = 0, heard_free = 0
contains
  subroutine on_comm(handle, code)
    integer :: handle
    integer :: code
    if (code > 0) heard = heard + 1
  end subroutine on_comm

  subroutine on_win(handle, code)
    integer :: handle
    integer :: code
    if (code > 0) heard = heard + 1
  end subroutine on_win

  subroutine on_file(handle, code)
    integer :: handle
    integer :: code
    if (code > 0) heard = heard + 1
  end subroutine on_file

  subroutine on_query(state, status, error)
    integer(kind=selected_int_kind(18)) :: state
    integer :: status(*)
    integer :: error
    error = 0
  end subroutine on_query

  subroutine on_free(state, error)
    integer(kind=selected_int_kind(18)) :: state
    integer :: error
    heard_free = heard_free + 1
    error = 0
  end subroutine on_free

  subroutine on_cancel(state, complete, error)
    integer(kind=selected_int_kind(18)) :: state
    logical :: complete
    integer :: error
    error = 0
  end subroutine on_cancel
end module heard_back

program fortran_calls_mpi
  use mpi
  use heard_back
  implicit none
  integer :: tap_count, tap_failed, tap_rank, tap_size
  character(len=80) :: tap_why
  integer :: calls_out(200), calls_in(200), peer, error
  integer :: comm, comm2, group, group2, type1, request
  integer :: status1(MPI_STATUS_SIZE)
  integer :: info1, win1, file1
  integer :: comm3, group3, types(2), reqs(2), message1, errh1, info2
  integer :: stats(MPI_STATUS_SIZE, 2), counts2(2), places2(2)
  integer(kind=MPI_ADDRESS_KIND) :: base1

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
  call more_messages()
  call more_topology()
  call more_groups()
  call more_types()
  call more_file_calls()
  call more_rma()
  call more_four()
  call more_sessions()
  call MPI_Comm_free(comm, error)
  call tap_end()

contains
  include 'tap_mpi.inc'
  include 'fortran_calls.inc'
  include 'fortran_more.inc'
  include 'fortran_messages.inc'
  include 'fortran_topology.inc'
  include 'fortran_objects.inc'
  include 'fortran_files.inc'
  include 'fortran_rma.inc'
  include 'fortran_new.inc'

  integer function source_of()
    source_of = status1(MPI_SOURCE)
  end function source_of

  integer function tag_of()
    tag_of = status1(MPI_TAG)
  end function tag_of

  subroutine take(which)
    integer, intent(in) :: which
    status1 = stats(:, which)
  end subroutine take
end program fortran_calls_mpi
