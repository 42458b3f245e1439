! Calls the fixed-form sources of legacy.f as a modern program does, through explicit interfaces.
program legacy_main
  use tap
  implicit none

  interface
    subroutine store(n, values)
      integer :: n
      real :: values(*)
    end subroutine store
    real function celsiu(x)
      real :: x
    end function celsiu
    real function fahren(x)
      real :: x
    end function fahren
    integer function branch(k)
      integer :: k
    end function branch
    integer function bits(x)
      real :: x
    end function bits
    double precision function horner(x)
      double precision :: x
    end function horner
    subroutine packed(text)
      character(len=*) :: text
    end subroutine packed
    integer function keeper()
    end function keeper
  end interface

  real :: total
  integer :: count, limit, first
  common /pool/ total, count, limit
  character(len=8) :: text

  call store(3, [1.0, 2.0, 3.0])
  call store(3, [10.0, 20.0, 30.0])
  call tap_real(total, 16.5, 0.0, 'common and block data')
  call tap_int(count * 10 + limit, 44, 'common integers')
  call tap_real(celsiu(212.0) + fahren(-40.0), 60.0, 1e-4, 'entry')
  call tap_int(branch(1) * 10000 + branch(3) * 100 + branch(4), 113099, 'computed goto')
  call tap_int(bits(1.0), 1065353216, 'equivalence')
  call tap_real(horner(2.0d0), 12.0d0, 0.0d0, 'statement function and continuation')
  call packed(text)
  call tap_text(trim(text), 'FIXORM', 'assumed-length character')
  first = keeper()
  call tap_int(first * 100 + keeper(), 809, 'saved variable')
  call tap_done()
end program legacy_main
