! What the clocks of Fortran count while the program sleeps: system_clock the time that goes by, cpu_time none of it.
program clock
  use, intrinsic :: iso_c_binding, only: c_int
  use tap
  implicit none
  integer, parameter :: long = selected_int_kind(18)
  integer(kind=long) :: before, after, rate
  real :: used_before, used_after
  integer(kind=c_int) :: left
  interface
    function sleep_for(microseconds) bind(c, name='usleep')
      import :: c_int
      integer(kind=c_int), value :: microseconds
      integer(kind=c_int) :: sleep_for
    end function sleep_for
  end interface

  call cpu_time(used_before)
  call system_clock(before, rate)
  left = sleep_for(300000_c_int)
  call system_clock(after)
  call cpu_time(used_after)
  call tap_ok(left == 0 .and. rate > 0, 'system_clock has a rate')
  ! A sleep may be longer, never shorter.
  call tap_ok((after - before) * 10 >= rate * 2, 'system_clock counts the time that goes by')
  call tap_ok(used_after - used_before < 0.15, 'cpu_time does not count a sleep')
  call tap_done()
end program clock
