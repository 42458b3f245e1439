! The calls of fortran_calls.inc through this interface.
! What the library calls back.
module heard_back
  use mpi_f08
  implicit none
  integer :: heard = 0, heard_free = 0
contains
  subroutine on_comm(handle, code)
    type(MPI_Comm) :: handle
    integer :: code
    if (code > 0) heard = heard + 1
  end subroutine on_comm

  subroutine on_win(handle, code)
    type(MPI_Win) :: handle
    integer :: code
    if (code > 0) heard = heard + 1
  end subroutine on_win

  subroutine on_file(handle, code)
    type(MPI_File) :: handle
    integer :: code
    if (code > 0) heard = heard + 1
  end subroutine on_file

  subroutine on_query(state, status, error)
    integer(kind=MPI_ADDRESS_KIND) :: state
    type(MPI_Status) :: status
    integer :: error
    error = 0
  end subroutine on_query

  subroutine on_free(state, error)
    integer(kind=MPI_ADDRESS_KIND) :: state
    integer :: error
    heard_free = heard_free + 1
    error = 0
  end subroutine on_free

  subroutine on_cancel(state, complete, error)
    integer(kind=MPI_ADDRESS_KIND) :: state
    logical :: complete
    integer :: error
    error = 0
  end subroutine on_cancel
end module heard_back

program fortran_calls_mpi_f08
  use mpi_f08
  use heard_back
  use, intrinsic :: iso_c_binding, only: c_ptr
  implicit none
  integer :: tap_count, tap_failed, tap_rank, tap_size
  character(len=80) :: tap_why
  integer :: calls_out(200), calls_in(200), peer, error
  type(MPI_Comm) :: comm, comm2
  type(MPI_Group) :: group, group2
  type(MPI_Datatype) :: type1
  type(MPI_Request) :: request
  type(MPI_Status) :: status1
  type(MPI_Info) :: info1
  type(MPI_Win) :: win1
  type(MPI_File) :: file1
  type(MPI_Comm) :: comm3
  type(MPI_Group) :: group3
  type(MPI_Datatype) :: types(2)
  type(MPI_Request) :: reqs(2)
  type(MPI_Message) :: message1
  type(MPI_Errhandler) :: errh1
  type(MPI_Info) :: info2
  type(MPI_Status) :: stats(2)
  type(c_ptr) :: base1
  integer :: counts2(2), places2(2)

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
    source_of = status1%MPI_SOURCE
  end function source_of

  integer function tag_of()
    tag_of = status1%MPI_TAG
  end function tag_of

  subroutine take(which)
    integer, intent(in) :: which
    status1 = stats(which)
  end subroutine take
end program fortran_calls_mpi_f08
