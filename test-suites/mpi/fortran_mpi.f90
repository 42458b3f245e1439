! The module `mpi`: constants, procedures whose buffers may be of any type, and functions with callbacks.
program fortran_mpi
  use, intrinsic :: iso_fortran_env, only: int32, int64, real32, real64
  use mpi
  implicit none
  type :: particle
    sequence
    real(real64) :: position(3)
    integer(int32) :: id
    real(real32) :: mass
  end type particle
  integer :: tap_count, tap_failed, tap_rank, tap_size
  character(len=80) :: tap_why
  integer :: left, right, error

  call MPI_Init(error)
  call tap_begin()
  right = mod(tap_rank + 1, tap_size)
  left = mod(tap_rank + tap_size - 1, tap_size)
  call check_versions()
  call check_kinds()
  call check_struct()
  call check_reductions()
  call check_requests()
  call check_window()
  call check_errors()
  call tap_end()

contains
  include 'tap_mpi.inc'

  subroutine check_versions()
    integer :: version, subversion, length
    character(len=MPI_MAX_LIBRARY_VERSION_STRING) :: library
    logical :: ok
    call MPI_Get_version(version, subversion, error)
    call MPI_Get_library_version(library, length, error)
    ok = same_int('version', version, MPI_VERSION)
    call check(ok .and. same_int('subversion', subversion, MPI_SUBVERSION), 'module and library agree')
    call check(length > 0 .and. len_trim(library(1:length)) > 0, 'the library names itself')
  end subroutine check_versions

  ! Buffers of several types and ranks go through one name: the module must accept them all.
  subroutine check_kinds()
    integer(int64) :: longs(2), longs_in(2)
    real(real32) :: single, single_in
    real(real64), allocatable :: cube(:, :, :), cube_in(:, :, :)
    character(len=8) :: word, word_in
    logical :: flag, flag_in
    longs = [2_int64**40 + tap_rank, -int(tap_rank, int64)]
    call MPI_Sendrecv(longs, 2, MPI_INTEGER8, right, 1, longs_in, 2, MPI_INTEGER8, left, 1, MPI_COMM_WORLD, &
      MPI_STATUS_IGNORE, error)
    call check(all(longs_in == [2_int64**40 + left, -int(left, int64)]), 'long integers')
    single = 0.5 * tap_rank
    call MPI_Sendrecv(single, 1, MPI_REAL, right, 2, single_in, 1, MPI_REAL, left, 2, MPI_COMM_WORLD, &
      MPI_STATUS_IGNORE, error)
    call check(single_in == 0.5 * left, 'a real scalar')
    allocate (cube(3, 4, 5), cube_in(3, 4, 5))
    cube = real(tap_rank, real64)
    cube(2, 3, 4) = 99.5_real64
    cube_in = -1
    call MPI_Sendrecv(cube, size(cube), MPI_REAL8, right, 3, cube_in, size(cube_in), MPI_REAL8, left, 3, &
      MPI_COMM_WORLD, MPI_STATUS_IGNORE, error)
    call check(cube_in(2, 3, 4) == 99.5_real64 .and. count(cube_in == real(left, real64)) == 59, 'an allocatable cube')
    write (word, '(a, i0)') 'rank', tap_rank
    word_in = ' '
    call MPI_Sendrecv(word, 8, MPI_CHARACTER, right, 4, word_in, 8, MPI_CHARACTER, left, 4, MPI_COMM_WORLD, &
      MPI_STATUS_IGNORE, error)
    call check(word_in(1:4) == 'rank' .and. word_in(5:5) == char(ichar('0') + left), 'characters')
    flag = tap_rank == 0
    call MPI_Allreduce(flag, flag_in, 1, MPI_LOGICAL, MPI_LOR, MPI_COMM_WORLD, error)
    call check(flag_in, 'or of logicals')
  end subroutine check_kinds

  subroutine check_struct()
    type(particle) :: out(10), in(10)
    integer(MPI_ADDRESS_KIND) :: base, displacements(3)
    integer :: raw, kind, i
    logical :: ok
    call MPI_Get_address(out(1), base, error)
    call MPI_Get_address(out(1)%position, displacements(1), error)
    call MPI_Get_address(out(1)%id, displacements(2), error)
    call MPI_Get_address(out(1)%mass, displacements(3), error)
    displacements = displacements - base
    call MPI_Type_create_struct(3, [3, 1, 1], displacements, [MPI_REAL8, MPI_INTEGER, MPI_REAL], raw, error)
    call MPI_Get_address(out(2), displacements(1), error)
    call MPI_Type_create_resized(raw, 0_MPI_ADDRESS_KIND, displacements(1) - base, kind, error)
    call MPI_Type_commit(kind, error)
    do i = 1, 10
      out(i) = particle([1.0_real64 * i, 2.0_real64 * i, 1.0_real64 * tap_rank], i * 10, 0.25 * i)
    end do
    call MPI_Sendrecv(out(1), 10, kind, right, 5, in(1), 10, kind, left, 5, MPI_COMM_WORLD, MPI_STATUS_IGNORE, error)
    ok = .true.
    do i = 1, 10
      ok = ok .and. same_int('id', in(i)%id, i * 10) .and. in(i)%mass == 0.25 * i .and. &
        in(i)%position(3) == left .and. in(i)%position(2) == 2.0_real64 * i
    end do
    call check(ok, 'derived types arrive member by member')
    call MPI_Type_free(raw, error)
    call MPI_Type_free(kind, error)
  end subroutine check_struct

  subroutine check_reductions()
    complex(real64) :: z, product, wanted
    real(real64) :: mine(2), best(2)
    integer :: i
    z = cmplx(tap_rank + 1, 1, real64)
    call MPI_Allreduce(z, product, 1, MPI_DOUBLE_COMPLEX, MPI_PROD, MPI_COMM_WORLD, error)
    wanted = (1, 0)
    do i = 1, tap_size
      wanted = wanted * cmplx(i, 1, real64)
    end do
    call check(product == wanted, 'product of complex numbers')
    mine = [real(mod(tap_rank + 1, tap_size), real64), real(tap_rank, real64)]
    call MPI_Allreduce(mine, best, 1, MPI_2DOUBLE_PRECISION, MPI_MINLOC, MPI_COMM_WORLD, error)
    call check(same_int('rank', nint(best(2)), tap_size - 1), 'minloc of pairs')
    i = tap_rank
    call MPI_Allreduce(MPI_IN_PLACE, i, 1, MPI_INTEGER, MPI_SUM, MPI_COMM_WORLD, error)
    call check(same_int('sum', i, tap_size * (tap_size - 1) / 2), 'allreduce in place')
  end subroutine check_reductions

  subroutine check_requests()
    integer :: requests(2), statuses(MPI_STATUS_SIZE, 2), counted, out(50), in(50), i
    logical :: ok, done
    out = [(tap_rank * 100 + i, i=1, 50)]
    call MPI_Irecv(in, 50, MPI_INTEGER, left, 6, MPI_COMM_WORLD, requests(1), error)
    call MPI_Isend(out, 50, MPI_INTEGER, right, 6, MPI_COMM_WORLD, requests(2), error)
    call MPI_Waitall(2, requests, statuses, error)
    call MPI_Get_count(statuses(:, 1), MPI_INTEGER, counted, error)
    ok = same_int('count', counted, 50) .and. same_int('source', statuses(MPI_SOURCE, 1), left)
    call check(ok .and. all(in == [(left * 100 + i, i=1, 50)]), 'requests and their statuses')
    call MPI_Test(requests(1), done, MPI_STATUS_IGNORE, error)
    call check(done .and. requests(1) == MPI_REQUEST_NULL, 'a finished request is null')
  end subroutine check_requests

  subroutine check_window()
    integer :: window, memory(4), bytes
    integer(MPI_ADDRESS_KIND) :: size_of_window
    memory = -1
    call MPI_Type_size(MPI_INTEGER, bytes, error)
    size_of_window = 4_MPI_ADDRESS_KIND * bytes
    call MPI_Win_create(memory, size_of_window, bytes, MPI_INFO_NULL, MPI_COMM_WORLD, window, error)
    call MPI_Win_fence(0, window, error)
    call MPI_Put([tap_rank], 1, MPI_INTEGER, right, 2_MPI_ADDRESS_KIND, 1, MPI_INTEGER, window, error)
    call MPI_Win_fence(0, window, error)
    call check(same_int('put', memory(3), left) .and. same_int('beside', memory(4), -1), 'put into a window')
    call MPI_Win_free(window, error)
  end subroutine check_window

  subroutine check_errors()
    integer :: comm, code, class, big(4), small(1), request, length
    character(len=MPI_MAX_ERROR_STRING) :: text
    call MPI_Comm_dup(MPI_COMM_WORLD, comm, error)
    call MPI_Comm_set_errhandler(comm, MPI_ERRORS_RETURN, error)
    big = 1
    call MPI_Isend(big, 4, MPI_INTEGER, tap_rank, 9, comm, request, error)
    call MPI_Recv(small, 1, MPI_INTEGER, tap_rank, 9, comm, MPI_STATUS_IGNORE, code)
    call MPI_Wait(request, MPI_STATUS_IGNORE, error)
    call MPI_Error_class(code, class, error)
    call MPI_Error_string(code, text, length, error)
    call check(same_int('class', class, MPI_ERR_TRUNCATE) .and. length > 0, 'an error comes back with its class')
    call MPI_Comm_free(comm, error)
  end subroutine check_errors
end program fortran_mpi
