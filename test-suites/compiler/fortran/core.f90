! The core of modern Fortran: modules, array expressions, allocation, kinds and intrinsics, without polymorphism.
module core_kinds
  use, intrinsic :: iso_fortran_env, only: int8, int16, int32, int64, real32, real64
  implicit none

  type :: vector
    real(real64) :: x = 0.0_real64, y = 0.0_real64
  end type vector

  interface operator(+)
    module procedure add_vectors
  end interface operator(+)

  interface describe
    module procedure describe_integer, describe_real
  end interface describe

contains

  elemental function add_vectors(a, b) result(c)
    type(vector), intent(in) :: a, b
    type(vector) :: c
    c = vector(a%x + b%x, a%y + b%y)
  end function add_vectors

  elemental real(real64) function squared(x)
    real(real64), intent(in) :: x
    squared = x * x
  end function squared

  function describe_integer(value) result(text)
    integer, intent(in) :: value
    character(len=:), allocatable :: text
    text = repeat('i', value)
  end function describe_integer

  function describe_real(value) result(text)
    real, intent(in) :: value
    character(len=:), allocatable :: text
    text = repeat('r', nint(value))
  end function describe_real

  recursive integer function ackermann(m, n) result(answer)
    integer, intent(in) :: m, n
    if (m == 0) then
      answer = n + 1
    else if (n == 0) then
      answer = ackermann(m - 1, 1)
    else
      answer = ackermann(m - 1, ackermann(m, n - 1))
    end if
  end function ackermann

  integer function optional_sum(a, b)
    integer, intent(in) :: a
    integer, intent(in), optional :: b
    optional_sum = a
    if (present(b)) optional_sum = optional_sum + b
  end function optional_sum

  ! An assumed-shape section: the descriptor carries the stride.
  integer function weighted(section)
    integer, intent(in) :: section(:)
    integer :: i
    weighted = 0
    do i = 1, size(section)
      weighted = weighted + i * section(i)
    end do
  end function weighted
end module core_kinds

program core
  use core_kinds
  use tap
  implicit none
  integer, allocatable :: grid(:, :), moved(:, :), grown(:)
  integer, volatile :: three
  integer(int64), volatile :: big
  integer :: i, row(6)
  type(vector) :: sum_vector, many(3)
  character(len=:), allocatable :: word
  real(real64) :: matrix(3, 3), inverse_check(3)
  complex(real64) :: z
  logical :: mask(6)

  three = 3

  allocate (grid(3, 4))
  grid = reshape([(i, i=1, 12)], [3, 4])
  call tap_int(sum(grid(2, :)), 26, 'array section')
  call tap_int(sum(matmul(transpose(grid), grid)), 2060, 'matmul and transpose')
  call tap_int(weighted(grid(three, 4:1:-1)), 12 + 2*9 + 3*6 + 4*3, 'strided section as argument')
  call move_alloc(grid, moved)
  call tap_ok(.not. allocated(grid) .and. all(shape(moved) == [3, 4]), 'move_alloc')
  grown = [integer ::]
  do i = 1, 5
    grown = [grown, i * three]
  end do
  call tap_int(size(grown) * 100 + grown(5), 515, 'allocation on assignment')

  row = [4, -2, 9, 0, 9, -7]
  mask = row > 0
  call tap_int(count(mask) * 100 + maxloc(row, dim=1) * 10 + findloc_zero(row), 334, 'count and maxloc')
  call tap_int(sum(pack(row, mask)) - minval(row), 29, 'pack and minval')
  where (row < 0) row = -row
  call tap_int(sum(cshift(row, 1) * [1, 0, 0, 0, 0, 0]) * 100 + sum(row), 231, 'where and cshift')
  call tap_int(dot_product(row(1:5:2), [1, 2, 3]), 4 + 18 + 27, 'dot_product of a strided section')

  many = [vector(1.0_real64, 2.0_real64), vector(), vector(0.5_real64, -2.0_real64)]
  sum_vector = many(1) + many(2) + many(3)
  call tap_real(sum_vector%x + sum_vector%y, 1.5_real64, 0.0_real64, 'defined operator')
  call tap_real(sum(squared([3.0_real64, 4.0_real64])), 25.0_real64, 0.0_real64, 'elemental function')
  call tap_text(describe(three) // describe(2.0), 'iiirr', 'generic interface')
  word = 'abc'
  word = word // '-' // trim('def   ')
  call tap_text(word, 'abc-def', 'deferred-length character')
  call tap_int(index(word, 'def') * 10 + scan(word, '-') + len(word), 61, 'index and scan')
  call tap_int(ackermann(2, three), 9, 'recursion')
  call tap_int(optional_sum(4) * 10 + optional_sum(4, three), 47, 'optional argument')

  call tap_int(int(huge(1_int8)) + storage_size(1_int16) + bit_size(1_int32), 175, 'integer kinds')
  big = 3037000499_int64
  call tap_int(big * big, 9223372030926249001_int64, '64-bit integers')
  call tap_int(precision(1.0_real32) * 100 + precision(1.0_real64), 615, 'real kinds')
  call tap_int(ieor(ishft(1, three), ibset(0, 1)) * 10 + popcnt(255) + merge(1, 2, btest(5, 2)), 109, 'bit intrinsics')

  z = cmplx(3.0_real64, 4.0_real64, kind=real64)
  call tap_real(abs(z) + aimag(conjg(z)), 1.0_real64, 1e-15_real64, 'complex arithmetic')
  call tap_real(erf(0.5_real64), 0.5204998778130465_real64, 3e-16_real64, 'erf')
  call tap_real(gamma(real(three + 2, real64)), 24.0_real64, 1e-13_real64, 'gamma')
  call tap_real(bessel_j0(1.0_real64), 0.7651976865579666_real64, 5e-16_real64, 'bessel_j0')
  call tap_real(norm2([2.0_real64, 3.0_real64, 6.0_real64]), 7.0_real64, 1e-15_real64, 'norm2')
  call tap_int(transfer(1.0_real32, 0_int32), 1065353216, 'transfer')

  matrix = reshape([2, 1, 0, 1, 3, 1, 0, 1, 4] * 1.0_real64, [3, 3])
  inverse_check = matmul(matrix, [1.0_real64, -2.0_real64, 0.5_real64])
  call tap_real(sum(abs(inverse_check - [0.0_real64, -4.5_real64, 0.0_real64])), 0.0_real64, 0.0_real64, &
    & 'matrix times vector')
  call tap_done()

contains

  integer function findloc_zero(values)
    integer, intent(in) :: values(:)
    do findloc_zero = 1, size(values)
      if (values(findloc_zero) == 0) return
    end do
    findloc_zero = 0
  end function findloc_zero
end program core
