! The module `mpi_f08`: handles are types, the error argument is optional, array sections may be sent.
program fortran_mpi_f08
  use, intrinsic :: iso_c_binding, only: c_ptr, c_f_pointer
  use, intrinsic :: iso_fortran_env, only: real64
  use mpi_f08
  implicit none
  integer :: tap_count, tap_failed, tap_rank, tap_size
  character(len=80) :: tap_why
  integer :: left, right

  call MPI_Init()
  call tap_begin()
  right = mod(tap_rank + 1, tap_size)
  left = mod(tap_rank + tap_size - 1, tap_size)
  call check_handles()
  call check_status()
  call check_sections()
  call check_operation()
  call check_types()
  call check_memory()
  call check_errors()
  call tap_end()

contains
  include 'tap_mpi.inc'

  subroutine check_handles()
    type(MPI_Comm) :: twin, same
    integer :: relation
    call MPI_Comm_dup(MPI_COMM_WORLD, twin)
    same = twin
    call check(same == twin .and. twin /= MPI_COMM_WORLD, 'handles compare')
    call MPI_Comm_compare(twin, MPI_COMM_WORLD, relation)
    call check(same_int('relation', relation, MPI_CONGRUENT), 'a duplicate is congruent')
    same%MPI_VAL = twin%MPI_VAL
    call MPI_Comm_free(twin)
    call check(twin == MPI_COMM_NULL, 'a freed handle is null')
  end subroutine check_handles

  subroutine check_status()
    type(MPI_Status) :: status, both(2)
    type(MPI_Request) :: requests(2)
    real(real64) :: out(100), in(100)
    integer :: counted, i, error
    logical :: ok
    out = [(tap_rank * 1000.0_real64 + i, i=1, 100)]
    call MPI_Sendrecv(out, 100, MPI_DOUBLE_PRECISION, right, 3, in, 100, MPI_DOUBLE_PRECISION, left, 3, &
      MPI_COMM_WORLD, status, error)
    call MPI_Get_count(status, MPI_DOUBLE_PRECISION, counted)
    ok = same_int('source', status%MPI_SOURCE, left) .and. same_int('tag', status%MPI_TAG, 3)
    ok = ok .and. same_int('count', counted, 100) .and. same_int('error', error, MPI_SUCCESS)
    call check(ok .and. all(in == [(left * 1000.0_real64 + i, i=1, 100)]), 'a status is a type')
    call MPI_Irecv(in, 100, MPI_DOUBLE_PRECISION, left, 4, MPI_COMM_WORLD, requests(1))
    call MPI_Isend(out, 100, MPI_DOUBLE_PRECISION, right, 4, MPI_COMM_WORLD, requests(2))
    call MPI_Waitall(2, requests, both)
    ok = same_int('source', both(1)%MPI_SOURCE, left)
    call check(ok .and. requests(1) == MPI_REQUEST_NULL .and. in(100) == left * 1000.0_real64 + 100, &
      'requests are types')
  end subroutine check_status

  ! Where the library says so, a strided section is sent without a hidden copy by the compiler.
  subroutine check_sections()
    integer, target :: grid(6, 4), sums(2)
    integer, asynchronous :: row(4)
    type(MPI_Request) :: request
    integer :: i
    grid = reshape([(tap_rank * 100 + i, i=1, 24)], [6, 4])
    row = -1
    if (MPI_SUBARRAYS_SUPPORTED) then
      call MPI_Irecv(row, 4, MPI_INTEGER, left, 5, MPI_COMM_WORLD, request)
      call MPI_Send(grid(2, :), 4, MPI_INTEGER, right, 5, MPI_COMM_WORLD)
      call MPI_Wait(request, MPI_STATUS_IGNORE)
    else
      call MPI_Sendrecv(grid(2, :), 4, MPI_INTEGER, right, 5, row, 4, MPI_INTEGER, left, 5, MPI_COMM_WORLD, &
        MPI_STATUS_IGNORE)
    end if
    call check(all(row == [(left * 100 + 2 + 6 * i, i=0, 3)]), 'a row is sent as a section')
    sums = [tap_rank, 1]
    call MPI_Allreduce(MPI_IN_PLACE, sums, 2, MPI_INTEGER, MPI_SUM, MPI_COMM_WORLD)
    call check(same_int('sum', sums(1), tap_size * (tap_size - 1) / 2) .and. &
      same_int('ranks', sums(2), tap_size), 'allreduce in place')
  end subroutine check_sections

  subroutine greatest(invec, inoutvec, len, datatype)
    type(c_ptr), value :: invec, inoutvec
    integer :: len
    type(MPI_Datatype) :: datatype
    integer, pointer :: in(:), inout(:)
    if (datatype /= MPI_INTEGER) return
    call c_f_pointer(invec, in, [len])
    call c_f_pointer(inoutvec, inout, [len])
    inout = max(in, inout)
  end subroutine greatest

  subroutine check_operation()
    type(MPI_Op) :: operation
    integer :: mine(3), all_of(3)
    call MPI_Op_create(greatest, .true., operation)
    mine = [tap_rank, -tap_rank, 5]
    call MPI_Allreduce(mine, all_of, 3, MPI_INTEGER, operation, MPI_COMM_WORLD)
    call check(all(all_of == [tap_size - 1, 0, 5]), 'an operation of our own')
    call MPI_Op_free(operation)
    call check(operation == MPI_OP_NULL, 'a freed operation is null')
  end subroutine check_operation

  subroutine check_types()
    type(MPI_Datatype) :: columns
    integer :: out(8, 5), in(16), i
    integer(MPI_ADDRESS_KIND) :: lower, extent
    out = reshape([(tap_rank * 100 + i, i=1, 40)], [8, 5])
    call MPI_Type_create_subarray(2, [8, 5], [8, 2], [0, 2], MPI_ORDER_FORTRAN, MPI_INTEGER, columns)
    call MPI_Type_commit(columns)
    call MPI_Type_get_extent(columns, lower, extent)
    in = -1
    call MPI_Sendrecv(out, 1, columns, right, 6, in, 16, MPI_INTEGER, left, 6, MPI_COMM_WORLD, MPI_STATUS_IGNORE)
    call check(all(in == [(left * 100 + 16 + i, i=1, 16)]), 'a subarray in fortran order')
    call check(same_int('extent', int(extent), 160), 'a subarray has its extent')
    call MPI_Type_free(columns)
  end subroutine check_types

  subroutine check_memory()
    type(c_ptr) :: address
    type(MPI_Win) :: window
    integer, pointer :: memory(:)
    integer :: one(1), i
    integer(MPI_ADDRESS_KIND), parameter :: bytes = 16
    call MPI_Win_allocate(bytes, 4, MPI_INFO_NULL, MPI_COMM_WORLD, address, window)
    call c_f_pointer(address, memory, [4])
    memory = [(i, i=1, 4)]
    one = tap_rank * 7
    call MPI_Win_fence(0, window)
    call MPI_Put(one, 1, MPI_INTEGER, right, 3_MPI_ADDRESS_KIND, 1, MPI_INTEGER, window)
    call MPI_Win_fence(0, window)
    call check(same_int('put', memory(4), left * 7) .and. same_int('beside', memory(3), 3), 'put into a window')
    call MPI_Win_free(window)
  end subroutine check_memory

  subroutine check_errors()
    type(MPI_Comm) :: comm
    type(MPI_Request) :: request
    integer :: code, class, big(4), small(1)
    call MPI_Comm_dup(MPI_COMM_WORLD, comm)
    call MPI_Comm_set_errhandler(comm, MPI_ERRORS_RETURN)
    big = 1
    call MPI_Isend(big, 4, MPI_INTEGER, tap_rank, 9, comm, request)
    call MPI_Recv(small, 1, MPI_INTEGER, tap_rank, 9, comm, MPI_STATUS_IGNORE, code)
    call MPI_Wait(request, MPI_STATUS_IGNORE)
    call MPI_Error_class(code, class)
    call check(same_int('class', class, MPI_ERR_TRUNCATE), 'an error comes back with its class')
    call MPI_Comm_free(comm)
  end subroutine check_errors
end program fortran_mpi_f08
