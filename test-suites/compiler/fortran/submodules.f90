! Submodules: the interface in the module, the bodies elsewhere, and state that only they share.
module geometry
  implicit none
  private
  public :: distance, calls, visited

  interface
    module function distance(a, b) result(d)
      real, intent(in) :: a(:), b(:)
      real :: d
    end function distance

    module integer function calls()
    end function calls

    module subroutine visited(names)
      character(len=*), intent(out) :: names
    end subroutine visited
  end interface
end module geometry

submodule(geometry) bodies
  implicit none
  integer :: counted = 0

  interface
    module subroutine remember(what)
      character(len=*), intent(in) :: what
    end subroutine remember
  end interface

contains

  module procedure distance
    counted = counted + 1
    call remember('distance')
    d = sqrt(sum((a - b)**2))
  end procedure distance

  module procedure calls
    calls = counted
  end procedure calls
end submodule bodies

submodule(geometry:bodies) memory
  implicit none
  character(len=40) :: remembered = ''

contains

  module procedure remember
    remembered = trim(remembered) // '+' // what
    counted = counted + 10
  end procedure remember

  module procedure visited
    names = remembered
  end procedure visited
end submodule memory

program submodules
  use geometry
  use tap
  implicit none
  character(len=40) :: names
  real, volatile :: three

  three = 3.0
  call tap_real(distance([0.0, 0.0, three], [three, 4.0, three]), 5.0, 1e-6, 'separate procedure')
  call tap_real(distance([three], [three]), 0.0, 0.0, 'second call')
  call tap_int(calls(), 22, 'state shared with a descendant')
  call visited(names)
  call tap_text(trim(names), '+distance+distance', 'descendant keeps its own state')
  call tap_done()
end program submodules
