! Compiled with no flag at all: kinds, layout and files as every Fortran program takes them for granted. It speaks TAP
! itself: with other kinds the writer of the others does not compile.
program defaults
  use, intrinsic :: iso_fortran_env, only: int32, real32, real64
  implicit none
  integer :: number, unit, error, before(2), checks = 0, failures = 0
  real :: single
  double precision :: double
  logical :: flag
  integer(int32) :: marker
  real(real64), volatile :: zero, huge_one, one
  character(len=300) :: path
  character(len=4) :: bytes

  call tell(kind(number) == int32 .and. bit_size(number) == 32, 'default integers have 4 bytes')
  call tell(kind(single) == real32, 'default reals have 4 bytes')
  call tell(kind(double) == real64, 'double precision has 8 bytes')
  call tell(storage_size(flag) == 32, 'default logicals have 4 bytes')
  call tell(storage_size((1.0, 1.0)) == 64, 'default complex numbers have 8 bytes')
  call tell(kind(1.0d0) == real64 .and. kind(1.0) == real32, 'constants have the kind that they say')
  zero = 0
  one = 1
  huge_one = 1e16_real64
  call tell((huge_one + one) - huge_one == 0, 'sums are not put in another order')
  call tell(zero / zero /= zero / zero, 'NaN is looked for')
  call tell(sign(one, -zero) < 0, 'zero has a sign')
  call tell(tiny(one) / (4 * one) > 0, 'subnormals are not flushed to zero')

  call get_environment_variable('TMPDIR', path, status=error)
  if (error /= 0) path = '/tmp'
  open (newunit=unit, file=trim(path) // '/defaults.bin', form='unformatted', status='replace')
  write (unit) 258
  close (unit)
  open (newunit=unit, file=trim(path) // '/defaults.bin', form='unformatted', access='stream', status='old')
  read (unit, iostat=error) marker, bytes
  call tell(error == 0 .and. marker == 4, 'records are marked by 4 bytes, in the order of this machine')
  call tell(error == 0 .and. transfer(bytes, marker) == 258, 'numbers are written in the order of this machine')
  close (unit, status='delete')
  call counts(before(1))
  call counts(before(2))
  call tell(before(1) == 1 .and. before(2) == 2, 'a saved variable is saved')
  call deep(20, number)
  call tell(number == 210, 'a recursive procedure has variables of its own for each call')
  print '(a, i0)', '1..', checks
  if (failures > 0) stop 1

contains
  subroutine tell(passed, name)
    logical, intent(in) :: passed
    character(len=*), intent(in) :: name
    checks = checks + 1
    if (.not. passed) failures = failures + 1
    if (passed) print '(a, i0, 2a)', 'ok ', checks, ' - ', name
    if (passed) return
    print '(a, i0, 2a)', 'not ok ', checks, ' - ', name
    print '(3a)', '  ---', new_line('a'), '  message: does not hold of this compiler as it was called'
    print '(a)', '  ...'
  end subroutine tell

  subroutine counts(told)
    integer, intent(out) :: told
    integer, save :: count = 0
    count = count + 1
    told = count
  end subroutine counts

  recursive subroutine deep(level, total)
    integer, intent(in) :: level
    integer, intent(out) :: total
    integer :: own(200), below
    own = level
    below = 0
    if (level > 1) call deep(level - 1, below)
    total = own(100) + below
  end subroutine deep
end program defaults
