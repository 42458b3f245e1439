! The oldest interface, in fixed form: no procedure is declared, so each
! is called with one type of argument throughout (compilers compare the
! calls within a file).
      program fortran_mpifh
      implicit none
      include 'mpif.h'
      integer :: tap_count, tap_failed, tap_rank, tap_size
      character(len=80) :: tap_why
      integer :: error, i, left, right, version(2), total
      integer :: status(MPI_STATUS_SIZE), column, op, count, flag(1)
      integer :: pairs(4), sums(4), text(10), length
      integer(kind=MPI_ADDRESS_KIND) :: lower, extent
      double precision :: out(1000), in(1000), grid(4, 6), part(6)
      double precision :: mine(2), best(2), start
      complex :: z(3), zsum(3)
      logical :: ok
      character(len=MPI_MAX_LIBRARY_VERSION_STRING) :: library
      external :: larger_of

      call MPI_Init(error)
      call tap_begin()
      right = mod(tap_rank + 1, tap_size)
      left = mod(tap_rank + tap_size - 1, tap_size)
      call MPI_Get_version(version(1), version(2), error)
      call MPI_Get_library_version(library, length, error)
      ok = same_int('version', version(1), MPI_VERSION)
      ok = ok .and. same_int('sub', version(2), MPI_SUBVERSION)
      call check(ok, 'include file and library agree')
      call check(len_trim(library) > 0, 'the library names itself')

      do i = 1, 1000
        out(i) = tap_rank * 1000 + i
      end do
      in = -1
      call MPI_Sendrecv(out, 1000, MPI_DOUBLE_PRECISION, right, 7,      &
     &  in, 1000, MPI_DOUBLE_PRECISION, left, 7, MPI_COMM_WORLD,        &
     &  status, error)
      ok = all(in == (/ (dble(left * 1000 + i), i = 1, 1000) /))
      call check(ok, 'a ring of doubles')
      call MPI_Get_count(status, MPI_DOUBLE_PRECISION, count, error)
      ok = same_int('source', status(MPI_SOURCE), left)
      ok = ok .and. same_int('tag', status(MPI_TAG), 7)
      ok = ok .and. same_int('count', count, 1000)
      call check(ok, 'the status tells source tag and count')

! A row of a Fortran array is a strided vector.
      grid = reshape((/ (dble(100 * tap_rank + i), i = 1, 24) /),       &
     &  (/ 4, 6 /))
      call MPI_Type_vector(6, 1, 4, MPI_DOUBLE_PRECISION, column,       &
     &  error)
      call MPI_Type_commit(column, error)
      call MPI_Type_get_extent(column, lower, extent, error)
      call MPI_Sendrecv(grid(2, 1), 1, column, right, 8, part, 6,       &
     &  MPI_DOUBLE_PRECISION, left, 8, MPI_COMM_WORLD,                  &
     &  MPI_STATUS_IGNORE, error)
      ok = all(part == (/ (dble(100 * left + 2 + 4 * i), i = 0, 5) /))
      call check(ok, 'a row of a grid by a vector type')
      call check(same_int('extent', int(extent), 8 * 21),               &
     &  'a vector type has its extent')
      call MPI_Type_free(column, error)

      pairs = (/ tap_rank, 1, -tap_rank, 7 /)
      call MPI_Allreduce(pairs, sums, 4, MPI_INTEGER, MPI_SUM,          &
     &  MPI_COMM_WORLD, error)
      total = tap_size * (tap_size - 1) / 2
      ok = same_int('sum', sums(1), total)
      ok = ok .and. same_int('sum', sums(2), tap_size)
      ok = ok .and. same_int('sum', sums(3), -total)
      call check(ok, 'allreduce of integers')
      text = -1
      text(tap_rank + 1) = 5 * tap_rank
      call MPI_Allgather(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, text, 1,   &
     &  MPI_INTEGER, MPI_COMM_WORLD, error)
      ok = all(text(1:tap_size) == (/ (5 * i, i = 0, tap_size - 1) /))
      call check(ok, 'allgather in place')

      mine(1) = mod(tap_rank + 1, tap_size)
      mine(2) = tap_rank
      call MPI_Scan(mine, best, 1, MPI_2DOUBLE_PRECISION, MPI_MAXLOC,   &
     &  MPI_COMM_WORLD, error)
      i = tap_rank
      if (tap_rank == tap_size - 1) i = max(0, tap_size - 2)
      call check(same_int('rank', int(best(2)), i), 'maxloc of pairs')

      z = cmplx(1.0, real(tap_rank))
      zsum = (0.0, 0.0)
      call MPI_Reduce(z, zsum, 3, MPI_COMPLEX, MPI_SUM, 0,              &
     &  MPI_COMM_WORLD, error)
      ok = all(zsum == cmplx(real(tap_size), real(total)))
      call check(tap_rank /= 0 .or. ok, 'sum of complex numbers')

      text = tap_rank
      if (tap_rank == tap_size - 1) text = (/ (i, i = 1, 10) /)
      call MPI_Bcast(text, 10, MPI_INTEGER, tap_size - 1,               &
     &  MPI_COMM_WORLD, error)
      call check(all(text == (/ (i, i = 1, 10) /)), 'bcast')

      call MPI_Op_create(larger_of, .true., op, error)
      flag(1) = 3 * tap_rank
      call MPI_Exscan(flag, text, 1, MPI_INTEGER, op, MPI_COMM_WORLD,   &
     &  error)
      ok = .true.
      if (tap_rank > 0) ok = same_int('max', text(1), 3 * tap_rank - 3)
      call check(ok, 'an operation of our own')
      call MPI_Op_free(op, error)

      start = MPI_Wtime()
      do i = 1, 10000000
        if (MPI_Wtime() > start) exit
      end do
      call check(MPI_Wtime() > start, 'the clock advances')
      call tap_end()
      contains
      include 'tap_mpi.inc'
      end program fortran_mpifh

      subroutine larger_of(in, inout, length, kind)
      implicit none
      integer :: length, kind, i
      integer :: in(length), inout(length)
      do i = 1, length
        inout(i) = max(in(i), inout(i))
      end do
      end subroutine larger_of
