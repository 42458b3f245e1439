! Fortran 2003 objects: abstract types, deferred and overridden procedures, polymorphic allocation, finalizers.
module shapes
  implicit none

  integer :: finalized = 0

  type, abstract :: shape
    character(len=:), allocatable :: label
  contains
    procedure(measure), deferred :: area
    procedure :: describe
  end type shape

  abstract interface
    real function measure(self)
      import :: shape
      class(shape), intent(in) :: self
    end function measure
  end interface

  type, extends(shape) :: rectangle
    real :: width = 1.0, height = 1.0
  contains
    procedure :: area => rectangle_area
  end type rectangle

  type, extends(rectangle) :: square
  contains
    procedure :: describe => square_describe
  end type square

  type, extends(shape) :: disc
    real :: radius = 1.0
  contains
    procedure :: area => disc_area
    final :: disc_final
  end type disc

  type :: holder
    class(shape), allocatable :: item
  end type holder

  type :: counter
    integer :: value = 0
  contains
    procedure, private :: add_integer, add_text
    generic :: add => add_integer, add_text
  end type counter

  interface rectangle
    module procedure make_rectangle
  end interface rectangle

contains

  function describe(self) result(text)
    class(shape), intent(in) :: self
    character(len=:), allocatable :: text
    text = 'shape ' // self%label
  end function describe

  function square_describe(self) result(text)
    class(square), intent(in) :: self
    character(len=:), allocatable :: text
    text = 'square of ' // self%label
  end function square_describe

  real function rectangle_area(self)
    class(rectangle), intent(in) :: self
    rectangle_area = self%width * self%height
  end function rectangle_area

  real function disc_area(self)
    class(disc), intent(in) :: self
    disc_area = 3.0 * self%radius**2
  end function disc_area

  subroutine disc_final(self)
    type(disc), intent(inout) :: self
    finalized = finalized + nint(self%radius)
  end subroutine disc_final

  type(rectangle) function make_rectangle(side)
    integer, intent(in) :: side
    make_rectangle%label = 'made'
    make_rectangle%width = side
    make_rectangle%height = side + 1
  end function make_rectangle

  subroutine add_integer(self, amount)
    class(counter), intent(inout) :: self
    integer, intent(in) :: amount
    self%value = self%value + amount
  end subroutine add_integer

  subroutine add_text(self, text)
    class(counter), intent(inout) :: self
    character(len=*), intent(in) :: text
    self%value = self%value + len(text)
  end subroutine add_text

  integer function kind_of(thing)
    class(*), intent(in) :: thing
    select type (thing)
    type is (integer)
      kind_of = 1
    type is (character(len=*))
      kind_of = 10 + len(thing)
    class is (rectangle)
      kind_of = 3
    class default
      kind_of = 9
    end select
  end function kind_of

  subroutine make_and_lose_disc(radius)
    real, intent(in) :: radius
    type(disc) :: local
    local%label = 'lost'
    local%radius = radius
  end subroutine make_and_lose_disc
end module shapes

program objects
  use shapes
  use tap
  implicit none
  type(holder) :: many(3)
  class(shape), allocatable :: copy
  class(shape), pointer :: target_shape
  type(counter) :: total
  type(square) :: block
  real :: sum_of_areas
  integer :: i

  allocate (rectangle :: many(1)%item)
  many(1)%item%label = 'a'
  block%label = 'b'
  block%width = 3.0
  block%height = 3.0
  allocate (many(2)%item, source=block)
  allocate (many(3)%item, source=rectangle(4))
  sum_of_areas = 0.0
  do i = 1, 3
    sum_of_areas = sum_of_areas + many(i)%item%area()
  end do
  call tap_real(sum_of_areas, 30.0, 0.0, 'deferred procedures')
  call tap_text(many(1)%item%describe() // ', ' // many(2)%item%describe(), 'shape a, square of b', 'overriding')
  allocate (copy, source=many(2)%item)
  copy%label = 'changed'
  call tap_ok(same_type_as(copy, many(2)%item) .and. .not. same_type_as(copy, many(1)%item) .and. &
    & extends_type_of(copy, many(1)%item), 'dynamic types')
  call tap_text(many(2)%item%describe(), 'square of b', 'a copy is deep')
  call tap_int(kind_of(5) * 10000 + kind_of('word') * 100 + kind_of(copy) * 10 + kind_of(1.0), 11439, 'select type')

  allocate (disc :: target_shape)
  target_shape%label = 'c'
  call tap_real(target_shape%area(), 3.0, 0.0, 'polymorphic pointer')
  deallocate (target_shape)
  call tap_int(finalized, 1, 'finalizer on deallocation')
  call make_and_lose_disc(20.0)
  call tap_int(finalized, 21, 'finalizer at the end of a scope')

  call total%add(30)
  call total%add('twelve chars')
  call tap_int(total%value, 42, 'generic binding')
  call tap_done()
end program objects
